"""Keys, a server that knows them, and one that serves those of others."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.security import rotation
from service.security.keys import KeyFolder
from service.security.rotation import make_key
from tests.security.authority import Authority, running
from tests.security.key_server import KeyServer
from tests.security.key_server import running as serving_keys


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("MOODMARKER_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key of each algorithm, made an hour and more ago; not to be changed."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    with pytest.MonkeyPatch.context() as patch:
        # The shortest that is taken: an RSA key is proved whenever it is read, which takes time.
        patch.setattr(rotation, "RSA_BITS", 2048)
        make_key(folder, "ES384", int(time.time()) - 5000)
        make_key(folder, "RS384", int(time.time()) - 5000)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The same keys, to be changed at will."""
    return shutil.copytree(made, tmp_path / "keys")


@pytest.fixture(scope="session")
def _running() -> Iterator[Authority]:
    with running() as authority:
        yield authority


@pytest.fixture
def authority(_running: Authority, folder: Path) -> Authority:
    _running.reset(KeyFolder(folder).published)
    return _running


@pytest.fixture(scope="session")
def _serving_keys() -> Iterator[KeyServer]:
    with serving_keys() as server:
        yield server


@pytest.fixture
def key_server(_serving_keys: KeyServer) -> KeyServer:
    """A server of key sets that has nothing yet."""
    _serving_keys.reset()
    return _serving_keys
