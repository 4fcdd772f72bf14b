"""Asking a server how a subscription is, and having it send again: one in error at once, one that ended hourly."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from service.errors import Problem
from service.fhir.client.faults import Fault
from service.subscriptions.keeping import ACTIVE, ERROR, OFF, REQUESTED, keep_status
from service.subscriptions.wishes import read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.store import Cursor, Store
    from service.subscriptions.remote import Registration, Remote

_WITHDRAWN: Final = "entered-in-error"
_AGAIN: Final = "it is asked for again every hour, until moodmarker subscribe --delete"
_RENEW: Final = "run moodmarker subscribe --renew, or --delete"


class Upkeep:
    """Keeps subscriptions sending; raises `Fault` or `Problem` where a server does not do its part."""

    def __init__(self, store: Store, remote: Remote) -> None:
        """`remote` knows the Subscriptions on their servers."""
        self._store = store
        self._remote = remote
        self._log = structlog.get_logger()

    async def check(self, cursor: Cursor, recover: Callable[[Cursor, Registration], Awaitable[None]]) -> None:
        """Asks how it is, hears its counter, has it sending again; `recover` looks for what an error hid."""
        registration = await self._remote.find(cursor.server, cursor.subscription)
        if registration is None:
            await self._recreate(cursor)
            return
        told = await self._remote.status(cursor.server, registration)
        if told.status in (OFF, _WITHDRAWN):
            await self._turn_on(cursor, registration, told.status)
            return
        await self._store.heard(cursor.subscription, told.counter)
        if told.status == ERROR:
            await keep_status(self._store, cursor, ERROR)
            await recover(cursor, registration)
            # That may have taken long: what somebody has renewed meanwhile is not written over, nor made again once
            # it is deleted.
            fresh = await self._remote.find(cursor.server, cursor.subscription)
            if fresh is not None:
                await self.renew(cursor._replace(status=ERROR), fresh)
        elif told.status in (REQUESTED, ACTIVE):
            await keep_status(self._store, cursor, told.status)

    async def renew(self, cursor: Cursor, registration: Registration, end: datetime | None = None) -> None:
        """Asks for it again, with a new end if one is given."""
        await self._ask(cursor, partial(self._remote.renew, cursor.server, cursor.subscription, registration, end))

    async def _recreate(self, cursor: Cursor) -> None:
        """One that its server has no more is made again as it was wished for, unless it has only just been told."""
        wish = read(cursor.wish)
        known = cursor.status == OFF
        reason = "the server has it no more"
        if wish is None:
            await self._ended(cursor, "run moodmarker subscribe --delete, and subscribe anew", reason, wanted=True)
            return
        wanted = wish.end is None or wish.end > datetime.now(UTC)
        await self._ended(cursor, _AGAIN if wanted else _RENEW, reason, wanted=wanted)
        # It will count from 1. Who has been deleted here meanwhile is not known any more.
        if known and wanted and await self._store.heard(cursor.subscription, 0) is not None:
            await self._ask(cursor, partial(self._remote.create, cursor.server, cursor.subscription, wish))

    async def _turn_on(self, cursor: Cursor, registration: Registration, status: str) -> None:
        """One that its server has turned off is asked for again, unless it has only just been told."""
        known = cursor.status == OFF
        wanted = status == OFF and not _is_past(registration.stored.end)
        await self._ended(cursor, _AGAIN if wanted else _RENEW, f"the server has it as {status}", wanted=wanted)
        if known and wanted:
            await self.renew(cursor, registration)

    async def _ended(self, cursor: Cursor, remedy: str, reason: str, *, wanted: bool) -> None:
        """Tells it, each time; what it would have told is looked for as long as it is wanted."""
        self._log.error(
            f"subscription ended; {remedy}", subscription=cursor.subscription, server=cursor.server, reason=reason
        )
        if wanted:
            await self._store.ask_resync(cursor.subscription)
        await keep_status(self._store, cursor, OFF)

    async def _ask(self, cursor: Cursor, asking: Callable[[], Awaitable[None]]) -> None:
        """Asks a server to begin to send; as long as it does not, the former status stands."""
        # Recorded before it is asked for, for the handshake that makes it active may come before the answer.
        await keep_status(self._store, cursor, REQUESTED)
        try:
            await asking()
        except (Fault, Problem):
            await keep_status(self._store, cursor._replace(status=REQUESTED), cursor.status)
            raise
        if await self._store.cursor(cursor.subscription) is None:
            await self._delete(cursor)

    async def _delete(self, cursor: Cursor) -> None:
        """Takes back what was asked for while somebody ended it here."""
        found = await self._remote.find(cursor.server, cursor.subscription)
        if found is not None:
            await self._remote.delete(cursor.server, found)


def _is_past(end: str) -> bool:
    """Whether an instant of FHIR has gone by; one that cannot be read has not."""
    try:
        return bool(end) and datetime.fromisoformat(end) <= datetime.now(UTC)
    except (ValueError, TypeError):
        return False
