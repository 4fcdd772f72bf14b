"""Where a value of an Observation stands, and how it is refused there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.fhir.reading.account import Reason
from service.fhir.reading.dates import UNDATED
from service.fhir.reading.meanings import is_safety
from service.fhir.reading.numerals import Refusal

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Component
    from service.fhir.reading.meanings import Misspelt
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
    """The value of an Observation or of one of its components, what its code means, and where it stands.

    `misspelt` is given when the code means that only under another system than it came with.
    """

    holder: Observation | Component
    meaning: Meaning
    spot: Spot
    misspelt: Misspelt | None = None


def reject_depth(draft: Draft, index: int, path: str, *, safety: bool = False) -> None:
    """Lists what nests deeper than is read."""
    text = (
        f"It nests deeper than {draft.received.limits.depth} levels, so that it is not read in full; send it with "
        "fewer, or ask the operator to raise MOODMARKER_MAX_DEPTH."
    )
    draft.reject(index, path, Reason.TOO_DEEP, text, safety=safety)


def reject_status(draft: Draft, index: int, source: Source, status: str | None) -> None:
    """Lists a resource whose status says that it is not to be used; a withdrawn one is remembered as such."""
    element, reason, text = status_refusal(status)
    draft.reject(index, f"{source.expression}.{element}", reason, text)


def status_refusal(status: str | None) -> Refusal:
    """The refusal of a resource for its status."""
    known = status if status in WITHDRAWN or status in _OTHER_STATUSES else "other"
    return Refusal("status", f"status-{known}", f"A resource with the status {known} is not used.")


def refuse(draft: Draft, spot: Spot, meaning: Meaning | None, refusal: Refusal, when: Moment = UNDATED) -> None:
    """Lists what cannot be used, and keeps that a question about suicide, an event or a result was there."""
    safety = meaning is not None and is_safety(meaning)
    path = f"{spot.path}.{refusal.element}" if refusal.element else spot.path
    draft.reject(spot.at, path, refusal.reason, refusal.text, safety=safety)
    if meaning is not None:
        draft.unreadable(meaning, spot.source, when, spot.response)
