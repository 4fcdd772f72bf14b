"""How much one worker takes on at a time: a limit to what is held, and threads for what would hold up the rest."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from service.errors import DeadlineExceeded, Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.settings import Settings
    from service.telemetry import Metrics

_T = TypeVar("_T")
_THREADS = 2


class Admission:
    """The checks that one worker holds, whatever route they came by, and the threads that large ones run in."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """`settings` say how many, and for how long."""
        self._metrics = metrics
        self._most = settings.concurrency_limit
        self._seconds = settings.deadline_seconds
        self._held = 0
        self._abandoned: set[Future[Any]] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="check")

    def close(self) -> None:
        """Lets go of the threads; what has not begun never will."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Admits one request for as long as it is answered; raises `Overloaded` where there are enough."""
        self._take()
        try:
            yield
        finally:
            self._held -= 1
            self._metrics.in_flight.dec()

    def _take(self) -> None:
        if self._abandoned:
            self._abandoned = {work for work in self._abandoned if not work.done()}
        if self._held + len(self._abandoned) >= self._most:
            raise Overloaded("The service has as many checks as it takes; try again in a second.")
        self._held += 1
        self._metrics.in_flight.inc()

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Work in a thread, so that small requests are answered meanwhile; given up after the deadline."""
        begun = self._threads.submit(work)
        awaited = asyncio.wrap_future(begun)
        done, _ = await asyncio.wait({awaited}, timeout=self._seconds)
        if done:
            return awaited.result()
        if not begun.cancel():
            # It runs on to no purpose, and counts as held for as long as it does.
            self._abandoned.add(begun)
        awaited.cancel()
        raise DeadlineExceeded(
            f"The evaluation took longer than {self._seconds:g} seconds. "
            "Send fewer entries at a time, or leave out mode=strict."
        )
