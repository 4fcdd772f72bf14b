"""A PostgreSQL of a test's own, which it may stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.postgres import Postgres, running


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server
