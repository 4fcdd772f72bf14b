"""A site that has subscribed: its settings, its running service, and waiting for what comes of it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from tests.api.serving import Served, environment, serving
from tests.cli.calling import Called, call
from tests.server.local_server import LocalServer
from tests.server.writing import OURS, observed, stored

T = TypeVar("T")
KEY = "k" * 40
PATIENCE = 60.0


class Site(NamedTuple):
    """A service that may be started and ended again and again, on one port and with one store."""

    variables: dict[str, str]
    port: int

    @classmethod
    def of(cls, base: str, folder: Path, **server: Any) -> Site:
        """A site with one FHIR server that may be written to."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        variables = {
            "SERVERS": json.dumps({"main": {"url": base, "write": True} | server}),
            "SERVICE_KEY": KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "STORE": f"sqlite:///{folder}/store.db",
        }
        return cls(variables, port)

    def serving(self, *arguments: str) -> AbstractContextManager[Served]:
        """The running service."""
        return serving(*arguments, "--port", str(self.port), **self.variables)

    def call(self, *arguments: str) -> Called:
        """`moodmarker subscribe`, in this process: starting another takes longer than what it does."""
        with pytest.MonkeyPatch.context() as patch:
            for name in set(os.environ) - set(environment()):
                patch.delenv(name)
            for name, value in self.variables.items():
                patch.setenv(f"MOODMARKER_{name}", value)
            return call("subscribe", *arguments)


def eventually(asked: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What is asked for, once it is true of anything."""
    ends = time.monotonic() + seconds
    while not (found := asked()):
        assert time.monotonic() < ends, "it did not come about in time"
        time.sleep(0.2)
    return found


def days_ago(days: int) -> str:
    """Workers assess as of now."""
    return (date.today() - timedelta(days)).isoformat()  # noqa: DTZ011 - as a feed on this machine would


def low_mood(patient: str) -> list[dict[str, Any]]:
    """A PHQ-9 that rose to 14, still without a marker of inflammation."""
    return [
        {"resourceType": "Patient", "id": patient, "birthDate": "1980-01-01"},
        observed(patient, "before", "44261-6", 6, days_ago(90)),
        observed(patient, "now", "44261-6", 14, days_ago(10)),
    ]


def crp(patient: str, name: str, value: float, days: int) -> dict[str, Any]:
    """A marker of inflammation, which decides."""
    return observed(patient, name, "30522-7", value, days_ago(days), "mg/L")


def flags(sekmet: LocalServer, patient: str, status: str = "active") -> list[str]:
    """The rules of our Flags of a status."""
    ours = [one for one in stored(sekmet, "Flag", patient) if one["identifier"][0]["system"] == OURS]
    return [one["code"]["coding"][0]["code"] for one in ours if one["status"] == status]
