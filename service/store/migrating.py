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
from service.store.values import StoreUnavailable

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


def _upgrade(connection: Connection, setting: str) -> None:
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    seen = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    if not {revision.revision for revision in scripts.walk_revisions()}.issuperset(seen):
        raise StoreUnavailable(
            f"The database of {setting} was made by a newer version; run that version, or name another database."
        )
    if set(seen) != set(scripts.get_heads()):
        command.upgrade(config, "head")
