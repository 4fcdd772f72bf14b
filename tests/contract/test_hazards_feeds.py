"""Hazards of feeds: repetitions, panels, missing items, refusals, medicines in all codings, codes that mislead."""

from __future__ import annotations

from typing import Any

import pytest

from service.terminology import ATC, LOINC, RXNORM, SNOMED
from tests.contract import patients as p
from tests.contract.answers import Told, check, evidence_of, tell

LOW_GRADE, FATIGUE = "depression-with-low-grade-inflammation", "fatigue-dominant-depression-score"
OVERDUE, THERAPY = "mood-screening-overdue", "mood-worsening-after-immune-therapy"
UNREADABLE = "crp-unreadable"
MS = p.condition(p.MS, 3000)


def _items(values: tuple[int | None, ...], ago: int) -> list[dict[str, Any]]:
    return [p.answer(value, ago, code) for code, value in zip(p.PHQ9_ITEMS, values, strict=True) if value is not None]


SOMATIC = (1, 0, 3, 3, 2, 0, 1, 2, 0)


def test_a_repetition_counts_once() -> None:
    once, twice = tell(p.score(14, 5), p.crp(5, 4)), tell(p.score(14, 5), p.score(14, 5, name="again"), p.crp(5, 4))
    assert once.text(LOW_GRADE) == twice.text(LOW_GRADE)
    assert twice.account["rejected"] == {"duplicate": 1}


def test_one_score_under_two_code_systems_counts_once() -> None:
    told = tell(p.score(14, 5), p.score(14, 5, "720433000"), p.crp(5, 4))
    assert told.account["rejected"] == {"duplicate": 1}


@pytest.mark.parametrize("first", [8, 14])
def test_different_values_of_one_time_are_told_and_the_worse_one_stands(first: int) -> None:
    told = tell(p.score(first, 5, name="one"), p.score(22 - first, 5, name="other"), p.crp(5, 4))
    assert "PHQ-9 14" in told.text(LOW_GRADE)
    assert "Two different PHQ-9 totals have the same time" in told.words


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"versionId": "9"}, {"versionId": "10"}),
        (
            {"lastUpdated": "2026-11-16T10:00:00Z", "versionId": "7"},
            {"lastUpdated": "2026-11-16T11:00:00Z", "versionId": "2"},
        ),
    ],
    ids=["whole numbers", "time before number"],
)
def test_the_later_version_of_one_resource_stands(older: dict[str, str], newer: dict[str, str]) -> None:
    was, is_now = p.score(14, 5, name="s", meta=older), p.score(4, 5, name="s", meta=newer)
    for order in ((was, is_now), (is_now, was)):
        told = tell(*order, p.crp(5, 4))
        assert told.verdicts[LOW_GRADE] == "NOT_MET"
        assert told.account["rejected"] == {"superseded": 1}


