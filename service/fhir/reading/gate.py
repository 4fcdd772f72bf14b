"""What is looked at before an entry is read: its version, its modifiers, and in strict mode its validity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.fhir.reading.account import Reason
from service.fhir.reading.duplicates import LATER_VERSION
from service.fhir.reading.elements import modifies
from service.fhir.reading.losses import codes_in, document_of, is_read, lose, lose_contained_in, when_of
from service.fhir.reading.numerals import Refusal
from service.fhir.reading.resources import READ_TYPES
from service.fhir.reading.shapes import joined
from service.fhir.reading.spots import UNKNOWN_MODIFIER

if TYPE_CHECKING:
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Entry, Resource


class Gate:
    """Lets a resource through to be read, unless something about it as a whole forbids that."""

    __slots__ = ("_strict", "asks", "draft")

    def __init__(self, draft: Draft, *, strict: bool) -> None:
        """In `strict` mode every resource has to be valid."""
        self.draft = draft
        self._strict = strict
        # False when only the resource itself can forbid that it is read.
        self.asks = strict or bool(draft.older)

    def admits(self, index: int, entry: Entry, resource: Resource) -> bool:
        """False when the entry is not to be read; what it was about is then kept as unreadable."""
        if self.asks or resource.implicitRules or _is_modified(entry, resource):
            fault = self._fault(index, entry, resource)
            if fault is not None:
                self._refuse(index, resource, fault)
                return False
        return True

    def _fault(self, index: int, entry: Entry, resource: Resource) -> Refusal | None:
        if index in self.draft.older:
            return LATER_VERSION
        if resource.implicitRules:
            return Refusal(
                "implicitRules",
                Reason.IMPLICIT_RULES,
                "It follows rules that are not known; send it without.",
            )
        if _is_modified(entry, resource):
            return Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
        if self._strict and resource.kind in READ_TYPES:
            # fhir.resources is large, and only strict reading needs it.
            from service.fhir.reading.strict import strict_fault

            return strict_fault(resource.kind, self.draft.received.raw(index))
        return None

    def _refuse(self, index: int, resource: Resource, fault: Refusal) -> None:
        draft, kind = self.draft, resource.kind
        document, source = document_of(draft, index), draft.source(index, resource)
        codes = codes_in(draft, document)
        is_superseded = fault.reason == Reason.SUPERSEDED
        inner = None if is_superseded else lose_contained_in(draft, source, document)
        itself = kind in READ_TYPES and is_read(draft, kind, codes)
        if not itself and inner is None:
            return
        safety = bool(inner)
        if itself and not is_superseded:
            safety |= lose(draft, source, kind, codes, when_of(document))
        path = source.expression
        if fault.reason == Reason.MODIFIER and not modifies(resource.modifierExtension):
            # It is the entry's.
            path = path.removesuffix(".resource")
        draft.reject(index, joined(path, fault.element), fault.reason, fault.text, safety=safety)


def _is_modified(entry: Entry, resource: Resource) -> bool:
    return modifies(resource.modifierExtension) or modifies(entry.modifierExtension)
