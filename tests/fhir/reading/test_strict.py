"""Strict reading rejects what fhir.resources refuses, entry by entry."""

from typing import Any

import pytest

from service.fhir.reading.strict import strict_fault
from tests.fhir.reading.feeding import ITEM_9, PHQ9, condition, observation, patient, read, refused, score_of

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
