"""A search and its pages: entries as they were received, and why some may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.fhir.client.connection import FORM
from service.fhir.client.decoding import decoded
from service.fhir.client.faults import Fault

if TYPE_CHECKING:
    from service.fhir.client.connection import Connection
    from service.fhir.client.searches import Search

# Servers and proxies between refuse longer addresses.
LONGEST_QUERY: Final = 1500


class _Link(Struct, gc=False):
    relation: str = ""
    url: str = ""


class _Page(Struct, gc=False):
    resourceType: str = ""
    link: list[_Link] = []
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
    return FirstPage(len(page.entry), any(link.relation == "next" for link in page.link))


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
            following = next((link.url for link in decoded.link if link.relation == "next"), "")
            if not following:
                return Found(tuple(entries))
            if following in seen:
                raise Fault("its pages lead back to one that was read")
            if len(seen) + 1 >= connection.server.most_pages:
                raise Fault(f"it has more than {connection.server.most_pages} pages")
            seen.add(following)
            page = await connection.get(following)
    except Fault as fault:
        return Found(tuple(entries), fault.reason)


def _read(page: bytes | Raw) -> _Page:
    found = decoded(_PAGE, page, _NO_BUNDLE)
    if found.resourceType != "Bundle":
        raise Fault(_NO_BUNDLE)
    return found
