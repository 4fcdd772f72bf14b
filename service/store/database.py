"""The database that a site names: SQLite in a file of its own, or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from service.store.values import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPICursor

# SQLite writes for one at a time, so that more threads would only wait for each other.
THREADS: Final = {"sqlite": 1, "postgresql": 4}
PATIENCE_SECONDS: Final = 10
_JOURNAL_PATIENCE_MS: Final = 200
_FORMS: Final = "write it as sqlite:///file or postgresql://user:password@host/name"
_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
_READS: Final = "moodmarker_reads"
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
    event.listen(engine, "begin", _begin)
    return reading(engine) if reads_only else engine


def reading(engine: Engine) -> Engine:
    """The same database for who only reads: nobody who writes is kept waiting."""
    return engine.execution_options(**{_READS: True})


def answer_within(engine: Engine, seconds: float) -> None:
    """Makes PostgreSQL give up what takes longer, or waits longer for a lock; SQLite's patience does so by itself."""
    if engine.dialect.name != "postgresql":
        return
    # For each transaction anew, for a pooler may give each to another connection of its own. Who waits for a lock is
    # told so: the limit for that has to come first.
    limits = {"lock_timeout": int(seconds * 1000), "statement_timeout": int(seconds * 1000) + 500}
    asked = "SELECT " + ", ".join(f"set_config('{name}', '{limit}', true)" for name, limit in limits.items())
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(asked))


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
    # What is deleted is a patient's, and not every SQLite is built to write over it.
    connection.execute("PRAGMA secure_delete = ON")


def empty_journal(engine: Engine) -> bool:
    """Takes out of SQLite's journal what was deleted, for it stands there until it is written over.

    False when it could not be done: somebody was reading just then, for whom nobody waits long.
    """
    if engine.dialect.name != "sqlite":
        return True
    try:
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            return _truncate_journal(cursor)
    except (sqlite3.Error, SQLAlchemyError):
        # What is wrong with the database is told by who needs it.
        return False


def _truncate_journal(cursor: DBAPICursor) -> bool:
    cursor.execute("PRAGMA busy_timeout")
    ((patience,),) = cursor.fetchall()
    cursor.execute(f"PRAGMA busy_timeout = {_JOURNAL_PATIENCE_MS}")
    try:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((busy, *_),) = cursor.fetchall()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
    return not busy


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for its turn.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
