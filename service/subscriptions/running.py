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
    from service.assessment.recording import Recorder
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
        recorder: Recorder | None = None,
    ) -> None:
        """`endpoints` share their servers and turns; without `leases` subscriptions are off."""
        self._settings = settings
        self._context = context
        self._shared = endpoints
        self._leases = leases
        self._metrics = metrics
        self._timings = timings
        self._recorder = recorder
        self._receiver: Receiver | None = None
        self._store: Store | None = None
        self._tasks: dict[asyncio.Task[None], Worker | Watch] = {}

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
        recovery = Recovery(self._store, servers, remote, metrics)
        watch = Watch(self._store, sources, remote, recovery, metrics, self._timings)
        turns = self._shared.turns
        assess = Assessor(self._store, self._context, servers, sources, turns, metrics, self._recorder)
        workers = [Worker(self._store, assess, awake, metrics, self._timings) for _ in range(WORKERS)]
        running: list[Worker | Watch] = [*workers, watch]
        self._tasks = {asyncio.create_task(one.run()): one for one in running}

    async def health(self) -> dict[str, str]:
        """How the store, the workers and the watch are: `ready`, or `failed` and why; nothing where they are off."""
        if self._store is None:
            return {}
        alive = {task: one.alive and not task.done() for task, one in self._tasks.items()}
        watching = [good for task, good in alive.items() if isinstance(self._tasks[task], Watch)]
        working = [good for task, good in alive.items() if isinstance(self._tasks[task], Worker)]
        return {
            "store": _state(await self._store.reachable(), "it does not answer"),
            "workers": _state(bool(working) and all(working), "the queue is not worked off"),
            "watch": _state(bool(watching) and all(watching), "subscriptions are not looked after"),
        }

    async def stop(self) -> None:
        """Ends the tasks; what they had begun is left for the next who come.

        Where the store hangs, half of the time for a graceful shutdown is for the tasks, and half for the store.
        """
        self._receiver = None
        tasks, self._tasks = self._tasks, {}
        for task in tasks:
            task.cancel()
        each = self._settings.graceful_shutdown_seconds / 2
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=each)
            if pending:
                structlog.get_logger().error("background tasks did not end", tasks=len(pending))
        if self._store is not None:
            await self._store.close(each)


def _state(good: bool, reason: str) -> str:
    return "ready" if good else f"failed: {reason}"
