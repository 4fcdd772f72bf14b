"""Finding out what notifications did not say: by the numbers of missing events, else by what changed since.

What is found is only enqueued; a recovery that could not see everything is not recorded as one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from msgspec import Raw, Struct

from service.errors import NotFound, Problem
from service.fhir.client.decoding import UNREADABLE
from service.fhir.client.faults import Fault
from service.fhir.client.pages import rest_of, run
from service.fhir.client.searches import Search
from service.fhir.subscriptions.pointers import Payload, read_payload
from service.store import StoreUnavailable
from service.subscriptions.hints import hints_of
from service.subscriptions.wishes import is_searched, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.assessment import Servers
    from service.fhir.client.connection import Connection
    from service.fhir.subscriptions.notifications import Notification
    from service.fhir.subscriptions.subscription import Searches
    from service.store import Cursor, Store
    from service.subscriptions.hints import Source
    from service.subscriptions.remote import Registration, Remote
    from service.telemetry import Metrics

# Clocks differ, and a server may index a resource a while after it stored it; who is found twice is assessed twice.
MARGIN: Final = timedelta(minutes=5)
_GONE: Final = (404, 410)
# Of servers that keep none, or show it to nobody.
_NO_HISTORY: Final = (400, 403, 404, 405, 410, 501)


class _Entry(Struct, gc=False):
    resource: Raw = Raw()


_ENTRY: Final = msgspec.json.Decoder(_Entry)


class Recovery:
    """Enqueues whom lost notifications were about; its methods raise `Fault` where a server does not tell all.

    What it does tell is enqueued first.
    """

    def __init__(self, store: Store, servers: Servers, remote: Remote, metrics: Metrics) -> None:
        """`remote` knows the Subscriptions on their servers."""
        self._store = store
        self._servers = servers
        self._remote = remote
        self._metrics = metrics
        self._log = structlog.get_logger()

    async def of_missing(self, cursor: Cursor, registration: Registration | None, source: Source) -> None:
        """Recovers missing events: by their numbers where the server still has them, else by what changed."""
        told = await self._events(cursor, registration) if registration else None
        if told is None:
            await self.of_changes(cursor, registration, source)
            return
        found = {event.number for event in told.events if event.number is not None} & set(cursor.missing)
        hints = hints_of(told, source)
        await self._store.enqueue(cursor.server, hints.patients)
        if hints.unnamed or found < set(cursor.missing):
            await self.of_changes(cursor, registration, source)
        else:
            await self._store.recovered(cursor.subscription, cursor.missing)

    async def of_changes(self, cursor: Cursor, registration: Registration | None, source: Source) -> None:
        """Recovers everything since the last time that all was seen, by `_lastUpdated` of what is subscribed to."""
        began = datetime.now(UTC)
        since = (cursor.since or began) - MARGIN
        failed: dict[str, Exception] = {}
        for kind, parameters in await self._searches(cursor, registration, source):
            try:
                await self._of_kind(cursor.server, kind, parameters, since, source)
            except StoreUnavailable:
                raise
            except Exception as error:
                failed[kind] = error
        if failed:
            raise _together(failed)
        await self._store.recovered(cursor.subscription, cursor.missing, since=began, resyncs=cursor.resyncs)

    async def _events(self, cursor: Cursor, registration: Registration) -> Notification | None:
        first, last = min(cursor.missing), max(cursor.missing)
        try:
            return await self._remote.events(cursor.server, registration, first, last)
        except Fault:
            # What changed tells more than a server that fails to tell its events.
            return None

    async def _of_kind(
        self, server: str, kind: str, parameters: tuple[tuple[str, str], ...], since: datetime, source: Source
    ) -> None:
        connection = (await self._servers.open(server)).connection
        asked = (
            *parameters,
            ("_lastUpdated", f"ge{since.isoformat(timespec='seconds')}"),
            ("_count", str(connection.server.page_size)),
        )
        found = await run(connection, Search(kind, asked))
        payloads = [_payload(entry) for entry in found.entries]
        named = [
            one.patient_of(source.base) if one else "" for one in payloads if one is None or one.resourceType == kind
        ]
        await self._store.enqueue(server, [patient for patient in named if patient])
        if nobody := named.count(""):
            # To read them once more would give the same.
            self._log.warning("what changed names nobody who can be found", server=server, type=kind, resources=nobody)
            self._metrics.worked("nobody", nobody)
        if found.gap:
            raise Fault(found.gap)

    async def _searches(self, cursor: Cursor, registration: Registration | None, source: Source) -> Searches:
        """What the Subscription watches; where that says nothing of types, all that matter."""
        wish = read(cursor.wish)
        watched = wish.searches if wish is not None else registration.stored.searches if registration else ()
        if watched:
            return tuple((kind, parameters) for kind, parameters in watched if kind in source.types)
        opened = await self._servers.open(cursor.server)
        if kinds := [kind for kind in sorted(source.types) if is_searched(opened, kind)]:
            return tuple((kind, ()) for kind in kinds)
        raise Fault("it has no resource type that the rules read and that can be searched")


def _together(failed: Mapping[str, Exception]) -> Exception:
    """The failures of several types as one; an error of our own, if there is one, by itself."""
    texts = (f"{kind}: {error}" for kind, error in failed.items() if isinstance(error, Fault | Problem))
    return next((one for one in failed.values() if not isinstance(one, Fault | Problem)), Fault("; ".join(texts)))


def _payload(entry: Raw) -> Payload | None:
    """The resource of an entry; None where it cannot be read."""
    try:
        return read_payload(_ENTRY.decode(entry).resource)
    except UNREADABLE:
        return None


async def patient_behind(connection: Connection, address: str, base: str) -> str:
    """The patient of a resource, by its address; of a deleted one as its history says. Empty when nobody is named.

    Raises `Fault` where the server does not tell, `NotFound` where it has neither the resource nor its history.
    """
    try:
        payload = read_payload(await connection.get(address))
    except Fault as fault:
        if fault.status not in _GONE:
            raise
        return await _in_history(connection, address, base)
    return payload.patient_of(base) if payload is not None else ""


async def _in_history(connection: Connection, address: str, base: str) -> str:
    """The patient whom any former version names."""
    try:
        first = await connection.get(f"{address}/_history")
    except Fault as fault:
        if fault.status not in _NO_HISTORY:
            raise
        raise NotFound("The resource is gone, and so is its history.") from None
    kind = address.partition("/")[0]
    found = await rest_of(connection, first)
    payloads = (_payload(entry) for entry in found.entries)
    named = (one.patient_of(base) for one in payloads if one is not None and one.resourceType == kind)
    patient = next((one for one in named if one), "")
    if found.gap and not patient:
        raise Fault(found.gap)
    return patient
