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
from service.assessment import Context, SiteFiles, require_safety_codes
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
# One that has not begun by then is looked after like any other.
_BEGINNING_SECONDS: Final = 10.0
# Between two tries to start a worker that could not.
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0


class Rules(NamedTuple):
    """The rules of one generation of workers, and the very bytes that they are made of."""

    context: Context
    files: SiteFiles

    @classmethod
    def load(cls, settings: Settings) -> Rules:
        """The rules as a site's files have them now; raises `SettingsError` saying why they cannot be used."""
        files = SiteFiles.read(settings)
        return cls(Context.load(settings, files), files)

    @property
    def rule_set(self) -> RuleSet:
        """What answers name."""
        return self.context.rule_set

    def hand_on(self, folder: Path) -> None:
        """Has processes that are started from now on read these bytes, whatever becomes of the files of the site."""
        folder.mkdir(exist_ok=True, parents=True)
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
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        settings: Settings,
        rules: Rules,
        folder: Path,
        require_start: Callable[[], None],
    ) -> None:
        """`settings` name the files of the site, and `folder` holds the copies that workers read.

        `require_start` raises `SettingsError` where a worker could not start now.
        """
        super().__init__(config, sockets)
        self._settings, self._rules, self._folder = settings, rules, folder
        self._require_start = require_start
        self._leaving: list[Worker] = []
        self._has_served = False
        self._failed_starts = 0
        self._resting: dict[Worker, float] = {}
        self.could_not_start = False
        structlog.get_logger().info("rules loaded", **rules.told())

    def run(self) -> None:
        """Runs until told to end; no worker goes on serving without somebody who looks after it."""
        try:
            super().run()
        except BaseException:
            self.terminate_all()
            self.join_all()
            raise

    def init_processes(self) -> None:
        """Starts the first workers."""
        self.processes = []
        for _ in range(self.processes_num):
            self.processes.append(self._serving())

    def handle_hup(self) -> None:
        """Reads the files of the site anew, and switches if they can be used and say something else."""
        log = structlog.get_logger()
        try:
            rules = Rules.load(self._settings)
            require_safety_codes(self._settings, self._rules.files, rules.files)
            # Once the old workers have gone it would be too late to find that out.
            self._require_start()
        except SettingsError as error:
            log.error("rules not switched", reason=str(error), digest=self._rules.rule_set.digest)
            return
        if rules.rule_set.digest == self._rules.rule_set.digest:
            log.info("rules unchanged", **rules.told())
            return
        if self._switch(rules):
            log.info("rules switched", before=self._rules.rule_set.digest, **rules.told())
            self._rules = rules
        else:
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
            if worker.process.is_alive() and self._says_how_far(worker):
                continue
            if not self._has_served and worker.exitcode == STARTUP_FAILURE:
                # It would fail in the same way every time.
                structlog.get_logger().error("a worker could not start; the service ends", worker=worker.pid)
                self.could_not_start = True
                self.should_exit.set()
                return
            if not self._rests(worker):
                worker.let_go()
                # Who ended otherwise than by failing to start has started.
                self._has_served |= worker.exitcode != STARTUP_FAILURE
                structlog.get_logger().error("a worker died and is replaced", worker=worker.pid)
                self._replace(place)

    def _replace(self, place: int) -> None:
        try:
            self.processes[place] = self._serving()
        except OSError as error:
            # Memory or descriptors may be had again in a moment.
            structlog.get_logger().error("a worker was not started", reason=error.strerror)

    def _says_how_far(self, worker: Worker) -> bool:
        stage = worker.stage(self.config.timeout_worker_healthcheck)
        if stage is Stage.SERVING:
            self._has_served = True
            self._failed_starts = 0
        return stage is not None

    def _rests(self, worker: Worker) -> bool:
        """Whether a worker that could not start is not replaced yet: what it lacked may come back."""
        if worker.exitcode != STARTUP_FAILURE:
            return False
        if worker not in self._resting:
            pause = min(_FIRST_PAUSE * 2**self._failed_starts, _LONGEST_PAUSE)
            self._failed_starts += 1
            self._resting[worker] = time.monotonic() + pause
            structlog.get_logger().error("a worker could not start", worker=worker.pid, again_in_seconds=pause)
        if time.monotonic() < self._resting[worker]:
            return True
        del self._resting[worker]
        return False

    def terminate_all(self) -> None:
        """Ends all workers in order, those that are leaving too."""
        self.processes += self._leaving
        super().terminate_all()

    def _serving(self) -> Worker:
        worker = self._started(self._rules)
        worker.begin()
        return worker

    def _started(self, rules: Rules) -> Worker:
        # Each time: whoever tidies folders of temporary files may have taken the copies away.
        rules.hand_on(self._folder)
        return Worker(self.config, self.sockets)

    def _switch(self, rules: Rules) -> bool:
        """New workers get ready, the old ones stop accepting, the new ones begin; who connects meanwhile waits."""
        new: list[Worker] = []
        try:
            for _ in self.processes:
                new.append(self._started(rules))
        except OSError as error:
            structlog.get_logger().error("workers not started", reason=error.strerror)
            for worker in new:
                worker.let_go()
            return False
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
        _wait(_BEGINNING_SECONDS, lambda: all(map(_has_begun, new)))
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


def _has_begun(worker: Worker) -> bool:
    return not worker.process.is_alive() or worker.stage(_ANSWER_SECONDS) is Stage.SERVING


def _takes_nothing(worker: Worker) -> bool:
    """Whether nobody is answered anew by it."""
    return not worker.process.is_alive() or worker.stage(_ANSWER_SECONDS) is Stage.CLOSED
