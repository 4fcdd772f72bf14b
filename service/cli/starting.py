"""A server as a process on this machine: started, awaited, and ended with the block that needs it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from service.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_SECONDS: Final = 60.0


class NotStarted(Exception):
    """A server ended, or did not answer in time."""


def own_command(*words: str) -> list[str]:
    """This very program, called with these words."""
    return [sys.executable, "-m", "service.cli", *words]


def own_environment(**settings: str) -> dict[str, str]:
    """The environment without this site's settings, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {f"{PREFIX}{name}": value for name, value in settings.items()}


@contextmanager
def started(command: list[str], environment: dict[str, str], ready: str, log: Path | None = None) -> Iterator[None]:
    """A process that answers 200 at the address `ready`, or raises `NotStarted`.

    What it prints goes to `log`, beside which it runs; without one, to where this process prints.
    """
    with nullcontext() if log is None else log.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603 - the program was named by the caller
            command, cwd=log and log.parent, env=environment, stdout=told, stderr=told
        )
        try:
            if not _answers_in_time(process, ready):
                raise NotStarted(f"{ready} does not answer{_end_of(log)}")
            yield
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _answers_in_time(process: subprocess.Popen[bytes], ready: str) -> bool:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if _answers(ready):
            return True
        time.sleep(0.05)
    return False


def _answers(address: str) -> bool:
    asked = urlsplit(address)
    connection = http.client.HTTPConnection(asked.netloc, timeout=5)
    try:
        connection.request("GET", asked.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end_of(log: Path | None) -> str:
    return "" if log is None else f":\n{log.read_text(errors='replace')[-2000:]}"
