"""Findings and events that come as an Observation, and the conclusions of reports."""

from typing import Any

import pytest

from service.domain.concepts import Concept
from service.domain.days import EARLIEST, LATEST
from tests.fhir.reading.feeding import (
    RELAPSE,
    SUICIDAL_THOUGHTS,
    coded,
    concept,
    day,
    observation,
    read,
    refused,
    resource,
)

HERE = "Bundle.entry[0].resource"
SNOMED = "http://snomed.info/sct"
MEASURAND = "https://moodmarker.org/fhir/CodeSystem/measurand"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"


@pytest.mark.parametrize(
    ("value", "asserted"),
    [
        ({}, True),
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        (coded("present", MEASURAND), True),
        (coded("absent", MEASURAND), False),
        (coded("LA33-6"), True),
        ({"valueString": "present"}, True),
        ({"valueString": "Absent"}, False),
    ],
)
@pytest.mark.parametrize("code", [RELAPSE, SUICIDAL_THOUGHTS])
def test_event_is_there_unless_the_value_denies_it(code: str, value: dict[str, Any], asserted: bool) -> None:
    (record,) = read(observation(code, "o", SNOMED, **value)).chart.records
    assert (record.asserted, record.first, record.source.resource_type) == (
        asserted,
        day("2026-03-01"),
        "Observation",
    )


def test_suicidality_may_be_coded_in_icd() -> None:
    (record,) = read(observation("R45.851", "o", ICD10CM)).chart.records
    assert Concept.SUICIDALITY in record.concepts


@pytest.mark.parametrize("value", [coded("1", "http://x"), {"valueString": "denies"}, {"valueInteger": 1}])
def test_event_with_a_value_that_says_neither_is_kept_as_unreadable(value: dict[str, Any]) -> None:
    reading = read(observation(SUICIDAL_THOUGHTS, "o", SNOMED, **value))
    (record,) = reading.chart.records
    assert (record.first, record.last) == (EARLIEST, LATEST)
    assert reading.rejections[0].safety
    assert reading.account.used == 0


def test_reason_for_having_no_value_neither_affirms_nor_denies() -> None:
    reading = read(observation(RELAPSE, "o", SNOMED, dataAbsentReason=concept("unknown", "http://x")))
    assert not reading.chart.records
    assert refused(reading) == [("absent", f"{HERE}.dataAbsentReason")]


@pytest.mark.parametrize("date", [None, "2026-13-01"])
def test_h16_event_without_a_usable_date_is_kept_undated(date: str | None) -> None:
    reading = read(observation(RELAPSE, "o", SNOMED, effectiveDateTime=date))
    (record,) = reading.chart.records
    assert (record.first, record.last, record.asserted) == (EARLIEST, LATEST, True)
    assert len(reading.rejections) == 1
    assert reading.account.used == 1


def test_unfinished_event_counts_only_when_it_is_about_suicide() -> None:
    reading = read(
        observation(RELAPSE, "a", SNOMED, status="preliminary"),
        observation(SUICIDAL_THOUGHTS, "b", SNOMED, status="unknown"),
    )
    (record,) = reading.chart.records
    assert Concept.SUICIDALITY in record.concepts
    assert reading.account.rejected == {"status-preliminary": 1}


def test_code_that_denies_a_relapse_is_an_explicit_negative() -> None:
    (record,) = read(observation("relapse-absent", "o", MEASURAND)).chart.records
    assert (record.asserted, Concept.RELAPSE in record.concepts) == (False, True)
    reading = read(observation("relapse-absent", "o", MEASURAND, valueBoolean=False))
    assert refused(reading) == [("value", f"{HERE}.valueBoolean")]


def test_several_findings_in_one_code_are_all_kept() -> None:
    both = {"coding": [{"system": SNOMED, "code": RELAPSE}, {"system": SNOMED, "code": SUICIDAL_THOUGHTS}]}
    (record,) = read(observation("x", code=both)).chart.records
    assert {Concept.RELAPSE, Concept.SUICIDALITY} <= record.concepts


def report(**more: Any) -> dict[str, Any]:
    return resource("DiagnosticReport", **{"status": "final", "effectiveDateTime": "2026-03-01", **more})


def test_report_concludes_records_and_findings() -> None:
    codes = [
        concept("mri-suggestive-of-encephalitis", MEASURAND),
        concept("mri-activity", MEASURAND),
        concept("z"),
    ]
    reading = read(report(conclusionCode=codes))
    (record,) = reading.chart.records
    (result,) = reading.chart.results
    assert record.concepts == {Concept.MRI_ENCEPHALITIS}
    assert (result.analyte.key, result.positive, result.first) == ("mri-activity", True, day("2026-03-01"))
    assert reading.account.used == 1


def test_report_dates_by_its_period_or_not_at_all() -> None:
    codes = [concept("mri-suggestive-of-encephalitis", MEASURAND)]
    period = {"start": "2026-02-01"}
    (record,) = read(report(conclusionCode=codes, effectiveDateTime=None, effectivePeriod=period)).chart.records
    assert record.first == day("2026-02-01")
    (record,) = read(report(conclusionCode=codes, effectiveDateTime=None)).chart.records
    assert record.first == EARLIEST


def test_report_that_is_not_final_or_concludes_nothing_known_is_accounted_for() -> None:
    codes = [concept("mri-suggestive-of-encephalitis", MEASURAND)]
    assert read(report(conclusionCode=codes, status="preliminary")).account.rejected == {"status-preliminary": 1}
    assert read(report(conclusionCode=[concept("crp", MEASURAND)])).chart.results == ()
    assert read(report()).account.not_read == 1


@pytest.mark.parametrize("state", ["registered", "partial", "preliminary", "unknown", None])
def test_h01_conclusion_about_suicide_counts_before_the_report_is_final(state: str | None) -> None:
    conclusions = [concept(SUICIDAL_THOUGHTS, SNOMED), concept(RELAPSE, SNOMED)]
    (record,) = read(report(status=state, conclusionCode=conclusions)).chart.records
    assert record.concepts == {Concept.SUICIDALITY}
    assert not read(report(status="entered-in-error", conclusionCode=conclusions)).chart.records
