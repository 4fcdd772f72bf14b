"""Is a token good once for all processes of a site, and never where nobody can say?"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.cds_hooks.replays import StoredReplays
from service.errors import Overloaded
from service.security.replays import digest_of
from service.store import Store
from tests.security.cds import is_believed, known, signed, signer, write_set

pytestmark = pytest.mark.anyio
KEY = b"k" * 32
DIGEST = digest_of("https://ehr.example", "token-1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(file: Path, anyio_backend: str) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{file}", b"key")
    yield opened
    await opened.close()


def _in(store: Store) -> StoredReplays:
    replays = StoredReplays(KEY)
    replays.store = store
    return replays


def _later(**more: float) -> datetime:
    return datetime.now(UTC) + timedelta(**more)


async def test_a_token_is_good_once_whichever_process_it_comes_to(store: Store, tmp_path: Path) -> None:
    keys = write_set(tmp_path / "keys.json", signer())
    workers = [known(_in(store), key_file=keys) for _ in range(2)]
    once, another = signed(signer()), signed(signer())
    believed = [await is_believed(worker, sent) for sent in (once, another) for worker in workers]
    assert believed == [True, False, True, False]


async def test_a_used_token_outlives_the_service(file: Path, store: Store) -> None:
    assert await _in(store).first_use(DIGEST, _later(minutes=5))
    await store.close()
    again = await Store.open(f"sqlite:///{file}", b"key")
    assert not await _in(again).first_use(DIGEST, _later(minutes=5))
    await again.close()


async def test_what_is_kept_says_nothing_of_the_token(file: Path, store: Store) -> None:
    assert await _in(store).first_use(DIGEST, _later(minutes=5))
    with sqlite3.connect(file) as rows:
        ((kept,),) = rows.execute("SELECT digest FROM moodmarker_token").fetchall()
    rows.close()
    assert len(kept) == 64
    assert kept != DIGEST.hex()


async def test_nobody_is_believed_before_the_store_is_open_or_after(file: Path, store: Store) -> None:
    with pytest.raises(Overloaded, match="starting"):
        await StoredReplays(KEY).first_use(DIGEST, _later(minutes=5))
    replays = _in(store)
    await store.close()
    with pytest.raises(Overloaded, match="does not answer"):
        await replays.first_use(DIGEST, _later(minutes=5))
