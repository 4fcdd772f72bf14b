"""What has to be known of a stored resource to find, keep or change it; the rest stays as it was received."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.fhir.client.decoding import UNREADABLE
from service.fhir.client.fetching import ID
from service.fhir.reading.dates import seconds

if TYPE_CHECKING:
    from service.fhir.client.connection import Reply

_LOCATION: Final = re.compile(
    r"(?:^|/)(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?/?$"
)
_ETAG: Final = re.compile(r'(?:W/)?"([A-Za-z0-9\-.]{1,64})"')


class _Meta(Struct, gc=False):
    versionId: str | None = None
    lastUpdated: str | None = None


class _Identifier(Struct, gc=False):
    system: str | None = None
    value: str | None = None


class _Identified(Struct, gc=False):
    resourceType: str = ""
    id: str | None = None
    meta: _Meta | None = None
    status: str | None = None
    identifier: list[_Identifier] | None = None


class _Entry(Struct, gc=False):
    resource: Raw = Raw()


class Head(NamedTuple):
    """A stored resource: `identifiers` are (system, value) pairs, `raw` is its JSON."""

    resource_type: str
    id: str
    version: str
    updated: float
    status: str
    identifiers: frozenset[tuple[str, str]]
    raw: bytes

    @property
    def age(self) -> tuple[float, str]:
        """Orders resources from the one that was stored first."""
        return self.updated, self.id

    def named(self, system: str) -> str:
        """The value of its identifier in a system, empty when it has none."""
        return next((value for where, value in sorted(self.identifiers) if where == system), "")


_IDENTIFIED: Final = msgspec.json.Decoder(_Identified)
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def head_of(document: bytes) -> Head | None:
    """The head of a resource with an id; None for anything else."""
    try:
        found = _IDENTIFIED.decode(document)
    except UNREADABLE:
        return None
    if ID.fullmatch(found.id or "") is None:
        return None
    meta = found.meta or _Meta()
    updated = seconds(meta.lastUpdated)
    return Head(
        found.resourceType,
        found.id or "",
        meta.versionId or "",
        float("inf") if updated is None else updated,
        found.status or "",
        frozenset((one.system or "", one.value or "") for one in found.identifier or ()),
        document,
    )


def resource_in(entry: Raw) -> bytes:
    """The resource in an entry of a Bundle; empty where there is none."""
    try:
        return bytes(_ENTRY.decode(entry).resource)
    except UNREADABLE:
        return b""


def head_in(entry: Raw) -> Head | None:
    """The head of the resource in an entry of a Bundle."""
    return head_of(resource_in(entry))


def place_of(reply: Reply, resource_type: str) -> tuple[str, str]:
    """Id and version of what was stored, as the answer tells them: Location, body, ETag; empty where it does not."""
    location = _LOCATION.search(reply.location)
    told = head_of(reply.body)
    of_body = told if told is not None and told.resource_type == resource_type else None
    if location is not None and location["type"] == resource_type:
        identity, version = location["id"], location["version"] or ""
    else:
        identity, version = (of_body.id if of_body is not None else ""), ""
    etag = _ETAG.fullmatch(reply.version.strip())
    version = version or (of_body.version if of_body is not None else "") or (etag[1] if etag else "")
    return (identity, version) if ID.fullmatch(identity) else ("", "")
