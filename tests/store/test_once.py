"""Is what may happen once known to have happened, to all, until it is forgotten?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from service.store import Store
from service.store.database import connect
from service.store.schema import ShownRow, TokenRow, clock

pytestmark = pytest.mark.anyio
SOON = 2.0
IN_A_DAY = datetime.now(UTC) + timedelta(days=1)


def rows(url: str, table: type[ShownRow] | type[TokenRow]) -> int:
    engine = connect(url)
    with engine.connect() as connection:
        number = connection.execute(select(func.count()).select_from(table)).scalar_one()
    engine.dispose()
    return number


async def show(store: Store, card: str, call: str, days: float = 90) -> bool:
    """Whether a card was shown before; it is now."""
    before = await store.shown_before([card], call)
    await store.remember_shown([card], call, days)
    return bool(before)


async def test_a_card_is_new_to_the_call_that_showed_it_and_to_no_other(store: Store) -> None:
    assert [await show(store, "card", call) for call in ("one", "one", "two", "one")] == [False, False, True, False]
    assert not await show(store, "another", "two")


async def test_asking_does_not_show_it(store: Store) -> None:
    for call in ("one", "two"):
        assert not await store.shown_before(["card"], call)


async def test_several_are_asked_about_and_remembered_at_once(store: Store) -> None:
    await store.remember_shown(["a", "b"], "one")
    assert await store.shown_before(["a", "b", "c"], "two") == {"a", "b"}
    assert await store.shown_before(["a", "b", "c"], "one") == set()


async def test_many_calls_at_once_remember_it_once(store: Store, url: str) -> None:
    await asyncio.gather(*(store.remember_shown(["card", "another"], f"call-{number}") for number in range(30)))
    assert rows(url, ShownRow) == 2


async def test_it_is_forgotten_by_the_database_s_clock_and_its_row_is_taken_away(store: Store, url: str) -> None:
    assert not await show(store, "card", "one", days=SOON / 86_400)
    assert not await show(store, "another", "one", days=SOON / 86_400)
    assert await show(store, "card", "two", days=SOON / 86_400)
    await asyncio.sleep(SOON)
    assert not await show(store, "card", "two")
    assert rows(url, ShownRow) == 1
    assert await show(store, "card", "one")


async def test_a_token_is_used_once(store: Store) -> None:
    assert [await store.first_use("token", IN_A_DAY) for _ in range(3)] == [True, False, False]
    assert await store.first_use("another", IN_A_DAY)


async def test_of_many_uses_at_once_one_is_the_first(store: Store) -> None:
    used = await asyncio.gather(*(store.first_use("token", IN_A_DAY) for _ in range(30)))
    assert used.count(True) == 1


async def test_a_token_that_has_ended_is_never_used_and_its_row_is_taken_away(store: Store, url: str) -> None:
    assert not await store.first_use("token", datetime.now(UTC) - timedelta(seconds=1))
    assert await store.first_use("token", IN_A_DAY)
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(update(TokenRow).values(ends_at=clock()))
    engine.dispose()
    assert await store.first_use("another", IN_A_DAY)
    assert rows(url, TokenRow) == 1
