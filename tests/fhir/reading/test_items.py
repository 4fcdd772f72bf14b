"""Answers to single questions, above all those about suicide: none is lost, and none is treated as 0."""

from typing import Any

import pytest

from service.domain.concepts import Item
from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Reading as Extent
from tests.fhir.reading.feeding import (
    CMS_FREQUENCY,
    CMS_PRESENCE,
    CSSRS_1,
    CSSRS_RISK,
    ITEM_1,
    ITEM_9,
    NEARLY_EVERY_DAY,
    NO,
    NOT_AT_ALL,
    PHQ9_ITEMS,
    SEVERAL_DAYS,
    YES,
    coded,
    concept,
    day,
    observation,
    read,
    refused,
    resource,
    score_of,
)

HERE = "Bundle.entry[0].resource"
REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


@pytest.mark.parametrize(
    ("code", "value", "number"),
    [
        (ITEM_9, coded(NOT_AT_ALL), 0),
        (ITEM_9, coded(SEVERAL_DAYS), 1),
        (ITEM_9, coded(NEARLY_EVERY_DAY), 3),
        (ITEM_9, {"valueInteger": 2}, 2),
        (ITEM_9, score_of(2), 2),
        (ITEM_9, {"valueString": "3"}, 3),
        (CMS_PRESENCE, coded(YES), 1),
        (CMS_PRESENCE, coded(NO), 0),
        (CMS_PRESENCE, {"valueBoolean": True}, 1),
        (CMS_FREQUENCY, {"valueInteger": 3}, 3),
        (CSSRS_1, coded(YES), 1),
        (CSSRS_1, {"valueBoolean": False}, 0),
        (CSSRS_1, {"valueInteger": 1}, 1),
        (CSSRS_RISK, coded("LA9194-7"), 0),
        (CSSRS_RISK, coded("no-risk", "https://moodmarker.org/fhir/CodeSystem/measurand"), 0),
        (CSSRS_RISK, coded("LA9193-9"), 1),
        (CSSRS_RISK, {"valueCodeableConcept": {"text": "moderate"}}, 1),
        (CSSRS_RISK, {"valueString": "high"}, 1),
    ],
)
def test_answer_is_read_from_every_shape(code: str, value: dict[str, Any], number: int) -> None:
    reading = read(observation(code, **value))
    (answer,) = reading.chart.answers
    assert (answer.value, answer.reading) == (number, Extent.READ)
    assert (answer.first, answer.last) == (day("2026-03-01"), day("2026-03-01"))
    assert reading.account.used == 1


@pytest.mark.parametrize(
    ("code", "value", "element"),
    [
        (ITEM_9, {}, "value"),
        (ITEM_9, coded("LA9999-9"), "valueCodeableConcept"),
        (ITEM_9, {"valueCodeableConcept": {"text": "Not at all"}}, "valueCodeableConcept"),
        (ITEM_9, {"valueInteger": 4}, "valueInteger"),
        (ITEM_9, {"valueString": "sometimes"}, "valueString"),
        (ITEM_9, {"valueBoolean": False}, "valueBoolean"),
        (ITEM_9, {"valueQuantity": {"value": 1, "comparator": ">="}}, "valueQuantity.comparator"),
        (CSSRS_1, {"valueInteger": 2}, "valueInteger"),
        (CSSRS_1, {"valueString": "Yes"}, "valueString"),
        (CSSRS_RISK, {}, "value"),
        (CSSRS_RISK, {"valueCodeableConcept": {}}, "valueCodeableConcept"),
    ],
)
def test_h01_unreadable_answer_about_suicide_stays_in_the_chart(code: str, value: dict[str, Any], element: str) -> None:
    reading = read(observation(code, **value))
    (answer,) = reading.chart.answers
    assert (answer.value, answer.reading, answer.first) == (None, Extent.UNREADABLE, day("2026-03-01"))
    (rejection,) = reading.rejections
    assert (rejection.expression, rejection.safety) == (f"{HERE}.{element}", True)


