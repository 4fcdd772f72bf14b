"""Is every patient in the queue assessed, by one worker at a time, and nobody given up for what passes?"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from service.errors import BodyTooLarge, BodyUnreadable, NotFound, Overloaded, UpstreamFailed, too_deep
from service.fhir.client.faults import Fault
from service.store import Store, StoreUnavailable, Work
from service.subscriptions.assessing import NotStored
from service.subscriptions.timings import MOST_TRIES, TIMINGS, Timings, pause_after
from service.subscriptions.working import Worker
from service.telemetry import Metrics
from tests.subscriptions.parts import QUICK


async def nothing(_work: Work) -> None:
    """Work that is done at once."""


def worker(store: Store, do: Callable[[Work], Awaitable[None]], timings: Timings = QUICK) -> Worker:
    return Worker(store, do, asyncio.Event(), Metrics(), timings)


def on_store(database: str, test: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await Store.open(database)
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(run())


def test_workers_of_two_processes_never_have_one_patient_at_once(database: str) -> None:
    async def test(first: Store) -> None:
        second = await Store.open(database)
        busy: set[str] = set()
        done: list[str] = []

        async def do(work: Work) -> None:
            assert work.patient not in busy
            busy.add(work.patient)
            await asyncio.sleep(0.02)
            # Somebody has news of a patient who is being assessed.
            await second.enqueue("main", [work.patient] if len(done) < 20 else [])
            await asyncio.sleep(0.02)
            busy.remove(work.patient)
            done.append(work.patient)

        await first.enqueue("main", [f"p{number}" for number in range(5)])
        tasks = [asyncio.create_task(worker(store, do).run()) for store in (first, first, second, second)]
        async with asyncio.timeout(60):
            while await first.waiting():
                await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await second.close()
        assert len(done) >= 25
        assert set(done) == {f"p{number}" for number in range(5)}

    on_store(database, test)


def test_a_claim_is_renewed_for_as_long_as_the_work_takes(database: str) -> None:
    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            await asyncio.sleep(1.5)

        await store.enqueue("main", ["ada"])
        first = asyncio.create_task(worker(store, do).work_once())
        await asyncio.sleep(1.0)
        assert await worker(store, nothing).work_once() is False
        assert await first is True
        assert await store.waiting() == 0

    on_store(database, test)


def test_who_loses_the_claim_stops(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            try:
                await asyncio.sleep(30)
            finally:
                ended.append(1)

        async def lost(*_: object) -> bool:
            return False

        monkeypatch.setattr(store, "keep_work", lost)
        await store.enqueue("main", ["ada"])
        assert await worker(store, do).work_once() is True
        assert ended == [1]
        assert await store.waiting() == 1

    on_store(database, test)


def test_what_fails_as_the_claim_is_lost_is_told_nowhere(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            try:
                await asyncio.sleep(30)
            finally:
                raise RuntimeError("of patient ada")

        async def lost(*_: object) -> bool:
            return False

        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        monkeypatch.setattr(store, "keep_work", lost)
        await store.enqueue("main", ["ada"])
        assert await worker(store, do).work_once() is True
        gc.collect()

    on_store(database, test)
    assert told == []


def test_a_worker_that_ends_leaves_its_patient_to_the_next_at_once(database: str) -> None:
    async def test(store: Store) -> None:
        began = asyncio.Event()

        async def do(_work: Work) -> None:
            began.set()
            await asyncio.sleep(30)

        await store.enqueue("main", ["ada"])
        working = asyncio.create_task(worker(store, do, TIMINGS).run())
        await began.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert await worker(store, nothing).work_once() is True
        assert await store.waiting() == 0

    on_store(database, test)


@pytest.mark.parametrize("error", [StoreUnavailable("it is down"), RuntimeError("of patient ada")])
def test_a_worker_ends_when_the_store_fails_at_that_moment(
    database: str, monkeypatch: pytest.MonkeyPatch, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test(store: Store) -> None:
        began = asyncio.Event()

        async def do(_work: Work) -> None:
            began.set()
            await asyncio.sleep(30)

        async def fails(*_: object) -> None:
            raise error

        await store.enqueue("main", ["ada"])
        working = asyncio.create_task(worker(store, do, TIMINGS).run())
        await began.wait()
        monkeypatch.setattr(store, "postpone_work", fails)
        working.cancel()
        await asyncio.wait({working}, timeout=5)
        assert working.cancelled()

    on_store(database, test)
    told = capsys.readouterr().out
    assert "patient kept until the claim runs out" in told
    assert "ada" not in told


def test_news_of_a_patient_whose_assessment_failed_end_the_wait_early(database: str) -> None:
    tries = []

    async def test(store: Store) -> None:
        async def do(work: Work) -> None:
            tries.append(work.attempts)
            if len(tries) == 1:
                raise UpstreamFailed("x")

        await store.enqueue("main", ["ada"])
        patient = worker(store, do, QUICK._replace(first_pause=1.0))
        long = worker(store, do, QUICK._replace(first_pause=1.0, longest_pause=600.0))
        for _ in range(3):
            work = await store.take_work("test", 60)
            assert work is not None
            await store.postpone_work(work, "test", 0)
        assert await long.work_once()
        # Eight times the first pause without news.
        await store.enqueue("main", ["ada"])
        assert not await patient.work_once()
        await asyncio.sleep(1.1)
        assert await patient.work_once()
        assert tries == [3, 0]
        assert await store.waiting() == 0

    on_store(database, test)


@pytest.mark.parametrize(
    ("error", "longest"),
    [(Overloaded("x"), 60.0), (StoreUnavailable("x"), 60.0), (UpstreamFailed("x"), TIMINGS.longest_pause)],
)
def test_what_fails_on_our_own_side_is_tried_again_within_a_minute(
    database: str, monkeypatch: pytest.MonkeyPatch, error: Exception, longest: float
) -> None:
    pauses = []

    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            raise error

        async def postponed(_work: Work, _holder: str, pause: float, *_: object) -> None:
            pauses.append(pause)

        await store.enqueue("main", ["ada"])
        for _ in range(15):
            work = await store.take_work("test", 60)
            assert work is not None
            await store.postpone_work(work, "test", 0)
        monkeypatch.setattr(store, "postpone_work", postponed)
        assert await worker(store, do, TIMINGS).work_once()

    on_store(database, test)
    assert pauses == [longest]


def test_a_queue_that_could_not_be_read_is_read_again_within_a_minute(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def test(store: Store) -> None:
        async def fails(*_: object) -> None:
            raise StoreUnavailable("it is down")

        async def slept(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 8:
                raise asyncio.CancelledError

        monkeypatch.setattr(store, "take_work", fails)
        monkeypatch.setattr(asyncio, "sleep", slept)
        with pytest.raises(asyncio.CancelledError):
            await worker(store, nothing, TIMINGS).run()
        monkeypatch.undo()

    on_store(database, test)
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0]


async def becomes(one: Worker, *, alive: bool) -> None:
    async with asyncio.timeout(10):
        while one.alive is not alive:
            await asyncio.sleep(0.05)


def test_a_worker_is_alive_as_long_as_it_reads_the_queue(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(store: Store) -> None:
        async def fails(*_: object) -> None:
            raise StoreUnavailable("it is down")

        idle = worker(store, nothing, QUICK._replace(silence=0.3))
        working = asyncio.create_task(idle.run())
        await asyncio.sleep(0.1)
        monkeypatch.setattr(store, "take_work", fails)
        await becomes(idle, alive=False)
        monkeypatch.undo()
        await becomes(idle, alive=True)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    on_store(database, test)


def test_a_worker_that_is_killed_leaves_its_patient_to_the_next(database: str) -> None:
    async def test(store: Store) -> None:
        await store.enqueue("main", ["ada"])
        assert await store.take_work("killed", 0.4) is not None
        assert await worker(store, nothing).work_once() is False
        await asyncio.sleep(0.5)
        assert await worker(store, nothing).work_once() is True

    on_store(database, test)


@pytest.mark.parametrize(
    "error",
    [
        UpstreamFailed("x"),
        Overloaded("x"),
        Fault("x", 500),
        StoreUnavailable("x"),
        TimeoutError(),
    ],
)
def test_what_passes_is_tried_until_it_has_passed(database: str, error: Exception) -> None:
    tries = []

    async def test(store: Store) -> None:
        async def do(work: Work) -> None:
            tries.append(work.attempts)
            if len(tries) <= MOST_TRIES:
                raise error

        await store.enqueue("main", ["ada"])
        quick = worker(store, do, QUICK._replace(first_pause=0.0, longest_pause=0.0))
        while await quick.work_once():
            pass
        assert tries == list(range(MOST_TRIES + 1))

    on_store(database, test)


@pytest.mark.parametrize("error", [too_deep(), BodyTooLarge("x", limit="max_entries")])
def test_what_is_past_a_limit_of_ours_is_kept_at_the_longest_pause_and_told(
    database: str, error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            raise error

        async def postpone(work: Work, holder: str, seconds: float, least: float = 0) -> None:
            pauses.append((seconds, least))
            await kept(work, holder, 0)

        kept = store.postpone_work
        monkeypatch.setattr(store, "postpone_work", postpone)
        await store.enqueue("main", ["ada"])
        patient = worker(store, do, TIMINGS)
        for _ in range(2 * MOST_TRIES):
            assert await patient.work_once()
        assert await store.waiting() == 1

    on_store(database, test)
    assert pauses == [(TIMINGS.longest_pause, TIMINGS.first_pause)] * 2 * MOST_TRIES
    told = capsys.readouterr().out
    assert told.count("past a limit of this service") == 2 * MOST_TRIES
    assert "given up" not in told


@pytest.mark.parametrize(
    "error",
    [BodyUnreadable("x"), Fault("x", 403), NotFound("x"), NotStored("x", urgent=False), RuntimeError("of patient ada")],
)
def test_what_does_not_pass_is_given_up_in_the_end_and_told(
    database: str, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    tries = []

    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            tries.append(1)
            raise error

        await store.enqueue("main", ["ada"])
        quick = worker(store, do, QUICK._replace(first_pause=0.0, longest_pause=0.0))
        while await quick.work_once():
            pass
        assert await store.waiting() == 0

    on_store(database, test)
    assert len(tries) == MOST_TRIES
    told = capsys.readouterr().out
    assert told.count("assessment given up") == 1
    assert "ada" not in told


def test_an_urgent_finding_is_never_given_up(database: str) -> None:
    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            raise NotStored("x", urgent=True)

        await store.enqueue("main", ["ada"])
        quick = worker(store, do, QUICK._replace(first_pause=0.0, longest_pause=0.0))
        for _ in range(MOST_TRIES + 2):
            assert await quick.work_once()
        assert await store.waiting() == 1

    on_store(database, test)


def test_work_without_an_end_is_ended(database: str) -> None:
    async def test(store: Store) -> None:
        async def do(_work: Work) -> None:
            await asyncio.sleep(30)

        await store.enqueue("main", ["ada"])
        assert await worker(store, do, QUICK._replace(patience=0.1, first_pause=60)).work_once() is True
        assert await store.take_work("next", 1) is None
        assert await store.waiting() == 1

    on_store(database, test)


def test_pauses_grow_up_to_a_limit() -> None:
    assert [pause_after(tries, TIMINGS) for tries in (0, 1, 2, 9, 10, 500)] == [5, 10, 20, 2560, 3600, 3600]


def test_a_worker_wakes_up_when_somebody_is_enqueued_here(database: str) -> None:
    async def test(store: Store) -> None:
        done, awake = asyncio.Event(), asyncio.Event()

        async def do(_work: Work) -> None:
            done.set()

        working = asyncio.create_task(Worker(store, do, awake, Metrics(), QUICK._replace(idle=60)).run())
        await asyncio.sleep(0.3)
        await store.enqueue("main", ["ada"])
        awake.set()
        async with asyncio.timeout(10):
            await done.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    on_store(database, test)


def test_a_worker_ends_even_when_it_is_woken_at_the_same_moment(database: str) -> None:
    async def test(store: Store) -> None:
        awake = asyncio.Event()
        resting = Worker(store, nothing, awake, Metrics(), QUICK._replace(idle=60))
        working = asyncio.create_task(resting.run())
        await asyncio.sleep(0.3)
        awake.set()
        working.cancel()
        await asyncio.wait({working}, timeout=5)
        assert working.cancelled()

    on_store(database, test)


def test_a_store_that_fails_ends_no_worker(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def test(store: Store) -> None:
        async def fails(*_: object) -> None:
            tries.append(1)
            raise (StoreUnavailable("it is down") if len(tries) % 2 else RuntimeError("of patient ada"))

        monkeypatch.setattr(store, "take_work", fails)
        working = asyncio.create_task(worker(store, nothing).run())
        await asyncio.sleep(0.5)
        assert not working.done()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert len(tries) > 2

    on_store(database, test)
