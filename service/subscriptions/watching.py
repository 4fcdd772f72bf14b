"""Watching subscriptions: overdue heartbeats, gaps, resyncs, and servers that stopped sending.

One process of all watches; which one, a lease says.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from service.errors import Problem
from service.fhir.client.faults import Fault
from service.store import StoreUnavailable
from service.subscriptions.holding import while_held
from service.subscriptions.keeping import ERROR, OFF, STATUSES
from service.subscriptions.pauses import Pause
from service.subscriptions.timings import TIMINGS, Timings
from service.subscriptions.upkeep import Upkeep
from service.telemetry import described

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from service.store import Cursor, Store
    from service.subscriptions.recovering import Recovery
    from service.subscriptions.remote import Registration, Remote
    from service.subscriptions.sources import Sources
    from service.telemetry import Metrics

LEASE = "subscriptions"


class _Seen:
    """What the watch remembers of one subscription; lost with the process, and then looked at anew."""

    __slots__ = ("begun", "checked_at", "checking", "gap", "gap_at", "recovering", "resynced_at", "server")

    def __init__(self, server: str) -> None:
        self.server = server
        self.begun = False
        self.checked_at: float | None = None
        self.resynced_at: float | None = None
        self.gap: tuple[int, ...] = ()
        self.gap_at = 0.0
        # Neither waits for the other, for a server may fail at the one and not at the other.
        self.checking, self.recovering = Pause(), Pause()


class Watch:
    """Looks at every subscription now and then, and repairs what it finds."""

    def __init__(
        self,
        store: Store,
        sources: Sources,
        remote: Remote,
        recovery: Recovery,
        metrics: Metrics,
        timings: Timings = TIMINGS,
    ) -> None:
        """`remote` asks the servers, `recovery` enqueues whom they were silent about."""
        self._store = store
        self._sources = sources
        self._remote = remote
        self._upkeep = Upkeep(store, remote)
        self._recovery = recovery
        self._metrics = metrics
        self._timings = timings
        self._holder = secrets.token_hex(8)
        self._seen: dict[str, _Seen] = {}
        self._sign_at = time.monotonic()
        self._log = structlog.get_logger()

    @property
    def alive(self) -> bool:
        """Whether it has read the store of late, whoever else may watch."""
        return time.monotonic() - self._sign_at < self._timings.watch_silence

    async def run(self) -> None:
        """Watches until it is cancelled."""
        try:
            while True:
                try:
                    await self.look()
                except Exception as error:
                    told = {"reason": str(error)} if isinstance(error, StoreUnavailable) else described(error)
                    self._log.error("subscriptions not watched", **told)
                await asyncio.sleep(self._timings.watch)
        finally:
            await asyncio.shield(self._give_up_lease())

    async def look(self) -> None:
        """One look at everything, where and for as long as nobody else looks."""
        held = await self._take_lease()
        self._sign_at = time.monotonic()
        if not (held and await while_held(self._look_at_all(), self._take_lease, self._timings.lease)):
            # Who watches again later starts with a check of every subscription.
            self._seen.clear()

    async def _look_at_all(self) -> None:
        self._metrics.queued(await self._store.waiting())
        cursors = await self._store.cursors()
        self._forget_all_but({one.subscription for one in cursors})
        for cursor in cursors:
            seen = self._seen.setdefault(cursor.subscription, _Seen(cursor.server))
            if self._sources.knows(cursor.server):
                await self._look_at(cursor, seen)
            await self._show(cursor.subscription, seen)
            # Not with the lease, which is renewed even while a look waits and waits.
            self._sign_at = time.monotonic()

    async def _take_lease(self) -> bool:
        return await self._store.take_lease(LEASE, self._holder, self._timings.lease)

    def _forget_all_but(self, present: set[str]) -> None:
        for name in self._seen.keys() - present:
            gone = self._seen.pop(name)
            self._metrics.subscribed(gone.server, name, dict.fromkeys(STATUSES, False), unrecovered=False)

    async def _show(self, name: str, seen: _Seen) -> None:
        cursor = await self._store.cursor(name)
        statuses = {one: cursor is not None and one == cursor.status for one in STATUSES}
        self._metrics.subscribed(seen.server, name, statuses, unrecovered=seen.recovering.failures > 0)

    async def _look_at(self, cursor: Cursor, seen: _Seen) -> None:
        if seen.checking.is_over and self._is_due(cursor, seen):
            await self._attempt("checked", cursor, seen.checking, self._check(cursor, seen))
            fresh = await self._store.cursor(cursor.subscription)
            if fresh is None:
                return
            cursor = fresh
        if seen.recovering.is_over and (recovery := self._recovery_due(cursor, seen)) is not None:
            await self._attempt("recovered", cursor, seen.recovering, recovery)

    async def _attempt(self, what: str, cursor: Cursor, pause: Pause, doing: Awaitable[None]) -> None:
        """Does what may fail, which is then told and tried again after a pause."""
        try:
            await doing
        except StoreUnavailable:
            raise
        except Exception as error:
            pause.begin(self._timings)
            # Texts of ours name no patient; other texts may.
            told = {"reason": str(error)} if isinstance(error, Fault | Problem) else described(error)
            log = self._log.warning if isinstance(error, Fault | Problem) else self._log.error
            log(f"subscription not {what}", subscription=cursor.subscription, server=cursor.server, **told)
        else:
            pause.end()

    async def _check(self, cursor: Cursor, seen: _Seen) -> None:
        if not seen.begun:
            # While nobody watched, notifications may have been lost that no counter tells of.
            await self._store.ask_resync(cursor.subscription)
            seen.begun = True
        if cursor.status == OFF:
            # However it ends, a server is not asked for it more often.
            seen.checked_at = time.monotonic()
        await self._upkeep.check(cursor, partial(self._recover_error, seen))
        seen.checked_at = time.monotonic()

    async def _recover_error(self, seen: _Seen, cursor: Cursor, registration: Registration) -> None:
        """Looks for what an error hid; where that fails, the server is asked to send again all the same."""
        if seen.recovering.is_over:
            doing = self._recovery.of_changes(cursor, registration, self._sources.of(cursor.server))
            await self._attempt("recovered", cursor, seen.recovering, doing)

    def _recovery_due(self, cursor: Cursor, seen: _Seen) -> Awaitable[None] | None:
        """What is to be looked for now, if anything is."""
        if self._needs_resync(cursor, seen):
            seen.resynced_at = time.monotonic()
            return self._recover_changes(cursor)
        if cursor.missing and self._is_old_gap(cursor, seen):
            return self._recover_missing(cursor)
        return None

    async def _recover_changes(self, cursor: Cursor) -> None:
        registration = None if cursor.wish else await self._remote.find(cursor.server, cursor.subscription)
        await self._recovery.of_changes(cursor, registration, self._sources.of(cursor.server))

    async def _recover_missing(self, cursor: Cursor) -> None:
        registration = await self._remote.find(cursor.server, cursor.subscription)
        await self._recovery.of_missing(cursor, registration, self._sources.of(cursor.server))

    def _is_due(self, cursor: Cursor, seen: _Seen) -> bool:
        """Whether its server is to be asked how the subscription is."""
        if seen.checked_at is None or cursor.status == ERROR:
            return True
        passed = time.monotonic() - seen.checked_at
        if cursor.status == OFF:
            return passed >= self._timings.revive
        if cursor.heartbeat_seconds is None:
            return passed >= self._timings.check
        period = timedelta(seconds=cursor.heartbeat_seconds * self._timings.overdue)
        return cursor.heard_at is None or datetime.now(UTC) - cursor.heard_at > period

    def _needs_resync(self, cursor: Cursor, seen: _Seen) -> bool:
        """Whether to look for changes: a resync is asked for, or the last whole recovery is long ago."""
        if seen.resynced_at is not None and time.monotonic() - seen.resynced_at < self._timings.between_resyncs:
            return False
        longest = self._timings.sweep_counted if cursor.last_event else self._timings.sweep
        old = cursor.since is None or datetime.now(UTC) - cursor.since > timedelta(seconds=longest)
        # Of one that has ended, who looks after it asks for a resync as long as it is wanted.
        return cursor.needs_resync or (old and cursor.status != OFF)

    def _is_old_gap(self, cursor: Cursor, seen: _Seen) -> bool:
        """Whether events are missing for so long that they are not only late."""
        now = time.monotonic()
        if not set(seen.gap) & set(cursor.missing):
            seen.gap_at = now
        seen.gap = cursor.missing
        return now - seen.gap_at >= self._timings.grace

    async def _give_up_lease(self) -> None:
        try:
            await self._store.release_lease(LEASE, self._holder)
        except StoreUnavailable as error:
            self._log.warning("lease kept", reason=str(error))
