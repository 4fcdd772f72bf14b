"""Conditions, procedures, vaccinations and encounters: dates, statuses, and what withdraws or refutes them."""

import json
from typing import Any

import pytest

from service.domain.concepts import Concept
from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Record
from tests.fhir.reading.feeding import (
    PATIENT,
    RELAPSE,
    SUICIDAL_THOUGHTS,
    concept,
    condition,
    day,
    read,
    refused,
    resource,
)

HERE = "Bundle.entry[0].resource"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ATTEMPT = "82313006"
MS, UTI, SURGERY, SCREENING = "24700007", "68566005", "387713003", "715252007"


def one_record(*resources: dict[str, Any]) -> Record:
    (record,) = read(*resources).chart.records
    return record


def status(code: str) -> dict[str, Any]:
    return concept(code, "http://terminology.hl7.org/CodeSystem/condition-clinical")


def test_condition_keeps_its_onset_recorded_date_status_and_words() -> None:
    record = one_record(
        condition(
            MS,
            code=concept(MS, SNOMED, text="MS, relapsing"),
            onsetDateTime="2020-05",
            recordedDate="2021-01-02T10:00:00Z",
            clinicalStatus=status("remission"),
            verificationStatus=concept("confirmed", "http://x"),
        )
    )
    assert record.concepts >= {Concept.MS_FAMILY, Concept.IMD}
    assert (record.first, record.last) == (day("2020-05-01"), day("2020-05-31"))
    assert (record.recorded_first, record.recorded_last) == (day("2021-01-02"), day("2021-01-02"))
    assert (record.status, record.verification, record.text) == ("remission", "confirmed", "MS, relapsing")
    assert record.abated_last is None
    assert record.source.resource_type == "Condition"


@pytest.mark.parametrize("code", ["G35", "G35.A", "G35A", "F32.A"])
def test_icd_codes_are_read_old_new_and_without_the_dot(code: str) -> None:
    assert one_record(condition(code, "c", ICD10CM)).concepts


@pytest.mark.parametrize(
    ("onset", "first"),
    [
        ({"onsetPeriod": {"start": "2026-01-05", "end": "2026-01-09"}}, "2026-01-05"),
        ({"onsetPeriod": {"end": "2026-01-09"}}, None),
        ({"onsetAge": {"value": 30, "unit": "a"}}, None),
        ({"onsetString": "last winter"}, None),
        ({}, None),
    ],
)
def test_h16_onset_is_never_made_up(onset: dict[str, Any], first: str | None) -> None:
    record = one_record(condition(RELAPSE, recordedDate="2026-02-01", **onset))
    assert record.first == (day(first) if first else EARLIEST)
    assert record.recorded_first == day("2026-02-01")


@pytest.mark.parametrize("element", ["onsetDateTime", "recordedDate"])
def test_invalid_date_is_listed_and_the_event_kept_undated(element: str) -> None:
    reading = read(condition(RELAPSE, **{element: "2026-02-30"}))
    (record,) = reading.chart.records
    assert (record.first, record.recorded_first) == (EARLIEST, EARLIEST)
    assert refused(reading) == [("invalid-date", f"{HERE}.{element}")]
    assert reading.account.used == 1


def test_invalid_start_of_a_period_is_named() -> None:
    reading = read(condition(RELAPSE, onsetPeriod={"start": "soon"}))
    assert refused(reading) == [("invalid-date", f"{HERE}.onsetPeriod.start")]


@pytest.mark.parametrize(
    ("abatement", "last"),
    [
        ({"abatementDateTime": "2026-02"}, day("2026-02-28")),
        ({"abatementDateTime": "nonsense"}, LATEST),
        ({"abatementPeriod": {"start": "2026-02-01", "end": "2026-02-03"}}, day("2026-02-03")),
        ({"abatementPeriod": {"start": "2026-02-01"}}, day("2026-02-01")),
        ({"abatementPeriod": {}}, None),
        ({"abatementString": "in childhood"}, LATEST),
        ({"abatementAge": {"value": 9}}, LATEST),
        ({}, None),
    ],
)
def test_abatement_is_told_by_its_last_possible_day(abatement: dict[str, Any], last: int | None) -> None:
    assert one_record(condition(UTI, **abatement)).abated_last == last


@pytest.mark.parametrize("code", ["unconfirmed", "provisional", "differential", "confirmed"])
def test_verification_status_comes_along(code: str) -> None:
    assert one_record(condition(MS, verificationStatus=concept(code, "http://x"))).verification == code


def test_h16_refuted_condition_is_dropped() -> None:
    reading = read(condition(RELAPSE, verificationStatus=concept("refuted", "http://x")))
    assert reading.chart.records == ()
    assert refused(reading) == [("refuted", f"{HERE}.verificationStatus")]


def test_h07_condition_entered_in_error_is_dropped_and_remembered() -> None:
    reading = read(condition(SUICIDAL_THOUGHTS, verificationStatus=concept("entered-in-error", "http://x")))
    assert reading.chart.records == ()
    assert reading.chart.retracted == {"Condition/c"}
    assert reading.account.rejected == {"status-entered-in-error": 1}
    assert reading.chart.conditions_sent == 0


