"""When the database does not serve: is nothing confirmed that is not there, and does the ledger go on afterwards?"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from service.store import StoreUnavailable, ledger_batches
from service.store import ledger as ledger_module
from service.store.ledger import Ledger
from tests.evidence import note
from tests.store.ledgers import LATER, PACE, Counted, asked, changed, entry, found, opened, the_one
from tests.store.postgres import Postgres
from tests.store.postgres import running as running_postgres
from tests.store.starting import Start, starting

pytestmark = pytest.mark.anyio
PATIENCE = 60.0
HERE = "tests/store/test_ledger_faults.py"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_PATIENCE", 1)
    monkeypatch.setattr(ledger_module, "_MARGIN", 2.0)


async def recovered(ledger: Ledger) -> int:
    """The row that is recorded as soon as something can be again."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return (await ledger.record(entry())).seq
        except StoreUnavailable:
            assert time.monotonic() < ends


async def test_a_file_that_another_program_has_locked(file: Path) -> None:
    url, numbers = f"sqlite:///{file}", Counted()
    ledger = await opened(url, numbers=numbers)
    await ledger.record(entry())
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="kept locked by another program"):
        await ledger.record(entry())
    assert ledger.fault == "is kept locked by another program; end what holds it"
    assert numbers.failures > 0
    other.execute("ROLLBACK")
    other.close()
    assert await recovered(ledger) == 2
    assert ledger.fault == ""
    await ledger.close()
    assert (the_one(url).last.seq, the_one(url).faults, the_one(url).ending) == (2, (), "closed")


async def test_a_file_that_is_locked_for_a_moment_keeps_them_waiting_and_no_longer(file: Path) -> None:
    ledger = await opened(f"sqlite:///{file}", PACE._replace(gives_up=20.0))
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(1.5, other.execute, "ROLLBACK")
    assert (await ledger.record(entry())).seq == 1
    other.close()
    await ledger.close()


async def test_a_deferred_ledger_keeps_what_it_took_while_the_file_is_locked(file: Path) -> None:
    url, numbers = f"sqlite:///{file}", Counted()
    ledger = await opened(url, LATER, numbers)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    places = [await ledger.record(entry(decision=f"d{number}")) for number in range(20)]
    ends = time.monotonic() + PATIENCE
    while not ledger.fault:
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)
    assert ledger.waiting == 20
    other.execute("ROLLBACK")
    other.close()
    while ledger.waiting:
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)
    assert numbers.most["rows"] >= 20
    assert numbers.most["milliseconds"] > 500
    await ledger.close()
    rows = asked(url, "SELECT seq, decision FROM moodmarker_ledger ORDER BY seq")
    assert rows == [(place.seq, f"d{number}") for number, place in enumerate(places)]


async def test_what_a_deferred_ledger_could_not_write_before_its_end_shows(file: Path) -> None:
    url = f"sqlite:///{file}"
    ledger = await opened(url, LATER)
    await ledger.record(entry())
    while ledger.waiting:
        await asyncio.sleep(0.02)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await ledger.record(entry())
    await ledger.close(0.3)
    other.execute("ROLLBACK")
    other.close()
    chain = the_one(url)
    assert (chain.last.seq, chain.ending != "closed") == (1, True)


async def test_who_waits_when_a_ledger_ends_that_cannot_write_is_told(file: Path) -> None:
    url = f"sqlite:///{file}"
    ledger = await opened(url, PACE._replace(gives_up=30.0))
    await ledger.record(entry())
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(ledger.record(entry())) for _ in range(3)]
    await asyncio.sleep(0.1)
    await ledger.close(0.3)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in told] == [StoreUnavailable] * 3
    other.execute("ROLLBACK")
    other.close()
    assert the_one(url).last.seq == 1


