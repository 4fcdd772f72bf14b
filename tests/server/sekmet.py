"""A real FHIR server on loopback, started for the tests and ended with them."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.cli.stack import FHIR_SERVER_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv-stack" / "bin" / "sekmet"
PATIENCE = 90.0


class Sekmet:
    """The running server, and a client to fill it with."""

    def __init__(self, base: str) -> None:
        """`base` is its FHIR base."""
        self.base = base
        self.client = httpx.Client(trust_env=False, timeout=PATIENCE)

    def put(self, *resources: dict[str, Any]) -> None:
        """Stores resources under their own ids."""
        for resource in resources:
            answer = self.client.put(f"{self.base}/{resource['resourceType']}/{resource['id']}", json=resource)
            assert answer.is_success, answer.text

    def load(self, resources: list[dict[str, Any]], at_once: int = 500) -> None:
        """Stores many resources, some hundred in one transaction."""
        for start in range(0, len(resources), at_once):
            entries = [
                {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
                for one in resources[start : start + at_once]
            ]
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            answer = self.client.post(self.base, json=bundle)
            assert answer.is_success, answer.text


@contextmanager
def running(folder: Path, **more: Any) -> Iterator[Sekmet]:
    """The server with its data in a folder, on a free port, and with `more` settings of its own."""
    assert PROGRAM.exists(), "the FHIR server is not installed: make .venv-stack/.made"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}/fhir"
    settings = folder / "settings.yaml"
    added = "".join(f"{name}: {json.dumps(value)}\n" for name, value in more.items())
    settings.write_text(FHIR_SERVER_SETTINGS.format(base=base, host="127.0.0.1", port=port, folder=folder) + added)
    command = [str(PROGRAM), "serve", "--config", str(settings), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(base, server, folder / "log")
            sekmet = Sekmet(base)
            yield sekmet
            sekmet.client.close()
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _wait_for(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(f"{base}/metadata", trust_env=False, timeout=PATIENCE).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])
