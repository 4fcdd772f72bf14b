"""Forms and answers that are sent in ways that have to be refused, and what is to be known of them."""

from __future__ import annotations

from typing import Any

from service.domain.concepts import Item
from service.domain.facts import Reading
from service.fhir.reading import Reading as Read
from service.terminology.systems import LOINC
from tests.fhir.reading.feeding import (
    ITEM_9,
    concept,
    observation,
    resource,
)

Json = dict[str, Any]
FORM = "http://forms.example/mood"
NINE = {"code": concept(ITEM_9), "valueInteger": 3}
POSITIVE = observation(ITEM_9, "nine", valueInteger=3)
ASKING = {"linkId": "q9", "code": [{"system": LOINC, "code": ITEM_9}]}
QUESTIONNAIRE = {"resourceType": "Questionnaire", "id": "f", "status": "active", "url": FORM}
BROKEN = {"linkId": "name", "answer": [{"valueString": 7}]}


def response(*items: Json, **more: Any) -> Json:
    return resource("QuestionnaireResponse", "qr", status="completed", authored="2026-03-02", item=list(items), **more)


def told(found: Read) -> set[tuple[Item, Reading]]:
    return {(one.item, one.reading) for one in found.chart.answers}


def assert_kept(found: Read) -> None:
    """The question is known to have been there, unreadable, and what was refused is listed as being about suicide."""
    assert (Item.PHQ9_9, Reading.UNREADABLE) in told(found)
    assert any(one.safety for one in found.rejections)