SHAPES: dict[str, list[dict[str, Any]]] = {
    "flat": [p.score(12, 5), *_items(SOMATIC, 5)],
    "items alone": _items(SOMATIC, 5),
    "components": [
        p.observation(
            "panel",
            p.PHQ9_PANEL,
            5,
            component=[
                {"code": p.coded(LOINC, code), "valueInteger": value}
                for code, value in zip(p.PHQ9_ITEMS, SOMATIC, strict=True)
            ],
        )
    ],
    "members of a panel": [
        p.observation(
            "panel",
            p.PHQ9_PANEL,
            5,
            hasMember=[{"reference": f"Observation/{code}-5"} for code in (*p.PHQ9_ITEMS, p.PHQ9)],
        ),
        p.score(12, 5),
        *_items(SOMATIC, 5),
    ],
    "derived total": [
        p.score(12, 5, derivedFrom=[{"reference": f"Observation/{code}-5"} for code in p.PHQ9_ITEMS]),
        *_items(SOMATIC, 5),
    ],
    "number on the panel": [p.score(12, 5, p.PHQ9_PANEL), *_items(SOMATIC, 5)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_response_is_one_whatever_its_shape(shape: str) -> None:
    told = tell(*SHAPES[shape])
    assert FATIGUE in told.met
    assert len(told.flags) == 1
    assert "PHQ-9 12" in told.text(FATIGUE)


def test_a_number_on_a_panel_is_taken_with_a_word_about_it() -> None:
    assert "A value on a panel code was taken for the PHQ-9 total" in tell(p.score(14, 5, p.PHQ9_PANEL)).words
    assert tell(p.score(28, 5, p.PHQ9_PANEL)).account["rejected"] == {"out-of-range": 1}


def test_a_total_and_its_items_that_differ_are_told_and_the_higher_one_stands() -> None:
    told = tell(p.score(9, 5), *_items(SOMATIC, 5), p.crp(5, 4))
    assert "PHQ-9 12" in told.text(LOW_GRADE)
    assert "the sum of its items differ" in told.words


def test_missing_items_are_never_nought() -> None:
    eight = (1, 0, 3, 3, 2, 0, None, 2, 0)
    told = tell(*_items(eight, 5), p.crp(5, 4))
    assert told.verdicts[FATIGUE] == "UNKNOWN"
    assert "prorated" in told.text(LOW_GRADE)


@pytest.mark.parametrize(
    "values",
    [(1, 0, 3, 3, 2, 0, None, None, None), (3, 3, 3, 3, 3, 3, 3, 3, None), (None, None, None, 3, 3, 3, 3, 3, 0)],
    ids=["item 9 and two more missing", "item 9 missing", "six items"],
)
def test_too_little_is_no_total(values: tuple[int | None, ...]) -> None:
    assert tell(*_items(values, 5), p.crp(5, 4)).verdicts[LOW_GRADE] == "UNKNOWN"


def test_a_prorated_total_clears_nothing() -> None:
    raised = (p.score(14, 40), p.crp(5, 40))
    flag = tell(*raised, as_of=p.day(40)).flag(LOW_GRADE) | {"id": "f"}
    low = (0, 0, 0, 1, 0, 0, None, 0, 0)
    assert tell(*raised, flag, *_items(low, 3)).flags == [flag]
    assert tell(*raised, flag, p.score(1, 3)).states() == [(LOW_GRADE, "inactive", "PL")]


def test_item_ten_is_no_part_of_the_total() -> None:
    ten = p.observation("ten", "69722-7", 5, valueCodeableConcept=p.coded(LOINC, "LA6572-7"))
    assert "PHQ-9 12" in tell(*_items(SOMATIC, 5), ten).text(FATIGUE)


DECLINED: dict[str, Any] = {
    "valueQuantity": None,
    "dataAbsentReason": p.coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "asked-declined"),
}


@pytest.mark.parametrize(("ago", "met"), [(0, False), (30, False), (31, True)])
def test_a_refusal_is_no_score_and_quiets_the_reminder_for_thirty_days(ago: int, met: bool) -> None:
    told = tell(MS, p.score(4, 400), p.score(0, ago, **DECLINED))
    assert (OVERDUE in told.met) == met


@pytest.mark.parametrize("reason", ["unknown", "not-performed", "asked-unknown"])
def test_an_absent_value_is_no_value(reason: str) -> None:
    absent = p.score(0, 5, valueQuantity=None, dataAbsentReason=p.coded("x", reason))
    told = tell(MS, p.score(4, 400), absent, p.crp(5, 4))
    assert OVERDUE in told.met
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert told.account["rejected"] == {"absent": 1}


@pytest.mark.parametrize("code", ["354770", "L04AG03", "L04AA23"], ids=["RxNorm", "ATC", "former ATC"])
def test_a_medicine_is_known_by_any_of_its_codes(code: str) -> None:
    told = tell(p.score(4, 60), p.score(14, 5), p.taken("75917", 400, 120), p.given(code, 40))
    assert "natalizumab" in told.text(THERAPY)


CONTAINED = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": p.coded(ATC, "L04AC07")}]}


def test_a_medicine_is_known_by_its_ingredient() -> None:
    statement = p.taken("0", 200) | {"contained": [CONTAINED], "medicationReference": {"reference": "#m"}}
    del statement["medicationCodeableConcept"]
    assert UNREADABLE in tell(p.score(14, 5), p.crp(1, 4), statement).met


def test_a_medicine_is_known_by_the_medication_it_refers_to() -> None:
    statement = p.taken("0", 200) | {
        "medicationReference": {"reference": "urn:uuid:6f3b7b3e-0000-4000-8000-000000000001"}
    }
    del statement["medicationCodeableConcept"]
    medication = {"resourceType": "Medication", "id": "m", "code": p.coded(RXNORM, "612865")}
    data = p.bundle(p.person(), p.score(14, 5), p.crp(1, 4), statement, medication)
    data["entry"][-1]["fullUrl"] = "urn:uuid:6f3b7b3e-0000-4000-8000-000000000001"
    assert UNREADABLE in Told(check(p.request(data))).met


def test_a_name_is_never_guessed_and_always_listed() -> None:
    statement = p.taken("0", 200) | {
        "medicationCodeableConcept": {"text": "tocilizumab 162 mg", "coding": [{"display": "L04AC07"}]}
    }
    told = tell(p.score(14, 5), p.crp(5, 4), statement)
    assert UNREADABLE not in told.met
    assert "0 of 1 medicines were recognised" in told.words
    assert "tocilizumab 162 mg" in told.words


@pytest.mark.parametrize(("code", "interval"), [("L04AG03", 42), ("L04AG08", 182), ("L04AB04", 30)])
def test_an_infusion_lasts_as_long_as_its_interval(code: str, interval: int) -> None:
    """Only ninety days without the medicine make the next dose a beginning; they count from the end of the interval."""
    worse, second = (p.score(4, 60), p.score(14, 5)), 40
    for gap, anew in ((90, True), (89, False)):
        first = second + interval + gap + 1
        assert (THERAPY in tell(*worse, p.given(code, first), p.given(code, second)).met) == anew


@pytest.mark.parametrize(("ago", "met"), [(124, True), (125, False)])
def test_the_last_dose_is_followed_by_its_interval_and_then_by_the_time_it_lingers(ago: int, met: bool) -> None:
    assert (UNREADABLE in tell(p.score(14, 5), p.crp(1, 4), p.given("L04AC07", ago)).met) == met


@pytest.mark.parametrize(
    "change",
    [
        {"status": "entered-in-error"},
        {"status": "draft"},
        {"status": "cancelled"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"intent": "option"},
        {"doNotPerform": True},
    ],
    ids=lambda change: "-".join(f"{name}-{value}" for name, value in change.items()),
)
def test_what_was_not_ordered_was_not_taken(change: dict[str, Any]) -> None:
    assert UNREADABLE in tell(p.score(14, 5), p.crp(1, 4), p.ordered("L04AC07", 20)).met
    told = tell(p.score(14, 5), p.crp(1, 4), p.ordered("L04AC07", 20, **change))
    assert UNREADABLE not in told.met
    assert sum(told.account["rejected"].values()) == 1


def test_a_stopped_order_ends() -> None:
    bounds: dict[str, Any] = {
        "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": p.day(300), "end": p.day(200)}}}}]
    }
    assert (
        UNREADABLE not in tell(p.score(14, 5), p.crp(1, 4), p.ordered("L04AC07", 300, status="stopped", **bounds)).met
    )


