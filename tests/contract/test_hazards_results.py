"""Hazards of laboratory results: units, bounds, assays, infection, blockade, and what a normal value does not say."""

from __future__ import annotations

from typing import Any

import pytest

from service.terminology import LOINC
from tests.contract import patients as p
from tests.contract.answers import Told, evidence_of, tell

LOW_GRADE, SUSTAINED = "depression-with-low-grade-inflammation", "sustained-low-grade-inflammation"
ACUTE, UNREADABLE = "acute-inflammation-confounds-mood", "crp-unreadable"
QUIET, UNKNOWN_STATUS = "mood-worsening-without-immune-activity", "mood-worsening-immune-status-unknown"
ON_TREATMENT, ANXIOUS = (
    "depression-persisting-on-treatment-with-inflammation",
    "anxiety-worsening-with-low-grade-inflammation",
)

DEPRESSED = (p.condition(p.RA, 900), p.score(4, 60), p.score(14, 5))
ALL_CRP_RULES = (LOW_GRADE, SUSTAINED, ON_TREATMENT, ANXIOUS)
WITH_ALL_CRP_RULES = (
    p.condition(p.RA, 900), p.score(16, 65), p.score(15, 40), p.score(14, 5), p.taken("36437", 200),
    p.score(5, 60, p.GAD7), p.score(14, 5, p.GAD7), p.crp(4, 40), p.crp(5, 4),
)  # fmt: skip


def _as_class(result: dict[str, Any]) -> str:
    """The class of a CRP of four days ago, as the rules see it beside a raised depression score."""
    told = tell(p.score(14, 5), result)
    if ACUTE in told.met:
        return "high"
    return {"MET": "low-grade", "NOT_MET": "low", "UNKNOWN": "unknown"}[told.verdicts[LOW_GRADE]]


@pytest.mark.parametrize(
    ("value", "unit", "kind"),
    [
        (0.3, "mg/dL", "low"),
        (0.31, "mg/dL", "low-grade"),
        (1.0, "mg/dL", "low-grade"),
        (1.01, "mg/dL", "high"),
        (5, "mg/dL", "high"),
        (0.5, "mg/100mL", "low-grade"),
        (5, "ug/mL", "low-grade"),
        (5, "mcg/mL", "low-grade"),
        (5000, "ng/mL", "low-grade"),
        (3000, "ng/mL", "low"),
    ],
)
def test_units_are_converted_by_the_table(value: float, unit: str, kind: str) -> None:
    assert _as_class(p.crp(value, 4, unit)) == kind


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": 5},
        {"value": 5, "unit": "MG/L"},
        {"value": 5, "unit": "mg/l"},
        {"value": 40, "unit": "nmol/L"},
        {"value": 5, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
        {"value": 5, "unit": "mg"},
        {"value": -1, "unit": "mg/L"},
        {"value": 601, "unit": "mg/L"},
        {"value": "5", "unit": "mg/L"},
    ],
    ids=str,
)
def test_other_units_are_refused_with_place_and_reason_and_never_guessed(quantity: dict[str, Any]) -> None:
    told = tell(*DEPRESSED, p.crp(5, 4, name="crp", valueQuantity=quantity))
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert told.verdicts[QUIET] == "UNKNOWN"
    (where,) = told.rejected()
    assert where.startswith("Bundle.entry[4].resource.valueQuantity")
    assert p.day(4) in told.text(UNKNOWN_STATUS)


@pytest.mark.parametrize("code", ["11039-5", "14634-0"], ids=["qualitative", "titre"])
def test_a_crp_that_is_no_amount_is_refused(code: str) -> None:
    told = tell(*DEPRESSED, p.observation("crp", code, 4, valueString="positive"))
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert told.account["rejected"] == {"not-comparable": 1}
    assert UNKNOWN_STATUS in told.met


BOUNDS = [
    ("3.0", "low"),
    ("3.01", "low-grade"),
    ("10.0", "low-grade"),
    ("10.01", "high"),
    ("<0.5", "low"),
    ("<3", "low"),
    ("< 3.0", "low"),
    ("<=3.0", "low"),
    ("<3.01", "unknown"),
    ("<5", "unknown"),
    (">3", "unknown"),
    (">10", "high"),
    (">=10", "unknown"),
    (">=10.01", "high"),
    (">300", "high"),
]


