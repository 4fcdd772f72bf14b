"""A store, and what is configured, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.assessment import Context
from service.settings import Settings


@pytest.fixture(scope="session")
def context() -> Context:
    return Context.load(Settings.model_construct())


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"
