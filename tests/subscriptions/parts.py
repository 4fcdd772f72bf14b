"""The parts behind the routes, put together without a served process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr

from service.assessment import Context, Servers, Turns
from service.security.hooks import secret_of
from service.settings import Settings
from service.store import Cursor, Store, Work
from service.subscriptions.assessing import Assessor
from service.subscriptions.names import new_name
from service.subscriptions.receiving import Receiver
from service.subscriptions.recovering import Recovery
from service.subscriptions.remote import Remote
from service.subscriptions.sources import Sources
from service.subscriptions.timings import Timings
from service.subscriptions.watching import Watch
from service.telemetry import Metrics
from tests.subscriptions.notices import BASE, TOPIC

T = TypeVar("T")
KEY = SecretStr("k" * 40)
SERVICE = "https://moodmarker.example"
QUICK = Timings(
    claim=0.6, idle=0.05, first_pause=0.05, watch=0.05, lease=5.0, grace=0.0, between_resyncs=0.0, check=3600.0
)


class Parts:
    """Everything of one process but its tasks; `server` are settings of the one FHIR server, main."""

    def __init__(self, store: Store, context: Context, timings: Timings = QUICK, **server: Any) -> None:
        settings = Settings.model_validate({"servers": {"main": {"url": BASE, "write": True} | server}})
        self.store = store
        self.metrics = Metrics()
        self.woken = 0
        self.servers = Servers(settings, context)
        self.sources = Sources(self.servers)
        self.remote = Remote(self.servers, KEY, SERVICE)
        self.recovery = Recovery(store, self.servers, self.remote, self.metrics)
        self.receiver = Receiver(store, self.sources, KEY, self.metrics, self._wake)
        self.watch = Watch(store, self.sources, self.remote, self.recovery, self.metrics, timings)
        self.assess = Assessor(store, context, self.servers, self.sources, Turns(5), self.metrics)

    def _wake(self) -> None:
        self.woken += 1

    async def subscribed(self, topic: str = TOPIC, **changed: Any) -> str:
        """The id of a subscription that is active."""
        name = new_name(topic)
        began = datetime.now(UTC) - timedelta(minutes=1)
        cursor = Cursor(name, "main", "active", None, (), False, None, 60 if topic else None, began)
        await self.store.save_cursor(cursor._replace(**changed))
        return name

    async def cursor(self, name: str) -> Cursor:
        """Where a subscription stands."""
        found = await self.store.cursor(name)
        assert found is not None
        return found

    async def queue(self) -> list[str]:
        """Who waits; afterwards nobody does."""
        found: list[Work] = []
        while (work := await self.store.take_work("test", 60)) is not None:
            found.append(work)
            await self.store.finish_work(work, "test")
        return sorted(work.patient for work in found)


def authorization(name: str) -> bytes:
    """What a server sends that was subscribed to."""
    return f"Bearer {secret_of(KEY, name)}".encode()


@asynccontextmanager
async def open_parts(database: str, context: Context, **more: Any) -> AsyncIterator[Parts]:
    """The parts on a store of their own."""
    store = await Store.open(database)
    parts = Parts(store, context, **more)
    try:
        yield parts
    finally:
        await parts.servers.close()
        await store.close()


def with_parts(database: str, context: Context, run: Callable[[Parts], Awaitable[T]], **more: Any) -> T:
    """Runs a test's coroutine with the parts."""

    async def inner() -> T:
        async with open_parts(database, context, **more) as parts:
            return await run(parts)

    return asyncio.run(inner())
