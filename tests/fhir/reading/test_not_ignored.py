"""What may not be passed over: modifier extensions, implicit rules, and elements of the wrong JSON type."""

import json
from typing import Any

import pytest

from service.domain.concepts import Item
from service.domain.days import EARLIEST
from service.domain.facts import Reading as Extent
from tests.fhir.reading.feeding import (
    CSSRS_1,
    ITEM_1,
    ITEM_9,
    PHQ9,
    RELAPSE,
    SUICIDAL_THOUGHTS,
    bundle,
    concept,
    condition,
    entry,
    observation,
    patient,
    read,
    read_body,
    refused,
    resource,
    score_of,
)

HERE = "Bundle.entry[0].resource"
MODIFIER = {"modifierExtension": [{"url": "http://example.org/negated", "valueBoolean": True}]}
RULES = {"implicitRules": "http://example.org/rules"}
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.mark.parametrize(
    ("more", "reason", "element"),
    [(MODIFIER, "modifier-extension", "modifierExtension"), (RULES, "implicit-rules", "implicitRules")],
)
@pytest.mark.parametrize(
    "body",
    [
        observation(PHQ9, **score_of(9)),
        condition("24700007"),
        patient(),
        resource("QuestionnaireResponse", status="completed", item=[{"linkId": PHQ9, "answer": [{"valueInteger": 9}]}]),
    ],
)
def test_modifier_that_is_not_known_rejects_the_entry(
    body: dict[str, Any], more: dict[str, Any], reason: str, element: str
) -> None:
    reading = read({**body, **more}, observation(PHQ9, "good", **score_of(4)))
    assert refused(reading) == [(reason, f"{HERE}.{element}")]
    assert [score.source.reference for score in reading.chart.scores] == ["Observation/good"]
    assert reading.account.rejected == {reason: 1}


@pytest.mark.parametrize("empty", [None, []])
def test_empty_modifier_elements_mean_nothing(empty: object) -> None:
    told = observation(PHQ9, modifierExtension=empty, **score_of(9))
    assert len(read(entry(told, modifierExtension=empty)).chart.scores) == 1


def test_modifier_of_the_bundle_entry_rejects_it() -> None:
    reading = read(entry(observation(PHQ9, **score_of(9)), **MODIFIER))
    assert refused(reading) == [("modifier-extension", "Bundle.entry[0].modifierExtension")]


@pytest.mark.parametrize("body", [observation("8480-6"), condition("1"), resource("Claim"), resource("Encounter")])
def test_modifier_on_what_nobody_reads_changes_nothing(body: dict[str, Any]) -> None:
    assert read(patient(), {**body, **MODIFIER}).account.not_read == 1


def test_h01_rejected_answer_about_suicide_is_kept_as_unreadable() -> None:
    parts = [{"code": concept(CSSRS_1), "valueBoolean": True}]
    reading = read(observation(ITEM_9, valueInteger=1, component=parts, **MODIFIER))
    assert {(one.item, one.reading, one.first) for one in reading.chart.answers} == {
        (Item.PHQ9_9, Extent.UNREADABLE, EARLIEST),
        (Item.CSSRS_1, Extent.UNREADABLE, EARLIEST),
    }
    assert reading.rejections[0].safety


def test_h01_rejected_form_is_kept_as_unreadable() -> None:
    items = [{"linkId": "g", "item": [{"linkId": f"/{ITEM_9}", "answer": [{"valueInteger": 2}]}]}]
    reading = read(resource("QuestionnaireResponse", status="completed", item=items, **MODIFIER))
    assert [one.reading for one in reading.chart.answers] == [Extent.UNREADABLE]


@pytest.mark.parametrize("code", [SUICIDAL_THOUGHTS, RELAPSE])
def test_rejected_event_is_kept_undated(code: str) -> None:
    reading = read(condition(code, onsetDateTime="2026-01-01", **MODIFIER))
    (record,) = reading.chart.records
    assert (record.first, record.asserted) == (EARLIEST, True)
    assert reading.rejections[0].safety is (code == SUICIDAL_THOUGHTS)


def test_rejected_diagnosis_is_no_diagnosis() -> None:
    assert read(condition("69896004", **MODIFIER)).chart.records == ()


def test_rejected_medicine_is_kept_as_a_candidate() -> None:
    made = resource(
        "MedicationRequest",
        status="active",
        intent="order",
        medicationCodeableConcept=concept("8640", RXNORM),
        **MODIFIER,
    )
    (exposure,) = read(made).chart.exposures
    assert (exposure.ingredient, exposure.start) == ("prednisone", None)


