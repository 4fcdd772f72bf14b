"""Is what is confirmed in the ledger, in order and once, and written together where several wait?"""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise

import pytest
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from service.security.ledger_keys import LedgerKeys
from service.store import StoreUnavailable, ledger_batches, ledger_retention
from service.store.ledger import open_engine
from service.store.ledger_retention import Retention
from service.store.ledger_values import LedgerFull
from tests.store.ledgers import KEYS, LATER, PACE, Counted, asked, changed, entry, found, opened, the_one, written

pytestmark = pytest.mark.anyio
DAY = 86_400_000_000


def prune_older(url: str, keys: LedgerKeys, days: int) -> None:
    Retention(lambda: open_engine(url), keys, "somebody", days).prune()


async def test_every_entry_gets_a_place_of_its_own_in_the_order_of_asking(url: str) -> None:
    ledger = await opened(url)
    places = await asyncio.gather(*[ledger.record(entry(decision=f"d{number}")) for number in range(30)])
    assert [place.seq for place in places] == list(range(1, 31))
    await ledger.close()
    assert [row[0] for row in asked(url, "SELECT decision FROM moodmarker_ledger ORDER BY seq")] == [
        f"d{number}" for number in range(30)
    ]
    assert the_one(url).faults == ()


async def test_what_waits_is_written_in_one_transaction(url: str) -> None:
    numbers = Counted()
    ledger = await opened(url, numbers=numbers)
    await asyncio.gather(*[ledger.record(entry()) for _ in range(100)])
    await ledger.close()
    assert sum(numbers.batches) == 100
    assert len(numbers.batches) <= 10


async def test_each_start_begins_a_chain_of_its_own(url: str) -> None:
    assert await written(url) != await written(url)
    assert [(chain.last.seq, chain.faults, chain.ending) for chain in found(url)] == [(12, (), "closed")] * 2


async def test_two_ledgers_write_to_one_database_at_a_time(url: str) -> None:
    one, other = await opened(url), await opened(url)
    await asyncio.gather(*[ledger.record(entry()) for ledger in (one, other) for _ in range(50)])
    await asyncio.gather(one.close(), other.close())
    assert [(chain.last.seq, chain.faults, chain.ending) for chain in found(url)] == [(50, (), "closed")] * 2


async def test_a_writer_that_wrote_nothing_leaves_nothing(url: str) -> None:
    await (await opened(url)).close()
    assert found(url) == []
    assert asked(url, "SELECT * FROM moodmarker_ledger_writer") == []


async def test_a_clock_that_steps_back_leaves_the_chain_whole(url: str) -> None:
    ledger = await opened(url)
    for hours in (5, 3, 4, 0, 1):
        await ledger.record(entry(at=hours * 3_600_000_000))
    await ledger.close()
    chain = the_one(url)
    assert (chain.faults, chain.doubts, chain.newest) == ((), (), 5 * 3_600_000_000)


async def test_deferred_entries_get_their_place_at_once_and_are_written_soon_after(url: str) -> None:
    numbers = Counted()
    ledger = await opened(url, LATER, numbers)
    began = time.monotonic()
    places = [await ledger.record(entry(decision=f"d{number}")) for number in range(40)]
    while ledger.waiting:
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.01)
    written_rows = asked(url, "SELECT seq, decision FROM moodmarker_ledger ORDER BY seq")
    assert written_rows == [(place.seq, f"d{number}") for number, place in enumerate(places)]
    assert len(numbers.batches) <= 5
    await ledger.close()
    assert the_one(url).ending == "closed"


async def test_no_more_is_taken_than_may_wait(url: str) -> None:
    ledger = await opened(url, LATER._replace(most_waiting=3, lingers=5.0))
    for _ in range(3):
        await ledger.record(entry())
    with pytest.raises(LedgerFull):
        await ledger.record(entry())
    await ledger.close()
    assert the_one(url).last.seq == 3


async def test_a_quiet_writer_shows_that_it_is_there_and_signs_what_is_old(url: str) -> None:
    ledger = await opened(url, PACE._replace(shows_each=0.05, head_seconds=0.1))
    await ledger.record(entry())
    changed(url, "UPDATE moodmarker_ledger_writer SET seen_at = seen_at - 600")
    ends = time.monotonic() + 10
    while not (chain := the_one(url)).trusted or chain.ending != "being written":
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)
    assert [(one.head.seq, one.head.kind) for one in chain.trusted] == [(1, "periodic")]
    await ledger.record(entry())
    await ledger.close()
    assert (the_one(url).faults, the_one(url).doubts) == ((), ())


