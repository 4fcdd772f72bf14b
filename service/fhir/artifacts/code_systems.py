"""Our code systems: rules, what they measure, why data are refused, and why a card is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.fhir.artifacts.metadata import Json, metadata
from service.fhir.writing.reasons import ISSUE_CODES
from service.terminology.measurands import MEASURANDS
from service.terminology.override_reasons import OVERRIDE_REASONS
from service.terminology.systems import CANON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.rule import Rule


def rule_code_system(rules: Iterable[Rule]) -> Json:
    """CANON/CodeSystem/rule: the code of every Flag, which is the name of its rule."""
    concepts: list[Json] = [{"code": rule.name, "display": rule.title, "definition": rule.question} for rule in rules]
    return _code_system("rule", "Rules", "The clinical rules, by the name that Flag.code carries.", concepts)


def measurand_code_system() -> Json:
    """CANON/CodeSystem/measurand: everything the rules read, for sites to map their own codes to."""
    concepts: list[Json] = [
        {
            "code": one.code,
            "display": one.display,
            "definition": one.definition,
            "property": [{"code": "topic", "valueString": one.topic}],
        }
        for one in MEASURANDS
    ]
    text = "What the rules read. A site maps its codes to these with a ConceptMap where none is standard."
    system = _code_system("measurand", "Measurands", text, concepts)
    topic = {"code": "topic", "description": "The kind of thing that is read.", "type": "string"}
    return system | {"property": [topic]}


def issue_code_system() -> Json:
    """CANON/CodeSystem/issue: why data were refused or are of note."""
    concepts: list[Json] = [
        {"code": code, "display": code.replace("-", " ").capitalize(), "definition": known.meaning}
        for code, known in ISSUE_CODES.items()
    ]
    text = "Why something in the data was refused or is of note: OperationOutcome.issue.details.coding."
    return _code_system("issue", "Issues", text, concepts)


def override_reason_code_system() -> Json:
    """CANON/CodeSystem/override-reason: why a clinician passes over a card of the CDS service."""
    concepts: list[Json] = [one._asdict() for one in OVERRIDE_REASONS]
    text = "Why a clinician passes over a card of the CDS service: Card.overrideReasons, and the feedback on it."
    return _code_system("override-reason", "Override reasons", text, concepts)


def _code_system(identity: str, title: str, description: str, concepts: list[Json]) -> Json:
    return metadata("CodeSystem", identity, title, description) | {
        "caseSensitive": True,
        "valueSet": f"{CANON}/ValueSet/{identity}",
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