def test_modifier_in_a_component_refuses_that_component() -> None:
    parts = [{"code": concept(ITEM_9), "valueInteger": 1, **MODIFIER}, {"code": concept(ITEM_1), "valueInteger": 1}]
    reading = read(observation(PHQ9, **score_of(4), component=parts))
    assert refused(reading) == [("modifier-extension", f"{HERE}.component[0].modifierExtension")]
    assert [one.reading for one in reading.chart.answers] == [Extent.UNREADABLE, Extent.READ]
    assert len(reading.chart.scores) == 1


def test_modifier_in_a_contained_observation_refuses_that_observation() -> None:
    inner = observation(ITEM_9, "i", subject=None, valueInteger=1, **MODIFIER)
    reading = read(observation(PHQ9, **score_of(4), contained=[inner]))
    assert refused(reading) == [("modifier-extension", f"{HERE}.contained[0].modifierExtension")]
    assert [one.reading for one in reading.chart.answers] == [Extent.UNREADABLE]
    assert len(reading.chart.scores) == 1


@pytest.mark.parametrize(
    ("more", "element"),
    [
        ({"status": 5}, "status"),
        ({"valueQuantity": [1]}, "valueQuantity"),
        ({"valueQuantity": {"value": 1, "unit": 3}}, "valueQuantity.unit"),
        ({"code": {"coding": [concept(PHQ9)["coding"][0], {"code": 7}]}}, "code.coding[1].code"),
        ({"code": {"coding": [concept(PHQ9)["coding"][0], None]}}, "code.coding[1]"),
        ({"effectiveDateTime": 20260101}, "effectiveDateTime"),
        ({"id": 5}, "id"),
        ({"meta": {"security": [7]}}, "meta.security[0]"),
        ({"valueBoolean": "true"}, "valueBoolean"),
    ],
)
def test_h24_wrong_type_rejects_its_entry_and_no_other(more: dict[str, Any], element: str) -> None:
    reading = read(
        observation(PHQ9, **{**score_of(9), **more}),
        observation(ITEM_9, "good", valueInteger=2),
        observation("8480-6", "unread", status=7),
        resource("Claim", 3),  # type: ignore[arg-type]
        {"resourceType": "DeviceUsage", "id": 4},
    )
    assert refused(reading) == [("wrong-type", f"{HERE}.{element}")]
    assert [answer.value for answer in reading.chart.answers] == [2]
    assert reading.account.not_read == 3


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Observaton", "the nearest name is Observation."),
        ("observation", "the nearest name is Observation."),
        ("MedicatonRequest", "the nearest name is MedicationRequest."),
        ("Zzz", "send one such as Observation."),
        ("", "send one such as Observation."),
    ],
)
def test_type_that_does_not_exist_is_refused_aloud(name: str, hint: str) -> None:
    reading = read(patient(), {**observation("0"), "resourceType": name})
    assert refused(reading) == [("wrong-type", "Bundle.entry[1].resource.resourceType")]
    assert reading.rejections[0].text.endswith(hint)
    assert not reading.rejections[0].safety


@pytest.mark.parametrize("name", ["Observaton", "Zzz"])
def test_h01_answer_about_suicide_in_a_type_that_does_not_exist_is_not_lost(name: str) -> None:
    reading = read(patient(), {**observation(ITEM_9, valueInteger=2), "resourceType": name})
    assert [one.safety for one in reading.rejections] == [True]
    (answer,) = reading.chart.answers
    assert (answer.reading, answer.source.reference) == (Extent.UNREADABLE, "")
    inner = {**observation(ITEM_9, "i", subject=None, valueInteger=2), "resourceType": "Observaton"}
    within = read(observation(PHQ9, **score_of(4), contained=[inner]))
    assert refused(within) == [("wrong-type", f"{HERE}.contained[0].resourceType")]
    assert [one.reading for one in within.chart.answers] == [Extent.UNREADABLE]


def test_h01_misspelt_condition_and_medicine_are_kept_as_candidates() -> None:
    suicidal = {**condition("R45.851", "c", "http://hl7.org/fhir/sid/icd-10-cm"), "resourceType": "Conditon"}
    order = resource("MedicatonRequest", "m", medicationCodeableConcept=concept("8640", RXNORM))
    reading = read(patient(), suicidal, order)
    assert len(reading.chart.records) == 1
    assert [one.ingredient for one in reading.chart.exposures] == ["prednisone"]


@pytest.mark.parametrize("name", ["GenomicStudy", "ProcedureRequest"])
def test_type_of_another_release_is_rightly_spelt_and_not_read(name: str) -> None:
    reading = read(patient(), resource(name))
    assert (reading.rejections, reading.account.not_read) == ((), 1)


def test_h01_valid_positive_answer_survives_any_number_of_broken_entries() -> None:
    broken = [observation(PHQ9, str(n), status=n) for n in range(5)]
    reading = read(*broken[:3], observation(ITEM_9, "good", valueInteger=1), *broken[3:])
    assert [answer.value for answer in reading.chart.answers] == [1]


