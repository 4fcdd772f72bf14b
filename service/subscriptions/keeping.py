"""What is recorded of a subscription beside its events: that everything is to be looked at, and its status."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.store import Cursor, Store


async def ask_for_resync(store: Store, name: str) -> None:
    """Has everything that changed since the last whole recovery looked at."""
    await store.heard(name, None)
    await store.ask_resync(name)


async def keep_status(store: Store, cursor: Cursor, status: str) -> None:
    """Records the status of a subscription, if it is another: what was missed under the former is looked for."""
    if status != cursor.status:
        await store.ask_resync(cursor.subscription)
        await store.set_status(cursor.subscription, status)


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