class _LostAtCommit:
    """Commits that end as when the connection is lost: before the database has done it, or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, landed: bool, times: int) -> None:
        commit = Connection._commit_impl
        self.left = times

        def lose(connection: Connection) -> None:
            if self.left and connection.dialect.name in ("sqlite", "postgresql") and self.armed:
                self.left -= 1
                if landed:
                    commit(connection)
                raise OperationalError("COMMIT", {}, ConnectionError("lost"))
            commit(connection)

        self.armed = True
        monkeypatch.setattr(Connection, "_commit_impl", lose)


@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_commit_of_which_nobody_heard_is_written_once(
    url: str, monkeypatch: pytest.MonkeyPatch, landed: bool, times: int
) -> None:
    ledger = await opened(url, PACE._replace(gives_up=20.0))
    await ledger.record(entry())
    lost = _LostAtCommit(monkeypatch, landed=landed, times=times)
    places = await asyncio.gather(*[ledger.record(entry(decision=f"d{number}")) for number in range(6)])
    assert lost.left == 0
    await ledger.record(entry())
    await ledger.close()
    rows = asked(url, "SELECT seq, decision FROM moodmarker_ledger ORDER BY seq")
    assert [row for row in rows if row[1].startswith("d") and not row[1].startswith("decision")] == [
        (place.seq, f"d{number}") for number, place in enumerate(places)
    ]
    assert [one[0] - other[0] for other, one in pairwise(rows)] == [1] * 7
    assert (the_one(url).faults, the_one(url).doubts) == ((), ())


async def test_a_batch_that_was_given_up_and_landed_after_all_stays_and_the_chain_goes_on_behind_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(url, PACE._replace(gives_up=0.0))
    await ledger.record(entry())
    _LostAtCommit(monkeypatch, landed=True, times=1)
    with pytest.raises(StoreUnavailable):
        await ledger.record(entry(decision="given up"))
    place = await ledger.record(entry(decision="after"))
    assert place.seq == 3
    await ledger.close()
    assert asked(url, "SELECT decision FROM moodmarker_ledger WHERE seq = 2") == [("given up",)]
    assert (the_one(url).faults, the_one(url).ending) == ((), "closed")


async def test_a_closing_head_of_which_nobody_heard_is_signed_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = Counted()
    ledger = await opened(url, numbers=numbers)
    await ledger.record(entry())
    _LostAtCommit(monkeypatch, landed=True, times=1)
    began = time.monotonic()
    await ledger.close()
    assert time.monotonic() - began < 3
    assert numbers.failures == 1
    assert (the_one(url).faults, the_one(url).ending) == ((), "closed")
    assert asked(url, "SELECT kind FROM moodmarker_ledger_head") == [("closing",)]


async def test_rows_of_somebody_else_in_the_writer_s_name_stop_it(url: str) -> None:
    ledger = await opened(url)
    await ledger.record(entry())
    changed(
        url,
        "INSERT INTO moodmarker_ledger SELECT writer, 2, decision, replaces, at, way, caller, rule_set, verdicts, "
        "shadow, flags, subject, input, duration, prev, hash FROM moodmarker_ledger",
    )
    with pytest.raises(StoreUnavailable):
        await ledger.record(entry())
    assert ledger.fault
    changed(url, "DELETE FROM moodmarker_ledger WHERE seq = 2")
    assert (await ledger.record(entry())).seq == 2
    assert ledger.fault == ""
    await ledger.close()
    assert the_one(url).faults == ()


async def test_a_fault_of_our_own_is_told_to_those_who_wait_and_the_writer_goes_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(url)

    def fail(*_: object) -> None:
        raise ZeroDivisionError("something of a patient")

    with monkeypatch.context() as patch:
        patch.setattr(ledger_batches, "put", fail)
        with pytest.raises(StoreUnavailable) as caught:
            await ledger.record(entry())
    assert "something of a patient" not in str(caught.value)
    assert "ZeroDivisionError" in ledger.fault
    assert (await ledger.record(entry())).seq == 1
    await ledger.close()
    assert the_one(url).faults == ()


async def test_what_is_told_with_words_of_its_own_is_passed_on_in_them(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(url)

    def fail(*_: object) -> None:
        raise StoreUnavailable("Somebody else was here.")

    with monkeypatch.context() as patch:
        patch.setattr(ledger_batches, "put", fail)
        with pytest.raises(StoreUnavailable) as caught:
            await ledger.record(entry())
    assert (str(caught.value), ledger.fault) == ("Somebody else was here.", "Somebody else was here.")
    await ledger.close()


async def test_who_gives_up_waiting_is_not_recorded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await opened(url, PACE._replace(gives_up=5.0))
    put, slow = ledger_batches.put, [True]

    def sleepy(*given: object) -> None:
        if slow:
            slow.pop()
            time.sleep(0.5)
        put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger_batches, "put", sleepy)
    first = asyncio.create_task(ledger.record(entry()))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(ledger.record(entry()))
    await asyncio.sleep(0.1)
    second.cancel()
    assert (await first).seq == 1
    assert (await ledger.record(entry())).seq == 2
    await ledger.close()
    assert the_one(url).last.seq == 2


async def test_the_lag_is_told_while_the_database_hangs(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer itself cannot tell it: it is what waits."""
    numbers = Counted()
    ledger = await opened(url, PACE._replace(gives_up=20.0), numbers)
    begun, go_on = threading.Event(), threading.Event()
    put = ledger_batches.put

    def hanging(*given: object) -> None:
        begun.set()
        go_on.wait(20)
        put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger_batches, "put", hanging)
    first = asyncio.create_task(ledger.record(entry()))
    assert await asyncio.to_thread(begun.wait, 10)
    await asyncio.sleep(0.3)
    assert numbers.most["milliseconds"] < 300
    second = asyncio.create_task(ledger.record(entry()))
    await asyncio.sleep(0.01)
    assert not first.done()
    assert numbers.most["milliseconds"] >= 300
    go_on.set()
    await asyncio.gather(first, second)
    assert numbers.last == (0, 0.0)
    await ledger.close()


