"""What came for each prefetch key: had, nothing there, or failed; and what is read of it."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.cds_hooks.templates import MOST
from service.fhir.client.decoding import UNREADABLE
from service.fhir.client.links import addresses, total_of
from service.fhir.reading.elements import ABSENT
from service.fhir.reading.receiving import is_refused
from service.fhir.reading.shortfalls import is_harmless, is_marked_subsetted, refusal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.cds_hooks.templates import Template

_NULL: Final = b"null"
_NOT_FHIR: Final = "what was sent is neither the resource nor a Bundle of a search"
_NOT_READ: Final = "what was sent is a Bundle of a type, or under rules, that are not read"
_REFUSED: Final = "the client's own search for it failed"
_PROBLEM: Final = "the client's own search for it reported a problem"
_MORE: Final = "there is more of it than was sent"
_OUTCOME: Final = "OperationOutcome"
# How many a server gave at most, as the address that it answered tells.
_COUNT: Final = re.compile(r"[?&]_count=([1-9][0-9]{0,6})\b")


class State(Enum):
    """What is known of one key."""

    HAD = "had"
    NONE = "none"
    FAILED = "failed"
    ABSENT = "absent"


class Part(NamedTuple):
    """One key: its resources as entries of a Bundle, and why some may be missing (empty: these are all).

    `following` is the page from which the rest can be had. `wrapped`: it came in an older form of the specification.
    """

    template: Template
    state: State
    entries: tuple[Raw, ...] = ()
    gap: str = ""
    following: Raw | None = None
    wrapped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether what is not among the resources is not there."""
        return self.state in (State.HAD, State.NONE) and not self.gap


class _Search(Struct, gc=False):
    mode: str = ""


class _Kind(Struct, gc=False):
    resourceType: str = ""
    issue: Raw = ABSENT


class _Entry(Struct, gc=False):
    resource: _Kind | None = None
    search: _Search | None = None
    response: Raw = ABSENT


class _Value(Struct, gc=False):
    resourceType: str = ""
    type: Any = None
    implicitRules: Any = None
    meta: Raw = ABSENT
    total: Any = None
    link: Any = None
    entry: list[Raw] = []
    response: Any = None
    resource: Raw = Raw()


_VALUE: Final = msgspec.json.Decoder(_Value)
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def part(template: Template, value: Raw | None) -> Part:
    """What was sent under the key of a template; None where the key was not sent."""
    if value is None:
        return Part(template, State.ABSENT, gap="it was not sent")
    found = _decoded(value)
    if found is None or found.resourceType or found.response is None:
        return _of(template, value, found)
    status = found.response.get("status", "") if isinstance(found.response, dict) else ""
    return _unwrapped(template, found.resource, str(status))._replace(wrapped=True)


def _unwrapped(template: Template, inner: Raw, status: str) -> Part:
    """The first version of CDS Hooks wrapped every answer with the status of its search."""
    if status and not status.startswith("2"):
        return Part(template, State.FAILED, gap=_REFUSED)
    return _of(template, inner, _decoded(inner)) if bytes(inner) else Part(template, State.NONE)


def _decoded(value: Raw) -> _Value | None:
    """What a value says of itself; None for what is no object, or none of FHIR."""
    try:
        return _VALUE.decode(value)
    except UNREADABLE:
        return None


def _of(template: Template, value: Raw, found: _Value | None) -> Part:
    if bytes(value).strip() == _NULL:
        return Part(template, State.NONE)
    if found is None:
        return Part(template, State.FAILED, gap=_NOT_FHIR)
    kind = found.resourceType
    if kind == template.resource_type:
        return Part(template, State.HAD, (Raw(b'{"resource":' + bytes(value) + b"}"),))
    if kind == _OUTCOME:
        return Part(template, State.FAILED, gap=_REFUSED)
    if kind != "Bundle" or not template.parameters:
        return Part(template, State.FAILED, gap=_NOT_FHIR)
    if is_refused(found.type, found.implicitRules):
        return Part(template, State.FAILED, gap=_NOT_READ)
    return _bundle(template, value, found)


def _bundle(template: Template, value: Raw, found: _Value) -> Part:
    entries = found.entry
    try:
        kept, troubled = sifted(entries)
    except UNREADABLE:
        # The reader of resources tells entry by entry what is wrong.
        return Part(template, State.HAD, tuple(entries), _NOT_FHIR)
    if addresses(found.link, "next"):
        return Part(template, State.HAD, kept, _MORE, following=value)
    cut = _is_cut_off(found, sum(map(_is_match, kept))) or is_marked_subsetted(found.meta)
    gap = _PROBLEM if troubled else _MORE if cut else ""
    return Part(template, State.HAD if kept or gap else State.NONE, kept, gap)


def _is_cut_off(found: _Value, entries: int) -> bool:
    """A full page without a next one, from a server that does not say how many there are, may not be all."""
    total = total_of(found.total)
    if total is not None:
        return total > entries
    asked = [int(count[1]) for url in addresses(found.link, "self") if (count := _COUNT.search(url))]
    return entries >= min([MOST, *asked])


def _is_match(raw: Raw) -> bool:
    search = _ENTRY.decode(raw).search
    return search is None or search.mode in ("", "match")


def sifted(entries: Sequence[Raw]) -> tuple[tuple[Raw, ...], bool]:
    """The resources without what the search says of itself, and whether that was of a problem."""
    kept, troubled = [], False
    for raw in entries:
        entry = _ENTRY.decode(raw)
        is_outcome = entry.resource is not None and entry.resource.resourceType == _OUTCOME
        if is_outcome or (entry.search is not None and entry.search.mode == "outcome"):
            troubled = troubled or not (entry.resource is not None and is_harmless(entry.resource.issue))
        else:
            kept.append(raw)
            # An address alone says that there is something, and not what.
            troubled = troubled or entry.resource is None or bool(refusal_of(entry.response))
    return tuple(kept), troubled
