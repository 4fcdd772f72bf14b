"""What is recorded of a subscription beside its events: that everything is to be looked at, and its status."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from service.store import Cursor, Store

REQUESTED: Final = "requested"
ACTIVE: Final = "active"
ERROR: Final = "error"
OFF: Final = "off"
STATUSES: Final = (REQUESTED, ACTIVE, ERROR, OFF)
_LEVELS: Final = {ERROR: logging.WARNING, OFF: logging.ERROR}


async def ask_for_resync(store: Store, name: str) -> None:
    """Has everything that changed since the last whole recovery looked at."""
    await store.heard(name, None)
    await store.ask_resync(name)


async def keep_status(store: Store, cursor: Cursor, status: str) -> None:
    """Records and tells the status of a subscription, if it is another: what was missed before is looked for."""
    if status != cursor.status:
        await store.ask_resync(cursor.subscription)
        await store.set_status(cursor.subscription, status)
        structlog.get_logger().log(
            _LEVELS.get(status, logging.INFO),
            "subscription status changed",
            subscription=cursor.subscription,
            server=cursor.server,
            status=status,
            before=cursor.status,
        )


class Resyncs:
    """Asks for resyncs, of those who ask at the same time once for all."""

    def __init__(self, store: Store) -> None:
        """One for each process."""
        self._store = store
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._done: defaultdict[str, int] = defaultdict(int)

    async def ask(self, name: str) -> None:
        """Returns when a resync is durably asked for that will begin after this call did."""
        self._asked[name] += 1
        mine = self._asked[name]
        async with self._locks[name]:
            if self._done[name] < mine:
                covered = self._asked[name]
                await ask_for_resync(self._store, name)
                self._done[name] = covered
