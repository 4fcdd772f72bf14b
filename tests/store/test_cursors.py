"""Does a cursor say how far a subscription has come, and move as it is told?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.store import Cursor, Notice, Store

pytestmark = pytest.mark.anyio
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
EMPTY = Cursor("feed", "main", "requested", None, (), False, None, None, None)
FULL = Cursor("feed", "main", "active", 23, (7, 22), True, MOMENT, 60, MOMENT, 3)


async def now(store: Store) -> Cursor:
    cursor = await store.cursor("feed")
    assert cursor is not None
    return cursor


@pytest.mark.parametrize("cursor", [EMPTY, FULL], ids=["empty", "full"])
async def test_a_cursor_is_read_as_it_was_saved(store: Store, cursor: Cursor) -> None:
    await store.save_cursor(cursor)
    assert await store.cursor("feed") == cursor


async def test_saving_writes_over_what_was_known(store: Store) -> None:
    await store.save_cursor(FULL)
    await store.save_cursor(EMPTY)
    assert await store.cursors() == [EMPTY]


async def test_cursors_are_listed_by_subscription(store: Store) -> None:
    for name in ("b", "c", "a"):
        await store.save_cursor(EMPTY._replace(subscription=name))
    assert [cursor.subscription for cursor in await store.cursors()] == ["a", "b", "c"]


async def test_a_dropped_subscription_is_forgotten_with_what_it_told_of(store: Store) -> None:
    told = Notice("feed", (1,), ("a",), 1, ("Observation/1/1",))
    for _ in range(2):
        await store.save_cursor(EMPTY)
        assert (await store.accept(told)).new == 1
        await store.drop_cursor("feed")
        assert await store.cursor("feed") is None
    assert await store.waiting() == 1


async def test_status_wish_and_doubt_are_written_without_the_rest(store: Store) -> None:
    await store.save_cursor(EMPTY._replace(last_event=5))
    await store.set_status("feed", "active")
    await store.set_wish("feed", "{}")
    await store.ask_resync("feed")
    expected = EMPTY._replace(last_event=5, status="active", needs_resync=True, resyncs=1, wish="{}")
    assert await now(store) == expected
    await store.set_status("another", "active")
    await store.set_wish("another", "{}")
    await store.ask_resync("another")
    assert await store.cursors() == [expected]


@pytest.mark.parametrize(
    ("counter", "last_event", "missing", "in_doubt"),
    [
        (None, 5, (2,), False),
        (5, 5, (2,), False),
        (7, 7, (2, 6, 7), False),
        (0, 0, (), True),
        (4, 4, (), True),
        (5_000, 5_000, (), True),
    ],
)
async def test_a_heartbeat_compares_counters(
    store: Store, counter: int | None, last_event: int, missing: tuple[int, ...], in_doubt: bool
) -> None:
    await store.save_cursor(EMPTY._replace(last_event=5, missing=(2,)))
    cursor = await store.heard("feed", counter)
    assert cursor == await now(store)
    assert cursor[3:6] == (last_event, missing, in_doubt)
    assert cursor.status == "requested"


async def test_the_first_handshake_counts_from_nothing(store: Store) -> None:
    await store.save_cursor(EMPTY)
    cursor = await store.heard("feed", 0)
    assert cursor is not None
    assert cursor[3:6] == (0, (), False)


async def test_recovered_events_are_missing_no_more(store: Store) -> None:
    await store.save_cursor(FULL)
    await store.recovered("feed", [7, 8])
    assert await now(store) == FULL._replace(missing=(22,))


async def test_a_whole_recovery_ends_the_doubt_and_its_time_never_goes_back(store: Store) -> None:
    await store.save_cursor(FULL)
    later = MOMENT.replace(year=2027)
    await store.recovered("feed", FULL.missing, since=later)
    expected = FULL._replace(missing=(), needs_resync=False, since=later)
    assert await now(store) == expected
    await store.recovered("feed", (), since=MOMENT)
    assert await now(store) == expected


async def test_doubt_that_arose_during_a_recovery_stays(store: Store) -> None:
    await store.save_cursor(FULL)
    began_with = await now(store)
    await store.heard("feed", 0)
    await store.recovered("feed", (), since=MOMENT, resyncs=began_with.resyncs)
    assert (await now(store)).needs_resync
    await store.recovered("feed", (), since=MOMENT, resyncs=(await now(store)).resyncs)
    assert not (await now(store)).needs_resync
