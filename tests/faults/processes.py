"""`moodmarker serve` in processes of its own that may be killed, with its log in a file."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.api.serving import environment

PATIENCE = 60.0
_STARTED = re.compile(r"Started server process \[(\d+)\]")


class Replica:
    """A running service: its process, where it is, and what it has logged."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        self.port = int(self.wait_for("listening")["port"])
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The whole lines of the log so far."""
        whole, _, _ = self.log.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first line of an event."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends and self.process.poll() is None:
            found = next((line for line in self.lines if line["event"] == event), None)
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no line {event!r}; the log ends with {self.log.read_text()[-2000:]}")

    @property
    def workers(self) -> list[int]:
        """The processes that serve, in order of their start, those that have ended among them."""
        found = (_STARTED.fullmatch(line["event"]) for line in self.lines)
        return [int(match[1]) for match in found if match]

    def digest(self) -> str:
        """The digest of the rules that it answers by."""
        ready = httpx.get(f"{self.url}/health/ready", trust_env=False, timeout=PATIENCE)
        return str(ready.json()["ruleSet"]["digest"])

    def status(self, path: str) -> int:
        """What it answers to a GET."""
        return httpx.get(self.url + path, trust_env=False, timeout=PATIENCE).status_code

    def end(self) -> int:
        """Tells it to end, and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Ends it and its workers at once, whatever they are doing."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def replica(
    log: Path,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    clock: Path | None = None,
    largest_file: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Replica]:
    """A service on a free port; `clock` is a file that says by how many seconds its calendar is wrong.

    `settings` are ours and without their prefix, `variables` those of the system.
    """
    module = ["service.cli"] if clock is None else ["tests.faults.stepping", str(clock)]
    command = [sys.executable, "-m", *module, "serve", "--port", "0", *arguments]
    limited = None if largest_file is None else partial(_limit_files, largest_file)
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            stderr=written,
            env=environment(**(settings or {})) | dict(variables or {}),
            start_new_session=True,
            preexec_fn=limited,
        )
    try:
        yield Replica(process, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def _limit_files(size: int) -> None:
    """Makes a write past this size fail, as on a full disk, instead of ending the program."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
