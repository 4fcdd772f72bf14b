"""The parent of the workers: it replaces those that die, and switches all of them to new rules at one moment."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from service.api.workers import Stage, Worker
from service.assessment import Context, SiteFiles
from service.settings import Settings, SettingsError, variable_of
from service.telemetry import forget_dead_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from socket import socket

    import uvicorn

    from service.domain.ruleset import RuleSet

_LOOK_SECONDS: Final = 0.01
_ANSWER_SECONDS: Final = 1.0
# What old workers still answer is waited for so long before the new ones begin; it is finished in any case.
_LAST_ANSWERS_SECONDS: Final = 1.0


class Rules(NamedTuple):
    """The rules of one generation of workers, and the very bytes that they are made of."""

    rule_set: RuleSet
    files: SiteFiles

    @classmethod
    def load(cls, settings: Settings) -> Rules:
        """The rules as a site's files have them now; raises `SettingsError` saying why they cannot be used."""
        files = SiteFiles.read(settings)
        return cls(Context.load(settings, files).rule_set, files)

    def hand_on(self, folder: Path) -> None:
        """Has processes that are started from now on read these bytes, whatever becomes of the files of the site."""
        for setting, content in self.files._asdict().items():
            if content is not None:
                copy = folder / f"{setting}-{self.rule_set.digest}"
                copy.write_bytes(content)
                os.environ[variable_of(setting)] = str(copy)

    def told(self) -> dict[str, object]:
        """What the log says of them."""
        off, shadow = sorted(self.rule_set.off), sorted(self.rule_set.shadow)
        return {"digest": self.rule_set.digest, "off": off, "shadow": shadow}


class Supervisor(Multiprocess):
    """uvicorn's supervisor, but that on SIGHUP all workers change at once, so that no two rule sets answer."""

    processes: list[Worker]  # type: ignore[assignment]

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket], settings: Settings, rules: Rules, folder: Path
    ) -> None:
        """`settings` name the files of the site, and `folder` holds the copies that workers read."""
        super().__init__(config, sockets)
        self._settings, self._rules, self._folder = settings, rules, folder
        self._leaving: list[Worker] = []
        rules.hand_on(folder)
        structlog.get_logger().info("rules loaded", **rules.told())

    def init_processes(self) -> None:
        """Starts the first workers."""
        self.processes = [self._serving() for _ in range(self.processes_num)]

    def handle_hup(self) -> None:
        """Reads the files of the site anew, and switches if they can be used and say something else."""
        log = structlog.get_logger()
        try:
            rules = Rules.load(self._settings)
        except SettingsError as error:
            log.error("rules not switched", reason=str(error), digest=self._rules.rule_set.digest)
            return
        if rules.rule_set.digest == self._rules.rule_set.digest:
            log.info("rules unchanged", **rules.told())
            return
        rules.hand_on(self._folder)
        if self._switch():
            log.info("rules switched", before=self._rules.rule_set.digest, **rules.told())
            self._rules = rules
        else:
            self._rules.hand_on(self._folder)
            log.error("rules not switched", reason="no worker got ready with them", digest=self._rules.rule_set.digest)

    def handle_ttin(self) -> None:
        """One worker more."""
        self.processes_num += 1
        self.processes.append(self._serving())

    def keep_subprocess_alive(self) -> None:
        """Replaces workers that died or hang; those that left are forgotten once they have ended."""
        self._forget(worker for worker in self._leaving if not worker.process.is_alive())
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.process.is_alive() and worker.stage(self.config.timeout_worker_healthcheck) is not None:
                continue
            worker.let_go()
            if worker.exitcode == STARTUP_FAILURE:
                # It would fail in the same way every time.
                structlog.get_logger().error("a worker could not start; the service ends", worker=worker.pid)
                self.should_exit.set()
                return
            structlog.get_logger().error("a worker died and is replaced", worker=worker.pid)
            self.processes[place] = self._serving()

    def terminate_all(self) -> None:
        """Ends all workers in order, those that are leaving too."""
        self.processes += self._leaving
        super().terminate_all()

    def _serving(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.begin()
        return worker

    def _switch(self) -> bool:
        """New workers get ready, the old ones stop accepting, the new ones begin; who connects meanwhile waits."""
        new = [Worker(self.config, self.sockets) for _ in self.processes]
        patience = self.config.timeout_worker_healthcheck
        ready = _wait(patience, lambda: self._is_over(new) or all(_is_ready(worker) for worker in new))
        if not ready or self._is_over(new):
            for worker in new:
                worker.let_go()
            return False
        began = time.monotonic()
        old, self.processes = self.processes, new
        self._retire(old)
        for worker in new:
            worker.begin()
        structlog.get_logger().info("workers changed", seconds=round(time.monotonic() - began, 3))
        return True

    def _retire(self, old: list[Worker]) -> None:
        for worker in old:
            worker.terminate()
        patience = (self.config.timeout_graceful_shutdown or 0) + _ANSWER_SECONDS
        _wait(patience, lambda: all(map(_takes_nothing, old)))
        for worker in old:
            if not _takes_nothing(worker):
                # It hangs. Two rule sets must not answer.
                worker.let_go()
        _wait(_LAST_ANSWERS_SECONDS, lambda: not any(worker.process.is_alive() for worker in old))
        self._leaving += old
        self._forget(worker for worker in old if not worker.process.is_alive())

    def _is_over(self, new: list[Worker]) -> bool:
        """Whether the service is to end, or a new worker could not be made ready."""
        told_to_end = not {signal.SIGTERM, signal.SIGINT}.isdisjoint(self.signal_queue)
        return told_to_end or not all(worker.process.is_alive() for worker in new)

    def _forget(self, ended: Iterable[Worker]) -> None:
        for worker in tuple(ended):
            worker.let_go()
            self._leaving = [one for one in self._leaving if one is not worker]
            forget_dead_workers()


def _wait(seconds: float, until: Callable[[], bool]) -> bool:
    """Whether it came to be in time."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _is_ready(worker: Worker) -> bool:
    return worker.stage(_ANSWER_SECONDS) is Stage.WAITING


def _takes_nothing(worker: Worker) -> bool:
    """Whether nobody is answered anew by it."""
    return not worker.process.is_alive() or worker.stage(_ANSWER_SECONDS) is Stage.CLOSED
