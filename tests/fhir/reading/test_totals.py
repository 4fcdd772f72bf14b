"""Totals: every value type, the range, the scale's own kind of number, and panels that carry a number."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.instruments import GAD7 as GAD7_SCALE
from service.domain.instruments import PHQ9 as PHQ9_SCALE
from service.domain.instruments import PROMIS29_DEPRESSION
from service.fhir.reading import Reading
from tests.fhir.reading.feeding import (
    GAD7,
    PATIENT,
    PHQ2,
    PHQ9,
    PHQ9_PANEL,
    PHQA,
    PROMIS,
    concept,
    day,
    observation,
    read,
    read_body,
    refused,
    score_of,
)

HERE = "Bundle.entry[0].resource"


def one_score(**value: Any) -> Reading:
    return read(observation(PHQ9, **value))


@pytest.mark.parametrize(
    "value",
    [
        score_of(12),
        {"valueQuantity": {"value": 12}},
        {"valueQuantity": {"value": 12, "unit": "1"}},
        {
            "valueQuantity": {
                "value": 12,
                "unit": "points",
                "code": "{score}",
                "system": "http://unitsofmeasure.org",
            }
        },
        {"valueInteger": 12},
        {"valueString": "12"},
        {"valueString": " 12 "},
    ],
)
def test_total_is_read_from_every_type_that_feeds_use(value: dict[str, Any]) -> None:
    (score,) = one_score(**value).chart.scores
    assert (score.instrument, score.value, score.received) == (PHQ9_SCALE, Decimal(12), "12")
    assert (score.first, score.last, score.instant) == (day("2026-03-01"), day("2026-03-01"), None)
    assert score.source.reference == "Observation/o"
    assert score.source.expression == HERE


@pytest.mark.parametrize(
    ("value", "reason", "element"),
    [
        ({"valueQuantity": {"value": 12, "unit": "mg/L"}}, "unit", "valueQuantity.unit"),
        ({"valueQuantity": {"value": 12, "comparator": "<"}}, "comparator", "valueQuantity.comparator"),
        ({"valueQuantity": {"unit": "{score}"}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": "12"}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": "NaN"}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": None}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": True}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": [12]}}, "value", "valueQuantity.value"),
        ({"valueQuantity": {"value": 28}}, "out-of-range", "valueQuantity.value"),
        ({"valueQuantity": {"value": -1}}, "out-of-range", "valueQuantity.value"),
        ({"valueQuantity": {"value": 12.5}}, "out-of-range", "valueQuantity.value"),
        ({"valueInteger": "12"}, "value", "valueInteger"),
        ({"valueInteger": "1" * 40}, "value", "valueInteger"),
        ({"valueInteger": 99}, "out-of-range", "valueInteger"),
        ({"valueString": "twelve"}, "value", "valueString"),
        ({"valueString": "<12"}, "value", "valueString"),
        ({"valueString": "1" * 30}, "value", "valueString"),
        ({"valueBoolean": True}, "value", "valueBoolean"),
        ({"valueCodeableConcept": concept("x")}, "value", "valueCodeableConcept"),
        ({}, "no-value", "value"),
    ],
)
def test_total_that_is_no_number_of_the_scale_is_refused(value: dict[str, Any], reason: str, element: str) -> None:
    reading = one_score(**value)
    assert not reading.chart.scores
    assert refused(reading) == [(reason, f"{HERE}.{element}")]
    assert reading.account.rejected == {reason: 1}


def test_t_score_may_have_a_fraction_and_keeps_the_text_it_came_as() -> None:
    (score,) = read(observation(PROMIS, **score_of(61.50))).chart.scores
    assert (score.instrument, score.received) == (PROMIS29_DEPRESSION, "61.5")


def test_number_keeps_its_written_precision() -> None:
    body = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","status":"final",'
        b'"code":{"coding":[{"system":"http://loinc.org","code":"44261-6"}]},"subject":{"reference":"Patient/p"},'
        b'"effectiveDateTime":"2026-03-01","valueQuantity":{"value":3.00}}}]}'
    )
    (score,) = read_body(body).chart.scores
    assert (score.value, score.received) == (Decimal(3), "3.00")


@pytest.mark.parametrize("text", ["1e400", "1e-400", "9" * 40, "1E+10", "0." + "1" * 30])
def test_number_out_of_all_proportion_is_refused_where_it_stands(text: str) -> None:
    body = (
        '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","status":"final",'
        '"code":{"coding":[{"system":"http://loinc.org","code":"44261-6"}]},"subject":{"reference":"Patient/p"},'
        f'"effectiveDateTime":"2026-03-01","valueQuantity":{{"value":{text}}}}}}}]}}'
    )
    assert refused(read_body(body.encode())) == [("value", f"{HERE}.valueQuantity.value")]


def test_exponent_is_a_number() -> None:
    body = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","status":"final",'
        b'"code":{"coding":[{"system":"http://loinc.org","code":"44261-6"}]},"subject":{"reference":"Patient/p"},'
        b'"effectiveDateTime":"2026-03-01","valueQuantity":{"value":1.2e1}}}]}'
    )
    (score,) = read_body(body).chart.scores
    assert (score.value, score.received) == (Decimal(12), "1.2e1")


def test_h14_panel_with_a_number_is_taken_for_the_total_and_says_so() -> None:
    reading = read(observation(PHQ9_PANEL, **score_of(14)))
    (score,) = reading.chart.scores
    assert (score.instrument, score.value) == (PHQ9_SCALE, Decimal(14))
    assert [(one.code, one.expression) for one in reading.chart.issues] == [("panel-value-as-total", HERE)]


def test_panel_with_something_else_is_refused() -> None:
    reading = read(observation(PHQ9_PANEL, valueString="done"))
    assert not reading.chart.scores
    assert not reading.chart.issues
    assert refused(reading) == [("value", f"{HERE}.valueString")]


def test_panel_without_a_value_is_used_for_what_it_groups() -> None:
    assert read(observation(PHQ9_PANEL)).account.used == 1


def test_h06_two_codings_of_one_result_make_one_fact() -> None:
    both = {"coding": [{"system": "http://snomed.info/sct", "code": "720433000"}, concept(PHQ9)["coding"][0]]}
    assert len(read(observation(PHQ9, code=both, **score_of(9))).chart.scores) == 1


def test_total_code_goes_before_the_panel_code_beside_it() -> None:
    both = {"coding": [*concept(PHQ9_PANEL)["coding"], *concept(PHQ9)["coding"]]}
    reading = read(observation(PHQ9, code=both, **score_of(9)))
    assert len(reading.chart.scores) == 1
    assert not reading.chart.issues


def test_h23_unknown_code_is_counted_and_never_guessed_from_its_display() -> None:
    named = {
        "coding": [{"system": "http://example.org", "code": "1", "display": "PHQ-9 total"}],
        "text": "PHQ-9",
    }
    reading = read(observation(PHQ9, code=named, **score_of(9)))
    assert (reading.account.not_read, reading.chart.scores) == (1, ())


def test_h23_code_that_feeds_use_wrongly_is_refused_with_the_remedy() -> None:
    reading = read(observation("44261-8", **score_of(9)))
    assert refused(reading) == [("code", f"{HERE}.code")]
    assert "44261-6" in reading.rejections[0].text


def test_h11_every_instrument_is_its_own_scale() -> None:
    codes = (PHQ9, "54654-9", PHQA, PHQ2, GAD7, "89209-1")
    scores = read(*[observation(code, code, **score_of(6)) for code in codes]).chart.scores
    assert len({score.instrument for score in scores}) == len(codes)
    assert scores[4].instrument is GAD7_SCALE


@pytest.mark.parametrize("status", ["preliminary", "registered", "unknown", "nonsense", None])
def test_unfinished_phq9_total_is_kept_for_the_safety_rules_alone(status: str | None) -> None:
    (score,) = one_score(status=status, **score_of(22)).chart.scores
    assert score.preliminary


@pytest.mark.parametrize("status", ["preliminary", "registered", "unknown"])
def test_other_unfinished_totals_are_refused_by_status(status: str) -> None:
    reading = read(observation(GAD7, status=status, **score_of(9)))
    assert refused(reading) == [(f"status-{status}", f"{HERE}.status")]


def test_status_that_does_not_exist_is_not_echoed() -> None:
    reading = read(observation(GAD7, status="glarb", **score_of(9)))
    assert reading.account.rejected == {"status-other": 1}
    assert "glarb" not in reading.rejections[0].text


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_withdrawn_total_is_dropped(status: str) -> None:
    reading = one_score(status=status, **score_of(9))
    assert not reading.chart.scores
    assert reading.account.rejected == {f"status-{status}": 1}


def test_reference_to_what_was_entered_in_error_is_kept() -> None:
    reading = read(
        observation(PHQ9, "a", status="entered-in-error"),
        observation("0000-0", "b", status="entered-in-error"),
        observation(PHQ9, "c", status="cancelled"),
    )
    assert reading.chart.retracted == {"Observation/a", "Observation/b"}


def test_h13_declined_screening_is_no_score_and_remembered_by_its_day() -> None:
    reading = read(observation(PHQ9, dataAbsentReason=concept("asked-declined", "http://x")))
    assert reading.chart.declined_screening == (day("2026-03-01"),)
    assert (reading.chart.scores, reading.account.used) == ((), 1)


def test_declined_anxiety_score_is_no_declined_screening() -> None:
    reading = read(observation(GAD7, dataAbsentReason=concept("asked-declined", "http://x")))
    assert (reading.chart.declined_screening, reading.account.rejected) == ((), {"absent": 1})


@pytest.mark.parametrize("value", [{}, score_of(4)])
def test_reason_for_having_no_value_is_no_value(value: dict[str, Any]) -> None:
    reading = read(observation(PHQ9, dataAbsentReason=concept("unknown", "http://x"), **value))
    assert refused(reading) == [("absent", f"{HERE}.dataAbsentReason")]


def test_observation_without_id_is_told_by_its_identifier_or_address() -> None:
    named = observation(PHQ9, None, identifier=[{"system": "http://lab", "value": "7"}], **score_of(9))
    (score,) = read(named).chart.scores
    assert (score.source.reference, score.source.identifier) == ("", ("http://lab", "7"))
    found = {
        "fullUrl": "http://ehr.example/fhir/Observation/7",
        "resource": observation(PHQ9, None, **score_of(9)),
    }
    (score,) = read(found).chart.scores
    assert score.source.reference == "http://ehr.example/fhir/Observation/7"
    assert PATIENT == "Patient/p"


def test_security_labels_come_along() -> None:
    labels = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test"}]
    (score,) = read(observation(PHQ9, meta={"security": labels}, **score_of(9))).chart.scores
    assert score.source.labels == (("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test"),)
