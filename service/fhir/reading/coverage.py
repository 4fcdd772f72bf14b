"""What absence cannot be concluded from: what the caller says is incomplete, and what the Bundle itself admits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.fhir.reading.resources import READ_TYPES
from service.fhir.reading.shortfalls import is_subsetted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.fhir.reading.elements import Meta
    from service.fhir.reading.shortfalls import Shortfall

SAID_BY_CALLER: Final = "the caller says that it is incomplete"
_EVERY: Final = tuple(sorted(READ_TYPES))


class Coverage:
    """The reason for every resource type of which some may be missing."""

    __slots__ = ("reasons",)

    def __init__(self, incomplete: Mapping[str, str], shortfalls: Iterable[Shortfall] = ()) -> None:
        """`incomplete` gives the reason by type; `shortfalls` is what Bundles show to be missing from them."""
        self.reasons = dict(incomplete)
        for kind, reason in shortfalls:
            self._add((kind,) if kind else _EVERY, reason)

    def note_problem(self, path: str) -> None:
        """Takes the FHIRPath of a search outcome: whatever was searched for may be missing."""
        self._add(_EVERY, f"the search that the data come from reported a problem ({path})")

    def note_meta(self, kind: str, meta: Meta) -> None:
        """Takes the tags and labels of a resource: one with only some of its elements says little of its type."""
        if is_subsetted(meta):
            self._add((kind,), "a resource came with only some of its elements (SUBSETTED)")

    def _add(self, kinds: Iterable[str], reason: str) -> None:
        for kind in kinds:
            self.reasons.setdefault(kind, reason)
