"""What is kept of an entry that has to be refused whole: that something about suicide, an event or a drug was there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from service.domain.facts import Exposure
from service.fhir.reading.draft import SAFETY_CONCEPTS
from service.fhir.reading.meanings import is_safety
from service.terminology.meanings import Kind
from service.terminology.systems import LOINC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.concepts import Concept, Item
    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft

Document: TypeAlias = dict[str, Any]

_OBSERVED: Final = frozenset({"Observation", "DiagnosticReport", "QuestionnaireResponse"})
_MEDICINES: Final = frozenset(
    {"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"}
)
_UNREAD: Final = "a medicine that could not be read"
# Where a resource says what it is about; values are no part of that.
_TELLING: Final = frozenset(
    {"code", "component", "contained", "item", "conclusionCode", "medicationCodeableConcept", "reasonCode"}
)


def document_of(draft: Draft, index: int) -> Document:
    """A resource as plain JSON."""
    return cast("Document", json.loads(draft.received.raw(index), parse_int=float))


def codes_in(draft: Draft, document: Document) -> list[tuple[str, str]]:
    """Every code that says what a resource is about; the linkId of an answered question counts as a LOINC code.

    A code with a misspelt system is told under the one that is meant.
    """
    found: dict[tuple[str, str], None] = {}
    waiting: list[Any] = [value for name, value in document.items() if name in _TELLING]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += [inner for name, inner in value.items() if not name.startswith(("value", "answer"))]
            system, code, link = value.get("system"), value.get("code"), value.get("linkId")
            if isinstance(code, str):
                system = system if isinstance(system, str) else ""
                found[draft.terminology.meant_by(system, code) or system, code] = None
            if isinstance(link, str):
                found[LOINC, link.rpartition("/")[2]] = None
    return list(found)


def is_read(draft: Draft, kind: str, codes: Iterable[tuple[str, str]]) -> bool:
    """True when a rule would have read a resource of this type with one of these codes."""
    if kind == "Observation":
        return any(key in draft.lookup for key in codes)
    if kind in ("Condition", "Procedure", "Encounter"):
        return any(draft.terminology.concepts(*key) for key in codes)
    return True


def lose(draft: Draft, source: Source, kind: str, codes: Iterable[tuple[str, str]]) -> bool:
    """Keeps unreadable candidates in the place of what is refused; True when it was about suicide."""
    safety = False
    if kind in _MEDICINES:
        _lose_medicine(draft, source, codes)
        return False
    for key in codes:
        if kind in _OBSERVED:
            safety |= _lose_observed(draft, source, key)
        else:
            concepts = draft.terminology.concepts(*key)
            draft.unreadable_record(concepts, source)
            safety |= not SAFETY_CONCEPTS.isdisjoint(concepts)
    return safety


def _lose_medicine(draft: Draft, source: Source, codes: Iterable[tuple[str, str]]) -> None:
    drugs = [drug for key in codes if (drug := draft.terminology.drug(*key)) is not None]
    draft.exposures += [Exposure(drug.ingredient, drug.group, None, None, None, source) for drug in drugs]
    draft.medicines[_UNREAD] = bool(drugs) and draft.medicines.get(_UNREAD, True)


def _lose_observed(draft: Draft, source: Source, key: tuple[str, str]) -> bool:
    meaning = draft.lookup.get(key)
    if meaning is None:
        return False
    if meaning.kind is Kind.ITEM:
        draft.unreadable_answer(cast("Item", meaning.target), source)
    elif meaning.kind is Kind.RECORD:
        draft.unreadable_record(cast("frozenset[Concept]", meaning.target), source)
    elif meaning.kind is Kind.RESULT:
        draft.unreadable_result(meaning, source)
    return is_safety(meaning)
