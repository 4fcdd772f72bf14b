"""Subscribing to a server, asking again, and ending it; what the command line calls."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import InvalidParameter, Problem, UpstreamFailed
from service.fhir.client.faults import Fault
from service.store import Cursor
from service.subscriptions.keeping import REQUESTED
from service.subscriptions.names import new_name
from service.subscriptions.upkeep import Upkeep
from service.subscriptions.wishes import read, wishes_of, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from service.assessment import Servers
    from service.fhir.subscriptions.subscription import Wanted
    from service.store import Store
    from service.subscriptions.remote import Remote
    from service.subscriptions.wishes import Choice

GONE: Final = "not there"
_BETWEEN_LOOKS: Final = 0.5


class Line(NamedTuple):
    """One subscription: what it watches, and how it is by its server's word."""

    cursor: Cursor
    watches: str
    status: str


class Registrar:
    """Makes and ends subscriptions; raises `Problem` where a server does not do it, and has then undone what it did."""

    def __init__(self, store: Store, servers: Servers, remote: Remote) -> None:
        """`remote` knows the Subscriptions on their servers."""
        self._store = store
        self._servers = servers
        self._remote = remote
        self._upkeep = Upkeep(store, remote)

    async def subscribe(self, server: str, choice: Choice) -> list[Cursor]:
        """Subscribes to a server, once a resource type, or once to a topic."""
        self._servers.require_write(server)
        if await self._cursors(server):
            raise InvalidParameter(f"{server} is subscribed to already: use --renew, or --delete first.")
        opened = await self._servers.open(server)
        wishes = await wishes_of(choice, opened, self._servers.reaches)
        made: list[Cursor] = []
        try:
            for wanted in wishes:
                made.append(await self._make(server, wanted))
        except Fault as fault:
            for cursor in made:
                await self._end(cursor)
            raise UpstreamFailed(f"The FHIR server {server} did not take the Subscription: {fault.reason}.") from None
        return made

    async def renew(self, server: str | None, end: datetime | None) -> list[Cursor]:
        """Asks for subscriptions again, with the present secret and address, and a new end if one is given."""
        cursors = await self._required(server)
        for cursor in cursors:
            with_reason = f"{cursor.subscription} of the FHIR server {cursor.server}"
            try:
                found = await self._remote.find(cursor.server, cursor.subscription)
                if found is None:
                    raise Fault("the server has it no more; delete it and subscribe anew")
                # Each change by itself, for the service takes notifications meanwhile.
                await self._store.ask_resync(cursor.subscription)
                await self._keep_end(cursor, end)
                fresh = await self._store.cursor(cursor.subscription) or cursor
                await self._upkeep.renew(fresh, found, end)
            except Fault as fault:
                raise UpstreamFailed(f"Subscription {with_reason} was not renewed: {fault.reason}.") from None
        return cursors

    async def delete(self, server: str) -> list[Cursor]:
        """Ends the subscriptions to a server, there and here."""
        cursors = await self._required(server)
        for cursor in cursors:
            try:
                await self._end(cursor)
            except Fault as fault:
                raise UpstreamFailed(
                    f"The FHIR server {server} did not delete the Subscription: {fault.reason}. "
                    "Its notifications are still taken."
                ) from None
        return cursors

    async def lines(self, server: str | None) -> AsyncIterator[Line]:
        """The subscriptions to a server, or to all, as they are."""
        for cursor in await self._cursors(server):
            yield await self._line(cursor)

    async def settled(self, cursors: Iterable[Cursor], seconds: float) -> list[Line]:
        """The subscriptions once no server is about to begin any more, or after some seconds."""
        ends = asyncio.get_running_loop().time() + seconds
        while True:
            lines = [await self._line(cursor) for cursor in cursors]
            if all(line.status != REQUESTED for line in lines) or asyncio.get_running_loop().time() >= ends:
                return lines
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def _line(self, cursor: Cursor) -> Line:
        if cursor.server not in self._servers.names:
            return Line(cursor, "", "its server is not configured")
        try:
            found = await self._remote.find(cursor.server, cursor.subscription)
        except Fault as fault:
            return Line(cursor, "", fault.reason)
        except Problem as problem:
            return Line(cursor, "", problem.text)
        if found is None:
            return Line(cursor, "", GONE)
        return Line(cursor, found.stored.criteria.partition("?")[0], found.stored.status)

    async def _make(self, server: str, wanted: Wanted) -> Cursor:
        """One subscription: known here before the server knows of it, for it may send at once."""
        name = new_name(wanted.criteria if wanted.topic else "")
        beats = wanted.heartbeat if wanted.topic else None
        began = datetime.now(UTC)
        cursor = Cursor(name, server, REQUESTED, None, (), False, None, beats, began, wish=written(wanted))
        await self._store.save_cursor(cursor)
        try:
            await self._remote.create(server, name, wanted)
        except BaseException:
            await self._store.drop_cursor(name)
            raise
        return cursor

    async def _keep_end(self, cursor: Cursor, end: datetime | None) -> None:
        """Has one that its server loses made again with the new end, if one is given."""
        wish = read(cursor.wish)
        if wish is not None and end is not None:
            await self._store.set_wish(cursor.subscription, written(wish._replace(end=end)))

    async def _end(self, cursor: Cursor) -> None:
        found = await self._remote.find(cursor.server, cursor.subscription)
        if found is not None:
            await self._remote.delete(cursor.server, found)
        await self._store.drop_cursor(cursor.subscription)

    async def _cursors(self, server: str | None) -> list[Cursor]:
        return [one for one in await self._store.cursors() if server is None or one.server == server]

    async def _required(self, server: str | None) -> list[Cursor]:
        cursors = await self._cursors(server)
        if not cursors:
            raise InvalidParameter(f"There is no subscription to {server or 'any server'}; `--list` shows all.")
        return cursors
