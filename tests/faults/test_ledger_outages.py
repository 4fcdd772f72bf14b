"""Is nothing told that was not recorded, nothing recorded lost, and does the service recover by itself?"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from benchmarks.bundle import request
from service.store.ledger import _MARGIN, DURABLE
from tests.api.serving import environment
from tests.evidence import note
from tests.faults.clients import Asked, Callers
from tests.faults.processes import Replica, replica
from tests.faults.receipts import KEY, Place, on, told
from tests.store.postgres import Postgres

pytestmark = pytest.mark.faults

HERE = "tests/faults/test_ledger_outages.py"
CHECK = "/fhir/$mood-immune-check"
ROWS = "SELECT writer, seq, decision FROM moodmarker_ledger"
ENOUGH = 40
PATIENCE = 60.0
LONGEST = DURABLE.gives_up + _MARGIN


async def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


def _loaded(served: Replica, fault: Callable[[Callers], Awaitable[None]]) -> list[Asked]:
    """What came of the requests of a load, in the midst of which something happens."""

    async def run() -> list[Asked]:
        callers = Callers(served.port, CHECK, lambda _number: request())
        running = asyncio.create_task(callers.run(pause=0.005))
        await _until(lambda: _answered(callers) >= ENOUGH)
        await fault(callers)
        callers.stopped = True
        await running
        return callers.asked

    return asyncio.run(run())


def _answered(callers: Callers) -> int:
    return sum(one.status == 200 for one in callers.asked)


async def _goes_on(callers: Callers) -> None:
    so_far = _answered(callers)
    await _until(lambda: _answered(callers) >= so_far + ENOUGH)


def _verified(database: str) -> int:
    """What `moodmarker ledger verify` ends with."""
    command = [sys.executable, "-m", "service.cli", "ledger", "verify"]
    inside = environment(LEDGER=database, LEDGER_KEY=KEY)
    return subprocess.run(command, env=inside, stdout=subprocess.DEVNULL, check=False).returncode


def _stand(rows: list[Place], asked: list[Asked]) -> None:
    """All that was told stands in the ledger, and nothing twice."""
    places = told(asked)
    assert set(places) <= set(rows)
    assert len(set(places)) == len(places)
    assert len({decision for _, _, decision in rows}) == len(rows)


def _in_postgres(database: str) -> list[Place]:
    with psycopg.connect(database) as connection:
        return connection.execute(ROWS).fetchall()


def test_a_database_that_ends_and_comes_back_loses_nothing_that_was_told(postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.address("postgres")
    ready: list[int] = []
    with replica(tmp_path / "log", settings=on(database)) as served:

        async def fault(callers: Callers) -> None:
            postgres.stop()
            before = len(callers.asked)
            await _until(lambda: any(one.status == 503 for one in callers.asked[before:]))
            ready.append(await asyncio.to_thread(served.status, "/health/ready"))
            postgres.start()
            await _goes_on(callers)

        asked = _loaded(served, fault)
        ready.append(served.status("/health/ready"))
        assert served.end() == 0
    rows = _in_postgres(database)
    _stand(rows, asked)
    statuses = Counter(one.status for one in asked)
    assert statuses.keys() <= {200, 503}
    assert all("retry-after" in one.headers for one in asked if one.status == 503)
    assert ready == [503, 200]
    assert _verified(database) == 0
    note(
        "PostgreSQL of the ledger stopped and started again under load",
        f"{statuses[200]} answered and recorded, {statuses[503]} told to come again, 0 lost, 0 rows twice",
        f"{HERE}::test_a_database_that_ends_and_comes_back_loses_nothing_that_was_told",
    )


def test_a_database_that_is_slow_holds_answers_back_until_they_are_recorded(postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.address("postgres")
    with replica(tmp_path / "log", settings=on(database)) as served:

        async def fault(callers: Callers) -> None:
            with psycopg.connect(database) as operator:
                operator.execute("LOCK TABLE moodmarker_ledger IN ACCESS EXCLUSIVE MODE")
                began = time.monotonic()
                await asyncio.sleep(2.0)
                late = [one for one in callers.asked if one.ended > began + 0.5 and one.status == 200]
                assert late == []
            await _goes_on(callers)

        asked = _loaded(served, fault)
        assert served.end() == 0
    _stand(_in_postgres(database), asked)
    assert {one.status for one in asked} <= {200, 503}
    assert _verified(database) == 0
    note(
        "Table of the ledger locked for two seconds under load (PostgreSQL)",
        f"{len(told(asked))} answered and recorded, none before its row was there",
        f"{HERE}::test_a_database_that_is_slow_holds_answers_back_until_they_are_recorded",
    )


def test_a_database_that_hangs_is_known_to_and_the_service_goes_on_afterwards(
    postgres: Postgres, tmp_path: Path
) -> None:
    database = postgres.address("postgres")
    told_meanwhile: list[int] = []
    with replica(tmp_path / "log", settings=on(database)) as served:

        async def fault(callers: Callers) -> None:
            with psycopg.connect(database) as operator:
                operator.execute("LOCK TABLE moodmarker_ledger IN ACCESS EXCLUSIVE MODE")
                began, before = time.monotonic(), len(callers.asked)
                await _until(lambda: any(one.status == 503 for one in callers.asked[before:]))
                told_meanwhile.append(await asyncio.to_thread(served.status, "/health/ready"))
                numbers = await asyncio.to_thread(_ledger_numbers, served)
                assert numbers["failures_total"] > 0
                assert numbers["lag_seconds"] > 0
                # Longer than anybody waits for a row.
                await asyncio.sleep(began + LONGEST + 1.0 - time.monotonic())
                told_meanwhile.append(await asyncio.to_thread(served.status, "/health/ready"))
                late = [one for one in callers.asked[before:] if one.ended > began + 0.5 and one.status == 200]
                assert late == []
            await _goes_on(callers)

        asked = _loaded(served, fault)
        assert told_meanwhile == [503, 503]
        assert served.status("/health/ready") == 200
        assert _ledger_numbers(served)["lag_seconds"] == 0
        assert served.end() == 0
    _stand(_in_postgres(database), asked)
    statuses = Counter(one.status for one in asked)
    assert statuses.keys() == {200, 503}
    assert _verified(database) == 0
    note(
        f"Table of the ledger locked for {LONGEST + 1:g} seconds under load (PostgreSQL)",
        f"{statuses[200]} answered and recorded, {statuses[503]} told to come again, 0 lost, 0 rows twice",
        f"{HERE}::test_a_database_that_hangs_is_known_to_and_the_service_goes_on_afterwards",
    )


def _ledger_numbers(served: Replica) -> dict[str, float]:
    """The metrics of the ledger, the same of several workers added up."""
    text = httpx.get(f"{served.url}/metrics", trust_env=False, timeout=PATIENCE).text
    numbers = Counter[str]()
    for name, value in re.findall(r"^moodmarker_ledger_(\w+)(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE):
        numbers[name] += float(value)  # type: ignore[assignment]
    return dict(numbers)


def test_a_kill_and_a_restart_keep_every_row_that_was_told(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    database = f"sqlite:///{file}"
    asked: list[Asked] = []
    for number in range(2):
        with replica(tmp_path / f"log{number}", settings=on(database)) as served:

            async def fault(callers: Callers, served: Replica = served) -> None:
                served.kill()
                callers.stopped = True

            asked += _loaded(served, fault)
    with sqlite3.connect(file) as connection:
        rows = connection.execute(ROWS).fetchall()
    connection.close()
    _stand(rows, asked)
    # Two chains without closing heads, which for a minute count as being written; nothing in them is broken.
    assert _verified(database) == 0
    note(
        "SIGKILL and restart, twice, under load (SQLite, durable)",
        f"{len(told(asked))} answered, 0 of their rows lost",
        f"{HERE}::test_a_kill_and_a_restart_keep_every_row_that_was_told",
    )


def test_a_clock_that_steps_back_an_hour_leaves_answers_and_chain_whole(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    file = tmp_path / "ledger.db"
    with replica(tmp_path / "log", clock=offset, settings=on(f"sqlite:///{file}")) as served:

        async def fault(callers: Callers) -> None:
            offset.write_text("-3600")
            await _goes_on(callers)

        asked = _loaded(served, fault)
        assert served.end() == 0
    with sqlite3.connect(file) as connection:
        rows = connection.execute(ROWS).fetchall()
        times = [at for (at,) in connection.execute("SELECT at FROM moodmarker_ledger ORDER BY seq")]
    connection.close()
    assert max(times) - times[-1] > 3_500_000_000
    _stand(rows, asked)
    assert {one.status for one in asked} == {200}
    assert _verified(f"sqlite:///{file}") == 0
    note(
        "Clock stepped back by an hour under load",
        f"{len(asked)} requests, 0 failed; the ledger is whole",
        f"{HERE}::test_a_clock_that_steps_back_an_hour_leaves_answers_and_chain_whole",
    )


def test_a_disk_that_is_full_confirms_nothing_that_is_not_there(tmp_path: Path) -> None:
    """A limit to the size of files is what a full disk is to SQLite: a write that comes back short."""
    file = tmp_path / "ledger.db"
    with replica(tmp_path / "log", largest_file=2 * 1024 * 1024, settings=on(f"sqlite:///{file}")) as served:

        async def fault(callers: Callers) -> None:
            await _until(lambda: sum(one.status == 503 for one in callers.asked) >= ENOUGH)

        asked = _loaded(served, fault)
        assert served.status("/health/ready") == 503
        assert served.status("/health/live") == 200
    with sqlite3.connect(file) as connection:
        rows = connection.execute(ROWS).fetchall()
    connection.close()
    _stand(rows, asked)
    statuses = Counter(one.status for one in asked)
    assert statuses.keys() == {200, 503}
    note(
        "Disk full under the ledger (SQLite)",
        f"{statuses[200]} answered and recorded, then {statuses[503]} told to come again, 0 unrecorded",
        f"{HERE}::test_a_disk_that_is_full_confirms_nothing_that_is_not_there",
    )


@pytest.mark.parametrize("event", ["a switch of rules", "a death of a worker"])
def test_a_worker_that_cannot_start_while_the_ledger_is_away_is_tried_again(tmp_path: Path, event: str) -> None:
    file, rules = tmp_path / "ledger.db", tmp_path / "rules.toml"
    rules.write_text("low_crp_limit = 2.5\n", encoding="utf-8")
    settings = on(f"sqlite:///{file}") | {"SITE_RULES": str(rules)}
    with replica(tmp_path / "log", settings=settings) as served:
        before = served.digest()
        with sqlite3.connect(file, isolation_level=None) as another:
            another.execute("BEGIN EXCLUSIVE")
            if event == "a switch of rules":
                rules.write_text("low_crp_limit = 3.5\n", encoding="utf-8")
                served.process.send_signal(signal.SIGHUP)
                told = served.wait_for("rules not switched")
                assert "MOODMARKER_LEDGER" in told["reason"]
            else:
                os.kill(served.workers[-1], signal.SIGKILL)
                served.wait_for("a worker could not start")
            another.execute("COMMIT")
        another.close()
        _answers_again(served)
        assert served.digest() == before
        assert served.end() == 0


def _answers_again(served: Replica) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        with suppress(httpx.TransportError):
            if served.status("/health/ready") == 200:
                return
        time.sleep(0.1)
    raise AssertionError("it does not answer any more")
