"""Changing a cursor in a way that loses nothing that is accepted at the same time.

A cursor is written whole, so that progress made between reading and writing is taken back: that repeats work. A resync
that was asked for in between would be lost, and so every change asks for one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.store import Cursor, Store


async def ask_for_resync(store: Store, name: str) -> None:
    """Has everything that changed since the last whole recovery looked at."""
    cursor = await store.cursor(name)
    if cursor is not None:
        heard = cursor._replace(heard_at=datetime.now(UTC))
        await store.save_cursor(_with_resync(heard))


async def keep_status(store: Store, cursor: Cursor, status: str) -> None:
    """Records the status of a subscription, if it is another."""
    if status != cursor.status:
        fresh = await store.cursor(cursor.subscription)
        if fresh is not None:
            await store.save_cursor(_with_resync(fresh)._replace(status=status))


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


def _with_resync(cursor: Cursor) -> Cursor:
    return cursor._replace(needs_resync=True, resyncs=cursor.resyncs + 1)
