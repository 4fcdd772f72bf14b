"""One clock for everything that is done for one request: waiting, its body, what is fetched, and the evaluation."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the time of the event loop; work of the background has none, and keeps to the times of its own.
_ENDS: Final[ContextVar[float | None]] = ContextVar("ends", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Starts the clock of one request."""
    token = _ENDS.set(asyncio.get_running_loop().time() + seconds)
    try:
        yield
    finally:
        _ENDS.reset(token)


def seconds_left(most: float) -> float:
    """How long something may take that would by itself be given so long; 0 where the request has no time left."""
    ends = _ENDS.get()
    return most if ends is None else max(min(most, ends - asyncio.get_running_loop().time()), 0.0)