@pytest.mark.parametrize(("text", "kind"), BOUNDS)
def test_a_bound_is_a_bound_in_a_quantity(text: str, kind: str) -> None:
    value = text.lstrip("<>= ")
    comparator = text[: len(text) - len(value)].strip()
    quantity: dict[str, Any] = {"value": float(value), "unit": "mg/L"} | (
        {"comparator": comparator} if comparator else {}
    )
    assert _as_class(p.crp(0, 4, valueQuantity=quantity)) == kind


@pytest.mark.parametrize(("text", "kind"), BOUNDS)
def test_a_bound_is_a_bound_in_a_string(text: str, kind: str) -> None:
    assert _as_class(p.crp(0, 4, valueQuantity=None, valueString=f"{text} mg/L")) == kind


@pytest.mark.parametrize("text", ["about 5 mg/L", "5-6 mg/L", "neg", "", "<", "5", "5 mg/L (high)"])
def test_other_strings_are_refused(text: str) -> None:
    told = tell(*DEPRESSED, p.crp(0, 4, valueQuantity=None, valueString=text))
    assert told.verdicts[LOW_GRADE] == "UNKNOWN"
    assert list(told.rejected()) == ["Bundle.entry[4].resource.valueString"]


def test_a_string_without_unit_takes_that_of_its_range() -> None:
    bounds = [{"high": {"value": 5, "unit": "mg/L"}}]
    assert _as_class(p.crp(0, 4, valueQuantity=None, valueString="7", referenceRange=bounds)) == "low-grade"


def test_both_assays_count_and_one_of_each_is_not_sustained() -> None:
    mixed = tell(*DEPRESSED, p.crp(4, 40), p.crp(5, 4, code=p.CRP))
    assert LOW_GRADE in mixed.met
    assert mixed.verdicts[SUSTAINED] != "MET"
    for code in (p.CRP, p.HS_CRP):
        assert SUSTAINED in tell(*DEPRESSED, p.crp(4, 40, code=code), p.crp(5, 4, code=code)).met


def test_the_sensitive_assay_is_paired_where_both_are_as_near() -> None:
    assert tell(*DEPRESSED, p.crp(2, 4), p.crp(5, 4, code=p.CRP)).verdicts[LOW_GRADE] == "NOT_MET"
    told = tell(*DEPRESSED, p.crp(5, 4), p.crp(2, 4, code=p.CRP))
    assert evidence_of(told.flag(LOW_GRADE)) == ["Observation/44261-6-5", "Observation/crp-30522-7-4"]


def test_a_conventional_value_below_its_limit_neither_raises_nor_breaks_a_run() -> None:
    told = tell(
        *DEPRESSED, p.crp(4, 40), p.crp(0, 20, code=p.CRP, valueQuantity=None, valueString="<5 mg/L"), p.crp(5, 4)
    )
    assert SUSTAINED in told.met


INFECTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "urinary infection": (p.condition("N39.0", 6),),
    "antibiotic": (p.ordered("J01CA04", 6),),
    "fever": (p.observation("t", "8310-5", 5, valueQuantity={"value": 38.2, "unit": "Cel"}),),
    "fever in Fahrenheit": (p.observation("t", "8310-5", 5, valueQuantity={"value": 101, "unit": "[degF]"}),),
    "procalcitonin": (p.observation("pct", "33959-8", 5, valueQuantity={"value": 0.5, "unit": "ng/mL"}),),
    "operation": (
        {
            "resourceType": "Procedure",
            "id": "op",
            "status": "completed",
            "subject": {"reference": p.SUBJECT},
            "code": p.coded("http://snomed.info/sct", "387713003"),
            "performedDateTime": p.day(10),
        },
    ),
    "vaccination": (
        {
            "resourceType": "Immunization",
            "id": "v",
            "status": "completed",
            "patient": {"reference": p.SUBJECT},
            "occurrenceDateTime": p.day(6),
        },
    ),
    "a high CRP shortly before": (p.crp(40, 12),),
}


@pytest.mark.parametrize("cause", INFECTIONS)
def test_sickness_is_read_before_mood_is_related_to_crp(cause: str) -> None:
    assert {LOW_GRADE, SUSTAINED, ON_TREATMENT} <= tell(*WITH_ALL_CRP_RULES).met
    told = tell(*WITH_ALL_CRP_RULES, *INFECTIONS[cause])
    assert ACUTE in told.met
    assert not told.met.intersection(ALL_CRP_RULES)
    assert "Sickness can raise fatigue, sleep and appetite items" in told.text(ACUTE)


