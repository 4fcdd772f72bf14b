"""Reading a notification: the R4 backport's Parameters, R4B's SubscriptionStatus, or a resource by itself.

Counters are strings in the backport and integers elsewhere; both are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from service.errors import BodyUnreadable
from service.fhir.client.decoding import UNREADABLE
from service.fhir.subscriptions.pointers import Payload, read_payload

if TYPE_CHECKING:
    from collections.abc import Iterable

TYPES: Final = frozenset({"handshake", "heartbeat", "event-notification", "query-status", "query-event"})
STATUSES: Final = frozenset({"requested", "active", "error", "off", "entered-in-error"})
_MOST_DIGITS: Final = 18
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its number (None: not told), what changed, and what else it names; both as references."""

    number: int | None
    focus: str = ""
    context: tuple[str, ...] = ()


class Notification(NamedTuple):
    """What a server says of a subscription: `counter` are the events since its beginning (None: not told).

    `unread` counts the entries after the first that came without a resource, or with one that cannot be read.
    """

    type: str
    status: str = ""
    topic: str = ""
    counter: int | None = None
    events: tuple[Event, ...] = ()
    resources: tuple[Payload, ...] = ()
    unread: int = 0


class _Reference(Struct, gc=False):
    reference: str = ""


class _Parameter(Struct, gc=False):
    name: str = ""
    valueReference: _Reference = msgspec.field(default_factory=_Reference)
    valueCanonical: str = ""
    valueUri: str = ""
    valueCode: str = ""
    valueString: str | None = None
    valueInteger: int | None = None
    valueUnsignedInt: int | None = None
    part: list[_Parameter] = []

    @property
    def number(self) -> str | int | None:
        return next(
            (value for value in (self.valueString, self.valueInteger, self.valueUnsignedInt) if value is not None), None
        )


class _NotificationEvent(Struct, gc=False):
    eventNumber: str | int | None = None
    focus: _Reference = msgspec.field(default_factory=_Reference)
    additionalContext: list[_Reference] = []


class _First(Struct, gc=False):
    """Parameters, or SubscriptionStatus: the elements of both."""

    resourceType: str = ""
    parameter: list[_Parameter] = []
    type: str = ""
    status: str = ""
    topic: str = ""
    eventsSinceSubscriptionStart: str | int | None = None
    notificationEvent: list[_NotificationEvent] = []


class _Entry(Struct, gc=False):
    resource: Raw = Raw()


class _Bundle(Struct, gc=False):
    resourceType: str = ""
    type: str = ""
    entry: list[_Entry] = []


_BUNDLE: Final = msgspec.json.Decoder(_Bundle)
_FIRST: Final = msgspec.json.Decoder(_First)
_SHAPE: Final = (
    "Send a notification Bundle of type history whose first entry is the subscription's status, a resource, or nothing."
)


def read_notification(body: bytes) -> Notification | Payload:
    """The notification in a body, or the resource that was sent in place of one; raises `BodyUnreadable`."""
    body = body.removeprefix(_BYTE_ORDER_MARK)
    bundle = _bundle(body)
    if bundle.resourceType != "Bundle":
        payload = read_payload(body)
        if payload is None:
            raise BodyUnreadable(_SHAPE)
        return payload
    if bundle.type != "history" or not bundle.entry:
        raise BodyUnreadable(_SHAPE, "Bundle.type")
    return _told(bundle.entry[0].resource, (entry.resource for entry in bundle.entry[1:]))


def read_events(document: bytes) -> Notification:
    """The notification that answers `$events` or `$status`, whatever its Bundle's type; raises `BodyUnreadable`."""
    bundle = _bundle(document)
    if bundle.resourceType != "Bundle" or not bundle.entry:
        raise BodyUnreadable(_SHAPE)
    return _told(bundle.entry[0].resource, (entry.resource for entry in bundle.entry[1:]))


def _bundle(document: bytes) -> _Bundle:
    try:
        return _BUNDLE.decode(document)
    except UNREADABLE:
        raise BodyUnreadable(_SHAPE) from None


def _told(first: Raw, others: Iterable[Raw]) -> Notification:
    try:
        status = _FIRST.decode(first)
    except UNREADABLE:
        raise BodyUnreadable(_SHAPE, "Bundle.entry[0].resource") from None
    if status.resourceType == "Parameters":
        told = _of_parameters(status.parameter)
    elif status.resourceType == "SubscriptionStatus":
        told = _of_status(status)
    else:
        raise BodyUnreadable(_SHAPE, "Bundle.entry[0].resource")
    if told.type not in TYPES:
        raise BodyUnreadable(f"The notification's type is one of: {', '.join(sorted(TYPES))}.", "Bundle.entry[0]")
    if told.status and told.status not in STATUSES:
        raise BodyUnreadable(f"The notification's status is one of: {', '.join(sorted(STATUSES))}.", "Bundle.entry[0]")
    sent = [read_payload(resource) for resource in others]
    read = tuple(one for one in sent if one is not None)
    return told._replace(resources=read, unread=len(sent) - len(read))


def _of_parameters(parameters: list[_Parameter]) -> Notification:
    named = {one.name: one for one in parameters}
    none = _Parameter()
    topic = named.get("topic", none)
    return Notification(
        named.get("type", none).valueCode,
        named.get("status", none).valueCode,
        topic.valueCanonical or topic.valueUri,
        _count(named.get("events-since-subscription-start", none).number),
        tuple(_event(one.part) for one in parameters if one.name == "notification-event"),
    )


def _event(parts: list[_Parameter]) -> Event:
    number = next((part.number for part in parts if part.name == "event-number"), None)
    focus = next((part.valueReference.reference for part in parts if part.name == "focus"), "")
    context = tuple(part.valueReference.reference for part in parts if part.name == "additional-context")
    return Event(_count(number), focus, context)


def _of_status(status: _First) -> Notification:
    return Notification(
        status.type,
        status.status,
        status.topic,
        _count(status.eventsSinceSubscriptionStart),
        tuple(
            Event(
                _count(one.eventNumber), one.focus.reference, tuple(other.reference for other in one.additionalContext)
            )
            for one in status.notificationEvent
        ),
    )


def _count(received: str | int | None) -> int | None:
    """A counter: a non-negative whole number, as one or as a string of digits."""
    if received is None:
        return None
    digits = str(received)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise BodyUnreadable("Counters and event numbers are whole numbers from 0 on.", "Bundle.entry[0].resource")
    return int(digits)