@pytest.mark.parametrize(
    ("value", "extent"),
    [
        ({"dataAbsentReason": concept("asked-declined", REASONS)}, Extent.DECLINED),
        ({"dataAbsentReason": concept("unknown", REASONS)}, Extent.ABSENT),
        (coded("asked-declined", REASONS), Extent.DECLINED),
        (coded("masked", REASONS), Extent.ABSENT),
        ({"dataAbsentReason": concept("unknown", REASONS), "valueInteger": 0}, Extent.ABSENT),
    ],
)
def test_h13_reason_for_having_no_answer_is_told(value: dict[str, Any], extent: Extent) -> None:
    reading = read(observation(ITEM_9, **value))
    (answer,) = reading.chart.answers
    assert (answer.value, answer.reading) == (None, extent)
    assert reading.account.used == 1


def test_positive_answer_stands_beside_a_reason_for_having_none() -> None:
    value = {"dataAbsentReason": concept("unknown", REASONS), "valueInteger": 2}
    (answer,) = read(observation(ITEM_9, **value)).chart.answers
    assert (answer.value, answer.reading) == (2, Extent.READ)


@pytest.mark.parametrize("element", [None, "2026-02-30", "30/06/2026", "2026-06-30T24:00:00Z"])
def test_positive_answer_without_a_usable_date_is_kept_undated(element: str | None) -> None:
    reading = read(observation(ITEM_9, effectiveDateTime=element, **coded(SEVERAL_DAYS)))
    (answer,) = reading.chart.answers
    assert (answer.value, answer.first, answer.last) == (1, EARLIEST, LATEST)
    assert reading.rejections[0].safety
    assert reading.account.used == 1


def test_other_items_need_a_date() -> None:
    reading = read(observation(ITEM_1, effectiveDateTime=None, valueInteger=1))
    assert not reading.chart.answers
    assert refused(reading) == [("no-date", f"{HERE}.effective")]


@pytest.mark.parametrize("status", ["preliminary", "registered", "unknown", None])
def test_answer_about_suicide_is_read_in_every_status(status: str | None) -> None:
    (answer,) = read(observation(ITEM_9, status=status, valueInteger=1)).chart.answers
    assert (answer.value, answer.preliminary) == (1, True)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_h07_withdrawn_answer_is_dropped(status: str) -> None:
    reading = read(observation(ITEM_9, status=status, valueInteger=1))
    assert not reading.chart.answers
    assert reading.account.rejected == {f"status-{status}": 1}


def test_registered_answer_that_has_no_value_yet_is_not_unreadable() -> None:
    reading = read(observation(ITEM_9, status="registered"))
    assert not reading.chart.answers
    assert reading.account.rejected == {"status-registered": 1}


def test_unfinished_answer_to_another_question_is_refused() -> None:
    reading = read(observation(ITEM_1, status="preliminary", valueInteger=1))
    assert reading.account.rejected == {"status-preliminary": 1}


def test_question_and_answer_are_kept_in_words() -> None:
    value = {
        "valueCodeableConcept": {
            "coding": [{"system": "http://loinc.org", "code": SEVERAL_DAYS}],
            "text": "Some",
        }
    }
    (answer,) = read(observation(ITEM_9, code=concept(ITEM_9, text="Better off dead?"), **value)).chart.answers
    assert (answer.text, answer.received) == ("Better off dead?", "Some")
    (answer,) = read(observation(ITEM_9, code=concept(ITEM_9, text=""), valueInteger=1)).chart.answers
    assert answer.text.startswith("Thoughts that you would be better off dead")


def test_several_codings_of_an_answer_count_by_the_highest() -> None:
    codings = {"coding": [{"system": "http://loinc.org", "code": code} for code in (NOT_AT_ALL, SEVERAL_DAYS)]}
    (answer,) = read(observation(ITEM_9, valueCodeableConcept=codings)).chart.answers
    assert answer.value == 1


def test_question_about_suicide_goes_before_any_other_code_of_the_same_observation() -> None:
    both = {"coding": [*concept("44261-6")["coding"], *concept(ITEM_9)["coding"]]}
    (answer,) = read(observation(ITEM_9, code=both, valueInteger=1)).chart.answers
    assert answer.item is Item.PHQ9_9


def test_h12_missing_item_is_missing_and_not_zero() -> None:
    reading = read(*[observation(code, code, valueInteger=1) for code in PHQ9_ITEMS[:8]])
    assert Item.PHQ9_9 not in {answer.item for answer in reading.chart.answers}
    assert reading.chart.scores == ()


