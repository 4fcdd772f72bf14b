"""A real PostgreSQL on loopback, with nothing but what a test puts in, ended with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

PATIENCE = 60.0
USER, PASSWORD = "moodmarker", "a-password-of-the-site"
# PostgreSQL refuses to run as root.
NOBODY = 65534 if os.getuid() == 0 else None
NO_GROUPS: list[int] | None = [] if os.getuid() == 0 else None


class Postgres:
    """The running server."""

    def __init__(self, port: int, folder: Path) -> None:
        """`port` is where it listens on loopback, `folder` where its data are."""
        self.port = port
        self._folder = folder
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, on what it has."""
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", str(self._folder / "data"), *words],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=NOBODY,
                group=NOBODY,
                extra_groups=NO_GROUPS,
            )
        self._wait(self._process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends and process.poll() is None:
            try:
                psycopg.connect(self.address("postgres")).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """Ends it at once, whoever is connected, without putting anything in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(PATIENCE)

    def address(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """A database as the setting names it."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Runs a statement of the operator's."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def emptied(self) -> str:
        """The address of the operator's own database, with nothing in it."""
        self.execute("DROP SCHEMA public CASCADE")
        self.execute("CREATE SCHEMA public")
        return self.address("postgres")

    def new_database(self) -> str:
        """The name of an empty database."""
        name = f"store_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name


def _program(name: str) -> str:
    """Where a program of PostgreSQL is; Debian keeps them out of the search path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = shutil.which(name) or (str(versions[-1]) if versions else None)
    assert found, f"{name} is not installed: install postgresql"
    return found


@contextmanager
def running() -> Iterator[Postgres]:
    """The server with its data in a folder of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="moodmarker-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if NOBODY is not None:
            for path in (folder, folder / "password"):
                os.chown(path, NOBODY, NOBODY)
        _make(folder)
        server = Postgres(port, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _make(folder: Path) -> None:
    words = [_program("initdb"), "--pgdata", str(folder / "data"), "--username", USER, "--auth", "scram-sha-256"]
    made = subprocess.run(
        [*words, "--pwfile", str(folder / "password"), "--encoding", "UTF8", "--locale", "C", "--no-sync"],
        capture_output=True,
        text=True,
        cwd=folder,
        user=NOBODY,
        group=NOBODY,
        extra_groups=NO_GROUPS,
    )
    assert made.returncode == 0, made.stderr
