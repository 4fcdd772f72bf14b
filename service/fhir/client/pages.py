"""A search and its pages: entries as they were received, and why some may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.fhir.client.connection import FORM
from service.fhir.client.decoding import decoded
from service.fhir.client.faults import Fault
from service.fhir.client.links import addresses, total_of

if TYPE_CHECKING:
    from service.fhir.client.connection import Connection
    from service.fhir.client.searches import Search

# Servers and proxies between refuse longer addresses.
LONGEST_QUERY: Final = 1500


class _Page(Struct, gc=False):
    resourceType: str = ""
    total: Any = None
    link: Any = None
    entry: list[Raw] = []


class Found(NamedTuple):
    """What a search gave: entries as JSON, and why some may be missing (empty: it is all there is)."""

    entries: tuple[Raw, ...]
    gap: str = ""


class FirstPage(NamedTuple):
    """How many entries the first page of a search has, and whether another follows."""

    entries: int
    more: bool


_NO_BUNDLE: Final = "it answered with something that is not a Bundle"
_PAGE: Final = msgspec.json.Decoder(_Page)


async def run(connection: Connection, search: Search) -> Found:
    """Every page of a search; what cannot be fetched is told and not raised."""
    try:
        first = await _first(connection, search)
    except Fault as fault:
        return Found((), fault.reason)
    return await rest_of(connection, first)


async def first_page(connection: Connection, search: Search) -> FirstPage:
    """The first page alone; raises `Fault`."""
    page = _read(await _first(connection, search))
    return FirstPage(len(page.entry), bool(addresses(page.link, "next")))


async def _first(connection: Connection, search: Search) -> bytes:
    query = search.query
    if len(query) > LONGEST_QUERY and connection.server.post_search:
        return await connection.post(f"{search.resource_type}/_search", query.encode(), FORM)
    return await connection.get(f"{search.resource_type}?{query}")


async def rest_of(connection: Connection, first: bytes | Raw) -> Found:
    """The entries of a page and of all that follow it."""
    entries: list[Raw] = []
    seen: set[str] = set()
    page: bytes | Raw = first
    try:
        while True:
            decoded = _read(page)
            entries += decoded.entry
            following = _next(decoded)
            if following is None:
                return Found(tuple(entries), _cut_off(decoded, len(entries), connection.server.page_size))
            if following in seen:
                raise Fault("its pages lead back to one that was read")
            if len(seen) + 1 >= connection.server.most_pages:
                raise Fault(f"it has more than {connection.server.most_pages} pages")
            seen.add(following)
            page = await connection.get(following)
    except Fault as fault:
        return Found(tuple(entries), fault.reason)


def _next(page: _Page) -> str | None:
    """The address of the next page, None where this is the last; raises `Fault` for one that nobody can ask for."""
    following = addresses(page.link, "next")
    if following and not following[0]:
        raise Fault("it names a next page without its address")
    return following[0] if following else None


def _cut_off(last: _Page, entries: int, page_size: int) -> str:
    """Why the last page may not be the end: there are said to be more, or it is full and nobody says how many."""
    total = total_of(last.total)
    missing = len(last.entry) >= page_size if total is None else total > entries
    return "there is more of it than it gave" if missing else ""


def _read(page: bytes | Raw) -> _Page:
    found = decoded(_PAGE, page, _NO_BUNDLE)
    if found.resourceType != "Bundle":
        raise Fault(_NO_BUNDLE)
    return found