@pytest.mark.parametrize(
    "cause", ["urinary infection", "fever", "fever in Fahrenheit"], ids=lambda name: name.replace(" ", "-")
)
def test_an_infection_near_a_relapse_is_always_said(cause: str) -> None:
    attack = (p.condition(p.MS, 900), p.score(4, 60), p.score(14, 5), p.relapse(8))
    rule = "mood-worsening-near-relapse"
    assert "pseudo-relapse is possible" not in tell(*attack).text(rule)
    assert "pseudo-relapse is possible" in tell(*attack, *INFECTIONS[cause]).text(rule)


@pytest.mark.parametrize("code", ["L04AC07", "L04AC14", "L04AC19", "L04AC11", "612865"])
@pytest.mark.parametrize("value", [0.4, 5, 40])
def test_under_blockade_no_crp_is_read(code: str, value: float) -> None:
    told = tell(*DEPRESSED, p.crp(value, 4), p.taken(code, 200))
    assert (UNREADABLE, "active", "PL") in told.states()
    assert not told.met.intersection(ALL_CRP_RULES)
    assert told.verdicts[QUIET] == "NOT_MET"
    # A high value is high in spite of the medicine; nothing else may ask for another one.
    assert _rules_that_ask_for_a_crp(told) == ({ACUTE} if value == 40 else set())
    assert (ACUTE in told.met) == (value == 40)


def _rules_that_ask_for_a_crp(told: Told) -> set[str]:
    asked = [one["detail"] for plan in told.plans for one in plan["activity"]]
    return {
        reason["coding"][0]["code"]
        for detail in asked
        if detail["code"]["coding"][0]["code"] == p.HS_CRP
        for reason in detail["reasonCode"]
    }


@pytest.mark.parametrize(("ended", "met"), [(94, True), (95, False)])
def test_blockade_reaches_ninety_days_past_its_end(ended: int, met: bool) -> None:
    told = tell(p.score(14, 5), p.crp(0.4, 4), p.taken("L04AC07", 300, ended))
    assert (UNREADABLE in told.met) == met


def test_a_normal_crp_is_no_evidence_against_a_relapse() -> None:
    attack = (p.condition(p.MS, 900), p.score(4, 60), p.score(14, 5), p.relapse(20), p.crp(0.5, 4))
    told = tell(*attack)
    assert "mood-worsening-near-relapse" in told.met
    assert told.verdicts[QUIET] == "NOT_MET"
    assert "quiet" not in told.text("mood-worsening-near-relapse")


def test_quiet_has_to_be_documented_and_says_what_crp_does_not_exclude() -> None:
    calm = (p.condition(p.MS, 900), p.score(4, 60), p.score(14, 5), p.crp(0.5, 4))
    assert tell(*calm).verdicts[QUIET] == "UNKNOWN"
    assert "Normal CRP does not exclude inflammation in the brain" in tell(*calm, p.no_relapse(5)).text(QUIET)


@pytest.mark.parametrize(
    "code", ["26881-3", "4537-7", "101281-4", "38445-3"], ids=["IL-6", "ESR", "sNfL", "calprotectin"]
)
def test_another_raised_marker_ends_the_quiet(code: str) -> None:
    calm = (*DEPRESSED, p.crp(0.5, 4))
    assert QUIET in tell(*calm).met
    unit = {"26881-3": "pg/mL", "4537-7": "mm/h", "101281-4": "pg/mL", "38445-3": "ug/g"}[code]
    marker = p.observation(
        "marker",
        code,
        6,
        valueQuantity={"value": 90, "unit": unit},
        referenceRange=[{"high": {"value": 20, "unit": unit}}],
    )
    assert tell(*calm, marker).verdicts[QUIET] == "NOT_MET"
    # One that came and could not be read, or has no date, is not one that was never measured.
    refused = marker | {"valueQuantity": {"value": 90, "unit": "furlong"}, "referenceRange": []}
    undated = {name: value for name, value in marker.items() if name != "effectiveDateTime"}
    for unread in (refused, undated, marker | {"status": "preliminary"}):
        assert tell(*calm, unread).verdicts[QUIET] == "UNKNOWN"
    assert tell(*calm, refused | {"interpretation": [p.coded("http://x", "HH")]}).verdicts[QUIET] == "NOT_MET"


def test_one_result_under_two_codes_counts_once() -> None:
    both = {"coding": [{"system": LOINC, "code": p.CRP}, {"system": "http://snomed.info/sct", "code": "55235003"}]}
    assert LOW_GRADE in tell(*DEPRESSED, p.crp(5, 4, code=p.CRP, name="one") | {"code": both}).met
