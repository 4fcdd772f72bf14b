"""The real server in a process of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import IO

import httpx

PATIENCE = 30.0
_STARTED = re.compile(r"Started server process \[(\d+)\]")


class Served:
    """A running server: where it is, and what it has logged."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stderr is not None
        self.workers: list[int] = []
        self._log: IO[bytes] = process.stderr
        self.port = int(str(self.wait_for("listening")["port"]))
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_for(self, event: str) -> dict[str, object]:
        """The next log line of this event; a server that does not write it in time is killed."""
        return self.logged_until(event)[-1]

    def logged_until(self, event: str) -> list[dict[str, object]]:
        """Every log line up to the next of this event, as `wait_for`."""
        # With its workers: each of them holds the log open, and this would read it for ever.
        late = threading.Timer(PATIENCE, partial(_kill_group, self.process))
        late.start()
        read: list[dict[str, object]] = []
        try:
            for line in self._lines():
                read.append(line)
                if line["event"] == event:
                    return read
        finally:
            late.cancel()
        raise AssertionError(f"the server did not log {event!r}")

    def _lines(self) -> Iterator[dict[str, object]]:
        for written in self._log:
            line: dict[str, object] = json.loads(written)
            if started := _STARTED.fullmatch(str(line["event"])):
                self.workers.append(int(started[1]))
            yield line

    def connect(self) -> socket.socket:
        """A plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def end(self) -> int:
        """Tells the server to end and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def serving(*arguments: str, **variables: str) -> AbstractContextManager[Served]:
    """`moodmarker serve` on a free port."""
    return _started(arguments, environment(**variables))


def serving_traced(*arguments: str, **variables: str) -> AbstractContextManager[Served]:
    """As `serving`; what it runs counts as covered if it is let to `end`, and takes twice the time."""
    return _started(arguments, traced_environment(**variables))


@contextmanager
def _started(arguments: Sequence[str], inside: dict[str, str]) -> Iterator[Served]:
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=inside, start_new_session=True)
    try:
        yield Served(process)
    finally:
        _kill_group(process)
        process.wait(PATIENCE)
        # A worker that was being made just then has outlived the rest, and would hold the log open.
        _kill_group(process)
        process.communicate()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a server and its workers at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def traced_environment(**variables: str) -> dict[str, str]:
    """The environment without settings, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOODMARKER_")}
    return kept | {f"MOODMARKER_{name}": value for name, value in variables.items()}


def environment(**variables: str) -> dict[str, str]:
    """As `traced_environment`, for a process whose lines others cover."""
    known = traced_environment(**variables)
    return {name: value for name, value in known.items() if not name.startswith("COVERAGE_")}


def fetch(url: str) -> httpx.Response:
    """One GET on a connection of its own."""
    return httpx.get(url, timeout=PATIENCE)
