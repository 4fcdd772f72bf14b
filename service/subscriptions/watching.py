"""Watching subscriptions: overdue heartbeats, gaps, resyncs, and servers that stopped sending.

One process of all watches; which one, a lease says.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from service.errors import Problem
from service.fhir.client.faults import Fault
from service.store import StoreUnavailable
from service.subscriptions.keeping import ask_for_resync, keep_status
from service.subscriptions.timings import TIMINGS, Timings, pause_after
from service.telemetry import described

if TYPE_CHECKING:
    from service.store import Cursor, Store
    from service.subscriptions.recovering import Recovery
    from service.subscriptions.remote import Registration, Remote
    from service.subscriptions.sources import Sources
    from service.telemetry import Metrics

LEASE = "subscriptions"
_OFF, _ERROR = "off", "error"


class _Seen:
    """What the watch remembers of one subscription; lost with the process, and then looked at anew."""

    __slots__ = ("checked_at", "failures", "gap", "gap_at", "not_before", "resynced_at")

    def __init__(self) -> None:
        self.checked_at: float | None = None
        self.resynced_at: float | None = None
        self.gap: tuple[int, ...] = ()
        self.gap_at = 0.0
        self.failures = 0
        self.not_before = 0.0


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
        self._recovery = recovery
        self._metrics = metrics
        self._timings = timings
        self._holder = secrets.token_hex(8)
        self._seen: dict[str, _Seen] = {}
        self._log = structlog.get_logger()

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
        """One look at everything, where nobody else looks."""
        if not await self._store.take_lease(LEASE, self._holder, self._timings.lease):
            # Who watches again later starts with a check of every subscription.
            self._seen.clear()
            return
        self._metrics.queued(await self._store.waiting())
        for cursor in await self._store.cursors():
            if cursor.status != _OFF and self._sources.knows(cursor.server):
                await self._look_at(cursor)
                await self._store.take_lease(LEASE, self._holder, self._timings.lease)

    async def _look_at(self, cursor: Cursor) -> None:
        seen = self._seen.setdefault(cursor.subscription, _Seen())
        now = time.monotonic()
        if now < seen.not_before:
            return
        try:
            await self._repair(cursor, seen, now)
        except (Fault, Problem) as error:
            seen.not_before = now + min(pause_after(seen.failures, self._timings), self._timings.check)
            seen.failures += 1
            self._log.warning(
                "subscription not repaired", subscription=cursor.subscription, server=cursor.server, reason=str(error)
            )
        except StoreUnavailable:
            raise
        except Exception as error:
            seen.not_before = now + self._timings.check
            self._log.error("subscription not repaired", subscription=cursor.subscription, **described(error))
        else:
            seen.failures = 0

    async def _repair(self, cursor: Cursor, seen: _Seen, now: float) -> None:
        if self._is_due(cursor, seen, now):
            found = await self._check(cursor)
            if seen.checked_at is None and found:
                # While nobody watched, notifications may have been lost that no counter tells of.
                await ask_for_resync(self._store, cursor.subscription)
            seen.checked_at = now
            cursor = await self._store.cursor(cursor.subscription) or cursor
        if cursor.status == _OFF:
            return
        source = self._sources.of(cursor.server)
        if self._needs_resync(cursor, seen, now):
            seen.resynced_at = now
            await self._recovery.of_changes(cursor, await self._registration(cursor), source)
        elif cursor.missing and self._is_old_gap(cursor, seen, now):
            await self._recovery.of_missing(cursor, await self._registration(cursor), source)

    def _is_due(self, cursor: Cursor, seen: _Seen, now: float) -> bool:
        """Whether its server is to be asked how the subscription is."""
        if seen.checked_at is None or cursor.status == _ERROR:
            return True
        if cursor.heartbeat_seconds is None:
            return now - seen.checked_at >= self._timings.check
        period = timedelta(seconds=cursor.heartbeat_seconds * self._timings.overdue)
        return cursor.heard_at is None or datetime.now(UTC) - cursor.heard_at > period

    def _needs_resync(self, cursor: Cursor, seen: _Seen, now: float) -> bool:
        """Whether to look for changes: a resync is asked for, or the last whole recovery is long ago."""
        if seen.resynced_at is not None and now - seen.resynced_at < self._timings.between_resyncs:
            return False
        longest = self._timings.sweep_counted if cursor.last_event else self._timings.sweep
        old = cursor.since is None or datetime.now(UTC) - cursor.since > timedelta(seconds=longest)
        return cursor.needs_resync or old

    def _is_old_gap(self, cursor: Cursor, seen: _Seen, now: float) -> bool:
        """Whether events are missing for so long that they are not only late."""
        if not set(seen.gap) & set(cursor.missing):
            seen.gap_at = now
        seen.gap = cursor.missing
        return now - seen.gap_at >= self._timings.grace

    async def _check(self, cursor: Cursor) -> bool:
        """Asks the server how it is: hears its counter, has it active again; False when it is no more."""
        registration = await self._remote.find(cursor.server, cursor.subscription)
        if registration is None:
            self._end(cursor, "the server has it no more")
            await keep_status(self._store, cursor, _OFF)
            return False
        told = await self._remote.status(cursor.server, registration)
        if told.status in (_OFF, "entered-in-error"):
            self._end(cursor, "the server has turned it off")
            await keep_status(self._store, cursor, _OFF)
            return False
        await self._store.heard(cursor.subscription, told.counter)
        if told.status == _ERROR:
            self._log.warning("subscription in error", subscription=cursor.subscription, server=cursor.server)
            await self._ask_again(cursor, registration)
        elif told.status:
            await keep_status(self._store, cursor, told.status)
        return True

    async def _ask_again(self, cursor: Cursor, registration: Registration) -> None:
        """Recovers what the error hid, then asks the server to send again."""
        await self._recovery.of_changes(cursor, registration, self._sources.of(cursor.server))
        # Recorded before it is asked for, for the handshake that makes it active may come before the answer.
        asked = cursor._replace(status="requested")
        await keep_status(self._store, cursor, asked.status)
        try:
            await self._remote.renew(cursor.server, cursor.subscription, registration)
        except Fault:
            await keep_status(self._store, asked, _ERROR)
            raise

    async def _registration(self, cursor: Cursor) -> Registration:
        found = await self._remote.find(cursor.server, cursor.subscription)
        if found is None:
            raise Fault("it has no such Subscription")
        return found

    def _end(self, cursor: Cursor, reason: str) -> None:
        self._log.error(
            "subscription ended; run moodmarker subscribe --renew, or --delete",
            subscription=cursor.subscription,
            server=cursor.server,
            reason=reason,
        )

    async def _give_up_lease(self) -> None:
        try:
            await self._store.release_lease(LEASE, self._holder)
        except StoreUnavailable as error:
            self._log.warning("lease kept", reason=str(error))
