"""Does the store open with the schema that the tables have, whoever else opens it, and from a wheel?"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from service.store import Cursor, Store, StoreUnavailable, Work, ledger_schema
from service.store.database import connect
from service.store.migrating import VERSION_TABLE
from service.store.schema import TABLES
from tests.architecture.tree import ROOT

pytestmark = pytest.mark.anyio
_OPEN = """
import asyncio, service
from service.store import Store
async def open_it():
    store = await Store.open("sqlite:///store.db")
    await store.close()
asyncio.run(open_it())
print(service.__file__)
"""


async def test_migrations_give_the_tables_of_the_models(store: Store, url: str) -> None:
    # Known as tables of the models once they are imported, whichever tests run beside.
    assert {ledger_schema.LedgerRow.__tablename__, ledger_schema.HeadRow.__tablename__} <= TABLES.tables.keys()
    engine = connect(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, TABLES) == []
    engine.dispose()


async def test_what_was_there_is_there_when_it_is_opened_again(url: str) -> None:
    for times in (1, 2, 3):
        store = await Store.open(url)
        await store.enqueue("main", ["a"])
        assert await store.waiting() == 1
        work = await store.take_work("me", 0)
        assert work is not None
        assert work.generation == times
        await store.close()


async def test_opened_by_many_at_once_it_is_migrated_once(url: str) -> None:
    stores = await asyncio.gather(*(Store.open(url) for _ in range(5)))
    assert [await store.waiting() for store in stores] == [0] * 5
    for store in stores:
        await store.close()


async def test_what_the_first_version_left_is_kept(url: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "service.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO moodmarker_work VALUES (:server, :patient, 3, 2, 0, NULL, 0)"),
            {"server": "main", "patient": "a"},
        )
        connection.execute(
            text(
                "INSERT INTO moodmarker_cursor (subscription, server, status, missing, needs_resync, resyncs) "
                "VALUES ('feed', 'main', 'active', '[3]', :needed, 1)"
            ),
            {"needed": False},
        )
    engine.dispose()
    store = await Store.open(url)
    assert await store.take_work("me", 60) == Work("main", "a", 3, 2)
    assert await store.cursor("feed") == Cursor("feed", "main", "active", None, (3,), False, None, None, None, 1, "")
    await store.close()


async def test_a_database_may_serve_others_too(store: Store, url: str) -> None:
    engine = connect(url)
    assert all(name.startswith("moodmarker_") for name in inspect(engine).get_table_names())
    engine.dispose()


async def test_a_newer_schema_is_left_alone(store: Store, url: str) -> None:
    await store.enqueue("main", ["a"])
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE moodmarker_schema SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="made by a newer version; run that version"):
        await Store.open(url)
    assert await store.waiting() == 1


async def test_a_migration_that_fails_leaves_nothing_behind(url: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE moodmarker_seen (unlike INTEGER)"))
    with pytest.raises(StoreUnavailable):
        await Store.open(url)
    assert inspect(engine).get_table_names() == ["moodmarker_seen"]
    engine.dispose()


async def test_a_closed_store_says_so_and_may_be_closed_again(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.waiting()
    await store.close()


async def test_it_says_whether_it_can_be_reached_and_ends_in_time_when_it_cannot(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store = await Store.open(f"sqlite:///{file}")
    assert await store.reachable()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert not await store.reachable(0.2)
    await store.close(0.2)
    assert time.monotonic() - began < 5
    assert not await store.reachable()
    other.execute("ROLLBACK")
    other.close()


async def test_names_are_kept_of_patients_who_wait_and_of_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store = await Store.open(f"sqlite:///{file}", b"key")
    assert await store.take_lease("write/Patient/somebody", "me", 0.0)
    await store.enqueue("main", ["somebody"])
    assert await store.take_lease("another", "me", 60.0)
    with sqlite3.connect(file) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert dump.count("somebody") == 1
    assert dump.count('INSERT INTO "moodmarker_lease"') == 1
    await store.close()


async def test_files_of_sqlite_are_their_owner_s_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}")
        await store.enqueue("main", ["a"])
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    await store.close()


async def test_a_commit_is_on_the_disk_before_it_is_told(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.connect() as connection:
        told = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    engine.dispose()
    assert told == ["wal", 2]


async def test_the_event_loop_goes_on_while_the_database_is_busy(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store = await Store.open(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asking = asyncio.create_task(store.enqueue("main", ["a"]))
    for _ in range(50):
        await asyncio.sleep(0.01)
    assert not asking.done()
    other.execute("ROLLBACK")
    other.close()
    await asking
    assert await store.waiting() == 1
    await store.close()


@pytest.mark.slow
async def test_an_installed_wheel_has_its_migrations(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "service", source / "service", ignore=shutil.ignore_patterns("__pycache__"))
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], check=True, cwd=source, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    opened = subprocess.run(
        [sys.executable, "-c", _OPEN],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert opened.returncode == 0, opened.stderr
    assert Path(opened.stdout.strip()).is_relative_to(tmp_path / "installed")
