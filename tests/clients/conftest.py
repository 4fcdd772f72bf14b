"""The service as a site runs it, beside a FHIR server that holds one patient, for clients that others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.api.serving import Served, serving
from tests.clients.patient import PATIENT, TOKEN, resources
from tests.server.local_server import LocalServer
from tests.server.sekmet import running


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        assert any(one["id"] == PATIENT for one in resources())
        server.put(*resources())
        yield server


@pytest.fixture(scope="session")
def served(sekmet: LocalServer) -> Iterator[Served]:
    servers = json.dumps({"main": {"url": sekmet.base}})
    with serving(SERVERS=servers, BEARER_TOKEN=TOKEN) as running_service:
        yield running_service


@pytest.fixture(scope="session")
def base(served: Served) -> str:
    """The FHIR base that the clients are given."""
    return f"{served.url}/fhir"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """These libraries take proxies from the environment; a server on this machine is not behind one."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