@pytest.mark.parametrize("route", ["6064005", "447694001", "12130007", "46713006"])
def test_a_local_steroid_is_no_course(route: str) -> None:
    insomnia = p.condition("193462001", 5)
    by_mouth = p.ordered("8640", 8)
    local = by_mouth | {"dosageInstruction": [{"route": p.coded(SNOMED, route)}]}
    assert "mood-change-with-corticosteroids" in tell(insomnia, by_mouth).met
    assert "mood-change-with-corticosteroids" not in tell(insomnia, local).met


def test_codes_that_mislead_are_refused_with_the_right_one() -> None:
    told = tell(p.observation("typo", "44261-8", 5, valueInteger=22))
    assert told.account["rejected"] == {"code": 1}
    assert "send 44261-6" in told.words


def test_an_unknown_code_is_counted_and_never_matched_by_its_name() -> None:
    named = {"coding": [{"system": LOINC, "code": "99999-9", "display": "C reactive protein"}], "text": "CRP"}
    told = tell(p.score(14, 5), p.crp(5, 4) | {"code": named})
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert told.account["notRead"] == 1


def test_a_code_in_the_wrong_system_is_another_code() -> None:
    told = tell(p.score(14, 5), p.crp(5, 4) | {"code": p.coded("http://example.org/codes", p.HS_CRP)})
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"


def test_the_evidence_names_both_total_and_items() -> None:
    assert len(evidence_of(tell(*SHAPES["members of a panel"]).flag(FATIGUE))) == 10
