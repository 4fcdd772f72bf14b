"""Does data that nest, or refer to one another, make no more work than its size is worth?"""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.concepts import Item
from service.domain.facts import Reading
from service.errors import BodyTooLarge, BodyUnreadable
from service.fhir.reading.bundle import read_bundle
from service.fhir.reading.nesting import LIMITS, ReadingLimits, nests_deeper
from service.fhir.reading.request import read_request
from service.terminology import Terminology

Json = dict[str, Any]
TERMS = Terminology.default()
PATIENT = {"resourceType": "Patient", "id": "ada"}
MINE = {"reference": "Patient/ada"}
ANSWER = {
    "resourceType": "Observation",
    "id": "nine",
    "status": "final",
    "subject": MINE,
    "effectiveDateTime": "2026-01-01",
    "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
    "valueInteger": 2,
}


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


def rejected(*resources: Json, limits: ReadingLimits = LIMITS) -> Any:
    """What is read where one entry is too deep, and only that."""
    found = read(*resources, limits=limits)
    (too_deep,) = [one for one in found.rejections if one.reason_code == "too-deep"]
    assert f"{limits.depth} levels" in too_deep.text
    assert "MOODMARKER_MAX_DEPTH" in too_deep.text
    return found, too_deep


def unreadable(found: Any) -> list[Item]:
    return [one.item for one in found.chart.answers if one.reading is Reading.UNREADABLE]


def bundles(levels: int) -> Json:
    inner: Json = PATIENT
    for _ in range(levels):
        inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    return inner


def test_bundles_within_bundles_are_read_up_to_the_limit() -> None:
    assert read(bundles(20)).account.received == 2
    for levels in (21, 300):
        found, too_deep = rejected(bundles(levels), ANSWER)
        # It may hold a form; and what stands beside it is read.
        assert (too_deep.safety, unreadable(found)) == (True, [Item.PHQ9_9])
        assert too_deep.expression.startswith("Bundle.entry[1].resource.entry[0]")
        assert [(one.item, one.value) for one in found.chart.answers if one.value] == [(Item.PHQ9_9, 2)]


def test_a_bundle_with_a_fault_inside_has_the_same_limit() -> None:
    faulty = bundles(25)
    faulty["entry"].append({"resource": {"resourceType": "Observation", "status": 7}})
    found, too_deep = rejected(faulty)
    assert (too_deep.safety, unreadable(found)) == (True, [Item.PHQ9_9])
    assert found.account.rejected == {"too-deep": 1, "wrong-type": 1}


def form(levels: int, under_answers: bool) -> Json:
    item: Json = {"linkId": "x", "answer": [{"valueInteger": 1}]}
    for _ in range(levels):
        item = {"linkId": "g", "answer": [{"item": [item]}]} if under_answers else {"linkId": "g", "item": [item]}
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "subject": MINE, "item": [item]}


@pytest.mark.parametrize("under_answers", [False, True])
def test_questions_within_questions_are_read_up_to_the_limit(under_answers: bool) -> None:
    most = 14 if under_answers else 29
    assert "too-deep" not in {one.reason_code for one in read(form(most, under_answers)).rejections}
    found, too_deep = rejected(form(most + 2, under_answers), ANSWER)
    assert too_deep.expression.startswith("Bundle.entry[1].resource.item[0]")
    assert (too_deep.safety, unreadable(found)) == (True, [Item.PHQ9_9])
    assert 2 in [one.value for one in found.chart.answers]


def question(code: str, value: int) -> Json:
    return {"linkId": f"/{code}", "answer": [{"valueInteger": value}]}


def test_of_a_form_that_is_too_deep_the_question_about_suicide_is_read_and_no_other() -> None:
    deep = form(40, False) | {"authored": "2026-01-01"}
    deep["item"] += [question("44260-8", 2), question("44250-9", 3), question("44261-6", 12)]
    found, _ = rejected(deep)
    assert [(one.item, one.value) for one in found.chart.answers] == [(Item.PHQ9_9, 2), (Item.PHQ9_9, None)]
    # Of the totals, the one that may speak of suicide; no rule about mood reads it.
    assert [(one.value, one.preliminary) for one in found.chart.scores] == [(12, True)]


def test_of_a_form_that_is_known_its_own_question_is_missed() -> None:
    deep = form(40, False) | {"questionnaire": "http://loinc.org/q/93373-9", "authored": "2026-01-01"}
    found, _ = rejected(deep)
    assert unreadable(found) == [Item.CSSRS_1]
    (one,) = found.chart.answers
    assert one.first == date(2026, 1, 1).toordinal()


def test_the_limit_is_that_of_the_site() -> None:
    few = ReadingLimits(depth=10)
    assert unreadable(rejected(form(5, False), limits=few)[0]) == [Item.PHQ9_9]
    assert unreadable(rejected(bundles(4), limits=few)[0]) == [Item.PHQ9_9]


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

    def plan(levels: int) -> Json:
        own = {"system": "https://moodmarker.org/fhir/sid/careplan", "value": "v"}
        return flag(levels) | {"resourceType": "CarePlan", "id": "p", "identifier": [own], "intent": "plan"}

    found = read(flag(25), plan(25))
    assert (len(found.chart.flags), len(found.chart.plans)) == (1, 1)
    for one in (flag(40), plan(40)):
        found, too_deep = rejected(one, ANSWER)
        assert (found.chart.flags, found.chart.plans, found.prior_flags_raw, found.prior_plans_raw) == ((), (), {}, {})
        assert (too_deep.expression, too_deep.safety) == ("Bundle.entry[1].resource", False)
        assert [answer.value for answer in found.chart.answers] == [2]
        assert found.account.rejected == {"too-deep": 1}


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


@pytest.mark.no_cover  # its time is measured
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
