"""The application as the HTTP tests ask it."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from service.api.application import create_app
from service.api.edge import Edge
from service.api.example import example_request
from service.assessment import Context
from service.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_settings(monkeypatch)


def _without_settings(patch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("MOODMARKER_"):
            patch.delenv(name)


@pytest.fixture(scope="session")
def context() -> Context:
    return Context.load(Settings.model_construct())


@pytest.fixture
def make_app(context: Context) -> Callable[..., Edge]:
    def make(**settings: Any) -> Edge:
        return create_app(load_settings(**settings), context)

    return make


@pytest.fixture(scope="module")
def app(context: Context) -> Edge:
    """With no setting of a site; to be asked only, for the tests of a file share it."""
    with pytest.MonkeyPatch.context() as patch:
        _without_settings(patch)
        return create_app(load_settings(), context)


@pytest.fixture(scope="session")
def body(context: Context) -> bytes:
    return json.dumps(example_request(context)).encode()
