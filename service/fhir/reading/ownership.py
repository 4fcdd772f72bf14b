"""Whose a resource is: the patient's, nobody's, or something that is no patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, ValidationError

from service.fhir.reading.account import Reason
from service.fhir.reading.elements import Reference, given
from service.fhir.reading.receiving import Broken
from service.fhir.reading.references import literal
from service.fhir.reading.resources import Patient, Unread

if TYPE_CHECKING:
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Resource

_REFERENCE: Final = msgspec.json.Decoder(Reference)
_REFERENCES: Final = msgspec.json.Decoder(list[Reference])
OWNED: Final = ""
# The patient of a relative may be the relative of the patient.
_ABOUT_OTHERS: Final = frozenset({"RelatedPerson"})
_SUBJECTS: Final = ("subject", "patient")


def whose(draft: Draft, index: int, resource: Resource, path: str) -> str:
    """OWNED, or the reason why a resource is not the patient's; raises MixedPatients for a second patient's."""
    reference = resource.subject
    if reference is None:
        return Reason.NO_SUBJECT
    where = f"{path}.subject"
    text = reference.reference
    if text is not None and text.startswith("#"):
        owner = draft.resolve(reference, index, resource)
        if owner is None:
            return Reason.NO_SUBJECT
        return (
            OWNED if isinstance(owner, Patient) and draft.subject.owns_contained(owner, where) else Reason.NOT_A_PATIENT
        )
    owned = draft.subject.owns(reference, where, lambda one: _kind_of(draft, one, index))
    if owned is None:
        return Reason.NO_SUBJECT
    return OWNED if owned else Reason.NOT_A_PATIENT


def check_unread(draft: Draft, index: int, resource: Unread) -> None:
    """A resource that nobody reads still says whose data these are; raises MixedPatients for a second patient's."""
    if resource.kind in _ABOUT_OTHERS:
        return
    for name, raw in (("subject", resource.subject), ("patient", resource.patient)):
        if given(raw):
            for reference in _references(raw):
                _check(draft, index, reference, name)


def check_broken(draft: Draft, index: int, document: dict[str, Any]) -> str:
    """As `whose`, for a resource that could not be decoded."""
    for name in _SUBJECTS:
        value = document.get(name)
        text = value.get("reference") if isinstance(value, dict) else None
        if isinstance(text, str):
            return OWNED if _check(draft, index, Reference(reference=text), name) else Reason.NOT_A_PATIENT
    return Reason.NO_SUBJECT


def _check(draft: Draft, index: int, reference: Reference, name: str) -> bool:
    """True for the patient; a mere identifier counts only if it says that it is a patient's."""
    text = reference.reference
    if not text and reference.type != Patient.__name__:
        return False
    if text and text.startswith("#"):
        return False
    where = f"{draft.expressions[index]}.{name}"
    return bool(draft.subject.owns(reference, where, lambda one: _kind_of(draft, one, index)))


def _references(raw: Raw) -> list[Reference]:
    for decode in (lambda one: [_REFERENCE.decode(one)], _REFERENCES.decode):
        try:
            return decode(raw)
        except ValidationError:
            continue
    return []


def _kind_of(draft: Draft, reference: Reference, index: int) -> str:
    """The type of the resource that a urn means; empty when it is not in the data."""
    if reference.reference is None or literal(reference.reference) is not None:
        return ""
    found = draft.index.find(reference, index)
    if found is None:
        return ""
    entry = draft.received.entries[found]
    return entry.kind if isinstance(entry, Broken) else entry.resource.kind if entry.resource is not None else ""