def test_broken_answer_about_suicide_is_listed_first_and_kept_as_unreadable() -> None:
    reading = read(observation(PHQ9, "a", status=1), observation(ITEM_9, "b", status=2, valueInteger=3))
    assert [one.safety for one in reading.rejections] == [True, False]
    (answer,) = reading.chart.answers
    assert (answer.reading, answer.source.reference) == (Extent.UNREADABLE, "Observation/b")
    assert answer.source.expression == "Bundle.entry[1].resource"


def test_broken_answer_about_suicide_without_a_subject_is_remembered() -> None:
    reading = read(patient(), observation(ITEM_9, 1, subject=None, valueInteger=3))  # type: ignore[arg-type]
    (source,) = reading.chart.subjectless_safety
    assert (source.reference, source.display) == ("", "Observation")


def test_broken_condition_about_suicide_is_kept_undated() -> None:
    reading = read(condition(SUICIDAL_THOUGHTS, onsetDateTime=5))
    assert reading.chart.records[0].first == EARLIEST
    assert refused(reading) == [("wrong-type", f"{HERE}.onsetDateTime")]


def test_subject_of_the_wrong_type_is_a_wrong_type() -> None:
    reading = read(patient(), observation(PHQ9, subject="Patient/p", **score_of(9)))
    assert refused(reading) == [("wrong-type", "Bundle.entry[1].resource.subject")]


@pytest.mark.parametrize(
    ("entries", "element"),
    [
        ([7], "Bundle.entry[1]"),
        ([{"resource": "x"}], "Bundle.entry[1].resource"),
        ([{"resource": {"id": "x"}}], "Bundle.entry[1].resource.resourceType"),
        ([{"resource": {"id": "x", "resourceType": None}}], "Bundle.entry[1].resource.resourceType"),
        ([{"fullUrl": 7, "resource": observation(PHQ9, **score_of(9))}], "Bundle.entry[1].fullUrl"),
        ([{"search": [], "resource": observation(PHQ9, **score_of(9))}], "Bundle.entry[1].search"),
    ],
)
def test_entry_of_the_wrong_shape_is_rejected(entries: list[Any], element: str) -> None:
    body = bundle()
    body["entry"] = [{"resource": patient()}, *entries]
    reading = read_body(json.dumps(body).encode())
    assert refused(reading) == [("wrong-type", element)]


@pytest.mark.parametrize("kind", [{}, {"resourceType": None}, {"resourceType": 5}])
def test_h01_positive_item_nine_without_a_resource_type_is_not_lost(kind: dict[str, Any]) -> None:
    untyped = {name: value for name, value in observation(ITEM_9, valueInteger=2).items() if name != "resourceType"}
    reading = read(patient(), {"resource": untyped | kind})
    assert [(one.item, one.reading) for one in reading.chart.answers] == [(Item.PHQ9_9, Extent.UNREADABLE)]
    assert [one.safety for one in reading.rejections] == [True]


def test_observation_whose_code_cannot_be_read_is_refused_aloud() -> None:
    reading = read(patient(), observation(PHQ9, **score_of(9)) | {"code": 7})
    assert refused(reading) == [("wrong-type", "Bundle.entry[1].resource.code")]


def test_null_members_are_nothing() -> None:
    body = bundle()
    body["entry"] = [None, {"resource": None}, {"resource": patient(identifier=None)}, None]
    reading = read_body(json.dumps(body).encode())
    assert (reading.account.received, reading.account.used, reading.account.not_read) == (4, 1, 3)


def test_last_of_two_members_with_one_name_counts() -> None:
    text = json.dumps(bundle(observation(PHQ9, **score_of(9)))).replace(
        '"status": "final"', '"status": "final", "status": "cancelled"'
    )
    assert read_body(text.encode()).account.rejected == {"status-cancelled": 1}


def test_h24_text_of_a_rejection_never_repeats_what_was_sent() -> None:
    secret = "Jane Q. Public"
    reading = read(
        patient(birthDate=secret),
        observation(PHQ9, "a", status=[secret]),
        observation(PHQ9, "b", valueString=secret),
        observation(ITEM_9, "c", valueString=secret, effectiveDateTime=secret),
        condition(RELAPSE, onsetDateTime=secret),
        observation("1988-5", "d", valueQuantity={"value": 1, "unit": secret}),
    )
    assert len(reading.rejections) == 7
    assert all(secret not in one.text and secret not in one.expression for one in reading.rejections)


@pytest.mark.parametrize("more", [{"status": 5}, MODIFIER])
def test_h01_refused_answer_under_a_misspelt_system_is_not_lost(more: dict[str, Any]) -> None:
    reading = read(observation(ITEM_9, "o", "https://loinc.org", valueInteger=1, **more))
    assert [one.safety for one in reading.rejections] == [True]
    assert [one.reading for one in reading.chart.answers] == [Extent.UNREADABLE]
