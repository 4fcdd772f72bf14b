"""Does data that nest, or refer to one another, make no more work than its size is worth?"""

from __future__ import annotations

import json
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BodyTooLarge, BodyUnreadable
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.nesting import LIMITS, ReadingLimits, nests_deeper
from service.fhir.reading.request import read_request
from service.terminology import Terminology

Json = dict[str, Any]
TERMS = Terminology.default()
PATIENT = {"resourceType": "Patient", "id": "ada"}
MINE = {"reference": "Patient/ada"}


def read(*resources: Json, limits: ReadingLimits = LIMITS) -> Any:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in (PATIENT, *resources)],
    }
    received = read_request(json.dumps(bundle).encode(), limits).bundle
    assert received is not None
    return read_bundle(received, TERMS, ZoneInfo("UTC"))


def refused(limit: str, *resources: Json, limits: ReadingLimits = LIMITS) -> str:
    with pytest.raises((BodyUnreadable, BodyTooLarge)) as problem:
        read(*resources, limits=limits)
    assert problem.value.limit == limit
    assert f"MOODMARKER_{limit.upper()}" in problem.value.text
    return problem.value.expression


def bundles(levels: int) -> Json:
    inner: Json = PATIENT
    for _ in range(levels):
        inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    return inner


def test_bundles_within_bundles_are_read_up_to_the_limit() -> None:
    assert read(bundles(20)).account.received == 2
    assert refused("max_depth", bundles(21)).endswith(".resource")
    assert refused("max_depth", bundles(300))


def test_a_bundle_with_a_fault_inside_has_the_same_limit() -> None:
    faulty = bundles(25)
    faulty["entry"].append({"resource": {"resourceType": "Observation", "status": 7}})
    refused("max_depth", faulty)


def form(levels: int, under_answers: bool) -> Json:
    item: Json = {"linkId": "x", "answer": [{"valueInteger": 1}]}
    for _ in range(levels):
        item = {"linkId": "g", "answer": [{"item": [item]}]} if under_answers else {"linkId": "g", "item": [item]}
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "subject": MINE, "item": [item]}


@pytest.mark.parametrize("under_answers", [False, True])
def test_questions_within_questions_are_read_up_to_the_limit(under_answers: bool) -> None:
    most = 14 if under_answers else 29
    read(form(most, under_answers))
    refused("max_depth", form(most + 2, under_answers))


def test_a_flag_that_would_be_written_back_nests_up_to_the_limit() -> None:
    def flag(levels: int) -> Json:
        inner: Json = {"url": "http://x.example", "valueString": 'a "quoted" { brace \\'}
        for _ in range(levels):
            inner = {"url": "http://x.example", "extension": [inner]}
        own = {"system": "https://moodmarker.org/fhir/sid/flag", "value": "v"}
        code = {"coding": [{"system": "https://moodmarker.org/fhir/CodeSystem/rule", "code": "crp-unreadable"}]}
        return {
            "resourceType": "Flag",
            "id": "f",
            "status": "active",
            "subject": MINE,
            "identifier": [own],
            "code": code,
            "extension": [inner],
        }

    read(flag(25))
    refused("max_depth", flag(40))


def _unread(levels: int) -> bytes:
    return b'{"resourceType":"Bundle","x":' + b"[" * levels + b"]" * levels + b"}"


def test_what_is_not_read_is_passed_over_or_refused_as_too_deep() -> None:
    read_request(_unread(50))
    for levels in (5_000, 500_000):
        with pytest.raises(BodyUnreadable) as unreadable:
            read_request(_unread(levels))
        assert unreadable.value.limit == "max_depth"


JSON = st.recursive(
    st.none() | st.text(alphabet='{}[]"\\a', max_size=6) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='{"\\[', max_size=3), inner, max_size=3)
    ),
    max_leaves=30,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(JSON, st.booleans())
def test_depth_is_that_of_the_json_whatever_its_texts_hold(value: Any, indented: bool) -> None:
    document = json.dumps(value, indent=1 if indented else None).encode()
    own = depth(value)
    assert not nests_deeper(document, own)
    assert own == 0 or nests_deeper(document, own - 1)


def medicines(records: int, ingredients: int) -> list[Json]:
    named = [{"itemCodeableConcept": {"coding": [{"system": "urn:x", "code": str(n)}]}} for n in range(ingredients)]
    medication = {"resourceType": "Medication", "id": "m", "ingredient": named}
    record = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": MINE,
        "medicationReference": {"reference": "Medication/m"},
        "authoredOn": "2026-01-01",
    }
    return [medication, *(record | {"id": f"r{n}"} for n in range(records))]


def forms(responses: int, questions: int) -> list[Json]:
    items = [{"linkId": str(n), "code": [{"system": "urn:x", "code": str(n)}]} for n in range(questions)]
    form = {"resourceType": "Questionnaire", "url": "http://x.example/q", "status": "active", "item": items}
    response = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": MINE,
        "questionnaire": "http://x.example/q",
    }
    return [form, *(response | {"id": f"r{n}"} for n in range(responses))]


@pytest.mark.parametrize("make", [medicines, forms])
def test_what_many_refer_to_is_followed_up_to_the_limit(make: Any) -> None:
    few = ReadingLimits(references=2000)
    read(*make(10, 50), limits=few)
    assert refused("max_references", *make(50, 100), limits=few) == "Bundle.entry"


@pytest.mark.parametrize("make", [medicines, forms])
def test_no_bundle_makes_more_work_than_its_size_is_worth(make: Any) -> None:
    """A hundred million steps from two megabytes, without a limit."""
    began = time.process_time()
    refused("max_references", *make(5_000, 20_000))
    assert time.process_time() - began < 20


def test_references_in_a_circle_end() -> None:
    first = {"resourceType": "Medication", "id": "a", "ingredient": [{"itemReference": {"reference": "Medication/b"}}]}
    second = {"resourceType": "Medication", "id": "b", "ingredient": [{"itemReference": {"reference": "Medication/a"}}]}
    record = medicines(1, 0)[1] | {"medicationReference": {"reference": "Medication/a"}}
    panels = [
        {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "subject": MINE,
            "effectiveDateTime": "2026-01-01",
            "hasMember": [{"reference": f"Observation/{other}"}],
            "derivedFrom": [{"reference": f"Observation/{name}"}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "44249-1"}]},
        }
        for name, other in (("x", "y"), ("y", "x"))
    ]
    assert read(first, second, record, *panels).account.received == 6
