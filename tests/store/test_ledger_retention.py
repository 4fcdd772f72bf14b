"""Does deleting what is old keep nobody waiting: neither who records, nor who ends the process, nor who deletes too?"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from service.store import ledger_batches, ledger_pruning, ledger_retention
from service.store.ledger import open_engine
from service.store.ledger_retention import Retention
from service.store.ledger_walk import Chain
from tests.store.ledgers import KEYS, PACE, asked, changed, entry, opened, the_one

pytestmark = pytest.mark.anyio


def retention(url: str, holder: str = "somebody") -> Retention:
    return Retention(lambda: open_engine(url), KEYS, holder, 30)


async def old(url: str, rows: int = 12) -> None:
    """A closed chain of rows that are all old."""
    ledger = await opened(url)
    for _ in range(rows):
        await ledger.record(entry(at=1))
    await ledger.close()


def left(url: str) -> int:
    ((rows,),) = asked(url, "SELECT count(*) FROM moodmarker_ledger")
    return int(rows)


@pytest.mark.parametrize("part", ["reading", "deleting"])
async def test_it_ends_with_the_page_that_it_is_at(url: str, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    await old(url)
    monkeypatch.setattr(ledger_batches, "_PAGE", 2)
    monkeypatch.setattr(ledger_pruning, "_AT_ONCE", 2)
    asking, pages = retention(url), []
    going_on = asking._going_on

    def counted(*given: object) -> object:
        go_on = going_on(*given)  # type: ignore[arg-type]

        def count() -> None:
            pages.append(1)
            if len(pages) == {"reading": 3, "deleting": 11}[part]:
                asking.stop()
            go_on()

        return count

    monkeypatch.setattr(asking, "_going_on", counted)
    asking.prune()
    assert len(pages) == {"reading": 3, "deleting": 11}[part]
    assert (left(url) == 12) == (part == "reading")
    assert left(url) > 0
    assert (the_one(url).faults, the_one(url).doubts) == ((), ())
    retention(url).prune()
    assert left(url) == 0


async def test_a_ledger_is_closed_while_its_pruning_is_at_work(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the process waits for its threads."""
    await old(url)
    monkeypatch.setattr(ledger_retention, "FIRST", (0.0, 0.01))
    begun, ended = threading.Event(), threading.Event()
    prune = Retention.prune

    def watched(self: Retention) -> None:
        prune(self)
        ended.set()

    def slow(*_: object, at_each_page: object = None, **__: object) -> Chain:
        begun.set()
        while True:
            at_each_page()  # type: ignore[operator]
            time.sleep(0.01)

    monkeypatch.setattr(Retention, "prune", watched)
    monkeypatch.setattr(ledger_pruning, "examine", slow)
    ledger = await opened(url, days=30)
    assert await asyncio.to_thread(begun.wait, 10)
    await ledger.close()
    assert await asyncio.to_thread(ended.wait, 5)


async def test_one_process_at_a_time_deletes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await old(url)
    tried: list[int] = []
    prune = ledger_pruning.prune

    def beside(*given: object) -> object:
        tried.append(1)
        if len(tried) == 1:
            retention(url, "another").prune()
            assert left(url) == 12
        return prune(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger_retention, "prune", beside)
    retention(url).prune()
    assert (len(tried), left(url)) == (1, 0)
    await old(url)
    retention(url, "another").prune()
    assert (len(tried), left(url)) == (2, 0)


async def test_who_has_held_it_too_long_and_lost_it_stops(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await old(url)
    monkeypatch.setattr(ledger_retention, "_RENEWED_SECONDS", 0.0)
    prune = ledger_pruning.prune

    def robbed(*given: object) -> object:
        changed(url, "UPDATE moodmarker_lease SET holder = 'another'")
        return prune(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ledger_retention, "prune", robbed)
        retention(url).prune()
    assert left(url) == 12
    changed(url, "DELETE FROM moodmarker_lease")
    retention(url).prune()
    assert left(url) == 0


async def test_the_first_time_is_drawn_between_five_minutes_and_an_hour(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        drawn.append((least, most))
        return most

    monkeypatch.setattr("random.uniform", draw)
    ledger = await opened(url, days=30)
    await asyncio.sleep(0)
    await ledger.close()
    assert drawn == [(300.0, 3600.0)]


async def test_rows_are_recorded_while_chains_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets one write at a time, and who only reads is not to be that one."""
    file = tmp_path / "ledger.db"
    url = f"sqlite:///{file}"
    await old(url)
    ledger = await opened(url, PACE._replace(gives_up=30.0))
    heads, held = ledger_batches.heads_of, []

    def beside(*given: object) -> object:
        found = heads(*given)  # type: ignore[arg-type]
        with sqlite3.connect(file, timeout=0.2, isolation_level=None) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("ROLLBACK")
        writer.close()
        held.append(1)
        return found

    monkeypatch.setattr("service.store.ledger_walk.heads_of", beside)
    await asyncio.to_thread(retention(url).prune)
    assert held
    assert (await ledger.record(entry())).seq == 1
    await ledger.close()
