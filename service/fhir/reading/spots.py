"""Where a value of an Observation stands, and how it is refused there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from service.fhir.reading.meanings import is_safety
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.domain.concepts import Concept, Item
    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Component
    from service.fhir.reading.numerals import Refusal
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Meaning

WITHDRAWN: Final = frozenset({"entered-in-error", "cancelled"})
_OTHER_STATUSES: Final = frozenset({"registered", "preliminary", "unknown"})
UNKNOWN_MODIFIER: Final = "An extension here changes the meaning in a way that is not known; send it without."


class Spot(NamedTuple):
    """Where a value stands: its entry, its source, its FHIRPath and the response it belongs to."""

    at: int
    source: Source
    path: str
    response: str
    preliminary: bool


class Part(NamedTuple):
    """The value of an Observation or of one of its components, what its code means, and where it stands."""

    holder: Observation | Component
    meaning: Meaning
    spot: Spot


def reject_status(draft: Draft, index: int, source: Source, status: str | None) -> None:
    """Lists a resource whose status says that it is not to be used; a withdrawn one is remembered as such."""
    known = status if status in WITHDRAWN or status in _OTHER_STATUSES else "other"
    draft.reject(
        index,
        f"{source.expression}.status",
        f"status-{known}",
        f"A resource with the status {known} is not used.",
    )


def refuse(draft: Draft, spot: Spot, meaning: Meaning | None, refusal: Refusal) -> None:
    """Lists what cannot be used, and keeps that a question about suicide, or an event, was there."""
    safety = meaning is not None and is_safety(meaning)
    path = f"{spot.path}.{refusal.element}" if refusal.element else spot.path
    draft.reject(spot.at, path, refusal.reason, refusal.text, safety=safety)
    if meaning is not None:
        lose(draft, spot, meaning)


def lose(draft: Draft, spot: Spot, meaning: Meaning) -> None:
    """Keeps that a question about suicide, or an event, was there and could not be read."""
    if meaning.kind is Kind.ITEM:
        draft.unreadable_answer(cast("Item", meaning.target), spot.source, response=spot.response)
    elif meaning.kind is Kind.RECORD:
        draft.unreadable_record(cast("frozenset[Concept]", meaning.target), spot.source)
