"""A second FHIR server on loopback, of another make and in another language, that keeps everything in memory."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.local_server import LocalServer
from tests.server.sekmet import PATIENCE

FOLDER = Path(__file__).parent / "medplum"


@contextmanager
def running() -> Iterator[LocalServer]:
    """The server, empty, on a free port."""
    node = shutil.which("node")
    assert node, "Node is not installed: make tools"
    assert (FOLDER / "node_modules").is_dir(), "the server is not installed: make suite-node"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen([node, str(FOLDER / "server.cjs"), str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        medplum = LocalServer(f"http://127.0.0.1:{port}/fhir")
        with medplum.client:
            yield medplum
    finally:
        server.terminate()
        server.wait(PATIENCE)
        if server.stdout is not None:
            server.stdout.close()
