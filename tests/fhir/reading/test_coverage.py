"""What absence cannot be concluded from."""

import json
from typing import Any

import pytest

from service.fhir.reading import Reading
from tests.fhir.reading.feeding import PHQ9, bundle, condition, entry, observation, patient, read, read_body, score_of

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def read_whole(body: dict[str, Any]) -> Reading:

    return read_body(json.dumps(body).encode())


def test_everything_is_covered_unless_somebody_says_otherwise() -> None:
    assert read(patient(), observation(PHQ9, meta={"tag": [{"code": "x"}]}, **score_of(9))).chart.not_covered == {}


def test_caller_may_say_that_a_type_is_incomplete() -> None:
    assert set(read(patient(), incomplete=frozenset({"Condition"})).chart.not_covered) == {"Condition"}


@pytest.mark.parametrize("relation", ["next", "self"])
def test_next_page_leaves_every_type_open(relation: str) -> None:
    reading = read_whole(bundle(patient(), link=[{"relation": relation, "url": "http://x"}]))
    assert ("Condition" in reading.chart.not_covered) is (relation == "next")
    assert ("Observation" in reading.chart.not_covered) is (relation == "next")


@pytest.mark.parametrize("mode", ["outcome", "match", None])
def test_search_outcome_leaves_every_type_open(mode: str | None) -> None:
    reading = read(patient(), entry(OUTCOME, search={"mode": mode}))
    assert "MedicationRequest" in reading.chart.not_covered
    assert reading.account.not_read == 1


def test_outcome_entry_without_a_resource_counts_too() -> None:
    assert read(patient(), entry(None, search={"mode": "outcome"})).chart.not_covered


@pytest.mark.parametrize("where", ["tag", "security"])
def test_resource_with_only_some_elements_leaves_its_type_open(where: str) -> None:
    reading = read(
        patient(),
        observation("8480-6", "a", meta={where: [TAG]}),
        condition("1", meta={where: [{"code": "x"}, TAG]}),
        {"resourceType": "Claim", "meta": {where: [TAG]}},
    )
    assert set(reading.chart.not_covered) == {"Observation", "Condition", "Claim"}


def test_subsetted_result_is_read_all_the_same() -> None:
    reading = read(observation(PHQ9, meta={"tag": [TAG]}, **score_of(9)))
    assert (len(reading.chart.scores), set(reading.chart.not_covered)) == (1, {"Observation"})


def test_first_reason_stands() -> None:
    body = bundle(patient(), condition("1", meta={"tag": [TAG]}), link=[{"relation": "next"}])
    assert "next page" in read_whole(body).chart.not_covered["Condition"]
