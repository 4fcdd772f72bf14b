"""Is a lease one holder's at a time, and free again when it is given back or runs out?"""

from __future__ import annotations

import asyncio

import pytest

from service.store import Store

pytestmark = pytest.mark.anyio


async def test_a_lease_is_one_holders(store: Store) -> None:
    assert await store.take_lease("write", "me", 60)
    assert not await store.take_lease("write", "you", 60)
    assert await store.take_lease("another", "you", 60)


async def test_taking_it_again_extends_it(store: Store) -> None:
    assert await store.take_lease("write", "me", 0)
    for _ in range(2):
        assert await store.take_lease("write", "me", 60)
    assert not await store.take_lease("write", "you", 60)


async def test_it_is_free_when_it_runs_out(store: Store) -> None:
    assert await store.take_lease("write", "me", 2)
    assert not await store.take_lease("write", "you", 60)
    await asyncio.sleep(2)
    assert await store.take_lease("write", "you", 60)
    assert not await store.take_lease("write", "me", 60)


async def test_it_is_given_back_by_its_holder_alone(store: Store) -> None:
    assert await store.take_lease("write", "me", 60)
    await store.release_lease("write", "you")
    assert not await store.take_lease("write", "you", 60)
    await store.release_lease("write", "me")
    assert await store.take_lease("write", "you", 60)


async def test_of_many_at_once_one_gets_it(store: Store) -> None:
    got = await asyncio.gather(*(store.take_lease("write", f"task-{number}", 60) for number in range(30)))
    assert sum(got) == 1
