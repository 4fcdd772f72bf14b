"""The open ledger of one process: what is put in is recorded once and in order, in a chain of its own."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.store.database import LEDGER, answer_within, connect
from service.store.faults import unavailable
from service.store.ledger_commits import ChainEnd
from service.store.ledger_retention import Retention
from service.store.ledger_values import Pace
from service.store.ledger_writer import Writer
from service.store.migrating import migrate
from service.store.values import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.security.ledger_keys import LedgerKeys
    from service.store.ledger_chain import Entry
    from service.store.ledger_values import Numbers, Place

# How long a try waits for a database that another has locked, or that does not answer.
_PATIENCE: Final = 2
_MARGIN: Final = 4.0
DURABLE: Final = Pace()
DEFERRED: Final = Pace(is_deferred=True, most_waiting=10_000, lingers=0.2)


class Ledger:
    """Records entries; made by `open`."""

    def __init__(self, engine: Engine, keys: LedgerKeys, pace: Pace, numbers: Numbers) -> None:
        """For `open` to call."""
        self._engine = engine
        self._pace = pace
        self.name = secrets.token_hex(16)
        self._writer = Writer(ChainEnd(engine, keys, self.name, pace.head_rows), pace, numbers)
        self._retention: Retention | None = None

    @classmethod
    async def open(
        cls, url: str, keys: LedgerKeys, numbers: Numbers, pace: Pace = DURABLE, days: int | None = None
    ) -> Ledger:
        """Connects, migrates, and begins a chain; raises `StoreUnavailable`."""
        engine = await asyncio.to_thread(open_engine, url)
        # A database that hangs is a try that fails, which is counted, told and made again.
        answer_within(engine, _PATIENCE)
        ledger = cls(engine, keys, pace, numbers)
        try:
            await asyncio.to_thread(ledger._writer.start)
        except StoreUnavailable:
            ledger._engine.dispose()
            raise
        if days is not None:
            ledger._retention = Retention(partial(open_engine, url), keys, ledger.name, days)
            ledger._retention.start()
        return ledger

    async def record(self, entry: Entry) -> Place:
        """Takes an entry and gives its place: once it is on the disk, or at once where it is deferred.

        Raises `LedgerFull`, and `StoreUnavailable` where it was not recorded or nobody knows whether it was.
        """
        done, place = self._writer.put(entry)
        if self._pace.is_deferred:
            return place
        try:
            async with asyncio.timeout(self._pace.gives_up + _MARGIN):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            raise StoreUnavailable(f"The database of {LEDGER} does not answer.") from None

    @property
    def fault(self) -> str:
        """Why nothing can be recorded at the moment; empty where it can."""
        return self._writer.fault

    @property
    def takes_more(self) -> bool:
        """Whether an entry would be taken at the moment without waiting for the database."""
        return self._pace.is_deferred and self._writer.takes_more

    @property
    def waiting(self) -> int:
        """How many rows wait to be written."""
        return self._writer.waiting

    async def close(self, seconds: float = 10.0) -> None:
        """Writes what waits and signs the end of the chain, within so many seconds."""
        if self._retention is not None:
            self._retention.stop()
        lost = await asyncio.to_thread(self._writer.stop, seconds)
        if lost:
            structlog.get_logger().critical("rows of the ledger are lost", rows=lost, writer=self.name)
        await asyncio.to_thread(self._engine.dispose)


def open_engine(url: str) -> Engine:
    """An engine for the ledger's database with the newest schema; raises `StoreUnavailable`."""
    engine = connect(url, setting=LEDGER, patience=_PATIENCE)
    try:
        migrate(engine, LEDGER)
    except SQLAlchemyError as error:
        engine.dispose()
        raise unavailable(error, LEDGER) from None
    except StoreUnavailable:
        engine.dispose()
        raise
    return engine
