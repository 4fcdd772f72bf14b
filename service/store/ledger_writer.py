"""The one writer of a process: a thread that writes whatever waits as one batch, in one transaction."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from itertools import chain as joined
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.store.database import LEDGER
from service.store.faults import failed, unavailable
from service.store.ledger_chain import CLOSING
from service.store.ledger_values import LedgerFull, Place
from service.store.values import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.store.ledger_chain import Entry
    from service.store.ledger_commits import ChainEnd
    from service.store.ledger_values import Numbers, Pace

_MOST_AT_ONCE: Final = 500
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0


class _Waiting(NamedTuple):
    entry: Entry
    since: float
    done: Future[Place]


class Writer:
    """Takes entries from any thread between `start` and `stop`."""

    def __init__(self, chain: ChainEnd, pace: Pace, numbers: Numbers) -> None:
        """`chain` is this writer's alone."""
        self._chain = chain
        self._pace = pace
        self._numbers = numbers
        self._queue: deque[_Waiting] = deque()
        self._writing: list[_Waiting] = []
        self._given = 0
        self._changed = Condition()
        self._ends: float | None = None
        self._failure: StoreUnavailable | None = None
        self._shown = 0.0
        self._thread = Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begins to write; raises `StoreUnavailable` where that cannot be done now."""
        try:
            self._chain.show()
        except SQLAlchemyError as error:
            raise unavailable(error, LEDGER) from None
        self._shown = time.monotonic()
        self._thread.start()

    def stop(self, seconds: float) -> int:
        """Writes what waits and closes the chain, within so many seconds; how many rows were not written."""
        with self._changed:
            self._ends = time.monotonic() + seconds
            self._changed.notify()
        self._thread.join(seconds + 1)
        return self.waiting

    @property
    def waiting(self) -> int:
        """How many rows are taken and not known to be written."""
        return len(self._queue) + len(self._writing)

    @property
    def fault(self) -> str:
        """Why nothing can be written at the moment; empty where it can."""
        if self._failure is not None:
            return self._failure.reason
        writing = self._writing
        if writing and time.monotonic() - writing[0].since > self._pace.gives_up:
            return "it does not answer"
        return "" if self._thread.is_alive() else "the writer has ended"

    @property
    def takes_more(self) -> bool:
        """Whether an entry would be taken."""
        return self._ends is None and self._thread.is_alive() and self.waiting < self._pace.most_waiting

    def put(self, entry: Entry) -> tuple[Future[Place], Place]:
        """Takes an entry: its place once it is written, and the one it will have where it is deferred.

        Raises `LedgerFull`.
        """
        waiting = _Waiting(entry, time.monotonic(), Future())
        with self._changed:
            self._tell_lag()
            if self._ends is not None or self.waiting >= self._pace.most_waiting:
                raise LedgerFull
            self._queue.append(waiting)
            self._given += 1
            if len(self._queue) == 1:
                self._changed.notify()
            return waiting.done, Place(self._chain.name, self._given)

    def _run(self) -> None:
        while self._take():
            if self._writing:
                self._write()
            if time.monotonic() - self._shown >= self._pace.shows_each:
                self._look_after()
        if not self.waiting:
            self._until_done(lambda: self._chain.sign(CLOSING))
        elif not self._pace.is_deferred:
            self._give_up()

    def _take(self) -> bool:
        """Makes what waits the batch; False when nothing more will come, or the time is up."""
        with self._changed:
            if not self._queue and self._ends is None:
                self._changed.wait(self._pace.shows_each)
            if self._queue and self._pace.lingers:
                self._changed.wait_for(lambda: self._ends is not None, self._pace.lingers)
            while self._queue and len(self._writing) < _MOST_AT_ONCE:
                one = self._queue.popleft()
                # Who has given up waiting was answered nothing, so there is nothing to record.
                if self._pace.is_deferred or one.done.set_running_or_notify_cancel():
                    self._writing.append(one)
            return self._ends is None or (bool(self._writing) and time.monotonic() < self._ends)

    def _write(self) -> None:
        """Writes the batch; where that cannot be done in time those who wait are told, or it is kept if nobody does."""
        entries = [one.entry for one in self._writing]
        placed: list[int] = []
        self._until_done(lambda: placed.append(self._chain.append(entries)))
        if placed:
            self._confirm(placed[0])
        elif not self._pace.is_deferred:
            self._give_up()

    def _confirm(self, first: int) -> None:
        written, self._writing = self._writing, []
        self._numbers.ledger_written(len(written))
        self._tell_lag()
        if not self._pace.is_deferred:
            for number, one in enumerate(written, first):
                one.done.set_result(Place(self._chain.name, number))

    def _give_up(self) -> None:
        given_up, self._writing = self._writing, []
        with self._changed:
            given_up += [one for one in self._queue if self._ends is not None]
            if self._ends is not None:
                self._queue.clear()
        for one in given_up:
            if one.done.running() or one.done.set_running_or_notify_cancel():
                failure = self._failure or failed(LEDGER, "was not reached before the service ended")
                one.done.set_exception(StoreUnavailable(str(failure), failure.reason))
        self._tell_lag()

    def _tell_lag(self) -> None:
        """Who puts in more tells it too: this thread cannot while the database keeps it waiting."""
        with self._changed:
            oldest = next(joined(self._writing, self._queue), None)
            seconds = 0.0 if oldest is None else time.monotonic() - oldest.since
            self._numbers.ledger_waits(self.waiting, seconds)

    def _until_done(self, work: Callable[[], object]) -> None:
        """Tries again while it may still help, and longer for rows whose places were told already."""
        tries_until = time.monotonic() + (0.0 if self._failure else self._pace.gives_up)
        pause = _FIRST_PAUSE
        while True:
            self._tell_lag()
            if self._tried(work) or self._is_over(tries_until):
                return
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _is_over(self, tries_until: float) -> bool:
        if self._ends is not None:
            return time.monotonic() >= self._ends
        return not self._pace.is_deferred and time.monotonic() >= tries_until

    def _tried(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except Exception as error:
            # Whatever it is: those who wait have to hear of it, and this thread has to go on.
            self._note(error)
            return False
        if self._failure is not None:
            structlog.get_logger().info("ledger written again", waiting=self.waiting)
        self._failure = None
        return True

    def _note(self, error: Exception) -> None:
        failure = _told(error)
        if self._failure is None or failure.reason != self._failure.reason:
            structlog.get_logger().error("ledger not written", reason=failure.reason, waiting=self.waiting)
        self._failure = failure
        self._numbers.ledger_failed()

    def _look_after(self) -> None:
        """Shows that the writer is at work, which also finds out whether it could write."""
        self._shown = time.monotonic()
        due = time.monotonic() - self._chain.headed_at >= self._pace.head_seconds
        if self._tried(self._chain.show) and due:
            self._tried(self._chain.sign)


def _told(error: Exception) -> StoreUnavailable:
    if isinstance(error, SQLAlchemyError):
        return unavailable(error, LEDGER)
    if isinstance(error, StoreUnavailable):
        return error
    # The text of an error that is not ours may repeat anything.
    return failed(LEDGER, f"failed unexpectedly ({type(error).__qualname__})")
