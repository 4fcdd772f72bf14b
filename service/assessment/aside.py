"""Work that would hold up the event loop is done in a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

# An evaluation of this much takes about as long as a switch to a thread and back is worth.
LARGE_BYTES: Final = 512 * 1024


class Aside(Protocol):
    """Runs work in a thread and gives what it gave."""

    async def __call__(self, work: Callable[[], _T], /) -> _T:
        """What `work` returns, or raises."""


async def in_a_thread(work: Callable[[], _T], /) -> _T:
    """In any thread, for callers that set no limit of their own."""
    return await asyncio.to_thread(work)
