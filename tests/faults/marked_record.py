"""The record of a patient in which everything is marked."""

from __future__ import annotations

from typing import Any

from tests.faults.marks import Marks
from tests.server.subscribing import days_ago
from tests.server.writing import observed

Json = dict[str, Any]
IDS = ("before", "now", "crp", "broken", "text", "condition", "medicine", "answers")
LITERAL = ("id", *IDS)
# What a clinician is told beside references: the result that a rule rests on, and a medicine that no table knows.
TOLD = ("value", "medicine-text")


def literal(patient: str) -> frozenset[str]:
    """The names of the marks that an answer of 200 may repeat: references to this patient, and what is told of it."""
    return frozenset(f"{patient}-{part}" for part in (*LITERAL, *TOLD))


def record(marks: Marks, patient: str, value: str) -> list[Json]:
    """A rise of the PHQ-9 beside a raised CRP of this value, and what else there is."""
    mark = {name: marks(f"{patient}-{name}") for name in LITERAL}
    subject = {"reference": f"Patient/{mark['id']}", "display": marks(f"{patient}-display")}
    marks.add(f"{patient}-value", value)
    results = [
        observed(mark["id"], "before", "44261-6", 6, days_ago(80)),
        observed(mark["id"], "now", "44261-6", 16, days_ago(9)),
        observed(mark["id"], "crp", "30522-7", float(value), days_ago(8), "mg/L"),
        {
            **observed(mark["id"], "broken", "44261-6", 9, days_ago(7)),
            "valueQuantity": {"value": marks(f"{patient}-no-number")},
        },
        {**observed(mark["id"], "text", "44261-6", 9, days_ago(6)), "status": "preliminary"},
    ]
    del results[-1]["valueQuantity"]
    for one, name in zip(results, IDS, strict=False):
        one |= {"id": mark[name], "subject": subject, "note": [{"text": marks(f"{patient}-note")}]}
        one["code"]["text"] = marks(f"{patient}-code-text")
        one["performer"] = [{"display": marks(f"{patient}-performer")}]
    results[-1]["valueString"] = marks(f"{patient}-value-text")
    return [_person(marks, patient), *results, *_beside(marks, patient, subject)]


def storable(marks: Marks, patient: str, value: str) -> list[Json]:
    """The same without what a FHIR server would not store."""
    return [one for one in record(marks, patient, value) if one["id"] != marks(f"{patient}-broken")]


def _person(marks: Marks, patient: str) -> Json:
    return {
        "resourceType": "Patient",
        "id": marks(f"{patient}-id"),
        "identifier": [{"system": "urn:mrn", "value": marks(f"{patient}-identifier")}],
        "name": [{"family": marks(f"{patient}-family"), "given": [marks(f"{patient}-given")]}],
        "telecom": [{"system": "email", "value": f"{marks(f'{patient}-mail')}@example.org"}],
        "address": [{"line": [marks(f"{patient}-street")], "city": marks(f"{patient}-city")}],
        "birthDate": "1984-03-05",
        "text": {"status": "generated", "div": f"<div>{marks(f'{patient}-narrative')}</div>"},
    }


def _beside(marks: Marks, patient: str, subject: Json) -> list[Json]:
    told = {"text": marks(f"{patient}-diagnosis")}
    condition = {"code": told, "subject": subject, "recordedDate": days_ago(30)}
    medicine = {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": marks(f"{patient}-medicine-text")},
        "subject": subject,
        "authoredOn": days_ago(20),
        "dosageInstruction": [{"text": marks(f"{patient}-dosage")}],
    }
    item = {
        "linkId": "1",
        "text": marks(f"{patient}-question"),
        "answer": [{"valueString": marks(f"{patient}-answer")}],
    }
    answers = {"status": "completed", "subject": subject, "authored": days_ago(5), "item": [item]}
    return [
        {"resourceType": "Condition", "id": marks(f"{patient}-condition"), **condition},
        {"resourceType": "MedicationRequest", "id": marks(f"{patient}-medicine"), **medicine},
        {"resourceType": "QuestionnaireResponse", "id": marks(f"{patient}-answers"), **answers},
    ]
