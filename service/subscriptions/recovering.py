"""Finding out what notifications did not say: by the numbers of missing events, else by what changed since.

What is found is only enqueued; a recovery that could not see everything is not recorded as one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, Struct

from service.errors import NotFound
from service.fhir.client.faults import Fault
from service.fhir.client.pages import rest_of, run
from service.fhir.client.searches import Search
from service.fhir.subscriptions.pointers import read_payload
from service.subscriptions.hints import hints_of

if TYPE_CHECKING:
    from service.assessment import Servers
    from service.fhir.client.connection import Connection
    from service.store import Cursor, Store
    from service.subscriptions.hints import Source
    from service.subscriptions.remote import Registration, Remote

# Clocks differ, and a server may index a resource a while after it stored it; who is found twice is assessed twice.
MARGIN: Final = timedelta(minutes=5)
_GONE: Final = (404, 410)
# Of servers that keep none, or show it to nobody.
_NO_HISTORY: Final = (400, 403, 404, 405, 410, 501)


class _Entry(Struct, gc=False):
    resource: Raw = Raw()


_ENTRY: Final = msgspec.json.Decoder(_Entry)


class Recovery:
    """Enqueues whom lost notifications were about; its methods raise `Fault` where a server does not tell."""

    def __init__(self, store: Store, servers: Servers, remote: Remote) -> None:
        """`remote` knows the Subscriptions on their servers."""
        self._store = store
        self._servers = servers
        self._remote = remote

    async def of_missing(self, cursor: Cursor, registration: Registration, source: Source) -> None:
        """Recovers missing events: by their numbers where the server still has them, else by what changed."""
        told = await self._remote.events(cursor.server, registration, min(cursor.missing), max(cursor.missing))
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

    async def of_changes(self, cursor: Cursor, registration: Registration, source: Source) -> None:
        """Recovers everything since the last time that all was seen, by `_lastUpdated` of what is subscribed to."""
        began = datetime.now(UTC)
        since = (cursor.since or began) - MARGIN
        for kind, parameters in await self._searches(cursor.server, registration, source):
            connection = (await self._servers.open(cursor.server)).connection
            patients = await _changed(connection, kind, parameters, since, source)
            await self._store.enqueue(cursor.server, patients)
        await self._store.recovered(cursor.subscription, cursor.missing, since=began, resyncs=cursor.resyncs)

    async def _searches(
        self, server: str, registration: Registration, source: Source
    ) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """What the Subscription watches; for a topic that says nothing of types, all that matter."""
        if watched := registration.stored.searches:
            return [(kind, parameters) for kind, parameters in watched if kind in source.types]
        capability = (await self._servers.open(server)).capability
        return [(kind, ()) for kind in sorted(source.types) if "search-type" in capability.of(kind).interactions]


async def _changed(
    connection: Connection,
    kind: str,
    parameters: tuple[tuple[str, str], ...],
    since: datetime,
    source: Source,
) -> list[str]:
    asked = (
        *parameters,
        ("_lastUpdated", f"ge{since.isoformat(timespec='seconds')}"),
        ("_count", str(connection.server.page_size)),
    )
    found = await run(connection, Search(kind, asked))
    if found.gap:
        raise Fault(found.gap)
    payloads = (read_payload(_ENTRY.decode(entry).resource) for entry in found.entries)
    patients = (one.patient_of(source.base) for one in payloads if one is not None and one.resourceType == kind)
    return list(dict.fromkeys(patient for patient in patients if patient))


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
    payloads = (read_payload(_ENTRY.decode(entry).resource) for entry in (await rest_of(connection, first)).entries)
    named = (one.patient_of(base) for one in payloads if one is not None and one.resourceType == kind)
    return next((one for one in named if one), "")
