"""Does one resource that nests too deep cost no finding about anybody, whichever way it came?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from service.assessment.checking import _answer_fetched, about
from service.assessment.options import CheckOptions, chosen
from service.fhir.client.fetching import Fetched
from service.fhir.reading.nesting import ReadingLimits
from tests.contract import patients as p
from tests.contract.answers import NOW, Told, check, context

if TYPE_CHECKING:
    from service.assessment import Answer

Json = dict[str, Any]
NOT_READABLE, RECORDED = "suicidality-not-readable", "suicidality-recorded"


def form(levels: int) -> Json:
    item: Json = {"linkId": "/44260-8", "answer": [{"valueInteger": 3}]}
    for _ in range(levels):
        item = {"linkId": "g", "item": [item]}
    mine = p.answer(1, 3)["subject"]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "deep",
        "status": "completed",
        "subject": mine,
        "authored": p.day(3),
        "item": [item],
    }


def inner(levels: int) -> Json:
    found: Json = form(0)
    for _ in range(levels):
        found = p.bundle(found)
    return found


@pytest.mark.parametrize("deep", [form(40), inner(25)])
def test_what_stands_beside_it_is_found_and_it_is_told_as_not_readable(deep: Json) -> None:
    told = Told(check(p.request(p.bundle(p.person(), p.answer(2, 5), deep))))
    assert RECORDED in told.met
    alone = Told(check(p.request(p.bundle(p.person(), deep))))
    assert NOT_READABLE in alone.met
    assert alone.urgent or alone.flags


def fetched_answer(limits: ReadingLimits, *resources: Json) -> Answer:
    site_ = context()._replace(limits=limits)
    data = json.dumps(p.bundle(*resources)).encode()
    choices = about("ada", chosen({}, CheckOptions(), site_, NOW))._replace(subject=None)
    return _answer_fetched(Fetched(data, {}, 1, frozenset()), choices, site_)


def test_what_is_fetched_has_the_limit_of_the_site() -> None:
    patient = p.person(), form(5)
    usual = Told(fetched_answer(ReadingLimits(), *patient))
    few = Told(fetched_answer(ReadingLimits(depth=8), *patient))
    assert (RECORDED in usual.met, NOT_READABLE in usual.met) == (True, False)
    assert (RECORDED in few.met, NOT_READABLE in few.met) == (False, True)
