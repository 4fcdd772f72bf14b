"""What does a worker do on its own?"""

import asyncio
import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.api import garbage
from service.api.edge import Edge
from service.api.serving import build
from service.telemetry import MULTIPROCESS, Metrics, forget_dead_workers
from tests.api.asking import ask


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.fixture
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_worker_builds_the_application_from_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_ALLOWED_HOSTS", "ehr.example")
    assert ask(build(), "GET", "/fhir/metadata", headers={"Host": "ehr.example"}).status_code == 200


def test_what_dead_workers_had_in_flight_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dead: int) -> None:
    monkeypatch.setenv(MULTIPROCESS, str(tmp_path))
    for process in (dead, os.getpid()):
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{process}.db").touch()
    forget_dead_workers()
    assert {file.name for file in tmp_path.iterdir()} == {
        f"gauge_livesum_{os.getpid()}.db",
        f"counter_{os.getpid()}.db",
        f"counter_{dead}.db",
    }


def test_numbers_are_gathered_from_all_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(MULTIPROCESS, str(tmp_path))
    metrics = Metrics()
    metrics.answered("/", "GET", 200, 0.1)
    assert metrics.text() == b""  # this process keeps its numbers to itself


def test_one_process_forgets_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dead: int) -> None:
    monkeypatch.delenv(MULTIPROCESS, raising=False)
    monkeypatch.chdir(tmp_path)
    left = tmp_path / f"gauge_livesum_{dead}.db"
    left.touch()
    forget_dead_workers()
    assert left.exists()


def test_start_and_end_are_handed_on(app: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: settled.append(1))
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: settled.extend(numbers))
    arriving, sent = ["lifespan.startup", "lifespan.shutdown"], []

    async def receive() -> dict[str, str]:
        return {"type": arriving.pop(0)}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan", "app": app, "state": {}}, receive, send))  # type: ignore[arg-type]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert settled == [1, garbage.YOUNG, garbage.MIDDLE, garbage.OLD]
