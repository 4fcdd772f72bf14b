"""Taking notifications: known senders only, answered once the work is durably enqueued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.errors import BodyUnreadable, NotAuthenticated, NotFound
from service.fhir.subscriptions.notifications import Notification, read_notification
from service.fhir.subscriptions.pointers import Payload, pointer_of
from service.security.hooks import is_sent_by
from service.store import Notice
from service.subscriptions.hints import Hints, hints_of, hints_of_payload, hints_of_pointer
from service.subscriptions.keeping import ACTIVE, ERROR, OFF, Resyncs, keep_status
from service.subscriptions.names import may_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from service.store import Cursor, Store
    from service.subscriptions.sources import Sources
    from service.telemetry import Metrics

_SENT: Final = ("event-notification", "handshake", "heartbeat")
_RECORDED: Final = {ACTIVE: ACTIVE, ERROR: ERROR, OFF: OFF, "entered-in-error": OFF}


class Receiver:
    """Takes the notifications of all subscriptions; each method raises `Problem` and has then done nothing."""

    def __init__(
        self, store: Store, sources: Sources, key: SecretStr, metrics: Metrics, wake: Callable[[], None]
    ) -> None:
        """`wake` tells the workers of this process that there is work."""
        self._store = store
        self._sources = sources
        self._key = key
        self._metrics = metrics
        self._wake = wake
        self._resyncs = Resyncs(store)

    def require_known(self, name: str, authorization: bytes) -> None:
        """Refuses who does not send the subscription's secret; asks nobody, so that strangers cost nothing."""
        if not is_sent_by(self._key, name, authorization):
            raise NotAuthenticated("Send the header that the Subscription's channel.header holds.")

    async def notified(self, name: str, body: bytes) -> None:
        """Takes a POST: a notification Bundle, a resource, or nothing, which says only that something changed."""
        cursor = await self._cursor(name)
        told = read_notification(body) if body.strip() else None
        if told is None:
            await self._resyncs.ask(name)
            await keep_status(self._store, cursor, ACTIVE)
            self._metrics.notified(1, 0)
        elif isinstance(told, Payload):
            await self._accept(cursor, hints_of_payload(told, self._sources.of(cursor.server)))
        else:
            await self._take(cursor, told)

    async def changed(self, name: str, resource_type: str, resource_id: str, body: bytes) -> None:
        """Takes a PUT: a resource as it is now, under its own address."""
        cursor = await self._cursor(name)
        told = read_notification(body)
        address = f"{resource_type}/{resource_id}"
        if not isinstance(told, Payload) or told.pointer is None or told.pointer.address != address:
            raise BodyUnreadable("Send the resource that the address names, with the same type and id.")
        await self._accept(cursor, hints_of_payload(told, self._sources.of(cursor.server)))

    async def deleted(self, name: str, resource_type: str, resource_id: str) -> None:
        """Takes a DELETE: a resource that is no more, whose history may say whose it was."""
        cursor = await self._cursor(name)
        pointer = pointer_of(f"{resource_type}/{resource_id}", "")
        if pointer is None:
            raise BodyUnreadable("The address ends in the type and id of a resource.")
        await self._accept(cursor, hints_of_pointer(pointer, self._sources.of(cursor.server)))

    async def _cursor(self, name: str) -> Cursor:
        cursor = await self._store.cursor(name)
        if cursor is None or not self._sources.knows(cursor.server):
            raise _unknown()
        return cursor

    async def _take(self, cursor: Cursor, told: Notification) -> None:
        if told.type not in _SENT:
            text = f"A notification's type is one of: {', '.join(_SENT)}."
            raise BodyUnreadable(text, "Bundle.entry[0].resource")
        if not may_name(cursor.subscription, told.topic):
            raise NotFound("The subscription of this address has another topic.")
        if told.type == "event-notification":
            await self._accept(cursor, hints_of(told, self._sources.of(cursor.server)), told)
        else:
            await self._store.heard(cursor.subscription, told.counter)
        await keep_status(self._store, cursor, _status_of(told, cursor))

    async def _accept(self, cursor: Cursor, hints: Hints, told: Notification | None = None) -> None:
        """Durably enqueues; the caller answers after this."""
        if hints.unnamed:
            # Before the event is counted: if this fails, the event comes again.
            await self._resyncs.ask(cursor.subscription)
        numbered = [event for event in told.events if event.number is not None] if told else []
        notice = Notice(
            cursor.subscription,
            tuple(event.number for event in numbered if event.number is not None),
            hints.patients,
            told.counter if told else None,
            hints.versions,
            tuple(" ".join((str(event.number), event.focus, *event.context)) for event in numbered),
        )
        try:
            accepted = await self._store.accept(notice)
        except LookupError:
            raise _unknown() from None
        if told is None:
            # A server that sends resources by themselves has no handshake.
            await keep_status(self._store, cursor, ACTIVE)
        self._metrics.notified(accepted.new, accepted.repeated)
        self._wake()


def _status_of(told: Notification, cursor: Cursor) -> str:
    """The status after a notification; the answer to a handshake is what makes a subscription active."""
    if told.type == "handshake":
        return ACTIVE
    return _RECORDED.get(told.status, cursor.status)


def _unknown() -> NotFound:
    return NotFound("There is no such subscription here; delete it, or subscribe anew.")
