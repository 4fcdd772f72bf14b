"""Is every answer recorded before it is told, under pseudonyms, and does its receipt prove it?"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from fastapi import FastAPI
from pydantic import SecretStr

from service.api import application
from service.api.edge import Edge
from service.cds_hooks.names import SERVICE_PATH
from service.security.hooks import store_key
from service.security.ledger_keys import LedgerKeys, public_keys
from service.security.receipts import Receipt, read_receipt
from service.settings import SettingsError
from service.store import Store
from service.store import ledger as ledger_module
from tests.api.asking import CHECK, FHIR, parameters
from tests.api.test_patients import BASE, PATIENT, POSITIVE, STATEMENT, answered

MakeApp = Callable[..., Edge]
SECRET = "a-secret-of-the-ledger-that-is-long-enough"
KEYS = LedgerKeys(SecretStr(SECRET))
NAME, FAMILY = "patient-0815", "Mustermann-Zz"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "settle_garbage_collector", lambda: None)
    monkeypatch.setattr(ledger_module, "_PATIENCE", 1)
    monkeypatch.setattr(ledger_module, "DURABLE", ledger_module.DURABLE._replace(gives_up=0.2))


@asynccontextmanager
async def running(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    """The application from its start to its end."""
    app = edge.app
    assert isinstance(app, FastAPI)
    transport = httpx.ASGITransport(app=edge, raise_app_exceptions=False, client=("127.0.0.1", 50000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


def kept(file: Path, **more: Any) -> dict[str, Any]:
    """The settings of a ledger in a file."""
    return {"ledger": f"sqlite:///{file}", "ledger_key": SECRET, **more}


def rows(file: Path) -> list[dict[str, Any]]:
    """What is in the ledger."""
    with sqlite3.connect(file) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute("SELECT * FROM moodmarker_ledger ORDER BY seq")]
    connection.close()
    return found


def somebody() -> bytes:
    """The request of a patient with a name that would be noticed."""
    observation = {
        "resourceType": "Observation",
        "id": "obs-4711",
        "status": "final",
        "subject": {"reference": f"Patient/{NAME}"},
        "effectiveDateTime": "2026-06-23",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA6570-1"}]},
    }
    patient = {"resourceType": "Patient", "id": NAME, "name": [{"family": FAMILY}], "birthDate": "1980-02-03"}
    return parameters([patient, observation], asOf="2026-06-30")


def receipt_of(response: httpx.Response) -> Receipt:
    return read_receipt(response.headers["Moodmarker-Receipt"], [KEYS.public])


async def test_a_check_is_recorded_under_pseudonyms(make_app: MakeApp, file: Path) -> None:
    body = somebody()
    async with running(make_app(**kept(file))) as client:
        response = await client.post(CHECK, content=body, headers=FHIR)
        assert response.status_code == 200
        assert "Moodmarker-Receipt" not in response.headers
        (row,) = rows(file)
    answer = response.json()
    flags = [one["resource"] for one in answer["entry"] if one["resource"]["resourceType"] == "Flag"]
    assert flags
    assert json.loads(row["flags"]) == {
        KEYS.pseudonym("flag", flag["identifier"][0]["value"]): [{"state": flag["status"]}] for flag in flags
    }
    assert json.loads(row["verdicts"])["suicidality-recorded"] == "MET"
    assert json.loads(row["shadow"]) == {}
    assert (row["way"], row["caller"], row["seq"]) == ("check", "", 1)
    assert row["subject"] == KEYS.pseudonym("subject", f"Patient/{NAME}")
    assert row["input"] == KEYS.pseudonym("input", sha256(body).digest())
    assert 0 < row["duration"] < 60_000_000
    account = next(one for one in answer["entry"][-1]["resource"]["extension"] if one["url"].endswith("account"))
    assert row["rule_set"] in json.dumps(account)


async def test_of_two_flags_with_one_identifier_the_record_has_both(make_app: MakeApp, file: Path) -> None:
    """One goes on and the other is merged into it: what was told of danger is not overwritten by what ended."""
    sent = json.loads(somebody())
    async with running(make_app(**kept(file))) as client:
        found = (await client.post(CHECK, content=somebody(), headers=FHIR)).json()
        raised = next(one["resource"] for one in found["entry"] if one["resource"]["resourceType"] == "Flag")
        data = next(one for one in sent["parameter"] if one["name"] == "data")["resource"]
        data["entry"] += [{"resource": raised | {"id": name}} for name in ("first", "second")]
        answer = (await client.post(CHECK, content=json.dumps(sent), headers=FHIR)).json()
        row = rows(file)[-1]
    flags = [one["resource"] for one in answer["entry"] if one["resource"]["resourceType"] == "Flag"]
    identifier = raised["identifier"][0]["value"]
    assert [(flag["identifier"][0]["value"], flag["status"]) for flag in flags] == [(identifier, "active")]
    assert json.loads(row["flags"]) == {
        KEYS.pseudonym("flag", identifier): [{"state": "active"}, {"state": "inactive"}]
    }


async def test_nothing_of_the_patient_is_in_the_files_of_the_ledger(make_app: MakeApp, file: Path) -> None:
    async with running(make_app(**kept(file, receipts=True))) as client:
        response = await client.post(CHECK, content=somebody(), headers=FHIR)
        stored = b"".join(one.read_bytes() for one in file.parent.iterdir())
    stored += b"".join(one.read_bytes() for one in file.parent.iterdir())
    flags = [one["resource"] for one in response.json()["entry"] if one["resource"]["resourceType"] == "Flag"]
    identifiers = [flag["identifier"][0]["value"].encode() for flag in flags]
    marked = [NAME.encode(), FAMILY.encode(), b"obs-4711", b"1980-02-03", b"2026-06-23", SECRET.encode(), *identifiers]
    assert [one for one in marked if one in stored] == []
    assert b"suicidality-recorded" in stored


async def test_a_receipt_proves_the_answer_and_names_the_row(make_app: MakeApp, file: Path) -> None:
    body = somebody()
    async with running(make_app(**kept(file, receipts=True))) as client:
        plain = await client.post(CHECK, content=body, headers=FHIR)
        pretty = await client.post(CHECK + "?_pretty=true", content=body, headers=FHIR)
        packed = await client.post(CHECK, content=body, headers=FHIR | {"Accept-Encoding": "gzip"})
        published = (await client.get("/.well-known/jwks.json")).content
    assert packed.headers["Content-Encoding"] == "gzip"
    for seq, response in enumerate((plain, pretty, packed), 1):
        receipt = read_receipt(response.headers["Moodmarker-Receipt"], public_keys(published))
        assert receipt.is_of(response.content)
        assert receipt.is_for(body)
        assert not receipt.is_of(response.content + b" ")
        row = rows(file)[seq - 1]
        for name in ("decision", "writer", "seq", "at", "rule_set", "input"):
            assert row[name] == getattr(receipt, name)
        assert receipt.status == 200
    assert pretty.content != plain.content


async def test_a_deferred_receipt_names_the_row_that_is_written_afterwards(make_app: MakeApp, file: Path) -> None:
    settings = kept(file, receipts=True, ledger_mode="deferred")
    async with running(make_app(**settings)) as client:
        responses = [await client.post(CHECK, content=somebody(), headers=FHIR) for _ in range(3)]
    told = [(receipt_of(response).seq, receipt_of(response).decision) for response in responses]
    assert told == [(row["seq"], row["decision"]) for row in rows(file)]


async def test_a_request_that_is_refused_leaves_no_row(make_app: MakeApp, file: Path) -> None:
    async with running(make_app(**kept(file, receipts=True))) as client:
        response = await client.post(CHECK, content=b"{}", headers=FHIR)
        assert response.status_code == 400
        assert "Moodmarker-Receipt" not in response.headers
    assert rows(file) == []


async def test_a_hook_is_recorded(make_app: MakeApp, file: Path) -> None:
    patient = {"resourceType": "Patient", "id": NAME, "birthDate": "1980-02-03"}
    empty = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    edge = make_app(**kept(file, receipts=True))
    async with running(edge) as client:
        offered = (await client.get("/cds-services")).json()["services"][0]["prefetch"]
        prefetch = {key: patient if key == "patient" else empty for key in offered}
        call = {
            "hook": "patient-view",
            "hookInstance": "5f1c7f2e-6d0e-4f4b-9a51-2f6f0f3f7f10",
            "context": {"userId": "Practitioner/1", "patientId": NAME},
            "prefetch": prefetch,
        }
        response = await client.post(SERVICE_PATH, json=call)
        assert response.status_code == 200, response.text
    (row,) = rows(file)
    assert (row["way"], row["subject"]) == ("cds-hooks", KEYS.pseudonym("subject", f"Patient/{NAME}"))
    receipt = receipt_of(response)
    assert receipt.is_of(response.content)
    assert receipt.is_for(response.request.content)
    assert (receipt.seq, receipt.decision) == (1, row["decision"])


async def refused(client: httpx.AsyncClient) -> httpx.Response:
    response = await client.post(CHECK, content=somebody(), headers=FHIR)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert "could not be recorded, so it is not told" in response.text
    assert "Flag" not in response.text
    assert NAME not in response.text
    return response


async def test_what_cannot_be_recorded_is_not_told_and_the_service_is_not_ready(make_app: MakeApp, file: Path) -> None:
    edge = make_app(**kept(file))
    async with running(edge) as client:
        assert (await client.get("/health/ready")).json()["ledger"] == "ready"
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await refused(client)
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["ledger"] == "failed: is kept locked by another program; end what holds it"
        other.execute("ROLLBACK")
        other.close()
        numbers = (await client.get("/metrics")).text
        assert "moodmarker_ledger_failures_total 0.0" not in numbers
        assert (await client.post(CHECK, content=somebody(), headers=FHIR)).status_code == 200
        assert (await client.get("/health/ready")).json()["ledger"] == "ready"
        numbers = (await client.get("/metrics")).text
        assert "moodmarker_ledger_rows_total 1.0" in numbers
        assert "moodmarker_ledger_batches_total 1.0" in numbers
        assert "moodmarker_ledger_waiting 0.0" in numbers
        assert "moodmarker_ledger_lag_seconds 0.0" in numbers
    assert len(rows(file)) == 1


async def test_a_deferred_ledger_that_can_take_no_more_refuses(
    make_app: MakeApp, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ledger_module.DEFERRED._replace(most_waiting=2, lingers=5.0)
    monkeypatch.setattr(ledger_module, "DEFERRED", few)
    async with running(make_app(**kept(file, ledger_mode="deferred"))) as client:
        statuses = [(await client.post(CHECK, content=somebody(), headers=FHIR)).status_code for _ in range(3)]
        assert statuses == [200, 200, 503]
    assert len(rows(file)) == 2


async def test_a_deferred_ledger_tells_an_alert_while_its_database_is_away(make_app: MakeApp, file: Path) -> None:
    async with running(make_app(**kept(file, ledger_mode="deferred"))) as client:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(30):
            while "moodmarker_ledger_failures_total 0.0" in (await client.get("/metrics")).text:
                response = await client.post(CHECK, content=somebody(), headers=FHIR)
                assert (response.status_code, "suicidality-recorded" in response.text) == (200, True)
                await asyncio.sleep(0.1)
            while (await client.get("/health/ready")).json()["ledger"] == "ready":
                await asyncio.sleep(0.1)
        assert (await client.post(CHECK, content=somebody(), headers=FHIR)).status_code == 200
        # Whoever asks whether it is ready goes on sending it requests.
        ready = await client.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["ledger"] == "ready, but behind: is kept locked by another program; end what holds it"
        other.execute("ROLLBACK")
        other.close()
    assert len(rows(file)) >= 2


async def test_before_the_start_and_after_the_end_nothing_is_answered_unrecorded(make_app: MakeApp, file: Path) -> None:
    edge = make_app(**kept(file))

    async def ask() -> tuple[int, int]:
        transport = httpx.ASGITransport(app=edge, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            check = await client.post(CHECK, content=somebody(), headers=FHIR)
            return check.status_code, (await client.get("/health/ready")).status_code

    assert await ask() == (503, 503)
    async with running(edge):
        assert await ask() == (200, 200)
    assert await ask() == (503, 503)


async def test_a_ledger_that_cannot_be_opened_stops_the_start(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a letter, not a database" * 100)
    with pytest.raises(SettingsError, match="The database of MOODMARKER_LEDGER is a file of another kind"):
        async with running(make_app(**kept(tmp_path / "ledger.db"))):
            pass


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ledger": "sqlite:////x/y.db"}, "MOODMARKER_LEDGER is set without MOODMARKER_LEDGER_KEY"),
        ({"ledger_key": SECRET}, "MOODMARKER_LEDGER_KEY is set without MOODMARKER_LEDGER;"),
        ({"ledger": "sqlite:////x/y.db", "ledger_key": "short"}, "too short to be a secret"),
        ({"ledger": "sqlite:///y.db", "ledger_key": SECRET}, "another file in each folder"),
        ({"receipts": True}, "MOODMARKER_RECEIPTS is on without a ledger"),
    ],
)
async def test_settings_that_make_no_ledger_are_told(make_app: MakeApp, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text) as caught:
        make_app(**settings)
    assert SECRET not in str(caught.value)


async def test_without_a_ledger_there_is_neither_row_nor_receipt_nor_key(make_app: MakeApp, tmp_path: Path) -> None:
    async with running(make_app()) as client:
        response = await client.post(CHECK, content=somebody(), headers=FHIR)
        assert response.status_code == 200
        assert "Moodmarker-Receipt" not in response.headers
        assert (await client.get("/.well-known/jwks.json")).status_code == 404
        assert "ledger" not in (await client.get("/health/ready")).json()


TODAY = datetime.now(UTC).date().isoformat()
TAKES_FLAGS = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "resource": [
                *STATEMENT["rest"][0]["resource"],  # type: ignore[index]
                {
                    "type": "Flag",
                    "interaction": [{"code": "create"}, {"code": "update"}, {"code": "search-type"}],
                    "conditionalCreate": True,
                    "updateCreate": True,
                    "searchParam": [{"name": "patient"}, {"name": "identifier"}],
                },
                {
                    "type": "CarePlan",
                    "interaction": [{"code": "create"}, {"code": "update"}, {"code": "search-type"}],
                    "conditionalCreate": True,
                    "updateCreate": True,
                    "searchParam": [{"name": "patient"}, {"name": "identifier"}],
                },
            ],
        }
    ],
}


@contextmanager
def answering_server() -> Iterator[respx.MockRouter]:
    """A FHIR server that takes Flags, and whose writes are counted."""
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/metadata").mock(return_value=answered(TAKES_FLAGS))
        router.get(f"{BASE}/Patient/p1").mock(return_value=answered(PATIENT))
        observed = {"resource": POSITIVE | {"effectiveDateTime": TODAY}}
        found = {"resourceType": "Bundle", "type": "searchset", "entry": [observed]}
        none = {"resourceType": "Bundle", "type": "searchset", "entry": []}
        router.post(f"{BASE}/Observation/_search").mock(return_value=answered(found))
        router.get(url__regex=rf"{BASE}/(Flag|CarePlan)(/_search)?(\?.*)?$").mock(return_value=answered(none))
        router.post(url__regex=rf"{BASE}/(Flag|CarePlan)/_search").mock(return_value=answered(none))
        router.route(method="PUT", name="put").mock(side_effect=stored)
        router.get(url__startswith=BASE).mock(return_value=httpx.Response(404))
        router.post(url__startswith=BASE, name="post").mock(side_effect=stored)
        yield router


def stored(request: httpx.Request) -> httpx.Response:
    """The server has taken it."""
    sent = json.loads(request.content)
    return httpx.Response(201, json={"id": "new", **sent, "meta": {"versionId": "1"}}, headers=FHIR)


def writes(server: respx.MockRouter) -> int:
    return int(server["put"].call_count + server["post"].call_count)


ALLOWED = {"servers": {"main": {"url": BASE, "write": True}}}
ON_PATIENT = "/fhir/Patient/p1/$mood-immune-"


@pytest.mark.parametrize(("way", "operation"), [("instance", "check"), ("write", "write")])
async def test_what_is_fetched_or_written_is_recorded(make_app: MakeApp, file: Path, way: str, operation: str) -> None:
    edge = make_app(**kept(file, receipts=True), **ALLOWED)
    async with running(edge) as client:
        with answering_server() as server:
            response = await client.post(ON_PATIENT + operation, headers=FHIR)
            assert response.status_code == 200, response.text
            assert (writes(server) > 0) == (way == "write")
    (row,) = rows(file)
    assert (row["way"], row["subject"]) == (way, KEYS.pseudonym("subject", "Patient/p1"))
    receipt = receipt_of(response)
    assert receipt.is_of(response.content)
    assert (receipt.decision, receipt.input, receipt.request) == (row["decision"], row["input"], "")


async def test_nothing_is_written_to_a_server_that_could_not_be_recorded_before(make_app: MakeApp, file: Path) -> None:
    edge = make_app(**kept(file), **ALLOWED)
    async with running(edge) as client:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with answering_server() as server:
            response = await client.post(f"{ON_PATIENT}write", headers=FHIR)
            assert response.status_code == 503
            assert writes(server) == 0
        other.execute("ROLLBACK")
        other.close()
    assert rows(file) == []


async def test_work_of_the_queue_is_recorded_before_it_is_written(
    make_app: MakeApp, file: Path, tmp_path: Path
) -> None:
    settings = {"service_key": "s" * 32, "store": f"sqlite:///{tmp_path / 'store.db'}"}
    edge = make_app(**kept(file), **settings, **ALLOWED)
    with answering_server() as server:
        store = await Store.open(settings["store"], store_key(SecretStr(settings["service_key"])))
        await store.enqueue("main", ["p1"])
        async with running(edge):
            for _ in range(200):
                if not await store.waiting():
                    break
                await asyncio.sleep(0.05)
        await store.close()
        assert writes(server) > 0
    (row,) = rows(file)
    assert (row["way"], row["caller"]) == ("subscription", "main")


async def test_what_the_queue_could_not_have_recorded_is_written_once_the_ledger_is_back(
    make_app: MakeApp, file: Path, tmp_path: Path
) -> None:
    settings = {"service_key": "s" * 32, "store": f"sqlite:///{tmp_path / 'store.db'}"}
    edge = make_app(**kept(file), **settings, **ALLOWED)
    with answering_server() as server:
        store = await Store.open(settings["store"], store_key(SecretStr(settings["service_key"])))
        async with running(edge) as client, asyncio.timeout(90):
            other = sqlite3.connect(file, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            await store.enqueue("main", ["p1"])
            while '="postponed"} 1.0' not in (await client.get("/metrics")).text:
                await asyncio.sleep(0.05)
            assert (writes(server), await store.waiting()) == (0, 1)
            other.execute("ROLLBACK")
            other.close()
            while await store.waiting():
                await asyncio.sleep(0.05)
        await store.close()
        assert writes(server) > 0
    (row,) = rows(file)
    assert row["way"] == "subscription"
