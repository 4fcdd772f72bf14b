"""Is a notice taken in whole: its events counted, its gaps noted, its patients enqueued once?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service.store import Accepted, Cursor, Notice, Store, accepting

pytestmark = pytest.mark.anyio
AT_20 = Cursor("feed", "main", "active", 20, (), False, None, 60, None)


def notice(*events: int, patient: str = "a", counter: int | None = None, seen: tuple[str, ...] = ()) -> Notice:
    return Notice("feed", events, (patient,), counter, seen)


def by_id(number: int, focus: str, counter: int | None = None) -> Notice:
    """What a server sends that tells no versions."""
    return Notice("feed", (number,), (focus,), counter, (), (f"{number} {focus}",))


@pytest.fixture
async def at_20(store: Store) -> Store:
    await store.save_cursor(AT_20)
    return store


async def progress(store: Store) -> tuple[int | None, tuple[int, ...], bool]:
    cursor = await store.cursor("feed")
    assert cursor is not None
    return cursor.last_event, cursor.missing, cursor.needs_resync


async def enqueued(store: Store) -> list[str]:
    found = []
    while work := await store.take_work("me", 60):
        found.append(work.patient)
        await store.finish_work(work, "me")
    return sorted(found)


async def test_21_then_23_leaves_22_missing_until_it_comes(at_20: Store) -> None:
    assert await at_20.accept(notice(21, patient="a", counter=21)) == Accepted(1, 0, ())
    assert await at_20.accept(notice(23, patient="b", counter=23)) == Accepted(1, 0, (22,))
    assert await progress(at_20) == (23, (22,), False)
    assert await at_20.accept(notice(22, patient="c", counter=22)) == Accepted(1, 0, ())
    assert await progress(at_20) == (23, (), False)
    assert await enqueued(at_20) == ["a", "b", "c"]


async def test_a_repeated_event_brings_no_work(at_20: Store) -> None:
    await at_20.accept(notice(21, counter=21))
    assert await enqueued(at_20) == ["a"]
    for _ in range(19):
        assert await at_20.accept(notice(21, counter=21)) == Accepted(0, 1, ())
    assert await enqueued(at_20) == []


async def test_a_notice_that_repeats_some_events_brings_the_others(at_20: Store) -> None:
    assert await at_20.accept(notice(19, 20, 21, counter=21)) == Accepted(1, 2, ())
    assert await enqueued(at_20) == ["a"]


async def test_of_many_copies_at_once_one_is_new(at_20: Store) -> None:
    told = await asyncio.gather(*(at_20.accept(notice(21, counter=21, seen=("Observation/1/1",))) for _ in range(19)))
    assert sum(one.new for one in told) == 1
    assert await at_20.waiting() == 1


async def test_a_new_number_brings_work_whatever_it_tells(at_20: Store) -> None:
    await at_20.accept(notice(21, seen=("Observation/1/1",)))
    assert await enqueued(at_20) == ["a"]
    assert await at_20.accept(notice(22, seen=("Observation/1/1",))) == Accepted(1, 0, ())
    assert await enqueued(at_20) == ["a"]
    assert await progress(at_20) == (22, (), False)


async def test_a_new_version_is_new_under_a_number_that_was_seen(at_20: Store) -> None:
    await at_20.accept(notice(21, counter=21, seen=("Observation/1/1",)))
    assert await enqueued(at_20) == ["a"]
    assert await at_20.accept(notice(21, counter=21, seen=("Observation/1/2",))) == Accepted(1, 0, ())
    assert await enqueued(at_20) == ["a"]


async def test_versions_are_forgotten_in_time(at_20: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "REMEMBERED_SECONDS", 0.0)
    for _ in range(2):
        assert await at_20.accept(notice(seen=("Observation/1/1",))) == Accepted(1, 0, ())


async def test_what_a_server_does_not_number_is_told_apart_by_its_versions(at_20: Store) -> None:
    both = ("Observation/1/1", "Observation/2/1")
    assert await at_20.accept(notice(seen=both[:1])) == Accepted(1, 0, ())
    assert await at_20.accept(notice(seen=both)) == Accepted(1, 1, ())
    assert await enqueued(at_20) == ["a"]
    assert await at_20.accept(notice(seen=both)) == Accepted(0, 2, ())
    assert await enqueued(at_20) == []
    assert await at_20.accept(notice()) == Accepted(1, 0, ())
    assert await enqueued(at_20) == ["a"]
    assert await progress(at_20) == (20, (), False)


async def test_a_server_that_begins_anew_is_noticed_by_a_resource_never_seen(at_20: Store) -> None:
    assert await at_20.accept(notice(1, counter=1, seen=("Observation/9/1",))) == Accepted(1, 0, ())
    assert await progress(at_20) == (1, (), True)
    assert await enqueued(at_20) == ["a"]


async def test_a_server_that_counts_anew_loses_nothing_by_id_only(at_20: Store) -> None:
    for number in range(21, 31):
        await at_20.accept(by_id(number, f"Observation/{number}", number))
    await enqueued(at_20)
    for number in range(1, 31):
        told = by_id(number, f"Observation/new-{number}", number)
        assert await at_20.accept(told) == Accepted(1, 0, ())
        assert await enqueued(at_20) == [f"Observation/new-{number}"]
        # What it counted before the first may have been lost.
        assert await progress(at_20) == (number, (), number == 1)
        await at_20.recovered("feed", (), datetime.now(UTC))


async def test_a_server_that_counts_anew_while_all_is_in_doubt_loses_nothing_either(at_20: Store) -> None:
    await at_20.ask_resync("feed")
    for number in (1, 2):
        assert await at_20.accept(by_id(number, f"Observation/{number}", number)) == Accepted(1, 0, ())
        assert await enqueued(at_20) == [f"Observation/{number}"]
        await at_20.recovered("feed", (), datetime.now(UTC))
    assert (await progress(at_20))[0] == 2


async def test_a_server_that_counts_anew_may_name_the_same_resource_under_the_same_number(at_20: Store) -> None:
    for counter in (21, 22):
        await at_20.accept(by_id(counter, "Patient/ada", counter))
    await enqueued(at_20)
    for told in (by_id(21, "Patient/ada", 21), by_id(21, "Patient/ada")):
        assert await at_20.accept(told) == Accepted(1, 0, ())
        assert await enqueued(at_20) == ["Patient/ada"]
    # It may as well be late, so that the count stands.
    assert await progress(at_20) == (22, (), False)


async def test_a_repetition_by_id_only_brings_no_work(at_20: Store) -> None:
    for copies in range(19):
        assert await at_20.accept(by_id(21, "Observation/1", 21)) == (
            Accepted(0, 1, ()) if copies else Accepted(1, 0, ())
        )
    assert await enqueued(at_20) == ["Observation/1"]
    assert await progress(at_20) == (21, (), False)


async def test_a_large_notice_is_taken_in_whole(at_20: Store) -> None:
    patients = tuple(f"patient-{number}" for number in range(3_000))
    versions = tuple(f"Observation/{number}/1" for number in range(3_000))
    large = Notice("feed", tuple(range(21, 3_021)), patients, 3_020, versions)
    assert await at_20.accept(large) == Accepted(3_000, 0, ())
    assert await at_20.waiting() == 3_000
    assert await at_20.accept(large) == Accepted(0, 3_000, ())


async def test_a_delay_is_kept(at_20: Store) -> None:
    await at_20.accept(notice(21), delay_seconds=60)
    assert await at_20.waiting() == 1
    assert await at_20.take_work("me", 60) is None


async def test_an_unknown_subscription_is_no_work(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.accept(notice(1))
    assert await store.waiting() == 0
    assert await store.heard("feed", 0) is None
    await store.recovered("feed", [1])
    assert await store.cursor("feed") is None


async def test_a_number_that_is_none_of_fhir_s_changes_nothing(at_20: Store) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        await at_20.accept(notice(-1, seen=("Observation/1/1",)))
    assert await at_20.waiting() == 0
    assert await progress(at_20) == (20, (), False)


async def test_a_notice_and_a_heartbeat_are_signs_of_life_by_the_database_s_clock(at_20: Store) -> None:
    await at_20.accept(notice(21))
    first = await at_20.cursor("feed")
    assert first is not None
    assert first.heard_at is not None
    assert abs(datetime.now(UTC) - first.heard_at) < timedelta(seconds=30)
    await asyncio.sleep(0.01)
    second = await at_20.heard("feed", None)
    assert second is not None
    assert second.heard_at is not None
    assert second.heard_at > first.heard_at
    assert second == first._replace(heard_at=second.heard_at)
