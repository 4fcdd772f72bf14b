"""What a Bundle itself shows to be missing from it: pages, matches, answers and resources that did not come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import DecodeError, Raw

from service.fhir.reading.elements import ABSENT, Element, Meta, given
from service.fhir.reading.resources import TYPES, OperationOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.fhir.reading.elements import Link
    from service.fhir.reading.resources import Entry

SUBSETTED: Final = "SUBSETTED"
_ANSWERS: Final = frozenset({"batch-response", "transaction-response"})
_STATUS: Final = re.compile(r'"?([1-5][0-9]{2})\b')
_ADDRESS: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?$")
_HARMLESS: Final = frozenset({"information", "success"})
# `Resource request returns no results`, which Epic sends as a warning: fhir.epic.com, FHIR error codes, 4101.
_NOTHING_FOUND: Final = "4101"


class Shortfall(NamedTuple):
    """Why something may be missing; `kind` is the resource type, empty where it may be any."""

    kind: str
    reason: str


class Said(NamedTuple):
    """What a Bundle says of itself; `raws` gives the bytes of its entries, `is_bare` that one has no resource."""

    path: str
    type: str | None
    total: Raw
    links: list[Link] | None
    meta: Meta | None
    entries: Sequence[Entry]
    raws: Callable[[], Sequence[Raw]]
    is_bare: bool


class _Answered(Element):
    status: Raw = ABSENT


class _Bare(Element):
    """An entry that came without a resource; what is not read may have any type."""

    fullUrl: Raw = ABSENT
    resource: Raw = ABSENT
    search: Raw = ABSENT
    request: Raw = ABSENT
    response: Raw = ABSENT


class _Details(Element):
    coding: Any = None


class _Issue(Element):
    severity: Any = None
    details: Raw = ABSENT


_BARE: Final = msgspec.json.Decoder(_Bare)
_ANSWERED: Final = msgspec.json.Decoder(_Answered)
_ISSUES: Final = msgspec.json.Decoder(list[_Issue])
_TOTAL: Final = msgspec.json.Decoder(int)
_TEXT: Final = msgspec.json.Decoder(str)
_DETAILS: Final = msgspec.json.Decoder(_Details)


def shortfalls(said: Said) -> Iterator[Shortfall]:
    """What may be missing from a Bundle, not counting what is said within its resources."""
    if any(link.relation == "next" for link in said.links or ()):
        yield Shortfall("", "the Bundle has a next page that was not sent")
    elif said.type == "searchset" and given(said.total):
        yield from _unmatched(said)
    if said.meta is not None and is_subsetted(said.meta):
        yield Shortfall("", "the Bundle came with only some of its elements (SUBSETTED)")
    if said.is_bare or said.type in _ANSWERS:
        for index, raw in enumerate(said.raws()):
            yield from _of_entry(f"{said.path}.entry[{index}]", raw, is_answer=said.type in _ANSWERS)


def is_subsetted(meta: Meta) -> bool:
    """True for a resource with only some of its elements."""
    return any(coding.code == SUBSETTED for coding in (*(meta.tag or ()), *(meta.security or ())))


def is_marked_subsetted(meta: Raw) -> bool:
    """As `is_subsetted`, of what marks a Bundle in any shape."""
    return given(meta) and f'"{SUBSETTED}"'.encode() in bytes(meta)


def is_harmless(issues: Raw) -> bool:
    """True for the issues of an OperationOutcome that only inform, or say that there is nothing to be found."""
    try:
        told = _ISSUES.decode(issues) if given(issues) else []
    except DecodeError:
        return False
    return bool(told) and all(map(_only_informs, told))


def _only_informs(issue: _Issue) -> bool:
    if not isinstance(issue.severity, str):
        return False
    return issue.severity in _HARMLESS or (issue.severity == "warning" and _says_nothing_found(issue.details))


def _says_nothing_found(details: Raw) -> bool:
    try:
        coding = _DETAILS.decode(details).coding if given(details) else None
    except DecodeError:
        return False
    codings = coding if isinstance(coding, list) else []
    return any(isinstance(one, dict) and one.get("code") == _NOTHING_FOUND for one in codings)


def reports_problem(entry: Entry) -> bool:
    """True for an entry that tells of a search, unless it only informs."""
    if isinstance(entry.resource, OperationOutcome):
        return not is_harmless(entry.resource.issue)
    return entry.search is not None and entry.search.mode == "outcome"


def refusal_of(response: Raw) -> str:
    """The status of a request of a batch that was answered with anything but success; empty for any other."""
    if not given(response):
        return ""
    try:
        found = _STATUS.match(bytes(_ANSWERED.decode(response).status).decode())
    except (DecodeError, UnicodeDecodeError):
        return ""
    return found[1] if found and not found[1].startswith("2") else ""


def _unmatched(said: Said) -> Iterator[Shortfall]:
    """The total of a search counts its matches alone, and not what came with them."""
    try:
        total = _TOTAL.decode(said.total)
    except DecodeError:
        return
    came = sum(map(_is_match, said.entries))
    if total > came:
        yield Shortfall("", f"the search found {total} resources, and {came} of them were sent")


def _is_match(entry: Entry) -> bool:
    """True for what a search found, and not for what came with it."""
    if isinstance(entry.resource, OperationOutcome):
        return False
    return entry.search is None or entry.search.mode in (None, "match")


def _of_entry(path: str, raw: Raw, *, is_answer: bool) -> Iterator[Shortfall]:
    try:
        entry = _BARE.decode(raw)
    except DecodeError:
        # It is told of as an entry that cannot be read.
        return
    if is_answer and given(entry.response):
        status = refusal_of(entry.response)
        if status:
            yield Shortfall("", f"one of its requests was answered with {status} ({path})")
    elif not (given(entry.resource) or given(entry.request)) and (given(entry.fullUrl) or given(entry.search)):
        yield Shortfall(_kind_of(entry.fullUrl), f"an entry came without its resource ({path})")


def _kind_of(address: Raw) -> str:
    """The type that an address names; empty where it names none."""
    try:
        named = _ADDRESS.search(_TEXT.decode(address))
    except DecodeError:
        return ""
    return named[1] if named and named[1] in TYPES else ""
