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


def test_an_outcome_that_only_informs_leaves_nothing_open() -> None:
    informs = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}, {"severity": "success"}]}
    assert read(patient(), entry(informs, search={"mode": "outcome"})).chart.not_covered == {}


@pytest.mark.parametrize(
    "issue", [None, [], "information", [3], [{"severity": "information"}, {"severity": "warning"}]]
)
def test_any_other_outcome_leaves_every_type_open(issue: object) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": issue}
    assert "Condition" in read(patient(), entry(outcome)).chart.not_covered


@pytest.mark.parametrize(
    ("type_", "total", "open_"),
    [
        ("searchset", 3, True),
        ("searchset", 2, False),
        ("searchset", 1, False),
        ("searchset", "3", False),
        ("searchset", True, False),
        ("searchset", None, False),
        ("collection", 3, False),
    ],
)
@pytest.mark.parametrize("broken", [False, True])
def test_a_search_that_found_more_than_was_sent_leaves_every_type_open(
    type_: str, total: object, open_: bool, broken: bool
) -> None:
    matches = [entry(patient()), entry(observation(PHQ9, **score_of("x" if broken else 9)))]
    others = [entry(condition("1"), search={"mode": "include"}), entry(OUTCOME_OF_NOTHING, search={"mode": "outcome"})]
    reasons = read_whole(bundle(*matches, *others, type=type_, total=total)).chart.not_covered
    assert bool(reasons) is open_
    assert not open_ or "the search found 3 resources, and 2 of them were sent" in set(reasons.values())


OUTCOME_OF_NOTHING = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}


@pytest.mark.parametrize(
    ("answered", "open_"),
    [
        ({"status": "200 OK"}, False),
        ({"status": "201"}, False),
        ({"status": "403 Forbidden"}, True),
        ({"status": "500"}, True),
        ({"status": "304 Not Modified"}, True),
        ({"status": "forbidden"}, False),
        ({"status": 404}, True),
        ({}, False),
        ("404", False),
    ],
)
@pytest.mark.parametrize("resource", [None, {"resourceType": "Bundle", "type": "searchset", "total": 0}])
def test_a_request_of_a_batch_that_failed_leaves_every_type_open(
    answered: object, open_: bool, resource: dict[str, Any] | None
) -> None:
    answers = [entry(patient(), response={"status": "200"}), entry(resource, response=answered)]
    reasons = read_whole(bundle(*answers, type="batch-response")).chart.not_covered
    assert bool(reasons) is open_
    assert not open_ or reasons["Condition"].endswith("(Bundle.entry[1])")


@pytest.mark.parametrize(
    ("sent", "kinds"),
    [
        ({"fullUrl": "https://ehr.example/fhir/Observation/a"}, {"Observation"}),
        ({"fullUrl": "https://ehr.example/fhir/Observation/a/_history/2"}, {"Observation"}),
        ({"fullUrl": "Condition/a", "resource": None}, {"Condition"}),
        ({"fullUrl": "https://ehr.example/fhir/Claim/a"}, {"Claim"}),
        ({"fullUrl": "https://ehr.example/App/a"}, None),
        ({"fullUrl": "urn:uuid:a", "response": {"status": "200"}}, None),
        ({"fullUrl": "urn:uuid:7d7f3f0a-5d66-4d0f-8f52-0d3f8f1d1a01"}, None),
        ({"search": {"mode": "match"}}, None),
        ({"fullUrl": 3}, None),
        ({"fullUrl": "urn:uuid:a", "request": {"method": "DELETE", "url": "Observation/a"}}, set()),
        ({}, set()),
        ({"link": []}, set()),
    ],
)
def test_an_entry_without_its_resource_leaves_open_what_it_may_be(sent: dict[str, Any], kinds: set[str] | None) -> None:
    reasons = read_whole(bundle(patient(), sent)).chart.not_covered
    assert {"Condition", "Observation", "Patient"} <= set(reasons) if kinds is None else set(reasons) == kinds


def test_so_does_one_in_a_bundle_within_the_bundle() -> None:
    inner = bundle(patient(), {"fullUrl": "urn:uuid:a"}, type="searchset")
    assert "(Bundle.entry[0].resource.entry[1])" in read_whole(bundle(entry(inner))).chart.not_covered["Condition"]
    more = bundle(patient(), type="searchset", total=5)
    assert "5 resources, and 1" in read_whole(bundle(entry(more))).chart.not_covered["Condition"]


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("where", ["tag", "security"])
def test_a_bundle_with_only_some_elements_leaves_every_type_open(where: str, broken: bool) -> None:
    body = bundle(patient(), observation(PHQ9, status=3 if broken else "final"), meta={where: [TAG]})
    assert "SUBSETTED" in read_whole(body).chart.not_covered["Condition"]


@pytest.mark.parametrize(
    ("meta", "open_"),
    [("SUBSETTED", True), ({"versionId": 3, "tag": [TAG]}, True), ({"versionId": 3}, False), (3, False)],
)
def test_a_bundle_may_be_marked_so_in_a_meta_that_cannot_be_read(meta: object, open_: bool) -> None:
    assert bool(read_whole(bundle(patient(), meta=meta)).chart.not_covered) is open_


def test_a_contained_result_with_only_some_elements_leaves_its_type_open() -> None:
    inner = observation("8480-6", "a", meta={"tag": [TAG]})
    assert set(read(patient(), condition("1", contained=[inner])).chart.not_covered) == {"Observation"}


def test_an_outcome_that_cannot_be_read_is_a_problem_too() -> None:
    broken = {**OUTCOME_OF_NOTHING, "id": 5}
    assert "Condition" in read(patient(), entry(broken)).chart.not_covered
    sent = entry(condition("1", status=3), search={"mode": "outcome"})
    assert "Bundle.entry[1].resource" in read(patient(), sent).chart.not_covered["Condition"]


def test_what_came_with_the_matches_is_none_of_them_even_if_it_cannot_be_read() -> None:
    included = entry(condition("1", code=3), search={"mode": "include"})
    informs = entry(OUTCOME_OF_NOTHING)
    body = bundle(patient(), included, informs, type="searchset", total=2)
    assert "2 resources, and 1" in read_whole(body).chart.not_covered["Condition"]


@pytest.mark.parametrize("number", ["1e999", "9" * 5000])
def test_numbers_that_nobody_can_read_cost_nothing_else(number: str) -> None:
    def sent(body: dict[str, Any]) -> Reading:
        return read_body(json.dumps(body).replace('"HERE"', number).encode())

    assert sent(bundle(patient(), type="searchset", total="HERE")).chart.not_covered == {} or number[0] == "9"
    informs = {**OUTCOME_OF_NOTHING, "issue": [{"severity": "information", "x": "HERE"}]}
    assert sent(bundle(patient(), entry(informs))).chart.not_covered == {}
    failed = {"response": {"status": "500", "outcome": {"y": "HERE"}}}
    assert "Condition" in sent(bundle(patient(), failed, type="batch-response")).chart.not_covered
