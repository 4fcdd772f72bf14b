"""Is all that was opened closed, and the ledger with it, whatever fails in between?"""

from __future__ import annotations

from pathlib import Path

import pytest

from service.api.admission import Admission
from service.api.callers import Callers
from service.assessment import Servers
from service.subscriptions.running import Subscriptions
from tests.api.asking import CHECK, FHIR
from tests.api.test_ledger import MakeApp, kept, running, somebody
from tests.store.ledgers import asked


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


pytestmark = pytest.mark.anyio


async def _fails(*_: object) -> None:
    raise RuntimeError("it does not close")


@pytest.mark.parametrize("broken", [(Subscriptions, "stop"), (Callers, "close"), (Servers, "close")])
async def test_a_part_that_cannot_be_closed_leaves_the_ledger_signed_and_closed(
    make_app: MakeApp, file: Path, monkeypatch: pytest.MonkeyPatch, broken: tuple[type, str]
) -> None:
    monkeypatch.setattr(*broken, _fails)
    with pytest.raises(RuntimeError, match="does not close"):
        async with running(make_app(**kept(file))) as client:
            assert (await client.post(CHECK, content=somebody(), headers=FHIR)).status_code == 200
    assert asked(f"sqlite:///{file}", "SELECT kind FROM moodmarker_ledger_head") == [("closing",)]


async def test_a_start_that_fails_closes_what_it_had_opened(
    make_app: MakeApp, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = Admission.close

    def noted(admission: Admission) -> None:
        closed.append("threads")
        close(admission)

    monkeypatch.setattr(Admission, "close", noted)
    monkeypatch.setattr(Subscriptions, "start", _fails)
    with pytest.raises(RuntimeError, match="does not close"):
        async with running(make_app(**kept(file))):
            raise AssertionError
    # The writer of the ledger has left, which was at work already.
    assert asked(f"sqlite:///{file}", "SELECT * FROM moodmarker_ledger_writer") == []
    assert closed == ["threads"]


async def test_what_works_in_the_background_ends_before_what_it_works_with(
    make_app: MakeApp, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def told(name: str) -> object:
        async def close(*_: object) -> None:
            order.append(name)

        return close

    for kind, method, name in ((Subscriptions, "stop", "queue"), (Servers, "close", "servers")):
        monkeypatch.setattr(kind, method, told(name))
    monkeypatch.setattr("service.api.records.Records.close", told("ledger"))
    async with running(make_app()):
        pass
    assert order == ["queue", "servers", "ledger"]
