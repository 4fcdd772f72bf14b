"""The database that a site names: SQLite in a file of its own, or PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.store.values import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# SQLite writes for one at a time, so that more threads would only wait for each other.
THREADS: Final = {"sqlite": 1, "postgresql": 4}
PATIENCE_SECONDS: Final = 10
_FORMS: Final = "write it as sqlite:///file or postgresql://user:password@host/name"
_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
STORE: Final = "MOODMARKER_STORE"
LEDGER: Final = "MOODMARKER_LEDGER"
_FOR_POSTGRESQL: Final[dict[str, Any]] = {
    # Statements prepared by name do not survive a pooler between the service and the server.
    "prepare_threshold": None,
}


def connect(url: str, *, setting: str = STORE, patience: int | None = None, reads_only: bool = False) -> Engine:
    """An engine for a database; a file of SQLite is made if there is none. Raises `StoreUnavailable`.

    `setting` is what names the database in errors, `patience` seconds are waited for it. With `reads_only` nobody who
    writes is kept waiting.
    """
    patience = patience or PATIENCE_SECONDS
    address = _address(url, setting)
    kind = address.get_backend_name()
    common: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if kind == "postgresql":
        # A server that is cut off is noticed within the patience, not after hours.
        waits = {"connect_timeout": patience, "tcp_user_timeout": patience * 1000}
        return create_engine(address, pool_size=THREADS[kind], connect_args=_FOR_POSTGRESQL | waits, **common)
    _make_file(address, setting)
    engine = create_engine(address, connect_args={"timeout": patience}, **common)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin_reading if reads_only else _begin)
    return engine


def _address(url: str, setting: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUnavailable(f"{setting} is no address of a database; {_FORMS}.") from None
    driver = _DRIVERS.get(address.get_backend_name())
    if driver is None or address.drivername not in (address.get_backend_name(), driver):
        raise StoreUnavailable(f"{setting} names a database that is not supported; {_FORMS}.")
    return address.set(drivername=driver)


def _make_file(address: URL, setting: str) -> None:
    """An empty file that its owner alone may read, where there is none; SQLite gives its journals the same mode."""
    name = address.database or ""
    if not name or name.startswith((":memory:", "file:")) or address.query:
        raise StoreUnavailable(f"{setting} names no file, and what is not in a file is lost on a restart.")
    if not Path(name).parent.is_dir():
        raise StoreUnavailable(f"The folder of the database of {setting} does not exist; make it.")
    try:
        os.close(os.open(name, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"The database of {setting} cannot be opened ({error.strerror}); "
            "let the service's user write the file and its folder."
        ) from None


def _settle(connection: Any, _record: object) -> None:
    """Readers and one writer at once; a commit is on the disk before it is told; transactions begin when we say."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
