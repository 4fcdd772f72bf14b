"""How much one worker takes on at a time: places, a queue for them, and threads for what would hold up the rest."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import ClientDisconnect

from service.errors import DeadlineExceeded, Overloaded
from service.security.deadlines import seconds_left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive

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
        self._most_waiting = settings.queue_limit
        self._patience = settings.queue_seconds
        self._seconds = settings.deadline_seconds
        # Places that are taken, by requests and by work that was given up and has not ended.
        self._held = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="check")

    def close(self) -> None:
        """Lets go of the threads; what has not begun never will."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def require_room(self) -> None:
        """Raises `Overloaded` where nobody could even wait: before a body is read that nobody would look at."""
        if self._held >= self._most and len(self._queue) >= self._most_waiting:
            raise Overloaded("The service has as many checks as it takes; try again in a second.", limit="queue_limit")

    @asynccontextmanager
    async def admitted(self, receive: Receive) -> AsyncIterator[None]:
        """A place for as long as one request is answered, waited for in order of arrival.

        Raises `Overloaded` where there is none in time, and `ClientDisconnect` where the caller has left meanwhile:
        `receive` tells so, once its body has been read.
        """
        self.require_room()
        if self._held < self._most:
            self._held += 1
        else:
            await self._wait(receive)
        self._metrics.in_flight.inc()
        try:
            yield
        finally:
            self._metrics.in_flight.dec()
            self._release()

    def _release(self) -> None:
        """Hands the place to who has waited longest, unless it is one more than there are."""
        if self._held > self._most:
            # Work that was given up has it still.
            self._held -= 1
            return
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._held -= 1

    async def _wait(self, receive: Receive) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._metrics.waiting.inc()
        leaving = asyncio.ensure_future(_left(receive))
        try:
            patience = seconds_left(self._patience)
            await asyncio.wait({turn, leaving}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        finally:
            self._metrics.waiting.dec()
            leaving.cancel()
        if turn.done():
            return
        self._give_up(turn)
        if leaving.done() and not leaving.cancelled():
            raise ClientDisconnect
        raise Overloaded(
            "The service has more checks than it gets through; try again in a second.", limit="queue_seconds"
        )

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Leaves the queue; a place that was given just then goes on to the next."""
        if turn.done():
            self._release()
            return
        turn.cancel()
        with suppress(ValueError):
            self._queue.remove(turn)

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Work in a thread, so that small requests are answered meanwhile; given up after the deadline."""
        begun = self._threads.submit(work)
        awaited = asyncio.wrap_future(begun)
        done, _ = await asyncio.wait({awaited}, timeout=seconds_left(self._seconds))
        if done:
            return awaited.result()
        if not begun.cancel():
            # It runs on to no purpose, and has a place for as long as it does.
            self._held += 1
            begun.add_done_callback(self._ended(asyncio.get_running_loop()))
        awaited.cancel()
        raise DeadlineExceeded(
            f"The evaluation was not done within the {self._seconds:g} seconds that one request may take. "
            "Send fewer entries at a time, or leave out mode=strict.",
            limit="deadline_seconds",
        )

    def _ended(self, loop: asyncio.AbstractEventLoop) -> Callable[[Future[Any]], None]:
        def tell(_work: Future[Any]) -> None:
            try:
                loop.call_soon_threadsafe(self._release)
            except RuntimeError:
                # The worker has ended meanwhile.
                self._held -= 1

        return tell


async def _left(receive: Receive) -> None:
    """Returns when the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
