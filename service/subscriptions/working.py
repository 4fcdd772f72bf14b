"""Workers: each takes one patient at a time, holds on to them while it works, and gives back what failed.

A patient is nobody else's meanwhile; of a worker that is killed, the claim runs out and another goes on.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from service.errors import BodyTooLarge, BodyUnreadable, DeadlineExceeded, Overloaded, Problem, UpstreamFailed
from service.fhir.client.faults import Fault
from service.store import StoreUnavailable
from service.subscriptions.assessing import NotStored
from service.subscriptions.holding import while_held
from service.subscriptions.timings import MOST_TRIES, TIMINGS, Timings, pause_after
from service.telemetry import described

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.store import Store, Work
    from service.telemetry import Metrics

# These pass by themselves, if not today then tomorrow: nobody is given up for them.
_PASSING = (UpstreamFailed, Overloaded, DeadlineExceeded, Fault, StoreUnavailable, TimeoutError)
# These are over as soon as our own database, or our load, is well again: no server is spared by waiting long.
_OURS = (Overloaded, StoreUnavailable)

# Refusals that another time, or another token, may end.
_PASSING_STATUS = (401, 408, 409, 429)


def _passes(error: Exception) -> bool:
    if isinstance(error, Fault) and 400 <= error.status < 500:
        return error.status in _PASSING_STATUS
    # A finding that is urgent is never given up.
    return isinstance(error, _PASSING) or (isinstance(error, NotStored) and error.urgent)


def _is_limited(error: Exception) -> bool:
    """Whether the data are past one of our own limits: they may hold anything, and an operator can raise it."""
    return isinstance(error, BodyUnreadable | BodyTooLarge) and bool(error.limit)


def _told_of(error: Exception) -> dict[str, Any]:
    # Texts of ours name no patient; other texts may.
    return {"reason": str(error)} if isinstance(error, Problem | Fault | StoreUnavailable) else described(error)


class Worker:
    """One task that does one work after another, until it is cancelled."""

    def __init__(
        self,
        store: Store,
        do: Callable[[Work], Awaitable[None]],
        awake: asyncio.Event,
        metrics: Metrics,
        timings: Timings = TIMINGS,
    ) -> None:
        """`do` assesses a patient; `awake` is set when this process has enqueued somebody."""
        self._store = store
        self._do = do
        self._awake = awake
        self._metrics = metrics
        self._timings = timings
        self._holder = secrets.token_hex(8)
        self._sign_at = time.monotonic()
        self._leaves_traces = True
        self._log = structlog.get_logger()

    @property
    def alive(self) -> bool:
        """Whether it has read the queue, or renewed its claim, of late."""
        return time.monotonic() - self._sign_at < self._timings.silence

    async def run(self) -> None:
        """Works until it is cancelled."""
        failures = 0
        while True:
            try:
                self._awake.clear()
                if not await self.work_once():
                    await self._forget_done()
                    await self._rest(self._timings.idle)
                failures = 0
            except Exception as error:
                self._log.error("queue not read", **_told_of(error))
                await asyncio.sleep(min(self._pause(error, failures), self._timings.check))
                failures += 1

    async def _forget_done(self) -> None:
        """Nothing is due: whoever was assessed, perhaps before a crash, is no more in the files of the store."""
        if self._leaves_traces:
            self._leaves_traces = not await self._store.forget_deleted()

    async def work_once(self) -> bool:
        """Does one work; False when there is none."""
        work = await self._store.take_work(self._holder, self._timings.claim)
        self._sign_at = time.monotonic()
        if work is None:
            return False
        self._leaves_traces = True
        try:
            kept = await while_held(self._in_time(work), partial(self._keep, work), self._timings.claim)
        except asyncio.CancelledError:
            await self._give_back(work)
            raise
        except Exception as error:
            await self._failed(work, error)
        else:
            if kept:
                await self._store.finish_work(work, self._holder)
            self._metrics.worked("done" if kept else "lost")
        return True

    async def _give_back(self, work: Work) -> None:
        """The service ends: whoever comes next need not wait for the claim to run out."""
        try:
            await asyncio.shield(self._store.postpone_work(work, self._holder, 0))
        except Exception as error:
            # Raised in place of the cancellation it would keep the worker working.
            self._log.warning("patient kept until the claim runs out", server=work.server, **_told_of(error))

    async def _keep(self, work: Work) -> bool:
        """Renews the claim; False when another worker has the patient by now."""
        kept = await self._store.keep_work(work, self._holder, self._timings.claim)
        self._sign_at = time.monotonic()
        return kept

    async def _in_time(self, work: Work) -> None:
        async with asyncio.timeout(self._timings.patience):
            await self._do(work)

    async def _failed(self, work: Work, error: Exception) -> None:
        tries = work.attempts + 1
        told = {"server": work.server, "tries": tries} | _told_of(error)
        if _is_limited(error):
            self._log.error("assessment kept: the data of a patient are past a limit of this service", **told)
            self._metrics.worked("postponed")
            await self._store.postpone_work(work, self._holder, self._timings.longest_pause, self._timings.first_pause)
        elif _passes(error) or tries < MOST_TRIES:
            self._log.warning("assessment postponed", **told)
            self._metrics.worked("postponed")
            pause = self._pause(error, work.attempts)
            await self._store.postpone_work(work, self._holder, pause, self._timings.first_pause)
        else:
            self._log.error("assessment given up", **told)
            self._metrics.worked("given-up")
            await self._store.finish_work(work, self._holder)

    def _pause(self, error: Exception, failures: int) -> float:
        pause = pause_after(failures, self._timings)
        return min(pause, self._timings.longest_own_pause) if isinstance(error, _OURS) else pause

    async def _rest(self, seconds: float) -> None:
        # Not `wait_for`, which before Python 3.12 may swallow the cancellation that ends a worker.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
