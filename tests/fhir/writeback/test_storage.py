"""Is a resource stored once, and nobody's change overwritten, when requests are refused, lost or overtaken?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault
from service.fhir.writeback.results import Became, Stored
from service.fhir.writeback.storage import Storage, chosen_id
from service.settings import FhirServer

BASE = "https://ehr.example/fhir"
SID = "https://moodmarker.org/fhir/sid/flag"
VALUE = "be6de9dc50275ae794d3b29a82e9c16f4367f1c6"
ID = chosen_id(VALUE)
OURS = f"{BASE}/Flag/{ID}"
NEW = {"resourceType": "Flag", "status": "active", "identifier": [{"system": SID, "value": VALUE}]}
HELD = NEW | {"id": "7", "meta": {"versionId": "3", "lastUpdated": "2026-06-30T10:00:00Z"}}
CLOSED = HELD | {"status": "inactive"}
LOST = httpx.ReadError("the connection broke")


def statement(**flag: Any) -> bytes:
    told = {"type": "Flag", "interaction": [{"code": "create"}], "searchParam": [{"name": "identifier"}], **flag}
    rest = [{"mode": "server", "resource": [told]}]
    return json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}).encode()


def run(
    work: Callable[[Storage], Awaitable[Any]], *, seconds: float = 20, server: dict[str, Any] | None = None, **flag: Any
) -> Any:
    async def inside() -> Any:
        async with httpx.AsyncClient(trust_env=False) as client:
            connection = Connection(FhirServer(url=BASE, **(server or {})), client, seconds=seconds, most_bytes=100_000)
            return await work(Storage(connection, read_capability(statement(**flag)), "p1"))

    return asyncio.run(inside())


def put_new(**more: Any) -> Stored:
    stored: Stored = run(lambda storage: storage.create(NEW, SID, VALUE), updateCreate=True, **more)
    return stored


def post_new(**more: Any) -> Stored:
    stored: Stored = run(lambda storage: storage.create(NEW, SID, VALUE), **more)
    return stored


def close(version: str = "3", received: dict[str, Any] = HELD, **more: Any) -> Stored:
    content = json.dumps(received).encode()
    stored: Stored = run(lambda storage: storage.update("7", version, CLOSED, content), **more)
    return stored


def answered(body: Any = None, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body or {}, headers={"Content-Type": "application/fhir+json", **headers})


def page(*resources: dict[str, Any]) -> httpx.Response:
    return answered({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]})


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def reads(server: respx.MockRouter, *answers: Any, of: str = OURS) -> respx.Route:
    return server.get(of).mock(side_effect=list(answers))


def puts(server: respx.MockRouter, *answers: Any, of: str = OURS) -> respx.Route:
    return server.put(of).mock(side_effect=list(answers))


CREATED = answered(NEW | {"id": ID}, 201, Location=f"{OURS}/_history/1")
NONE = answered(status=404)


def test_an_id_is_made_from_the_identifier_and_fits() -> None:
    assert chosen_id(VALUE) == chosen_id(VALUE) != chosen_id(VALUE[::-1])
    assert len(ID) <= 64
    assert not ID.isdigit()


def test_a_new_resource_is_put_where_nothing_is(server: respx.MockRouter) -> None:
    reads(server, NONE)
    sent = puts(server, CREATED)
    assert put_new() == Stored(Became.CREATED, ID, "1")
    request = sent.calls[0].request
    assert json.loads(request.content) == {"resourceType": "Flag", "id": ID, **NEW}
    assert request.headers["if-none-match"] == "*"


def test_what_somebody_stored_since_is_not_overwritten(server: respx.MockRouter) -> None:
    reads(server, answered(CLOSED | {"id": ID}))
    assert put_new().became is Became.CONFLICT
    reads(server, NONE)
    puts(server, answered(status=412))
    assert put_new().became is Became.CONFLICT


def test_what_was_deleted_is_not_brought_back(server: respx.MockRouter) -> None:
    reads(server, answered(status=410))
    gone = Stored(Became.LEFT, reason="it was deleted on the server, and is not brought back", deleted=True)
    assert put_new() == gone


@pytest.mark.parametrize("fault", [LOST, httpx.ReadTimeout("late"), answered(status=500), answered(status=502)])
def test_a_lost_request_that_arrived_is_not_sent_again(server: respx.MockRouter, fault: Any) -> None:
    reads(server, NONE, answered(HELD | {"id": ID}))
    sent = puts(server, fault)
    assert put_new() == Stored(Became.CREATED, ID, "3")
    assert sent.call_count == 1


def test_a_lost_request_that_did_not_arrive_is_sent_once_more(server: respx.MockRouter) -> None:
    reads(server, NONE, NONE)
    sent = puts(server, LOST, CREATED)
    assert put_new() == Stored(Became.CREATED, ID, "1")
    assert sent.call_count == 2


def test_what_is_never_answered_is_not_known(server: respx.MockRouter) -> None:
    reads(server, NONE, NONE)
    sent = puts(server, LOST, LOST)
    assert put_new().became is Became.UNANSWERED
    assert sent.call_count == 2


def test_where_the_look_fails_too_it_is_not_known_either(server: respx.MockRouter) -> None:
    reads(server, NONE, answered(status=500))
    puts(server, LOST)
    stored = put_new()
    assert (stored.became, stored.reason) == (Became.UNANSWERED, "it could not be reached, or broke the connection off")


def test_a_request_that_outlasts_the_deadline_is_not_known(server: respx.MockRouter) -> None:
    async def slowly(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return CREATED

    reads(server, NONE)
    server.put(OURS).mock(side_effect=slowly)
    assert put_new(seconds=0.3).became is Became.UNANSWERED


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_refusal_is_told(server: respx.MockRouter, status: int) -> None:
    reads(server, NONE)
    sent = puts(server, answered(status=status))
    stored = put_new()
    assert stored.became is Became.REFUSED
    assert f"status {status}" in stored.reason
    assert sent.call_count == 1


@pytest.mark.parametrize("answer", [answered(status=403), answered({"resourceType": "Flag"})])
def test_nothing_is_put_where_nobody_can_look(server: respx.MockRouter, answer: httpx.Response) -> None:
    reads(server, answer)
    sent = puts(server, CREATED)
    assert put_new().became is Became.REFUSED
    assert not sent.called


POSTED = answered(HELD, 201, ETag='W/"1"')


def test_a_new_resource_is_posted_unless_there_is_one(server: respx.MockRouter) -> None:
    sent = server.post(f"{BASE}/Flag").mock(return_value=POSTED)
    assert post_new(conditionalCreate=True) == Stored(Became.CREATED, "7", "3")
    assert sent.calls[0].request.headers["if-none-exist"] == f"identifier={SID}|{VALUE}"


@pytest.mark.parametrize("status", [200, 412])
def test_one_that_is_there_already_is_looked_at_first(server: respx.MockRouter, status: int) -> None:
    server.post(f"{BASE}/Flag").mock(return_value=answered(HELD, status))
    assert post_new(conditionalCreate=True).became is Became.CONFLICT


@pytest.mark.parametrize(
    "more", [{}, {"conditionalCreate": True, "searchParam": []}, {"server": {"conditional_create": False}}]
)
def test_without_a_condition_a_search_comes_first(server: respx.MockRouter, more: dict[str, Any]) -> None:
    searched = reads(server, page({"resourceType": "OperationOutcome"}), of=f"{BASE}/Flag")
    sent = server.post(f"{BASE}/Flag").mock(return_value=POSTED)
    assert post_new(**{"conditionalCreate": True} | more if "server" in more else more).became is Became.CREATED
    assert searched.called
    assert "if-none-exist" not in sent.calls[0].request.headers
    reads(server, page(HELD), of=f"{BASE}/Flag")
    assert post_new(**more) == Stored(
        Became.CONFLICT, "7", "3", "one with its identifier is on the server, and was not among what was fetched"
    )


def test_a_lost_post_is_searched_for(server: respx.MockRouter) -> None:
    reads(server, page(HELD), of=f"{BASE}/Flag")
    sent = server.post(f"{BASE}/Flag").mock(side_effect=[LOST])
    assert post_new(conditionalCreate=True) == Stored(Became.CREATED, "7", "3")
    assert sent.call_count == 1
    reads(server, page(), of=f"{BASE}/Flag")
    sent.mock(side_effect=[LOST, POSTED])
    assert post_new(conditionalCreate=True) == Stored(Became.CREATED, "7", "3")
    reads(server, answered(status=403), of=f"{BASE}/Flag")
    sent.mock(side_effect=[LOST])
    assert post_new(conditionalCreate=True).became is Became.UNANSWERED


def test_a_search_that_fails_is_a_fault(server: respx.MockRouter) -> None:
    reads(server, answered(status=403), of=f"{BASE}/Flag")
    with pytest.raises(Fault, match="403"):
        run(lambda storage: storage.found("Flag"))


STORED = f"{BASE}/Flag/7"
CHECKED: dict[str, Any] = {"versioning": "versioned-update"}
CHANGED = Stored(Became.CHANGED, "7", "4")
PUT = answered(CLOSED | {"meta": {"versionId": "4"}}, 200)


def test_a_change_names_the_version_it_was_made_from(server: respx.MockRouter) -> None:
    sent = puts(server, PUT, of=STORED)
    assert close(**CHECKED)._replace(reason="") == CHANGED
    assert sent.calls[0].request.headers["if-match"] == 'W/"3"'


def test_where_versions_are_not_checked_it_is_read_again(server: respx.MockRouter) -> None:
    read = reads(server, answered(HELD), of=STORED)
    puts(server, PUT, of=STORED)
    assert close()._replace(reason="") == CHANGED
    assert read.called


@pytest.mark.parametrize("now", [answered(HELD | {"meta": {"versionId": "4"}}), NONE])
def test_a_change_of_what_was_changed_is_not_made(server: respx.MockRouter, now: httpx.Response) -> None:
    reads(server, now, of=STORED)
    sent = puts(server, PUT, of=STORED)
    assert close().became is Became.CONFLICT
    assert not sent.called


def test_without_versions_the_content_is_compared(server: respx.MockRouter) -> None:
    bare = {name: value for name, value in HELD.items() if name != "meta"}
    sent = puts(server, answered(CLOSED), answered(CLOSED), of=STORED)
    reads(server, answered(bare), of=STORED)
    assert close("", bare, **CHECKED).became is Became.CHANGED
    assert "if-match" not in sent.calls[0].request.headers
    reads(server, answered(bare | {"status": "inactive"}), of=STORED)
    assert close("", bare, **CHECKED).became is Became.CONFLICT


def test_a_lost_change_that_arrived_is_not_made_again(server: respx.MockRouter) -> None:
    reads(server, answered(CLOSED | {"meta": {"versionId": "4"}}), of=STORED)
    sent = puts(server, LOST, of=STORED)
    assert close(**CHECKED) == CHANGED
    assert sent.call_count == 1


def test_a_lost_change_that_did_not_arrive_is_made_again(server: respx.MockRouter) -> None:
    reads(server, answered(HELD), of=STORED)
    sent = puts(server, LOST, PUT, of=STORED)
    assert close(**CHECKED)._replace(reason="") == CHANGED
    assert sent.call_count == 2


def test_a_resource_without_identity_is_sent_once(server: respx.MockRouter) -> None:
    sent = server.post(f"{BASE}/Provenance").mock(side_effect=[LOST, answered(status=201)])
    provenance = {"resourceType": "Provenance"}
    assert run(lambda storage: storage.add(provenance)).became is Became.REFUSED
    assert sent.call_count == 1
    assert run(lambda storage: storage.add(provenance)).became is Became.CREATED
