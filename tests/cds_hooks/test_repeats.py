"""Is what was shown before recognised, and what is new, worse or of another patient shown?"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from service.cds_hooks.repeats import Audience, Guard
from service.domain.evidence import Row
from service.domain.facts import Source
from service.domain.findings import FlagFinding
from service.domain.rule import Priority
from service.store import Store
from tests.cds_hooks.findings import finding, source

pytestmark = pytest.mark.anyio
KEY = b"k" * 32
DAY = 86_400.0


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


async def again(guard: Guard, client: str, patient: str, call: str, flag: FlagFinding, *told: Row) -> bool:
    """Whether this was shown in another call; it is shown now."""
    audience = Audience(client, "Practitioner/anna", patient, call)
    digest = guard.digest(audience, flag, told)
    known = await guard.known(audience, [digest])
    await guard.remember(audience, [digest])
    return digest in known


@pytest.fixture
async def guard(store: Store) -> Guard:
    guard = Guard(KEY, store)
    assert not await again(guard, "ehr", "ada", "first", finding())
    return guard


async def test_another_call_of_a_hook_is_a_repetition(guard: Guard) -> None:
    for call in ("second", "third", "second"):
        assert await again(guard, "ehr", "ada", call, finding())


async def test_the_same_call_sent_again_gets_the_same_answer(guard: Guard) -> None:
    for _ in range(3):
        assert not await again(guard, "ehr", "ada", "first", finding())


async def test_it_is_another_s_to_see(guard: Guard) -> None:
    assert not await again(guard, "another ehr", "ada", "second", finding())
    assert not await again(guard, "ehr", "ben", "second", finding())
    # Names do not run into each other.
    assert not await again(guard, "ehra", "da", "second", finding())


async def test_what_is_worse_or_another_flag_or_rests_on_something_new_is_no_repetition(guard: Guard) -> None:
    assert not await again(guard, "ehr", "ada", "second", finding(priority=Priority.PH))
    assert not await again(guard, "ehr", "ada", "second", finding(identifier="b" * 40))
    more = finding(*finding().evidence, source("Observation/phq-2"))
    assert not await again(guard, "ehr", "ada", "second", more)
    assert await again(guard, "ehr", "ada", "third", more)


async def test_the_order_and_spelling_of_evidence_do_not_matter(guard: Guard) -> None:
    same = [source("https://ehr.example/fhir/Observation/crp/_history/4"), source("Observation/phq")]
    assert await again(guard, "ehr", "ada", "second", finding(*same))


async def test_evidence_without_an_id_is_known_by_what_it_has(guard: Guard) -> None:
    first = finding(
        Source("", "Bundle.entry[0]", identifier=("urn:lab", "1")), Source("", "Bundle.entry[1]", display="CRP")
    )
    moved = finding(
        Source("", "Bundle.entry[7]", identifier=("urn:lab", "1")), Source("", "Bundle.entry[8]", display="CRP")
    )
    other = finding(
        Source("", "Bundle.entry[0]", identifier=("urn:lab", "2")), Source("", "Bundle.entry[1]", display="CRP")
    )
    assert not await again(guard, "ehr", "ada", "first", first)
    assert await again(guard, "ehr", "ada", "second", moved)
    assert not await again(guard, "ehr", "ada", "second", other)


def past(file: Path, days: float) -> None:
    """What was shown is so much older by the database's clock."""
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE moodmarker_shown SET ends_at = ends_at - ?", (days * DAY,))
    connection.close()


async def test_after_90_days_it_is_shown_again(guard: Guard, file: Path) -> None:
    past(file, 89.99)
    assert await again(guard, "ehr", "ada", "second", finding())
    past(file, 0.01)
    assert not await again(guard, "ehr", "ada", "second", finding())
    assert await again(guard, "ehr", "ada", "first", finding())


async def test_cards_passed_over_do_not_put_off_the_day(guard: Guard, file: Path) -> None:
    for day in range(9):
        assert await again(guard, "ehr", "ada", f"call {day}", finding())
        past(file, 10)
    assert not await again(guard, "ehr", "ada", "late", finding())


async def test_nothing_of_client_patient_call_or_flag_is_kept(guard: Guard, file: Path, store: Store) -> None:
    await again(guard, "ZQXCLIENT", "ZQXPATIENT", "ZQXCALL", finding(source("ZQX/1"), identifier="ZQXFLAG"))
    await store.close()
    kept = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"moodmarker_shown" in kept
    for word in (b"ZQX", b"first", b"ada", b"Observation/", b"a" * 40):
        assert word not in kept


async def test_without_a_store_nothing_is_a_repetition() -> None:
    guard = Guard(KEY, None)
    for call in ("first", "second"):
        assert not await again(guard, "ehr", "ada", call, finding())


async def test_a_store_that_does_not_answer_has_the_card_shown_and_logged(guard: Guard, store: Store) -> None:
    await store.close()
    with capture_logs() as logged:
        assert not await again(guard, "ehr", "ada", "second", finding())
    assert [line["event"] for line in logged] == ["cards shown without the guard", "cards not remembered"]
    assert "ada" not in str(logged)


async def test_what_one_user_saw_another_is_shown(guard: Guard) -> None:
    for user, known in (("Practitioner/anna", True), ("Practitioner/ben", False)):
        audience = Audience("ehr", user, "ada", "second")
        digest = guard.digest(audience, finding(), ())
        assert (digest in await guard.known(audience, [digest])) == known


async def test_a_corrected_value_is_no_repetition(guard: Guard) -> None:
    assert not await again(guard, "ehr", "ada", "second", finding(), Row("PHQ-9", "16", "2026-11-01"))
    assert await again(guard, "ehr", "ada", "third", finding(), Row("PHQ-9", "16", "2026-11-01"))
    assert not await again(guard, "ehr", "ada", "third", finding(), Row("PHQ-9", "19", "2026-11-01"))


async def test_asking_alone_shows_nothing(guard: Guard) -> None:
    for call in ("one", "two"):
        audience = Audience("ehr", "Practitioner/ben", "ada", call)
        assert not await guard.known(audience, [guard.digest(audience, finding(), ())])


async def test_a_store_that_hangs_holds_up_no_card() -> None:
    class Hanging:
        async def shown_before(self, _digests: object, _instance: str) -> frozenset[str]:
            await asyncio.sleep(60)
            raise AssertionError

    guard = Guard(KEY, cast("Store", Hanging()), seconds=0.05)
    audience = Audience("ehr", "Practitioner/anna", "ada", "one")
    with capture_logs() as logged:
        assert await guard.known(audience, ["digest"]) == frozenset()
    assert [line["event"] for line in logged] == ["cards shown without the guard"]
