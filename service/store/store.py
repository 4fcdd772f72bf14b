"""The open store: every method is one transaction, durable when it returns, and none blocks the event loop."""

from __future__ import annotations

import asyncio
import hmac
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from service.store import accepting, cursors, feedback, leases, once, queue
from service.store.database import PATIENCE_SECONDS, THREADS, connect, empty_journal
from service.store.faults import unavailable
from service.store.migrating import migrate
from service.store.values import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Engine

    from service.store.values import Accepted, CardFeedback, Cursor, FeedbackCount, Notice, Told, Work

T = TypeVar("T")
_REACHED_WITHIN: Final = 2.0


class Store:
    """A database with the newest schema. Any method raises `StoreUnavailable` when the database does not serve.

    A `holder` is one task of one process: who comes with the same name is taken for the same.
    """

    def __init__(self, engine: Engine, key: bytes) -> None:
        """For `open` to call."""
        self._engine = engine
        self._key = key
        self._threads: ThreadPoolExecutor | None = ThreadPoolExecutor(THREADS[engine.dialect.name], "store")
        self._running: set[Future[Any]] = set()

    @classmethod
    async def open(cls, url: str, key: bytes = b"") -> Store:
        """Connects to a database and migrates it; `key` makes hashes that only those who have it can match."""
        return cls(await asyncio.to_thread(_migrated, url), key)

    async def close(self, seconds: float = 2.0 * PATIENCE_SECONDS) -> None:
        """Ends when the last transaction has, or after so many seconds; afterwards nothing can be asked."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)
            running = [asyncio.wrap_future(one) for one in tuple(self._running)]
            await asyncio.wait({asyncio.gather(*running, return_exceptions=True)}, timeout=seconds)
            # Connections that are still at work are not among those that it lets go of.
            await asyncio.to_thread(self._engine.dispose)

    async def reachable(self, seconds: float = _REACHED_WITHIN) -> bool:
        """Whether the database takes a transaction now, and within so many seconds; raises nothing."""
        try:
            async with asyncio.timeout(seconds):
                await self._run(lambda session: session.execute(text("SELECT 1")).scalar())
        except (StoreUnavailable, TimeoutError):
            return False
        return True

    async def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Takes a lease, or extends the holder's own; False when it is another's."""
        return await self._run(lambda session: leases.take_lease(session, self._hashed(name), holder, seconds))

    async def release_lease(self, name: str, holder: str) -> None:
        """Gives a lease back."""
        await self._run(lambda session: leases.release_lease(session, self._hashed(name), holder))

    async def enqueue(self, server: str, patients: Iterable[str], delay_seconds: float = 0) -> None:
        """Has patients assessed, not before a delay; one who waits already is assessed once."""
        named = tuple(patients)
        await self._run(lambda session: queue.enqueue(session, server, named, delay_seconds))

    async def take_work(self, holder: str, seconds: float) -> Work | None:
        """A patient to assess, who is nobody else's for so many seconds; None when there is none."""
        return await self._run(lambda session: queue.take_work(session, holder, seconds))

    async def keep_work(self, work: Work, holder: str, seconds: float) -> bool:
        """Holds on to work for so many seconds more; False when it was lost."""
        return await self._run(lambda session: queue.keep_work(session, work, holder, seconds))

    async def finish_work(self, work: Work, holder: str) -> None:
        """Deletes work that is done; a patient enqueued again since it was taken becomes due again."""
        await self._run(lambda session: queue.finish_work(session, work, holder))

    async def postpone_work(self, work: Work, holder: str, seconds: float, least_seconds: float = 0) -> None:
        """Gives work back that failed, due again after so many seconds, or with news of the patient after the least."""
        await self._run(lambda session: queue.postpone_work(session, work, holder, seconds, least_seconds))

    async def waiting(self) -> int:
        """How many patients are in the queue, those being worked on among them."""
        return await self._run(queue.waiting)

    async def forget_deleted(self) -> bool:
        """Leaves no trace of work that is done in SQLite's files; False when it has to be tried again later."""
        return await self._submit(partial(empty_journal, self._engine))

    async def accept(self, notice: Notice, delay_seconds: float = 0) -> Accepted:
        """Takes a notice in: counts its events, notes gaps, and enqueues its patients if anything in it is new.

        `LookupError` when the subscription has no cursor; `ValueError` when a number is none of FHIR's.
        """
        return await self._run(lambda session: accepting.accept(session, notice, delay_seconds, self._key))

    async def save_cursor(self, cursor: Cursor) -> None:
        """Writes a cursor whole; to change one that moves meanwhile there is a method for each change."""
        await self._run(lambda session: cursors.save_cursor(session, cursor))

    async def set_status(self, subscription: str, status: str) -> None:
        """Writes the status alone of a subscription, if it is known."""
        await self._run(lambda session: cursors.set_status(session, subscription, status))

    async def set_wish(self, subscription: str, wish: str) -> None:
        """Writes the wish alone of a subscription, if it is known."""
        await self._run(lambda session: cursors.set_wish(session, subscription, wish))

    async def ask_resync(self, subscription: str) -> None:
        """Notes that all since the last whole recovery of a subscription is in doubt, if it is known."""
        await self._run(lambda session: cursors.ask_resync(session, subscription))

    async def cursor(self, subscription: str) -> Cursor | None:
        """The cursor of a subscription, if it is known."""
        return await self._run(lambda session: cursors.cursor_of(session, subscription))

    async def cursors(self) -> list[Cursor]:
        """Every cursor, by subscription."""
        return await self._run(cursors.cursors)

    async def drop_cursor(self, subscription: str) -> None:
        """Forgets a subscription; patients whom it enqueued stay enqueued."""
        await self._run(lambda session: cursors.drop_cursor(session, subscription))

    async def heard(self, subscription: str, counter: int | None) -> Cursor | None:
        """Notes a handshake or heartbeat: what it counts past the last event is missing; None if it is not known."""
        return await self._run(lambda session: cursors.heard(session, subscription, counter))

    async def recovered(
        self, subscription: str, events: Iterable[int], since: datetime | None = None, resyncs: int | None = None
    ) -> None:
        """Closes gaps by their numbers, and with `since` the need to resync.

        `resyncs` from the cursor that the recovery began with keeps a resync that was asked for meanwhile.
        """
        numbers = tuple(events)
        await self._run(lambda session: cursors.recovered(session, subscription, numbers, since, resyncs))

    async def shown_before(self, digests: Collection[str], instance: str) -> frozenset[str]:
        """Those of them that were shown in another hook call, and are remembered still; all are hashes."""
        return await self._run(lambda session: once.shown_before(session, digests, instance))

    async def remember_shown(self, digests: Collection[str], instance: str, days: float = 90) -> None:
        """They were shown in this hook call; what was shown before is not remembered longer for it."""
        await self._run(lambda session: once.remember_shown(session, digests, instance, days))

    async def first_use(self, digest: str, ends: datetime) -> bool:
        """True when a token, told by its hash, was not used before; False too when it has ended."""
        return await self._run(lambda session: once.first_use(session, digest, ends.timestamp()))

    async def take_feedback(self, items: Iterable[CardFeedback]) -> list[Told]:
        """Takes what became of cards, the later decision of each; returns what was new. Cards are kept as hashes."""
        reported = tuple(items)
        return await self._run(lambda session: feedback.take_feedback(session, reported, self._hashed_card))

    async def feedback_counts(self) -> list[FeedbackCount]:
        """How many cards had which outcome and why, by rule and version."""
        return await self._run(feedback.feedback_counts)

    def _hashed_card(self, card: str) -> str:
        # The clients' own logs know cards by their patients.
        return self._hashed(f"card {card}")

    def _hashed(self, name: str) -> str:
        # The name may hold a patient's id, and a holder that crashes leaves it behind.
        return hmac.digest(self._key, name.encode(), "sha256").hex()

    async def _run(self, work: Callable[[Session], T]) -> T:
        return await self._submit(partial(self._in_transaction, work))

    async def _submit(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            raise StoreUnavailable("The store is closed; the service is ending.")
        begun = self._threads.submit(work)
        self._running.add(begun)
        begun.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(begun)

    def _in_transaction(self, work: Callable[[Session], T]) -> T:
        try:
            with Session(self._engine) as session, session.begin():
                return work(session)
        except SQLAlchemyError as error:
            raise unavailable(error) from None


def _migrated(url: str) -> Engine:
    engine = connect(url)
    try:
        migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise unavailable(error) from None
    except StoreUnavailable:
        engine.dispose()
        raise
    return engine
