"""Ledgers for the tests: entries to write, chains to look at, and a process that writes until it is killed.

As a program: `python -m tests.store.ledgers` with its URL in LEDGER.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, cast

import structlog
from pydantic import SecretStr
from sqlalchemy import Engine, text

from service.assessment.recording import OnLedger
from service.security.ledger_keys import LedgerKeys
from service.store import StoreUnavailable
from service.store.database import LEDGER, connect
from service.store.ledger import DEFERRED, DURABLE, Ledger
from service.store.ledger_chain import Entry
from service.store.ledger_values import Pace, Place
from service.store.ledger_verifying import chains
from service.store.ledger_walk import Chain

SECRET = SecretStr("a-secret-of-the-ledger-that-is-long-enough")
KEYS = LedgerKeys(SECRET)
# Often enough that every test sees some heads.
PACE = DURABLE._replace(head_rows=5, gives_up=0.4)
LATER = DEFERRED._replace(head_rows=5, lingers=0.02)
_numbers = count(1)


class Counted:
    """Counts what a writer tells of itself."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.batches: list[int] = []
        self.failures = 0
        self.most = Counter[str]()
        self.last: tuple[int, float] | None = None

    def ledger_written(self, rows: int) -> None:
        """A batch."""
        self.batches.append(rows)

    def ledger_failed(self) -> None:
        """A try that failed."""
        self.failures += 1

    def ledger_waits(self, rows: int, seconds: float) -> None:
        """The most that ever waited, and the longest."""
        self.last = rows, seconds
        self.most["rows"] = max(self.most["rows"], rows)
        self.most["milliseconds"] = max(self.most["milliseconds"], int(seconds * 1000))


class KeptEntries:
    """In place of an open ledger: what is to be recorded, in order, and no more of it than `most`."""

    def __init__(self, most: int = 1000) -> None:
        """`most` are taken before it is away."""
        self.entries: list[Entry] = []
        self.most = most

    async def record(self, entry: Entry) -> Place:
        """Takes one."""
        if len(self.entries) >= self.most:
            raise StoreUnavailable("it is away")
        self.entries.append(entry)
        return Place("writer", len(self.entries))


def recorder(kept: KeptEntries) -> OnLedger:
    """The recorder of a site with such a ledger."""
    made = OnLedger(KEYS, "0123456789abcdef")
    made.ledger = cast("Ledger", kept)
    return made


def entry(**changed: Any) -> Entry:
    """One of which no column is empty."""
    number = next(_numbers)
    filled = Entry(
        decision=f"decision-{number}",
        replaces=f"decision-{number - 1}",
        at=time.time_ns() // 1000,
        way="check",
        caller="ehr",
        rule_set="0123456789abcdef",
        verdicts='{"suicidality-recorded":"NOT_MET"}',
        shadow='{"crp-unreadable":"UNKNOWN"}',
        flags='{"f1":[{"state":"active"}]}',
        subject=f"subject-{number}",
        input=f"input-{number}",
        duration=1500,
    )
    return filled._replace(**changed)


async def opened(url: str, pace: Pace = PACE, numbers: Counted | None = None, days: int | None = None) -> Ledger:
    """A ledger that is being written."""
    return await Ledger.open(url, KEYS, numbers or Counted(), pace, days)


async def written(url: str, rows: int = 12, pace: Pace = PACE) -> str:
    """A ledger with one closed chain, whose writer's name is given."""
    ledger = await opened(url, pace)
    for _ in range(rows):
        await ledger.record(entry())
    await ledger.close()
    return ledger.name


@contextmanager
def reading(url: str) -> Iterator[Engine]:
    """The database beside whoever writes to it."""
    engine = connect(url, setting=LEDGER, reads_only=True)
    yield engine
    engine.dispose()


def found(url: str) -> list[Chain]:
    """Every chain of a ledger, walked."""
    with reading(url) as engine:
        return list(chains(engine, [KEYS.public]))


def the_one(url: str) -> Chain:
    """The one chain of a ledger."""
    (chain,) = found(url)
    return chain


def changed(url: str, *statements: str, **values: Any) -> None:
    """Changes a ledger behind its back."""
    engine = connect(url, setting=LEDGER)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)
    engine.dispose()


def asked(url: str, question: str) -> list[tuple[Any, ...]]:
    """What is in a ledger."""
    with reading(url) as engine, engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


async def main() -> None:
    """Keeps two durable ledgers and a deferred one; says of each entry, when it is recorded, which row it is."""
    # Threads that log would write in between.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    url = os.environ["LEDGER"]
    paces = {"durable": PACE._replace(gives_up=60.0), "deferred": DEFERRED}
    kept = [(mode, await opened(url, paces[mode])) for mode in ("durable", "durable", "deferred")]
    await asyncio.gather(*(_record(mode, ledger) for mode, ledger in kept))


async def _record(mode: str, ledger: Ledger) -> None:
    while True:
        place = await ledger.record(entry())
        sys.stdout.write(f"{mode}:{place.writer}:{place.seq}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main())
