"""Doing what only one may do at a time, for as long as the right to it is held."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def while_held(doing: Awaitable[None], keep: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Does something that is held for so many seconds, and holds on to it while that takes.

    False when `keep` says that it was lost; what was begun has ended then, as it has when `keep` raises.
    """
    begun = asyncio.ensure_future(doing)
    try:
        while True:
            done, _ = await asyncio.wait({begun}, timeout=seconds / 3)
            if done:
                begun.result()
                return True
            if not await keep():
                return False
    finally:
        begun.cancel()
        # An error that nobody fetches would be logged with its text, which may name a patient.
        await asyncio.gather(begun, return_exceptions=True)
