"""What a Bundle itself shows to be missing from it: pages, matches, answers and resources that did not come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw, ValidationError

from service.fhir.reading.elements import ABSENT, Element, Meta, given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.fhir.reading.elements import Link
    from service.fhir.reading.resources import Entry

_SUBSETTED: Final = "SUBSETTED"
_ANSWERS: Final = frozenset({"batch-response", "transaction-response"})
_STATUS: Final = re.compile(r"[1-5][0-9]{2}\b")
_ADDRESS: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?$")
_FINE: Final = "2"
_HARMLESS: Final = frozenset({"information", "success"})


class Shortfall(NamedTuple):
    """Why something may be missing; `kind` is the resource type, empty where it may be any."""

    kind: str
    reason: str


class Said(NamedTuple):
    """What a Bundle says of itself; `raws` gives the bytes of its entries."""

    path: str
    type: str | None
    total: Raw
    links: list[Link] | None
    meta: Meta | None
    entries: Sequence[Entry]
    raws: Callable[[], Sequence[Raw]]


class _Bare(Element):
    """An entry that came without a resource; what is not read may have any type."""

    fullUrl: Any = None
    resource: Raw = ABSENT
    search: Any = None
    request: Any = None
    response: Any = None


_BARE: Final = msgspec.json.Decoder(_Bare)


def shortfalls(said: Said) -> Iterator[Shortfall]:
    """What may be missing from a Bundle, not counting what is said within its resources."""
    if any(link.relation == "next" for link in said.links or ()):
        yield Shortfall("", "the Bundle has a next page that was not sent")
    elif said.type == "searchset" and given(said.total):
        yield from _unmatched(said)
    if said.meta is not None and is_subsetted(said.meta):
        yield Shortfall("", "the Bundle came with only some of its elements (SUBSETTED)")
    if said.type in _ANSWERS or any(entry.resource is None for entry in said.entries):
        for index, raw in enumerate(said.raws()):
            yield from _of_entry(f"{said.path}.entry[{index}]", raw)


def is_subsetted(meta: Meta) -> bool:
    """True for a resource with only some of its elements."""
    return any(coding.code == _SUBSETTED for coding in (*(meta.tag or ()), *(meta.security or ())))


def is_harmless(issues: object) -> bool:
    """True for the issues of an OperationOutcome that only inform."""
    told = issues if isinstance(issues, list) else []
    return bool(told) and all(isinstance(one, dict) and one.get("severity") in _HARMLESS for one in told)


def _unmatched(said: Said) -> Iterator[Shortfall]:
    """The total of a search counts its matches alone, and not what came with them."""
    total = msgspec.json.decode(said.total)
    came = sum(entry.search is None or entry.search.mode in (None, "match") for entry in said.entries)
    if isinstance(total, int) and not isinstance(total, bool) and total > came:
        yield Shortfall("", f"the search found {total} resources, and {came} of them were sent")


def _of_entry(path: str, raw: Raw) -> Iterator[Shortfall]:
    try:
        entry = _BARE.decode(raw)
    except ValidationError:
        # It is told of as an entry that cannot be read.
        return
    if isinstance(entry.response, dict):
        status = _STATUS.match(str(entry.response.get("status", "")))
        if status and not status[0].startswith(_FINE):
            yield Shortfall("", f"one of its requests was answered with {status[0]} ({path})")
    elif not given(entry.resource) and entry.request is None and (entry.fullUrl or entry.search):
        named = _ADDRESS.search(entry.fullUrl) if isinstance(entry.fullUrl, str) else None
        yield Shortfall(named[1] if named else "", f"an entry came without its resource ({path})")
