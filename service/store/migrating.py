"""Brings a database to the newest schema, whoever else is about to."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.store.database import STORE
from service.store.faults import failed

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

VERSION_TABLE: Final = "moodmarker_schema"
# Any number does, as long as nobody else in the database locks by it.
_LOCK: Final = 0x6D6F6F646D61726B
# Alembic keeps what it migrates in globals of the process.
_one_at_a_time = Lock()


def migrate(engine: Engine, setting: str = STORE) -> None:
    """Runs the migrations that a database has not seen; raises `StoreUnavailable` when it has seen later ones."""
    with _one_at_a_time, engine.begin() as connection:
        # SQLite's transactions exclude each other by themselves.
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _upgrade(connection, setting)


def require_newest(engine: Engine, setting: str = STORE) -> None:
    """Raises `StoreUnavailable` unless a database has the schema of this version; changes nothing."""
    with engine.begin() as connection:
        newest = _is_newest(connection, _config(), setting)
    if not newest:
        raise failed(setting, "has not the tables of this version yet; start the service once with this version")


def _upgrade(connection: Connection, setting: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    if not _is_newest(connection, config, setting):
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    return config


def _is_newest(connection: Connection, config: Config, setting: str) -> bool:
    scripts = ScriptDirectory.from_config(config)
    seen = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    if not {revision.revision for revision in scripts.walk_revisions()}.issuperset(seen):
        raise failed(setting, "was made by a newer version; run that version, or name another database")
    return set(seen) == set(scripts.get_heads())