def test_status_that_does_not_exist_is_unknown() -> None:
    record = one_record(condition(MS, clinicalStatus=status("fine"), verificationStatus={"text": "sure"}))
    assert (record.status, record.verification) == ("unknown", "")


def test_conditions_are_counted_whether_or_not_a_rule_reads_them() -> None:
    reading = read(
        condition(MS, "a", clinicalStatus=status("active")),
        condition("1", "b"),
        condition("2", "c", clinicalStatus=status("resolved")),
        condition("3", "d", abatementString="over"),
        condition("4", "e", verificationStatus=concept("provisional", "http://x")),
        resource("Condition", "f"),
    )
    assert (reading.chart.conditions_sent, reading.chart.active_conditions) == (6, 3)
    assert (reading.account.used, reading.account.not_read) == (1, 5)


@pytest.mark.parametrize(
    "performed", [{"performedDateTime": "2026-03-01"}, {"performedPeriod": {"start": "2026-03-01"}}]
)
def test_procedure_is_dated_by_its_start(performed: dict[str, Any]) -> None:
    procedure = resource("Procedure", status="completed", code=concept(SURGERY, SNOMED), **performed)
    record = one_record(procedure)
    assert (record.concepts, record.first) == (frozenset({Concept.SURGERY}), day("2026-03-01"))
    assert record.status == "completed"


def test_procedure_without_a_date_is_kept_undated() -> None:
    assert one_record(resource("Procedure", status="completed", code=concept(SCREENING, SNOMED))).first == EARLIEST


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("not-done", "not-done"),
        ("entered-in-error", "status-entered-in-error"),
        ("unknown", "status-unknown"),
        ("x", "status-other"),
        (None, "status-other"),
    ],
)
def test_what_was_not_done_is_not_used(state: str | None, reason: str) -> None:
    reading = read(resource("Procedure", status=state, code=concept(SURGERY, SNOMED)))
    assert refused(reading) == [(reason, f"{HERE}.status")]


def test_procedure_that_no_rule_reads_is_counted() -> None:
    assert read(resource("Procedure", status="not-done", code=concept("1", SNOMED))).account.not_read == 1


def vaccination(**more: Any) -> dict[str, Any]:
    return resource("Immunization", subject=None, patient={"reference": PATIENT}, vaccineCode={"text": "flu"}, **more)


def test_any_completed_vaccination_counts() -> None:
    record = one_record(vaccination(status="completed", occurrenceDateTime="2026-03-01"))
    assert (record.concepts, record.first, record.text) == (frozenset({Concept.VACCINATION}), day("2026-03-01"), "flu")
    assert one_record(vaccination(status="completed", occurrenceString="autumn")).first == EARLIEST


def test_vaccination_that_was_not_given_does_not_count() -> None:
    assert read(vaccination(status="not-done")).account.rejected == {"not-done": 1}


def stay(**more: Any) -> dict[str, Any]:
    return resource("Encounter", **{"status": "finished", "period": {"start": "2026-03-01"}, **more})


def test_relapse_as_the_reason_of_a_visit_is_dated_imprecisely() -> None:
    record = one_record(stay(reasonCode=[concept(RELAPSE, SNOMED, text="relapse")]))
    assert (record.concepts, record.first, record.imprecise) == (frozenset({Concept.RELAPSE}), day("2026-03-01"), True)
    assert record.text == "relapse"


def test_infection_in_hospital_is_one_record_of_both() -> None:
    inpatient = {"system": ACT_CODE, "code": "IMP"}
    record = one_record(stay(**{"class": inpatient}, reasonCode=[concept(UTI, SNOMED)]))
    assert record.concepts == {Concept.INPATIENT, Concept.INFECTION}
    assert read(stay(reasonCode=[concept(UTI, SNOMED)])).account.not_read == 1


def test_kind_of_visit_is_read_from_type_and_service() -> None:
    measurand = "https://moodmarker.org/fhir/CodeSystem/measurand"
    visit = concept("neurology-encounter", measurand)
    assert one_record(stay(type=[visit])).concepts == {Concept.NEUROLOGY_ENCOUNTER}
    assert one_record(stay(serviceType=visit)).concepts == {Concept.NEUROLOGY_ENCOUNTER}


def test_visit_without_a_period_is_undated() -> None:
    assert one_record(stay(reasonCode=[concept(RELAPSE, SNOMED)], period=None)).first == EARLIEST


@pytest.mark.parametrize(("state", "reason"), [("planned", "status-planned"), ("cancelled", "status-cancelled")])
def test_visit_that_did_not_happen_does_not_count(state: str, reason: str) -> None:
    reading = read(stay(status=state, reasonCode=[concept(RELAPSE, SNOMED)]))
    assert reading.account.rejected == {reason: 1}


