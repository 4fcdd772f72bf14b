"""One FHIR server for all tests of this folder, and for each that writes a patient of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.local_server import LocalServer
from tests.server.sekmet import running
from tests.server.writing import WAYS, low_mood


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        yield server


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How one Flag is stored once."""
    return WAYS[request.param]


@pytest.fixture
def patient(sekmet: LocalServer, request: pytest.FixtureRequest) -> str:
    """A patient of the test's own, of low mood beside a raised CRP."""
    name = f"w{abs(hash(request.node.nodeid)):x}"
    sekmet.put(*low_mood(name))
    return name