async def test_old_rows_go_up_to_a_signed_head_and_the_rest_stays_whole(url: str) -> None:
    ledger = await opened(url)
    now = time.time_ns() // 1000
    for number in range(12):
        await ledger.record(entry(at=now - 40 * DAY if number < 8 else now))
    prune_older(url, KEYS, 30)
    chain = the_one(url)
    assert (chain.first, chain.last.seq, chain.faults) == (5, 12, ())
    assert asked(url, "SELECT min(seq), count(*) FROM moodmarker_ledger") == [(6, 7)]
    assert asked(url, "SELECT seq, kind FROM moodmarker_ledger_head ORDER BY seq") == [(5, "pruned"), (10, "periodic")]
    for _ in range(3):
        await ledger.record(entry())
    await ledger.close()
    assert (the_one(url).faults, the_one(url).doubts, the_one(url).ending) == ((), (), "closed")


async def test_a_chain_that_crashed_long_ago_is_deleted_whole_and_leaves_its_signed_end(url: str) -> None:
    ledger = await opened(url)
    for _ in range(7):
        await ledger.record(entry(at=1))
    changed(url, "UPDATE moodmarker_ledger_writer SET seen_at = 0")
    prune_older(url, KEYS, 30)
    assert asked(url, "SELECT count(*) FROM moodmarker_ledger") == [(0,)]
    assert asked(url, "SELECT seq, kind, number FROM moodmarker_ledger_head") == [(7, "pruned", 1)]
    assert (the_one(url).faults, the_one(url).doubts) == ((), ())
    # It was only slow: what it goes on to write is whole too.
    await ledger.record(entry())
    await ledger.close()
    assert (the_one(url).faults, the_one(url).ending, the_one(url).first) == ((), "closed", 7)


async def test_a_closed_chain_is_deleted_whole_and_that_it_was_closed_stays_known(url: str) -> None:
    ledger = await opened(url)
    for _ in range(7):
        await ledger.record(entry(at=1))
    await ledger.close()
    prune_older(url, KEYS, 30)
    chain = the_one(url)
    assert (chain.first, chain.last.seq, chain.ending, chain.faults, chain.doubts) == (7, 7, "closed", (), ())
    prune_older(url, KEYS, 30)
    assert the_one(url) == chain


async def test_a_chain_that_somebody_has_changed_is_not_deleted(url: str) -> None:
    await written(url)
    changed(url, "UPDATE moodmarker_ledger SET at = 1")
    prune_older(url, KEYS, 30)
    assert asked(url, "SELECT count(*) FROM moodmarker_ledger") == [(12,)]


async def test_what_a_pruning_left_because_it_was_ended_goes_with_the_next(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(url)
    for _ in range(7):
        await ledger.record(entry(at=1))
    await ledger.close()
    with monkeypatch.context() as patch:
        patch.setattr("service.store.ledger_pruning._deleted", lambda *_: 0)
        prune_older(url, KEYS, 30)
    assert (the_one(url).faults, the_one(url).first) == ((), 7)
    prune_older(url, KEYS, 30)
    assert asked(url, "SELECT count(*) FROM moodmarker_ledger") == [(0,)]


async def test_rows_are_deleted_daily_beside_the_writing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_retention, "FIRST", (0.02, 0.05))
    monkeypatch.setattr(ledger_retention, "DAY", 0.05)
    tries: list[int] = []
    prune = Retention.prune

    def pruned(retention: Retention) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreUnavailable("away for a moment")
        prune(retention)

    monkeypatch.setattr(Retention, "prune", pruned)
    ledger = await opened(url, days=30)
    for _ in range(6):
        await ledger.record(entry(at=1))
    for _ in range(100):
        if asked(url, "SELECT count(*) FROM moodmarker_ledger") == [(1,)]:
            break
        await asyncio.sleep(0.05)
    assert the_one(url).first == 5
    await ledger.close()
    assert (the_one(url).faults, the_one(url).doubts) == ((), ())