async def test_a_disk_that_is_full(file: Path) -> None:
    """The database itself may not grow, as on a disk without room: SQLite gives the same error."""
    url = f"sqlite:///{file}"
    ledger = await opened(url)
    first = (await ledger.record(entry())).seq
    full = [True]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages if full else 2**30}")

    event.listen(ledger._engine, "checkout", limit)
    confirmed = [first]
    refused: list[str] = []
    for _ in range(60):
        try:
            confirmed.append((await ledger.record(entry(caller="x" * 500))).seq)
        except StoreUnavailable as error:
            refused.append(str(error))
            if len(refused) == 3:
                break
    assert refused == ["The database of MOODMARKER_LEDGER has no room left on its disk; make room."] * 3
    assert "no room left" in ledger.fault
    assert asked(url, "SELECT max(seq) FROM moodmarker_ledger") == [(confirmed[-1],)]
    full.clear()
    assert await recovered(ledger) == confirmed[-1] + 1
    await ledger.close()
    chain = the_one(url)
    assert (chain.faults, chain.doubts, chain.last.seq) == ((), (), confirmed[-1] + 1)
    note(
        "Disk of the ledger full (SQLite)",
        f"{len(confirmed)} rows confirmed, all there; 3 refused",
        f"{HERE}::test_a_disk_that_is_full",
    )


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes of `tests.store.ledgers`, and kills those that are left."""
    with starting("tests.store.ledgers") as start:
        yield start


def confirmed_by(process: subprocess.Popen[str], durable: int, deferred: int) -> list[tuple[str, str, int]]:
    """Mode, writer and number of what a process said it had recorded, until it was killed after so many of each."""
    assert process.stdout is not None
    lines: list[str] = []
    counted = Counter[str]()
    while counted["durable"] < durable or counted["deferred"] < deferred:
        line = process.stdout.readline()
        assert line
        counted[line.partition(":")[0]] += 1
        lines.append(line)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    told = (line.strip().split(":") for line in lines + rest.splitlines())
    return [(one[0], one[1], int(one[2])) for one in told if one[0] in ("durable", "deferred")]


@pytest.mark.no_cover
async def test_a_kill_leaves_every_row_that_was_confirmed_and_of_a_deferred_ledger_all_but_the_last_second(
    start: Start, url: str
) -> None:
    confirmed = confirmed_by(start(LEDGER=url), 120, 600)
    stored = set(asked(url, "SELECT writer, seq FROM moodmarker_ledger"))
    durable = {(writer, seq) for mode, writer, seq in confirmed if mode == "durable"}
    assert durable - stored == set()
    chains = found(url)
    assert [(chain.faults, chain.ending != "closed") for chain in chains] == [((), True)] * 3
    writers = {writer for writer, _ in durable}
    assert len(writers) == 2
    # One of each may have been written and not been told of.
    assert sum(writer in writers for writer, _ in stored) - len(durable) in (0, 1, 2)
    (last,) = [chain.last.seq for chain in chains if chain.writer not in writers]
    told = max(seq for mode, _, seq in confirmed if mode == "deferred")
    assert told > last > 0
    # Five hundred a second at the very most: it sleeps a millisecond after each, and writes what it says.
    assert told - last < 1000
    note(
        "SIGKILL while the ledger is written (durable)",
        f"{len(durable)} rows confirmed, 0 lost",
        f"{HERE}::test_a_kill_leaves_every_row_that_was_confirmed_and_of_a_deferred_ledger_all_but_the_last_second",
    )


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with running_postgres() as server:
        yield server


@pytest.mark.postgres
async def test_connections_that_the_server_ended_cost_nothing(postgres: Postgres) -> None:
    url = postgres.address(postgres.new_database())
    ledger = await opened(url, PACE._replace(gives_up=20.0))
    for _ in range(10):
        await ledger.record(entry())
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'store%'")
    await ledger.close()
    assert (the_one(url).last.seq, the_one(url).faults, the_one(url).ending) == (10, (), "closed")


@pytest.mark.postgres
async def test_connections_killed_at_any_moment_lose_nothing_and_double_nothing(postgres: Postgres) -> None:
    url, numbers = postgres.address(postgres.new_database()), Counted()
    ledger = await opened(url, PACE._replace(gives_up=20.0), numbers)
    stop = asyncio.Event()

    async def kill() -> None:
        while not stop.is_set():
            await asyncio.to_thread(
                postgres.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'store%'",
            )
            await asyncio.sleep(0.02)

    killing = asyncio.create_task(kill())
    confirmed = [
        place.seq for _ in range(25) for place in await asyncio.gather(*[ledger.record(entry()) for _ in range(8)])
    ]
    stop.set()
    await killing
    await ledger.close()
    assert confirmed == list(range(1, 201))
    assert (the_one(url).last.seq, the_one(url).faults, the_one(url).ending) == (200, (), "closed")
    assert numbers.failures > 0
    note(
        "PostgreSQL ends the ledger's connections at any moment",
        f"200 rows confirmed through {numbers.failures} lost connections; none lost, none twice",
        f"{HERE}::test_connections_killed_at_any_moment_lose_nothing_and_double_nothing",
    )


@pytest.mark.postgres
async def test_a_table_that_somebody_keeps_locked_is_a_failure_that_is_told_and_counted(postgres: Postgres) -> None:
    url, numbers = postgres.address(postgres.new_database()), Counted()
    ledger = await opened(url, PACE._replace(shows_each=0.1), numbers)
    await ledger.record(entry())
    with psycopg.connect(url) as operator:
        operator.execute("LOCK TABLE moodmarker_ledger IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="kept locked by another program; end what holds it"):
            await ledger.record(entry())
        # Nobody asks for anything, and it is known to be away nevertheless.
        await asyncio.sleep(1.5)
        assert ledger.fault == "is kept locked by another program; end what holds it"
        assert numbers.failures > 1
    assert await recovered(ledger) == 2
    await ledger.close()
    assert (the_one(url).last.seq, the_one(url).faults, the_one(url).ending) == (2, (), "closed")


@pytest.mark.postgres
async def test_what_the_server_takes_too_long_for_is_a_failure_too(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, numbers = postgres.address(postgres.new_database()), Counted()
    ledger = await opened(url, numbers=numbers)
    put = ledger_batches.put

    def slow(connection: Connection, *given: object) -> None:
        connection.execute(text("SELECT pg_sleep(30)"))
        put(connection, *given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ledger_batches, "put", slow)
        with pytest.raises(StoreUnavailable, match="did not answer in time; look at what keeps it busy"):
            await ledger.record(entry())
    assert numbers.failures > 0
    assert await recovered(ledger) == 1
    await ledger.close()


@pytest.mark.postgres
async def test_a_server_that_stands_still_confirms_nothing_and_is_told(own_postgres: Postgres) -> None:
    url = own_postgres.address(own_postgres.new_database())
    ledger = await opened(url)
    await ledger.record(entry())
    with psycopg.connect(own_postgres.address("postgres"), autocommit=True) as operator:
        rows = operator.execute("SELECT pid FROM pg_stat_activity WHERE datname LIKE 'store%'").fetchall()
        for (process,) in rows:
            os.kill(process, signal.SIGSTOP)
        try:
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await ledger.record(entry())
            assert ledger.fault == "it does not answer"
        finally:
            for (process,) in rows:
                os.kill(process, signal.SIGCONT)
    place = await recovered(ledger)
    await ledger.close()
    assert (the_one(url).last.seq, the_one(url).faults, the_one(url).ending) == (place, (), "closed")


@pytest.mark.postgres
async def test_a_server_that_is_not_there_any_more_is_told_and_nothing_is_confirmed() -> None:
    with running_postgres() as server:
        ledger = await opened(server.address(server.new_database()))
        await ledger.record(entry())
    with pytest.raises(StoreUnavailable):
        await ledger.record(entry())
    assert ledger.fault
    await ledger.close(0.2)


async def test_a_ledger_that_cannot_be_written_is_not_opened(file: Path) -> None:
    url = f"sqlite:///{file}"
    await (await opened(url)).close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"MOODMARKER_LEDGER is kept locked"):
        await opened(url)
    other.execute("ROLLBACK")
    other.execute("DROP TABLE moodmarker_ledger_writer")
    other.close()
    with pytest.raises(StoreUnavailable, match=r"MOODMARKER_LEDGER has not the tables that this version made"):
        await opened(url)
    with pytest.raises(StoreUnavailable, match=r"MOODMARKER_LEDGER is no address"):
        await opened("nonsense")


async def test_a_ledger_of_a_newer_version_is_not_opened(file: Path) -> None:
    url = f"sqlite:///{file}"
    await (await opened(url)).close()
    with sqlite3.connect(file) as other:
        other.execute("UPDATE moodmarker_schema SET version_num = '9999'")
    other.close()
    with pytest.raises(StoreUnavailable, match="The database of MOODMARKER_LEDGER was made by a newer version"):
        await opened(url)


@pytest.mark.parametrize("table", ["moodmarker_ledger", "moodmarker_ledger_head"])
async def test_a_ledger_that_lacks_a_column_is_not_opened(url: str, table: str) -> None:
    await (await opened(url)).close()
    changed(url, f"ALTER TABLE {table} DROP COLUMN hash")
    with pytest.raises(StoreUnavailable, match="has not the tables that this version made; put a backup in its place"):
        await opened(url)
