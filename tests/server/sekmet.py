"""Sekmet on loopback, a real FHIR server, started for the tests and ended with them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.cli.stack import FHIR_SERVER_SETTINGS
from service.cli.starting import own_environment, started
from tests.server.local_server import PATIENCE, LocalServer

__all__ = ["PATIENCE", "PROGRAM", "ROOT", "running"]
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".venv-stack" / "bin" / "sekmet"


@contextmanager
def running(folder: Path, **more: Any) -> Iterator[LocalServer]:
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
    with started(command, own_environment(), f"{base}/metadata", folder / "log"):
        server = LocalServer(base)
        with server.client:
            yield server
