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


async def test_a_card_is_new_to_the_call_that_showed_it_and_to_no_other(store: Store) -> None:
    assert [await store.shown_before("card", call) for call in ("one", "one", "two", "one")] == [
        False,
        False,
        True,
        False,
    ]
    assert not await store.shown_before("another", "two")


async def test_of_many_calls_at_once_one_shows_it(store: Store) -> None:
    told = await asyncio.gather(*(store.shown_before("card", f"call-{number}") for number in range(30)))
    assert told.count(False) == 1


async def test_it_is_forgotten_by_the_database_s_clock_and_its_row_is_taken_away(store: Store, url: str) -> None:
    assert not await store.shown_before("card", "one", days=SOON / 86_400)
    assert not await store.shown_before("another", "one", days=SOON / 86_400)
    assert await store.shown_before("card", "two")
    await asyncio.sleep(SOON)
    assert not await store.shown_before("card", "two")
    assert rows(url, ShownRow) == 1
    assert await store.shown_before("card", "one")


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
