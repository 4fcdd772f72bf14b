"""Does the service end in time, whatever its store does, and say how its background is?"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from service.assessment import Context, Servers, Turns
from service.settings import Settings
from service.store import Store, StoreUnavailable, Work
from service.subscriptions.assessing import Assessor
from service.subscriptions.leases import StoredLeases
from service.subscriptions.running import Subscriptions
from service.subscriptions.timings import Timings
from service.subscriptions.watching import Watch
from service.telemetry import Metrics
from tests.subscriptions.notices import BASE
from tests.subscriptions.parts import KEY, QUICK

GOOD = {"store": "ready", "workers": "ready", "watch": "ready"}
Test = Callable[[Subscriptions], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture
def run(database: str, context: Context) -> Run:
    """Runs a test with the background of a process, which the test ends."""

    def runs(test: Test, timings: Timings = QUICK, **more: Any) -> None:
        async def inner() -> None:
            told: dict[str, Any] = {"store": database, "service_key": KEY.get_secret_value()} | more
            settings = Settings.model_validate({"servers": {"main": {"url": BASE, "write": True}}} | told)
            servers = Servers(settings, context)
            shared: Any = SimpleNamespace(servers=servers, turns=Turns(5))
            subscriptions = Subscriptions(settings, context, shared, StoredLeases(), Metrics(), timings)
            await subscriptions.start()
            await test(subscriptions)
            await servers.close()

        asyncio.run(inner())

    return runs


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a worker is in the midst of its work, which does not end by itself."""
    event = asyncio.Event()

    async def endless(_self: Assessor, _work: Work) -> None:
        event.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(Assessor, "__call__", endless)
    return event


async def stopped(subscriptions: Subscriptions) -> float:
    """How long it took."""
    before = time.monotonic()
    await subscriptions.stop()
    return time.monotonic() - before


def test_all_is_well_while_it_runs_and_nothing_is_said_where_it_is_off(run: Run) -> None:
    async def test(subscriptions: Subscriptions) -> None:
        assert await subscriptions.health() == GOOD
        await subscriptions.stop()

    async def off(subscriptions: Subscriptions) -> None:
        assert await subscriptions.health() == {}
        await subscriptions.stop()

    run(test)
    run(off, service_key=None)


def test_a_store_that_fails_is_told_and_it_ends_in_time(
    run: Run, monkeypatch: pytest.MonkeyPatch, database: str, began: asyncio.Event
) -> None:
    def fails(*_: object) -> None:
        raise StoreUnavailable("it is down")

    async def test(subscriptions: Subscriptions) -> None:
        other = await Store.open(database)
        await other.enqueue("main", ["ada"])
        await other.close()
        await began.wait()
        monkeypatch.setattr(Store, "_in_transaction", fails)
        assert (await subscriptions.health())["store"] == "failed: it does not answer"
        assert await stopped(subscriptions) < 5

    run(test, graceful_shutdown_seconds=10)


def test_a_store_that_hangs_is_told_and_it_ends_in_time(run: Run, database: str, began: asyncio.Event) -> None:
    async def test(subscriptions: Subscriptions) -> None:
        other = await Store.open(database)
        await other.enqueue("main", ["ada"])
        await other.close()
        await began.wait()
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)) as holds:
            holds.execute("BEGIN IMMEDIATE")
            assert (await subscriptions.health())["store"] == "failed: it does not answer"
            assert await stopped(subscriptions) < 4

    run(test, graceful_shutdown_seconds=2)


def test_a_task_that_has_ended_or_gives_no_sign_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ends(_self: Watch) -> None:
        """As a task that an error ended."""

    async def test(subscriptions: Subscriptions) -> None:
        await asyncio.sleep(0.1)
        told = await subscriptions.health()
        assert told["watch"] == "failed: subscriptions are not looked after"
        assert told["workers"] == "failed: the queue is not worked off"
        await subscriptions.stop()

    monkeypatch.setattr(Watch, "run", ends)
    run(test, timings=QUICK._replace(idle=60.0, silence=0.0))
