"""The command line as the tests call it."""

import json
import os
from pathlib import Path

import pytest

from service.api.example import example_request
from service.assessment import Context
from service.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("MOODMARKER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="session")
def context() -> Context:
    return Context.load(Settings.model_construct())


@pytest.fixture
def request_file(context: Context, tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(example_request(context)), encoding="utf-8")
    return file