@pytest.mark.parametrize("element", ["diagnosis", "reasonReference"])
def test_diagnosis_of_a_visit_is_found_where_it_stands(element: str) -> None:
    reference = {"reference": "Condition/c"}
    more = {element: [{"condition": reference} if element == "diagnosis" else reference, {}]}
    reading = read(stay(**more), condition(RELAPSE, "c", recordedDate="2026-03-02"))
    dated = [record for record in reading.chart.records if record.imprecise]
    assert [(record.concepts, record.first) for record in dated] == [(frozenset({Concept.RELAPSE}), day("2026-03-01"))]


@pytest.mark.parametrize(
    "more",
    [
        {"verificationStatus": concept("refuted", "http://x")},
        {"verificationStatus": concept("entered-in-error", "http://x")},
        {"modifierExtension": [{"url": "http://x"}]},
        {"implicitRules": "http://x"},
    ],
)
def test_diagnosis_of_a_visit_that_is_not_believed_does_not_count(more: dict[str, Any]) -> None:
    inner = {"resourceType": "Condition", "id": "c", "code": concept(RELAPSE, SNOMED), **more}
    reading = read(stay(contained=[inner], diagnosis=[{"condition": {"reference": "#c"}}]))
    assert reading.account.not_read == 1


def test_modifier_in_a_diagnosis_of_a_visit_takes_it_out() -> None:
    one = {"condition": {"reference": "Condition/c"}, "modifierExtension": [{"url": "http://x"}]}
    reading = read(stay(diagnosis=[one]), condition(RELAPSE, "c"))
    assert not any(record.imprecise for record in reading.chart.records)


def test_screening_counts_only_when_it_is_completed() -> None:
    for state, count in (("completed", 1), ("in-progress", 0)):
        reading = read(resource("Procedure", status=state, code=concept(SCREENING, SNOMED)))
        assert len(reading.chart.records) == count
    assert one_record(resource("Procedure", status="in-progress", code=concept(SURGERY, SNOMED))).concepts


@pytest.mark.parametrize(
    "state", ["planned", "arrived", "triaged", "in-progress", "onleave", "finished", "unknown", None]
)
def test_h01_suicide_attempt_as_the_reason_of_a_visit_counts_in_every_status(state: str | None) -> None:
    record = one_record(stay(status=state, reasonCode=[concept(ATTEMPT, SNOMED), concept(RELAPSE, SNOMED)]))
    relapse = {Concept.RELAPSE} if state in ("in-progress", "finished") else set()
    assert record.concepts - {Concept.SUICIDALITY} == {Concept.SUICIDE_ATTEMPT} | relapse


@pytest.mark.parametrize("kind", ["Encounter", "Procedure"])
@pytest.mark.parametrize("state", ["entered-in-error", "cancelled", "not-done"])
def test_h07_withdrawn_attempt_does_not_count(kind: str, state: str) -> None:
    code = {"reasonCode": [concept(ATTEMPT, SNOMED)]} if kind == "Encounter" else {"code": concept(ATTEMPT, SNOMED)}
    reading = read(resource(kind, status=state, **code))
    assert (reading.chart.records, len(reading.rejections)) == ((), 1)


def test_h01_self_harm_as_a_procedure_counts_before_it_is_completed() -> None:
    assert one_record(resource("Procedure", status="unknown", code=concept(ATTEMPT, SNOMED))).asserted


NEARLY = ["https://snomed.info/sct", "http://snomed.info/sct/", "http://snomed.info/sct|2026", "SNOMED", "", None]


@pytest.mark.parametrize("system", NEARLY)
@pytest.mark.parametrize(
    ("body", "element"),
    [
        (condition(ATTEMPT), "code"),
        (stay(reasonCode=[concept(ATTEMPT, SNOMED)]), "reasonCode[0]"),
        (resource("Procedure", status="completed", code=concept(ATTEMPT, SNOMED)), "code"),
        (resource("DiagnosticReport", status="final", conclusionCode=[concept(ATTEMPT, SNOMED)]), "conclusionCode[0]"),
    ],
)
def test_h01_attempt_under_a_misspelt_system_is_refused_aloud(
    body: dict[str, Any], element: str, system: str | None
) -> None:
    text = json.dumps(body).replace(f'"system": "{SNOMED}"', f'"system": {json.dumps(system)}')
    reading = read(json.loads(text))
    assert refused(reading) == [("code", f"Bundle.entry[0].resource.{element}.coding[0].system")]
    assert reading.rejections[0].safety
    assert SNOMED in reading.rejections[0].text
    (record,) = reading.chart.records
    assert (record.first, record.asserted) == (EARLIEST, True)


def test_misspelt_system_of_a_diagnosis_is_told_and_that_of_others_passes() -> None:
    reading = read(condition("G35", "a", "http://hl7.org/fhir/sid/icd-10-cm/"), condition("1", "b", "http://x"))
    assert [(one.reason_code, one.safety) for one in reading.rejections] == [("code", False)]
    assert reading.chart.records == ()
    refuted = {"verificationStatus": concept("refuted", "http://x")}
    assert not read(condition(ATTEMPT, "c", "https://snomed.info/sct", **refuted)).rejections
