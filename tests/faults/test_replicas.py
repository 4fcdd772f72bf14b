"""Does nothing fail but what a killed replica had in hand, and is nothing decided twice?"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from benchmarks.bundle import request
from tests.evidence import note
from tests.faults.clients import Asked, Callers
from tests.faults.nginx import proxying
from tests.faults.processes import Replica, replica
from tests.faults.receipts import on, told
from tests.store.postgres import Postgres

CHECK = "/fhir/$mood-immune-check"
TEST = "tests/faults/test_replicas.py::test_of_two_replicas_one_may_be_killed_under_load"
CONNECTIONS = 8
BEFORE, AFTER = 60, 60


async def _kill_in_mid_load(port: int, killed: Replica) -> list[Asked]:
    callers = Callers(port, CHECK, lambda _number: request(), CONNECTIONS)
    running = asyncio.create_task(callers.run())

    async def until(count: int) -> None:
        while sum(one.status == 200 for one in callers.asked) < count:
            await asyncio.sleep(0.02)

    await until(BEFORE)
    killed.kill()
    await until(len(callers.asked) + AFTER)
    callers.stopped = True
    await running
    return callers.asked


@pytest.mark.faults
def test_of_two_replicas_one_may_be_killed_under_load(tmp_path: Path, postgres: Postgres) -> None:
    database = postgres.address("postgres")
    own = on(database)
    with (
        replica(tmp_path / "one.log", settings=own) as one,
        replica(tmp_path / "other.log", settings=own) as other,
        proxying(tmp_path / "nginx", [one.port, other.port]) as nginx,
    ):
        asked = asyncio.run(_kill_in_mid_load(nginx.port, one))
        passed = {line["id"]: line for line in nginx.requests}
        assert other.end() == 0
    failed = [call for call in asked if call.status != 200]
    # They were on their way at the one that was killed, and at no other.
    assert len(failed) <= CONNECTIONS
    for lost in failed:
        assert passed[lost.request_id]["upstream"].startswith(f"127.0.0.1:{one.port}")
    both = Counter(line["upstream"].rpartition(" ")[2] for line in passed.values() if line["status"] == 200)
    assert min(both[f"127.0.0.1:{port}"] for port in (one.port, other.port)) > 10
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT writer, seq, decision FROM moodmarker_ledger").fetchall()
    places = told(asked)
    assert set(places) <= set(rows)
    # One for each answer, and at most one for what was decided and did not reach the caller any more.
    assert len({decision for _, _, decision in rows}) == len(rows)
    assert len(places) <= len(rows) <= len(places) + len(failed)
    note(
        "One of two replicas behind nginx killed under load",
        f"{len(places)} answered, {len(failed)} in flight on the killed one failed, 0 rows twice",
        TEST,
    )
