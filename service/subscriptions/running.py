"""Subscriptions in a served process: the open store, the receiver, and the tasks behind them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from service.errors import NotFound
from service.settings import SettingsError
from service.subscriptions.assessing import Assessor
from service.subscriptions.opening import open_store
from service.subscriptions.receiving import Receiver
from service.subscriptions.recovering import Recovery
from service.subscriptions.remote import Remote
from service.subscriptions.sources import Sources
from service.subscriptions.timings import TIMINGS, Timings
from service.subscriptions.watching import Watch
from service.subscriptions.working import Worker

if TYPE_CHECKING:
    from service.assessment import Context, Servers, Turns
    from service.settings import Settings
    from service.store import Store
    from service.subscriptions.leases import StoredLeases
    from service.telemetry import Metrics

# Mostly waiting for a FHIR server, and never to be the reason why it is slow.
WORKERS: Final = 2


class Shared(Protocol):
    """What everything in one process shares that asks or writes to FHIR servers."""

    servers: Servers
    turns: Turns


class Subscriptions:
    """Takes notifications and acts on them between `start` and `stop`; before and after there is nothing here."""

    def __init__(
        self,
        settings: Settings,
        context: Context,
        endpoints: Shared,
        leases: StoredLeases | None,
        metrics: Metrics,
        timings: Timings = TIMINGS,
    ) -> None:
        """`endpoints` share their servers and turns; without `leases` subscriptions are off."""
        self._settings = settings
        self._context = context
        self._shared = endpoints
        self._leases = leases
        self._metrics = metrics
        self._timings = timings
        self._receiver: Receiver | None = None
        self._store: Store | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def receiver(self) -> Receiver:
        """Who takes notifications; raises `NotFound` where subscriptions are off."""
        if self._receiver is None:
            raise NotFound("Subscriptions are off here; the operator turns them on with MOODMARKER_SERVICE_KEY.")
        return self._receiver

    async def start(self) -> None:
        """Opens the store and begins to take notifications and to work, where subscriptions are on."""
        key = self._settings.service_key
        if key is None or self._leases is None:
            return
        try:
            self._store = self._leases.store = await open_store(self._settings, key)
        except SettingsError as error:
            structlog.get_logger().critical("subscriptions not started", reason=str(error))
            raise
        awake = asyncio.Event()
        servers, metrics = self._shared.servers, self._metrics
        sources = Sources(servers)
        self._receiver = Receiver(self._store, sources, key, metrics, awake.set)
        remote = Remote(servers, key, self._settings.public_url)
        recovery = Recovery(self._store, servers, remote)
        watch = Watch(self._store, sources, remote, recovery, metrics, self._timings)
        assess = Assessor(self._store, self._context, servers, sources, self._shared.turns, metrics)
        workers = [Worker(self._store, assess, awake, metrics, self._timings) for _ in range(WORKERS)]
        running = [*(worker.run() for worker in workers), watch.run()]
        self._tasks = [asyncio.create_task(task) for task in running]

    async def stop(self) -> None:
        """Ends the tasks; what they had begun is left for the next who come."""
        self._receiver = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._store is not None:
            await self._store.close()
