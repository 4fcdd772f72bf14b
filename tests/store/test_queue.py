"""Is each patient in the queue once, worked on by one at a time, and gone when done?"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from service.store import Store, StoreUnavailable, Work

pytestmark = pytest.mark.anyio
LONG = 600.0
# Long enough for a slow machine to ask in between, and short enough to wait for.
WHILE = 2.0


async def taken(store: Store, holder: str = "me", seconds: float = LONG) -> Work:
    work = await store.take_work(holder, seconds)
    assert work is not None
    return work


async def test_patients_are_taken_one_by_one_in_the_order_they_came(store: Store) -> None:
    for patient in ("b", "a"):
        await store.enqueue("main", [patient])
        await asyncio.sleep(0.005)
    await store.enqueue("other", ["a"])
    assert [(await taken(store))[:2] for _ in range(3)] == [("main", "b"), ("main", "a"), ("other", "a")]
    assert await store.take_work("me", LONG) is None


async def test_one_patient_is_one_row_however_often_enqueued(store: Store) -> None:
    await store.enqueue("main", ["a", "a", "b"])
    await store.enqueue("main", ["a"])
    await store.enqueue("main", [])
    assert await store.waiting() == 2
    assert {await taken(store), await taken(store)} == {Work("main", "a", 2, 0), Work("main", "b", 1, 0)}


async def test_many_patients_are_enqueued_at_once(store: Store) -> None:
    await store.enqueue("main", (f"patient-{number}" for number in range(5_000)))
    assert await store.waiting() == 5_000


async def test_done_work_leaves_nothing(store: Store) -> None:
    await store.enqueue("main", ["a"])
    await store.finish_work(await taken(store), "me")
    assert await store.waiting() == 0


async def test_done_work_leaves_nothing_in_the_files_of_sqlite_while_others_wait(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/store.db")
    await store.enqueue("main", ["is-done"])
    work = await taken(store)
    await store.enqueue("main", ["still-waits"])
    await store.finish_work(work, "me")
    assert b"is-done" in in_files(tmp_path)
    assert await store.forget_deleted() is True
    assert b"is-done" not in in_files(tmp_path)
    assert b"still-waits" in in_files(tmp_path)
    await store.close()


async def test_who_reads_is_not_waited_for_long_and_keeps_nobody_from_writing(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/store.db")
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM moodmarker_work").fetchall()
        await store.enqueue("main", ["a"])
        await store.finish_work(await taken(store), "me")
        began = time.monotonic()
        assert await store.forget_deleted() is False
        assert time.monotonic() - began < 2
        await store.enqueue("main", ["b"])
        reader.execute("ROLLBACK")
    assert await store.forget_deleted() is True
    await store.close()


async def test_a_file_that_fails_is_tried_again_later_and_a_closed_store_is_told(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/store.db")
    store._engine.dispose()
    (tmp_path / "store.db").write_bytes(b"a letter" * 1000)
    assert await store.forget_deleted() is False
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.forget_deleted()


async def test_other_databases_forget_by_themselves(store: Store) -> None:
    assert await store.forget_deleted() is True


def in_files(folder: Path) -> bytes:
    """What stands in a database and in its journal."""
    return b"".join(file.read_bytes() for file in folder.glob("store.db*"))


async def test_what_is_delayed_is_not_due_before(store: Store) -> None:
    await store.enqueue("main", ["a"], delay_seconds=WHILE)
    assert await store.take_work("me", LONG) is None
    await asyncio.sleep(WHILE)
    assert (await taken(store)).patient == "a"


async def test_enqueued_again_the_earlier_time_holds(store: Store) -> None:
    await store.enqueue("main", ["a"], delay_seconds=LONG)
    await store.enqueue("main", ["a"])
    await store.enqueue("main", ["a"], delay_seconds=LONG)
    assert await taken(store) == Work("main", "a", 3, 0)


async def test_enqueued_while_being_worked_on_it_is_due_again_when_done(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store)
    await store.enqueue("main", ["a"])
    assert await store.take_work("you", LONG) is None
    await store.finish_work(work, "me")
    assert await taken(store, "you") == Work("main", "a", 2, 0)


async def test_enqueued_while_being_worked_on_a_delay_counts_from_then(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store)
    await store.enqueue("main", ["a"], delay_seconds=LONG)
    await store.finish_work(work, "me")
    assert await store.waiting() == 1
    assert await store.take_work("you", LONG) is None


async def test_failed_work_comes_again_later(store: Store) -> None:
    await store.enqueue("main", ["a"])
    await store.postpone_work(await taken(store), "me", WHILE, WHILE)
    assert await store.take_work("me", LONG) is None
    await asyncio.sleep(WHILE)
    assert await taken(store) == Work("main", "a", 1, 1)


async def test_new_data_hurry_what_failed_but_not_before_it_has_rested(store: Store) -> None:
    await store.enqueue("main", ["a"])
    await store.postpone_work(await taken(store), "me", LONG, WHILE)
    for _ in range(3):
        await store.enqueue("main", ["a"])
        assert await store.take_work("me", LONG) is None
    await asyncio.sleep(WHILE)
    # Its tries are counted anew: it is not given up for those that knew less.
    assert await taken(store) == Work("main", "a", 4, 0)


async def test_new_data_that_came_while_a_try_failed_hurry_the_next(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store)
    await store.enqueue("main", ["a"])
    await store.postpone_work(work, "me", LONG, WHILE)
    assert await store.take_work("me", LONG) is None
    await asyncio.sleep(WHILE)
    assert await taken(store) == Work("main", "a", 2, 0)


async def test_new_data_never_put_off_what_is_due_sooner(store: Store) -> None:
    await store.enqueue("main", ["a"])
    await store.postpone_work(await taken(store), "me", 0, LONG)
    await store.enqueue("main", ["a"], delay_seconds=LONG)
    assert await taken(store) == Work("main", "a", 2, 0)


async def test_tries_are_counted_until_one_succeeds(store: Store) -> None:
    await store.enqueue("main", ["a"])
    for attempt in range(3):
        work = await taken(store)
        assert work.attempts == attempt
        await store.postpone_work(work, "me", 0)
    work = await taken(store)
    await store.enqueue("main", ["a"])
    await store.finish_work(work, "me")
    assert (await taken(store)).attempts == 0


async def test_a_claim_that_ran_out_is_another_s_to_take_and_lost_to_the_first(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store, "me", WHILE)
    assert await store.take_work("you", LONG) is None
    await asyncio.sleep(WHILE)
    assert await taken(store, "you") == work
    assert not await store.keep_work(work, "me", LONG)
    await store.finish_work(work, "me")
    await store.postpone_work(work, "me", 0)
    assert await store.waiting() == 1
    assert await store.keep_work(work, "you", LONG)


async def test_a_claim_that_nobody_took_meanwhile_can_be_kept(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store, "me", 0.0)
    assert await store.keep_work(work, "me", LONG)
    assert await store.take_work("you", LONG) is None


async def test_a_flood_does_not_put_off_a_patient_whose_holder_crashed(store: Store) -> None:
    await store.enqueue("main", ["a"])
    await taken(store, "me", 0.0)
    for _ in range(3):
        await store.enqueue("main", ["a"], delay_seconds=LONG)
    assert (await taken(store, "you")).generation == 4


async def test_work_that_is_gone_cannot_be_kept(store: Store) -> None:
    await store.enqueue("main", ["a"])
    work = await taken(store)
    await store.finish_work(work, "me")
    assert not await store.keep_work(work, "me", LONG)


async def test_the_same_patient_is_never_two_tasks_work(store: Store) -> None:
    await store.enqueue("main", [str(number) for number in range(20)])
    both = await asyncio.gather(*(store.take_work(f"task-{number}", LONG) for number in range(40)))
    assert sorted(work.patient for work in both if work) == sorted(map(str, range(20)))
