"""Strict reading rejects what fhir.resources refuses, entry by entry."""

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.fhir.reading.resources import READ
from service.fhir.reading.strict import REQUIRED, strict_fault
from tests.fhir.reading.feeding import (
    ITEM_9,
    PHQ9,
    bundle,
    concept,
    condition,
    observation,
    patient,
    read,
    read_body,
    refused,
    resource,
    score_of,
)

HERE = "Bundle.entry[0].resource"


def test_valid_entries_are_read() -> None:
    reading = read(patient(), observation(PHQ9, **score_of(9)), strict=True)
    assert (reading.account.used, len(reading.chart.scores)) == (2, 1)


@pytest.mark.parametrize(
    ("more", "element"),
    [
        ({"note": "x"}, ".note"),
        ({"bodySite": [1]}, ".bodySite"),
        ({"category": [{"coding": [{"code": 7}]}]}, ".category[0].coding[0].code"),
        ({"effectiveDateTime": "2026-03-01T10:00"}, ".effectiveDateTime"),
    ],
)
def test_entry_that_is_not_valid_is_rejected_with_the_element(more: dict[str, Any], element: str) -> None:
    reading = read(observation(PHQ9, **{**score_of(9), **more}), observation(PHQ9, "b", **score_of(4)), strict=True)
    assert refused(reading) == [("not-valid-fhir", f"{HERE}{element}")]
    assert [score.value for score in reading.chart.scores] == [4]


def test_answer_about_suicide_that_is_not_valid_is_kept_as_unreadable() -> None:
    reading = read(observation(ITEM_9, note="x", valueInteger=1), strict=True)
    assert reading.rejections[0].safety
    assert [answer.value for answer in reading.chart.answers] == [None]


def test_what_nobody_reads_is_not_validated() -> None:
    reading = read(patient(), observation("8480-6", note="x"), condition("1", note="x"), strict=True)
    assert reading.account.not_read == 2


def test_lenient_reading_passes_other_unknown_elements() -> None:
    assert len(read(observation(PHQ9, note="x", **score_of(9))).chart.scores) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Observation","contained":[{"resourceType":"Nonsense"}]}',
        b'{"resourceType":"Observation","contained":[null]}',
        b'{"resourceType":"Observation","extension":' + b'[{"extension":' * 400 + b"[]" + b"}]" * 400 + b"}",
    ],
)
def test_odd_input_is_refused_and_never_raises(body: bytes) -> None:
    assert strict_fault("Observation", body) is not None


RELEASED = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@pytest.mark.parametrize(
    ("body", "element"),
    [
        (observation(PHQ9, status="foo", **score_of(9)), "status"),
        (patient(gender="foo"), "gender"),
        (resource("Flag", status="foo", code={"text": "x"}), "status"),
        (
            resource("MedicationRequest", status="active", intent="foo", medicationCodeableConcept={"text": "x"}),
            "intent",
        ),
        (condition("24700007", clinicalStatus=concept("foo", RELEASED)), "clinicalStatus"),
        (condition("24700007", verificationStatus=concept("foo", RELEASED)), "verificationStatus"),
    ],
)
def test_code_outside_a_required_value_set_is_rejected_with_those_inside(body: dict[str, Any], element: str) -> None:
    reading = read(body, patient(), strict=True)
    assert refused(reading) == [("not-valid-fhir", f"{HERE}.{element}")]
    assert "FHIR R4 requires one of these codes here: " in reading.rejections[0].text
    assert "foo" not in reading.rejections[0].text


def test_required_codes_are_those_of_the_library_where_its_lists_are_whole() -> None:
    seen = 0
    for kind in (one.__name__ for one in READ):
        for name, field in get_fhir_model_class(kind).model_fields.items():
            extra = field.json_schema_extra
            listed = extra.get("enum_values") if isinstance(extra, dict) else None
            if isinstance(listed, list):
                seen += 1
                ours = set(REQUIRED[f"{kind}.{name}"])
                assert ours == set(listed) or ("+" in listed and ours > set(listed) - {"+"}), (kind, name)
    assert seen == len([path for path in REQUIRED if path.partition(".")[0] not in ("Bundle", "Condition")])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": None}, "send it"),
        ({"nonsense": 1}, "leave it out"),
        ({"category": {}}, "square brackets"),
        ({"valueInteger": 3}, "send one of them"),
        ({"effectiveDateTime": "20260301"}, "definition of the element"),
    ],
)
def test_fault_is_told_with_its_remedy_and_not_in_the_words_of_a_library(more: dict[str, Any], words: str) -> None:
    (rejection,) = read(observation(PHQ9, **{**score_of(9), **more}), patient(), strict=True).rejections
    assert words in rejection.text
    assert "_" not in rejection.text


@pytest.mark.parametrize("kind", [None, "foo"])
def test_bundle_without_a_type_of_fhir_is_listed_and_read(kind: str | None) -> None:
    sent = bundle(observation(PHQ9, **score_of(9))) | {"type": kind}
    reading = read_body(json.dumps(sent).encode(), strict=True)
    assert refused(reading) == [("not-valid-fhir", "Bundle.type")]
    assert len(reading.chart.scores) == 1
    assert not read_body(json.dumps(sent).encode()).rejections
