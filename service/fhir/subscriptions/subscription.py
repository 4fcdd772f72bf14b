"""The Subscription resource: made for a server, and read back from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct

from service.fhir.client.decoding import decoded
from service.fhir.client.faults import Fault
from service.fhir.client.fetching import ID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
PROFILE: Final = f"{_BACKPORT}/backport-subscription"
FILTER: Final = f"{_BACKPORT}/backport-filter-criteria"
CONTENT: Final = f"{_BACKPORT}/backport-payload-content"
HEARTBEAT: Final = f"{_BACKPORT}/backport-heartbeat-period"
TIMEOUT: Final = f"{_BACKPORT}/backport-timeout"
MAX_COUNT: Final = f"{_BACKPORT}/backport-max-count"
_JSON: Final = "application/fhir+json"
_REASON: Final = "New evidence is assessed for mood change with immune activity."
# A topic is named by its canonical, which begins with a scheme.
_SEARCH: Final = re.compile(r"([A-Z][A-Za-z]*)(?:\?(.*))?")
_encode: Final = msgspec.json.Encoder().encode
# Resource types, each with the parameters of its search.
Searches: TypeAlias = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


class Wanted(NamedTuple):
    """What a Subscription asks for: `criteria` is a search, or with `topic` that topic's canonical.

    `content`: empty | id-only | full-resource. `filters` narrow a topic. `seconds` between heartbeats.
    """

    endpoint: str
    secret: str
    criteria: str
    content: str
    topic: bool = False
    filters: tuple[str, ...] = ()
    heartbeat: int | None = None
    timeout: int | None = None
    most: int | None = None
    end: datetime | None = None

    @property
    def searches(self) -> Searches:
        """As `Stored.searches`, of what is asked for."""
        return _searches(self.criteria, self.filters)


def write_subscription(wanted: Wanted, name: str = "") -> bytes:
    """The resource, under an id when the server takes ours."""
    channel: dict[str, Any] = {
        "type": "rest-hook",
        "endpoint": wanted.endpoint,
        "header": [_header(wanted.secret)],
    }
    resource: dict[str, Any] = {"resourceType": "Subscription"}
    if name:
        resource["id"] = name
    if wanted.topic:
        resource["meta"] = {"profile": [PROFILE]}
    resource |= {"status": "requested", "reason": _REASON, "criteria": wanted.criteria, "channel": channel}
    if wanted.end is not None:
        resource["end"] = _instant(wanted.end)
    if wanted.topic:
        _add_backport(resource, channel, wanted)
    elif wanted.content != "empty":
        channel["payload"] = _JSON
    return _encode(resource)


def _add_backport(resource: dict[str, Any], channel: dict[str, Any], wanted: Wanted) -> None:
    if wanted.filters:
        resource["_criteria"] = {"extension": [{"url": FILTER, "valueString": one} for one in wanted.filters]}
    channel["payload"] = _JSON
    channel["_payload"] = {"extension": [{"url": CONTENT, "valueCode": wanted.content}]}
    given = (
        (HEARTBEAT, "valueUnsignedInt", wanted.heartbeat),
        (TIMEOUT, "valueUnsignedInt", wanted.timeout),
        (MAX_COUNT, "valuePositiveInt", wanted.most),
    )
    channel["extension"] = [{"url": url, kind: value} for url, kind, value in given if value is not None]


class _Extension(Struct, gc=False):
    url: str = ""
    valueString: str = ""


class _Extended(Struct, gc=False):
    extension: list[_Extension] = []


class _Channel(Struct, gc=False):
    endpoint: str = ""


class Stored(Struct, gc=False):
    """A Subscription as a server has it."""

    resourceType: str
    id: str = ""
    status: str = ""
    criteria: str = ""
    end: str = ""
    channel: _Channel = msgspec.field(default_factory=_Channel)
    narrowed: _Extended = msgspec.field(name="_criteria", default_factory=_Extended)

    @property
    def searches(self) -> Searches:
        """The resource types that it watches, each with its parameters; of a topic the types that its filters name.

        Nothing where it says nothing of types, or not of all: a filter without a type is one of every type.
        """
        return _searches(self.criteria, [one.valueString for one in self.narrowed.extension if one.url == FILTER])


def _searches(criteria: str, filters: Iterable[str]) -> Searches:
    if search := _SEARCH.fullmatch(criteria):
        return ((search[1], tuple(parse_qsl(search[2] or ""))),)
    named = [_SEARCH.fullmatch(one) for one in filters]
    kinds = dict.fromkeys(one[1] for one in named if one is not None)
    return tuple((kind, ()) for kind in kinds) if all(named) else ()


class _Entry(Struct, gc=False):
    resource: Raw = Raw()


_UNREADABLE: Final = "its Subscription cannot be read"
_STORED: Final = msgspec.json.Decoder(Stored)
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def read_subscription(document: bytes | Raw) -> Stored:
    """A Subscription; raises `Fault` for anything else."""
    stored = decoded(_STORED, document, _UNREADABLE)
    if stored.resourceType != "Subscription" or ID.fullmatch(stored.id or "") is None:
        raise Fault(_UNREADABLE)
    return stored


def read_found(entry: Raw) -> tuple[Stored, bytes]:
    """A Subscription in an entry of a search, and its JSON; raises `Fault` for anything else."""
    document = bytes(decoded(_ENTRY, entry, _UNREADABLE).resource)
    return read_subscription(document), document


def renewed(document: bytes, endpoint: str, secret: str, end: datetime | None = None) -> bytes:
    """A stored Subscription asked for again: its status, our endpoint and secret, and a new end if one is given."""
    resource: dict[str, Any] = msgspec.json.decode(document)
    resource.pop("error", None)
    resource["status"] = "requested"
    resource["channel"] = {**resource.get("channel", {}), "endpoint": endpoint, "header": [_header(secret)]}
    if end is not None:
        resource["end"] = _instant(end)
    return _encode(resource)


def _header(secret: str) -> str:
    return f"Authorization: Bearer {secret}"


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