LOINC = "http://loinc.org"
NEARLY = [
    "https://loinc.org",
    "http://loinc.org/",
    "http://LOINC.org",
    "http://loinc.org|2.77",
    "http://www.loinc.org",
    "2.16.840.1.113883.6.1",
    "LOINC",
    "",
    None,
]


@pytest.mark.parametrize("system", NEARLY)
@pytest.mark.parametrize("where", ["code", "component"])
def test_h01_question_about_suicide_under_a_misspelt_system_is_refused_aloud(system: str | None, where: str) -> None:
    code = {"coding": [{"system": system, "code": ITEM_9}]}
    more = {"code": code, "valueInteger": 1}
    body = observation("0", **more) if where == "code" else observation("0", component=[more])
    reading = read(body)
    path = f"{HERE}.code" if where == "code" else f"{HERE}.component[0].code"
    assert refused(reading) == [("code", f"{path}.coding[0].system")]
    assert reading.rejections[0].safety
    assert LOINC in reading.rejections[0].text
    (answer,) = reading.chart.answers
    assert (answer.value, answer.reading, answer.first) == (None, Extent.UNREADABLE, day("2026-03-01"))


@pytest.mark.parametrize("value", [{"valueInteger": 0}, coded(NOT_AT_ALL)])
def test_clear_no_under_a_misspelt_system_is_told_and_needs_no_follow_up(value: dict[str, Any]) -> None:
    reading = read(observation(ITEM_9, "o", "https://loinc.org", **value))
    assert [one.safety for one in reading.rejections] == [True]
    assert reading.chart.answers == ()


def test_withdrawn_answer_under_a_misspelt_system_is_withdrawn() -> None:
    body = observation(ITEM_9, "o", "https://loinc.org", status="entered-in-error", valueInteger=2)
    reading = read(body)
    assert not reading.chart.answers
    assert reading.chart.retracted == {"Observation/o"}


def test_code_of_another_system_that_merely_looks_alike_is_another_code() -> None:
    reading = read(observation(ITEM_9, "o", "http://hospital.example/codes", valueInteger=2))
    assert (reading.rejections, reading.account.not_read) == ((), 1)


@pytest.mark.parametrize(
    "value",
    [
        {**coded(NOT_AT_ALL), "valueInteger": 2},
        {**coded(NOT_AT_ALL), **score_of(2)},
        {**score_of(0), "valueInteger": 2},
        {**score_of(0), "valueString": "2"},
        {"valueInteger": 0, "valueString": "2"},
    ],
)
@pytest.mark.parametrize("shape", ["plain", "component", "form"])
def test_h01_two_values_of_one_answer_are_refused_aloud(value: dict[str, Any], shape: str) -> None:
    if shape == "plain":
        body = observation(ITEM_9, **value)
    elif shape == "component":
        body = observation("0", component=[{"code": concept(ITEM_9), **value}])
    else:
        renamed = {name.replace("CodeableConcept", "Coding"): one for name, one in value.items()}
        if "valueCoding" in renamed:
            renamed["valueCoding"] = renamed["valueCoding"]["coding"][0]
        item = [{"linkId": ITEM_9, "answer": [renamed]}]
        body = resource("QuestionnaireResponse", status="completed", authored="2026-03-01", item=item)
    reading = read(body)
    assert [(one.reason_code, one.safety) for one in reading.rejections] == [("value", True)]
    assert [answer.reading for answer in reading.chart.answers] == [Extent.UNREADABLE]


@pytest.mark.parametrize(
    ("answered", "value", "extent"),
    [(SEVERAL_DAYS, 1, Extent.READ), (NOT_AT_ALL, None, Extent.DECLINED)],
)
@pytest.mark.parametrize("strict", [False, True])
def test_reason_for_no_answer_beside_an_answer_is_read_alike_on_every_way(
    answered: str, value: int | None, extent: Extent, strict: bool
) -> None:
    """A positive answer is never lost; beside a harmless one the reason counts. `strict` takes the long way."""
    both = {"coding": [*concept(answered)["coding"], {"system": REASONS, "code": "asked-declined"}]}
    (answer,) = read(observation(ITEM_9, valueCodeableConcept=both), strict=strict).chart.answers
    assert (answer.value, answer.reading) == (value, extent)
