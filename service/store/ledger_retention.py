"""Retention from day to day: one process at a time deletes what is old, and ends at once when it has to."""

from __future__ import annotations

import asyncio
import random
import time
from threading import Event
from typing import TYPE_CHECKING, Final

import structlog
from sqlmodel import Session

from service.store.leases import release_lease, take_lease
from service.store.ledger_chain import moment
from service.store.ledger_pruning import PruningEnded, prune
from service.telemetry import described

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from service.security.ledger_keys import LedgerKeys

DAY: Final = 86_400.0
# Processes that start together do not all begin with deleting, nor all at one moment.
FIRST: Final = (300.0, 3600.0)
LEASE: Final = "ledger/pruning"
# Longer than any page takes to be read or deleted.
_HELD_SECONDS: Final = 600.0
_RENEWED_SECONDS: Final = 60.0


class Retention:
    """Deletes daily what is older than so many days, in a thread, from `start` to `stop`."""

    def __init__(self, connected: Callable[[], Engine], keys: LedgerKeys, holder: str, days: int) -> None:
        """`connected` gives an engine of its own for each time; `holder` names this process."""
        self._connected = connected
        self._keys = keys
        self._holder = holder
        self._days = days
        self._ended = Event()
        self._daily: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, some minutes from now."""
        self._daily = asyncio.create_task(self._prune_daily())

    def stop(self) -> None:
        """Ends it; a thread that is at work ends with the page that it is at."""
        self._ended.set()
        if self._daily is not None:
            self._daily.cancel()

    async def _prune_daily(self) -> None:
        await asyncio.sleep(random.uniform(*FIRST))  # noqa: S311 - nobody gains by guessing it
        while True:
            try:
                await asyncio.to_thread(self.prune)
            except Exception as error:
                structlog.get_logger().error("ledger not pruned", **described(error))
            await asyncio.sleep(DAY)

    def prune(self) -> None:
        """Deletes what is old unless another process is at it, and logs what was and what could not be."""
        engine = self._connected()
        try:
            if _taken(engine, self._holder):
                try:
                    self._prune(engine)
                finally:
                    with Session(engine) as session, session.begin():
                        release_lease(session, LEASE, self._holder)
        finally:
            engine.dispose()

    def _prune(self, engine: Engine) -> None:
        known = (self._keys.public,)
        for one in prune(engine, self._keys, known, moment(days_ago=self._days), self._going_on(engine)):
            log = structlog.get_logger()
            (log.error if one.refused else log.info)(
                "ledger pruned", writer=one.writer, rows=one.rows, seq=one.seq, refused=one.refused
            )

    def _going_on(self, engine: Engine) -> Callable[[], None]:
        renewed = time.monotonic()

        def go_on() -> None:
            nonlocal renewed
            if self._ended.is_set():
                raise PruningEnded
            if time.monotonic() - renewed >= _RENEWED_SECONDS:
                if not _taken(engine, self._holder):
                    raise PruningEnded
                renewed = time.monotonic()

        return go_on


def _taken(engine: Engine, holder: str) -> bool:
    with Session(engine) as session, session.begin():
        return take_lease(session, LEASE, holder, _HELD_SECONDS)
