"""Laboratory and bedside results: units, comparators, plausibility, ranges, and findings that are no numbers."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Result
from service.domain.interval import Interval
from tests.fhir.reading.feeding import (
    CRP,
    CRP_PRESENCE,
    HS_CRP,
    IL6,
    NMDAR_SERUM,
    PREGNANCY,
    TEMPERATURE,
    coded,
    concept,
    day,
    observation,
    quantity,
    read,
    refused,
)

HERE = "Bundle.entry[0].resource"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ESR, SNFL, CALPROTECTIN, SODIUM = "4537-7", "101281-4", "38445-3", "2951-2"
PROCALCITONIN = "33959-8"
WITHDRAWN = "entered-in-error"


def result_of(code: str, **elements: Any) -> Result:
    (result,) = read(observation(code, **elements)).chart.results
    return result


@pytest.mark.parametrize(
    ("value", "low", "received"),
    [
        (quantity(4.2), "4.2", "4.2 mg/L"),
        (quantity(0.42, "mg/dL"), "4.20", "0.42 mg/dL"),
        (quantity(4200, "ng/mL"), "4.200", "4200 ng/mL"),
        ({"valueQuantity": {"value": 4.2, "unit": "mg/L"}}, "4.2", "4.2 mg/L"),
        ({"valueString": "4.2 mg/L"}, "4.2", "4.2 mg/L"),
        (
            {"valueString": "4.2", "referenceRange": [{"high": {"value": 5, "unit": "mg/L"}}]},
            "4.2",
            "4.2 mg/L",
        ),
        ({"valueInteger": 4, "referenceRange": [{"low": {"value": 0, "unit": "mg/L"}}]}, "4", "4 mg/L"),
    ],
)
def test_h03_crp_is_converted_by_its_unit_alone(value: dict[str, Any], low: str, received: str) -> None:
    result = result_of(CRP, **value)
    assert result.value == Interval(Decimal(low), Decimal(low))
    assert (result.received, result.assay, result.refusal) == (received, "conventional", "")


@pytest.mark.parametrize(
    ("value", "reason", "element"),
    [
        ({"valueQuantity": {"value": 4.2}}, "unit", "valueQuantity.unit"),
        (quantity(4.2, "MG/L"), "unit", "valueQuantity.unit"),
        (quantity(4.2, "nmol/L"), "unit", "valueQuantity.unit"),
        (quantity(4.2, "mg/L", unit="mg/dL"), "unit", "valueQuantity.unit"),
        ({"valueString": "4.2"}, "unit", "valueString"),
        ({"valueInteger": 4}, "unit", "valueInteger"),
        ({"valueInteger": "4"}, "value", "valueInteger"),
        ({"valueString": "normal"}, "value", "valueString"),
        (quantity(4.2, "mg/L", comparator="ad"), "comparator", "valueQuantity.comparator"),
        (quantity(4.2, "mg/L", comparator="~"), "comparator", "valueQuantity.comparator"),
        (quantity(4.2, "mg/L" * 20), "unit", "valueQuantity.unit"),
        (quantity(4.2, "mg/L", comparator="<<<"), "comparator", "valueQuantity.comparator"),
        ({"valueQuantity": {"value": "4" * 40, "unit": "mg/L"}}, "value", "valueQuantity.value"),
        (quantity(601), "out-of-range", "valueQuantity"),
        (quantity(-1), "out-of-range", "valueQuantity"),
        (quantity("4.2"), "value", "valueQuantity.value"),  # type: ignore[arg-type]
        (coded("260385009", SNOMED), "value", "valueCodeableConcept"),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, "no-value", "value"),
        ({"valueRatio": {"numerator": {"value": 1}}}, "value", "valueRatio"),
        ({}, "no-value", "value"),
    ],
)
def test_h03_crp_that_cannot_be_used_is_told_with_its_date(value: dict[str, Any], reason: str, element: str) -> None:
    reading = read(observation(CRP, **value))
    (result,) = reading.chart.results
    assert (result.value, result.first) == (None, day("2026-03-01"))
    assert result.refusal
    assert refused(reading) == [(reason, f"{HERE}.{element}")]
    assert reading.account.rejected == {reason: 1}


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        (quantity(5, "mg/L", comparator="<"), Interval(Decimal(0), Decimal(5), high_open=True)),
        (quantity(5, "mg/L", comparator="<="), Interval(Decimal(0), Decimal(5))),
        (quantity(5, "mg/L", comparator=">="), Interval(Decimal(5), None)),
        (quantity(300, "mg/L", comparator=">"), Interval(Decimal(300), None, low_open=True)),
        ({"valueString": "<5 mg/L"}, Interval(Decimal(0), Decimal(5), high_open=True)),
        ({"valueString": " < 0.5mg/dL "}, Interval(Decimal(0), Decimal(5), high_open=True)),
    ],
)
def test_h04_comparator_is_a_bound(value: dict[str, Any], interval: Interval) -> None:
    assert result_of(CRP, **value).value == interval


def test_h05_assays_are_told_apart() -> None:
    assert result_of(HS_CRP, **quantity(1)).assay == "hs"


def test_h05_code_that_is_never_comparable_is_refused_by_name() -> None:
    reading = read(observation(CRP_PRESENCE, valueString="positive"))
    assert reading.chart.results[0].refusal == "a qualitative CRP cannot be compared"
    assert refused(reading) == [("not-comparable", f"{HERE}.code")]


def test_fahrenheit_becomes_celsius() -> None:
    result = result_of(TEMPERATURE, **quantity(100.4, "[degF]"))
    assert result.value is not None
    assert result.value.low.quantize(Decimal("0.01")) == Decimal("38.00")


@pytest.mark.parametrize(
    ("ranges", "above"),
    [
        ([{"high": {"value": 7, "unit": "pg/mL"}}], True),
        ([{"high": {"value": 9, "unit": "pg/mL"}}], False),
        ([{"high": {"value": 7}}], True),
        ([{"high": {"value": 7, "unit": "pg/mL"}}, {"high": {"value": 20, "unit": "pg/mL"}}], False),
        ([{"high": {"value": 7, "unit": "stones"}}], False),
        ([{"high": {"value": "7", "unit": "pg/mL"}}], False),
        ([{"low": {"value": 7, "unit": "pg/mL"}}], False),
        ([{"text": "<7 pg/mL"}], False),
        ([{"high": {"value": 7, "unit": "pg/mL"}, "type": concept("normal", "http://x")}], True),
        ([{"high": {"value": 7, "unit": "pg/mL"}, "type": concept("treatment", "http://x")}], False),
        ([{"high": {"value": 7, "unit": "pg/mL"}, "modifierExtension": [{"url": "http://x"}]}], False),
        ([], False),
    ],
)
def test_result_is_compared_with_its_own_reference_range(ranges: list[Any], above: bool) -> None:
    assert result_of(IL6, **quantity(8, "pg/mL"), referenceRange=ranges).above_reference is above


@pytest.mark.parametrize(("code", "marked"), [("H", True), ("HH", True), ("A", True), ("N", False), ("L", False)])
def test_interpretation_marks_a_result(code: str, marked: bool) -> None:
    interpretation = [concept(code, "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")]
    assert result_of(IL6, **quantity(8, "pg/mL"), interpretation=interpretation).marked is marked


@pytest.mark.parametrize("element", ["interpretation", "referenceRange"])
def test_wrong_type_in_an_element_that_is_read_refuses_the_result(element: str) -> None:
    reading = read(observation(IL6, **quantity(8, "pg/mL"), **{element: {"text": "high"}}))
    assert refused(reading) == [("wrong-type", f"{HERE}.{element}")]


@pytest.mark.parametrize(
    ("value", "positive"),
    [
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        (coded("10828004", SNOMED), True),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 320}}}, True),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 10}}}, True),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 5}}}, False),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 10, "comparator": "<"}}}, False),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 10, "comparator": ">="}}}, True),
        ({"valueString": "1:320"}, True),
        ({"valueString": "<1:10"}, False),
        ({"valueString": ">1:640"}, True),
        ({"interpretation": [concept("POS", "http://x")]}, True),
        ({"interpretation": [concept("NEG", "http://x")]}, False),
        ({"valueString": "weak", "interpretation": [concept("A", "http://x")]}, None),
    ],
)
def test_antibody_is_positive_by_value_titre_or_interpretation(value: dict[str, Any], positive: bool | None) -> None:
    result = result_of(NMDAR_SERUM, **value)
    assert (result.value, result.positive) == (None, positive)


@pytest.mark.parametrize(
    ("value", "element"),
    [
        ({}, "value"),
        ({"valueString": "see report"}, "valueString"),
        ({"valueString": ">1:5"}, "valueString"),
        (coded("1", "http://x"), "valueCodeableConcept"),
        ({"valueRatio": {"numerator": {"value": 2}, "denominator": {"value": 20}}}, "valueRatio"),
        ({"valueRatio": {"denominator": {"value": 20}}}, "valueRatio"),
        (
            {"valueRatio": {"numerator": {"value": 1, "comparator": "<"}, "denominator": {"value": 9}}},
            "valueRatio",
        ),
    ],
)
def test_antibody_that_says_neither_is_refused(value: dict[str, Any], element: str) -> None:
    reading = read(observation(NMDAR_SERUM, **value))
    (result,) = reading.chart.results
    assert (result.value, result.positive, result.first) == (None, None, day("2026-03-01"))
    assert result.refusal
    assert reading.rejections[0].expression == f"{HERE}.{element}"


def test_pregnancy_status_is_read_by_its_own_answers() -> None:
    assert result_of(PREGNANCY, **coded("77386006", SNOMED)).positive is True
    assert result_of(PREGNANCY, **coded("60001007", SNOMED)).positive is False


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (IL6, quantity(8, "IU/mL")),
        (ESR, quantity(95, "mm")),
        (SNFL, quantity(40, "ng/dL")),
        (CALPROTECTIN, quantity(40, "mg")),
        (SODIUM, quantity(120, "g/L")),
        (TEMPERATURE, quantity(39, "degC")),
        (PROCALCITONIN, quantity(2, "mmol/L")),
    ],
)
def test_result_of_any_kind_that_cannot_be_used_is_kept_as_such(code: str, value: dict[str, Any]) -> None:
    reading = read(observation(code, **value))
    (result,) = reading.chart.results
    assert (result.value, result.first, result.marked) == (None, day("2026-03-01"), False)
    assert result.refusal
    assert refused(reading) == [("unit", f"{HERE}.valueQuantity.unit")]
    assert reading.account.rejected == {"unit": 1}


@pytest.mark.parametrize(
    ("more", "marked", "above"),
    [
        ({"interpretation": [concept("HH", "http://x")]}, True, False),
        ({"interpretation": [concept("N", "http://x")]}, False, False),
        ({"referenceRange": [{"high": {"value": 20, "unit": "mm"}}]}, False, True),
        ({"referenceRange": [{"high": {"value": 20}}]}, False, True),
        ({"referenceRange": [{"high": {"value": 20, "unit": "mm/h"}}]}, False, False),
        ({"referenceRange": [{"high": {"value": 200, "unit": "mm"}}]}, False, False),
    ],
)
def test_laboratory_is_heard_where_only_the_unit_is_refused(more: dict[str, Any], marked: bool, above: bool) -> None:
    reading = read(observation(ESR, **quantity(95, "mm"), **more))
    (result,) = reading.chart.results
    assert (result.value, result.received, result.marked, result.above_reference) == (None, "95 mm", marked, above)
    assert reading.account.used == (marked or above)


@pytest.mark.parametrize("date", [None, "spring"])
def test_result_without_a_date_is_kept_undated(date: str | None) -> None:
    reading = read(observation(IL6, effectiveDateTime=date, **quantity(8, "pg/mL")))
    (result,) = reading.chart.results
    assert (result.first, result.last) == (EARLIEST, LATEST)
    assert result.value == Interval(Decimal(8), Decimal(8))
    assert result.refusal
    assert reading.account.used == 0
    (crp,) = read(observation(CRP, effectiveDateTime=date, **quantity(4))).chart.results
    assert (crp.value, crp.first) == (None, EARLIEST)


def test_antibody_without_a_date_keeps_what_it_says() -> None:
    (result,) = read(observation(NMDAR_SERUM, effectiveDateTime=None, valueBoolean=True)).chart.results
    assert (result.positive, result.first) == (True, EARLIEST)


def test_results_that_could_not_be_read_are_not_taken_for_one() -> None:
    unread = [observation(IL6, name, **quantity(8, "IU/mL")) for name in ("a", "b")]
    undated = [observation(IL6, name, effectiveDateTime=None, **quantity(8, "pg/mL")) for name in ("c", "d")]
    reading = read(*unread, *undated)
    assert len(reading.chart.results) == 4
    assert "duplicate" not in reading.account.rejected


@pytest.mark.parametrize("more", [{"modifierExtension": [{"url": "http://x"}]}, {"status": 5}])
def test_result_that_is_refused_whole_is_kept_with_its_date(more: dict[str, Any]) -> None:
    (result,) = read(observation(SODIUM, **quantity(120, "mmol/L"), **more)).chart.results
    assert (result.value, result.first) == (None, day("2026-03-01"))
    undated = {"effectiveDateTime": "soon", **more}
    (result,) = read(observation(SODIUM, **quantity(120, "mmol/L"), **undated)).chart.results
    assert (result.value, result.first) == (None, EARLIEST)


@pytest.mark.parametrize(
    ("status", "kept"), [("preliminary", 1), ("unknown", 1), ("registered", 0), ("cancelled", 0), (WITHDRAWN, 0)]
)
def test_result_that_is_not_final_is_refused(status: str, kept: int) -> None:
    reading = read(observation(CRP, status=status, **quantity(4)))
    assert reading.account.rejected == {f"status-{status}": 1}
    assert [result.value for result in reading.chart.results] == [None] * kept


@pytest.mark.parametrize(
    ("reason", "kept"), [("unknown", 1), ("error", 1), ("not-performed", 0), ("asked-declined", 0)]
)
def test_reason_for_having_no_result_is_no_result(reason: str, kept: int) -> None:
    """What was not measured is no candidate; what was measured and is not here may be anything."""
    reading = read(observation(CRP, dataAbsentReason=concept(reason, "http://x"), **quantity(4)))
    assert [result.value for result in reading.chart.results] == [None] * kept
    assert refused(reading) == [("absent", f"{HERE}.dataAbsentReason")]


def test_specimen_is_dated_by_the_start_of_its_period_and_never_by_the_report() -> None:
    period = {"start": "2026-02-01", "end": "2026-02-03"}
    result = result_of(CRP, effectiveDateTime=None, effectivePeriod=period, **quantity(4))
    assert result.first == day("2026-02-01")
    reading = read(observation(CRP, effectiveDateTime=None, issued="2026-02-03T10:00:00Z", **quantity(4)))
    assert refused(reading) == [("no-date", f"{HERE}.effective")]
