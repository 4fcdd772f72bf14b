"""When the database does not serve, is the remedy told, and no secret and no patient?"""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.store import Store, StoreUnavailable, database
from tests.store.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.anyio
SECRET, PATIENT = "hunter2", "somebody"


async def refused(url: str) -> str:
    """The text of the error, once it is sure that nothing that is shown of it tells the secret."""
    with pytest.raises(StoreUnavailable) as caught:
        await (await Store.open(url)).close()
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert PASSWORD not in shown
    return str(caught.value)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Without root's right to write anywhere, where the tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "no address of a database; write it as sqlite:///file or"),
        (SECRET, "no address of a database"),
        (f"postgresql://me:{SECRET}@host:port/name", "no address of a database"),
        (f"mysql://me:{SECRET}@host/name", "not supported; write it as"),
        (f"postgresql+asyncpg://me:{SECRET}@host/name", "not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "names no file"),
        ("sqlite:////no/such/folder/x.db", "folder of the database of MOODMARKER_STORE does not exist; make it"),
    ],
)
async def test_an_address_that_is_none_is_told(url: str, text: str) -> None:
    assert text in await refused(url)


async def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    folder.chmod(0o555)
    with unprivileged():
        assert "let the service's user write the file and its folder" in await refused(f"sqlite:///{folder}/x.db")


async def test_a_file_in_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "x.db").touch()
    (folder / "x.db").chmod(0o666)
    folder.chmod(0o555)
    with unprivileged():
        assert "let the service's user write" in await refused(f"sqlite:///{folder}/x.db")


async def test_a_file_of_another_kind_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"a letter, not a database" * 100)
    assert "file of another kind" in await refused(f"sqlite:///{tmp_path}/x.db")
    assert (tmp_path / "x.db").read_bytes().startswith(b"a letter")


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/x.db")
    await store.enqueue("main", ["a"])
    await store.close()
    content = bytearray((tmp_path / "x.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "x.db").write_bytes(content)
    assert "damaged; put a backup in its place" in await refused(f"sqlite:///{tmp_path}/x.db")


async def test_a_file_that_stays_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    store = await Store.open(f"sqlite:///{tmp_path}/x.db")
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="kept locked by another program") as caught:
        await store.enqueue("main", [PATIENT])
    assert PATIENT not in "".join(traceback.format_exception(caught.value))
    other.execute("ROLLBACK")
    other.close()
    await store.enqueue("main", [PATIENT])
    await store.close()


async def test_a_table_that_is_gone_is_told_without_the_patient(store: Store, url: str) -> None:
    engine = database.connect(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE moodmarker_work")
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="has not the tables that this version made") as caught:
        await store.enqueue("main", [PATIENT])
    assert PATIENT not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
async def test_a_wrong_password_user_or_name_is_told(postgres: Postgres) -> None:
    name = postgres.new_database()
    for address in (
        postgres.address(name, password=SECRET),
        postgres.address(name, user=SECRET),
        postgres.address("no_such_name"),
    ):
        assert "refused the sign-in; check user, password and database name" in await refused(address)


async def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        text = await refused(f"postgresql://me:{SECRET}@127.0.0.1:{port}/name")
    assert "could not be reached; check host and port" in text


async def test_an_option_that_is_misspelt_is_told() -> None:
    assert "an option that PostgreSQL does not know" in await refused(
        f"postgresql://me:{SECRET}@127.0.0.1:9/name?sslmod=x"
    )


@pytest.mark.postgres
async def test_a_user_who_may_not_make_tables_is_told(postgres: Postgres) -> None:
    name = postgres.new_database()
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
    assert "grant CREATE on the schema" in await refused(postgres.address(name, user=name, password=SECRET))


@pytest.mark.postgres
async def test_a_replica_is_told(postgres: Postgres) -> None:
    name = postgres.new_database()
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "name the primary" in await refused(postgres.address(name))


@pytest.mark.postgres
async def test_connections_that_the_server_ended_are_made_anew(postgres: Postgres) -> None:
    name = postgres.new_database()
    store = await Store.open(postgres.address(name))
    await store.enqueue("main", ["a"])
    # The operator's own session is in another database.
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'store%'")
    assert await store.waiting() == 1
    await store.close()
