"""One FHIR server for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.local_server import LocalServer
from tests.server.sekmet import running


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        yield server
