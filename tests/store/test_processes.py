"""Do several processes share the work without doing it twice, and is nothing lost when one is killed?"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Cursor, Store
from tests.store.process import CLAIM
from tests.store.starting import Start, starting

# Not traced: these processes run what other tests of the store run in one.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]
PATIENCE = 60.0


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    """Starts processes of `tests.store.process`, and kills those that are left."""
    with starting("tests.store.process", STORE=url) as start:
        yield start


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_processes_that_open_an_empty_database_at_once_all_can(start: Start, url: str) -> None:
    processes = [start("open") for _ in range(3)]
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
    store = await Store.open(url)
    assert await store.waiting() == 0
    await store.close()


async def test_a_patient_is_one_process_s_at_a_time_and_the_last_word_is_heard(
    store: Store, start: Start, tmp_path: Path
) -> None:
    patients = ["ada", "ben", "cleo"]
    for patient in patients:
        (tmp_path / patient).mkdir()
        (tmp_path / patient / "newest").write_text("")
    processes = [start("work", FOLDER=str(tmp_path)) for _ in range(3)]
    assert [said(process) for process in processes] == ["ready"] * 3
    for number in range(150):
        patient = patients[number % 3]
        (tmp_path / patient / "new").write_text(str(number))
        (tmp_path / patient / "new").rename(tmp_path / patient / "newest")
        await store.enqueue("main", [patient])
    ends = time.monotonic() + PATIENCE
    while await store.waiting():
        assert time.monotonic() < ends
        assert all(process.poll() is None for process in processes)
        await asyncio.sleep(0.02)
    (tmp_path / "stop").touch()
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
    assert [(tmp_path / patient / "assessed").read_text() for patient in patients] == ["147", "148", "149"]


async def test_work_of_a_killed_process_is_taken_again(store: Store, start: Start) -> None:
    await store.enqueue("main", ["ada", "ben"])
    process = start("hang")
    first = said(process)
    process.kill()
    process.wait(PATIENCE)
    second = await store.take_work("me", 600)
    assert second is not None
    assert {first, second.patient} == {"ada", "ben"}
    assert await store.take_work("me", 600) is None
    await asyncio.sleep(CLAIM)
    again = await store.take_work("me", 600)
    assert again is not None
    assert (again.patient, again.attempts) == (first, 0)


async def test_what_was_accepted_before_a_kill_is_there_after_it(store: Store, start: Start) -> None:
    await store.save_cursor(Cursor("feed", "main", "active", 0, (), False, None, None, None))
    process = start("accept")
    accepted = [said(process) for _ in range(25)]
    process.kill()
    rest, _ = process.communicate()
    accepted += rest.split()
    cursor = await store.cursor("feed")
    assert cursor is not None
    assert cursor.missing == ()
    assert cursor.last_event is not None
    # The last may have been accepted and not told of.
    assert cursor.last_event - int(accepted[-1]) in (0, 1)
    assert await store.waiting() == cursor.last_event
