"""What becomes of a fetch when the server, or the way to it, fails?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx

from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault
from service.fhir.client.fetching import Fetched, fetch
from service.fhir.client.searches import Reach
from service.security.bearer import FixedToken
from service.security.responses import retry_after
from service.settings import FhirServer, Settings

BASE = "https://ehr.example/fhir"
PATIENT = {"resourceType": "Patient", "id": "p1"}
TYPES = ("Condition", "Observation")
TODAY = date(2026, 6, 30).toordinal()
FHIR = {"Content-Type": "application/fhir+json"}
REACHES = tuple(Reach(name) for name in TYPES)


def statement(*types: str, batch: bool = False) -> bytes:
    resources = [
        {"type": name, "interaction": [{"code": "search-type"}], "searchParam": [{"name": "patient"}]}
        for name in types or TYPES
    ]
    interaction = [{"code": "batch"}] if batch else []
    rest = [{"mode": "server", "resource": resources, "interaction": interaction}]
    return json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}).encode()


def page(*resources: dict[str, Any], following: str = "") -> dict[str, Any]:
    link = [{"relation": "next", "url": following}] if following else []
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": [{"resource": r} for r in resources]}


def observation(name: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": name, "status": "final"}


def answered(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={"Content-Type": "application/fhir+json", **headers})


@pytest.fixture
def mocked() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/Patient/p1").mock(return_value=answered(PATIENT))
        router.get(url__startswith=f"{BASE}/Condition?").mock(return_value=answered(page()))
        yield router


def fetched(server: FhirServer | None = None, *, batch: bool = False, seconds: float = 20.0) -> Fetched:
    async def run() -> Fetched:
        async with httpx.AsyncClient(trust_env=False) as client:
            told = server or FhirServer(url=BASE)
            bearer = None if told.token is None else FixedToken(told.token)
            connection = Connection(told, client, seconds=seconds, most_bytes=1_000_000, bearer=bearer)
            return await fetch(connection, read_capability(statement(batch=batch)), "p1", REACHES, TODAY)

    return asyncio.run(run())


def names(found: Fetched) -> list[str]:
    return [entry["resource"]["id"] for entry in json.loads(found.bundle)["entry"]]


def observations(router: respx.MockRouter, *answers: Any) -> respx.Route:
    return router.get(url__startswith=f"{BASE}/Observation").mock(side_effect=list(answers))


def test_everything_comes_in_one_bundle(mocked: respx.MockRouter) -> None:
    second = f"{BASE}/Observation?page=2"
    observations(mocked, answered(page(observation("a"), following=second)), answered(page(observation("b"))))
    found = fetched()
    assert names(found) == ["p1", "a", "b"]
    assert found.gaps == {}
    assert found.requests == 4


@pytest.mark.parametrize("wait", ["0", format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)])
def test_a_busy_server_is_asked_again(mocked: respx.MockRouter, wait: str) -> None:
    route = observations(mocked, answered({}, 429, **{"Retry-After": wait}), answered(page(observation("a"))))
    found = fetched()
    assert names(found) == ["p1", "a"]
    assert found.gaps == {}
    assert route.call_count == 2


def test_both_forms_of_retry_after_are_understood() -> None:
    def seconds(text: str) -> float | None:
        return retry_after({"retry-after": text}, datetime(2026, 6, 30, 12, 0, tzinfo=UTC))

    assert seconds("7") == 7
    assert seconds("Tue, 30 Jun 2026 12:00:09 GMT") == 9
    assert seconds("Tue, 30 Jun 2026 11:00:00 GMT") == 0
    assert seconds("Tue, 30 Jun 2026 12:00:09 -0000") == 9
    assert seconds("soon") is None
    assert seconds("Fri, 31 Dec 2027 23:59:59 +99999999999") is None


@pytest.mark.parametrize(
    ("broken", "gap"),
    [
        (httpx.Response(200, headers=FHIR | {"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"x")), "compressed"),
        (
            httpx.Response(200, headers=FHIR, content=b'{"resourceType":"Bundle","link":[{"url":"\xff"}]}'),
            "not a Bundle",
        ),
        (httpx.Response(200, headers=FHIR, json=page(following=f"{BASE}/Observation?\x01")), "an address that is none"),
    ],
    ids=["compressed", "no-utf-8", "no-address"],
)
def test_an_answer_that_cannot_be_read_is_a_gap(mocked: respx.MockRouter, broken: httpx.Response, gap: str) -> None:
    observations(mocked, broken)
    found = fetched()
    assert gap in found.gaps["Observation"]
    assert found.failed == {"Observation"}


def test_nothing_old_and_nothing_compressed_is_asked_for(mocked: respx.MockRouter) -> None:
    route = observations(mocked, answered(page()))
    fetched()
    asked = route.calls.last.request.headers
    assert (asked["cache-control"], asked["accept-encoding"]) == ("no-cache", "identity")


def test_a_lost_connection_is_tried_again(mocked: respx.MockRouter) -> None:
    observations(mocked, httpx.ConnectError("lost"), answered(page(observation("a"))))
    assert names(fetched()) == ["p1", "a"]


FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "500": (lambda: answered({"resourceType": "OperationOutcome"}, 500), "it answered with status 500"),
    "404": (lambda: answered({"resourceType": "OperationOutcome"}, 404), "it answered with status 404"),
    "302": (lambda: httpx.Response(302, headers={"Location": f"{BASE}/x"}), "it answered with status 302"),
    "HTML": (lambda: httpx.Response(200, html="<html>Sign in</html>"), "not FHIR JSON"),
    "truncated": (lambda: httpx.Response(200, content=b'{"resourceType":"Bun', headers={"Content-Type": "application/fhir+json"}), "not a Bundle"),
    "an error as 200": (lambda: answered({"resourceType": "OperationOutcome", "issue": []}), "not a Bundle"),
    "a wrong shape": (lambda: answered({"resourceType": "Bundle", "entry": {}}), "not a Bundle"),
    "next elsewhere": (lambda: answered(page(observation("a"), following="https://evil.example/fhir?page=2")), "another server"),
    "next is no address": (lambda: answered(page(following="ftp://ehr.example/x")), "another server"),
    "too much": (lambda: answered(page({"resourceType": "Observation", "id": "x" * 1_000_000})), "more than is read"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_type_incomplete_and_says_why(mocked: respx.MockRouter, fault: str) -> None:
    make, reason = FAULTS[fault]
    mocked.get(url__startswith=f"{BASE}/Observation").mock(side_effect=lambda _: make())
    found = fetched()
    assert list(found.gaps) == ["Observation"]
    assert reason in found.gaps["Observation"]
    assert "p1" in names(found)


def test_what_came_before_the_fault_is_kept(mocked: respx.MockRouter) -> None:
    observations(mocked, answered(page(observation("a"), following=f"{BASE}/Observation?page=2")), answered({}, 500))
    found = fetched()
    assert names(found) == ["p1", "a"]
    assert found.gaps == {"Observation": "it answered with status 500"}


def test_pages_without_end_are_given_up(mocked: respx.MockRouter) -> None:
    count = iter(range(10_000))
    mocked.get(url__startswith=f"{BASE}/Observation").mock(
        side_effect=lambda _: answered(page(following=f"{BASE}/Observation?page={next(count)}"))
    )
    found = fetched(FhirServer(url=BASE, most_pages=7))
    assert found.gaps == {"Observation": "it has more than 7 pages"}


@pytest.mark.parametrize(
    ("said", "gap"),
    [
        ({"total": 900}, "there is more of it than it gave"),
        ({"total": 900, "link": [{"relation": "next"}]}, "it names a next page without its address"),
        ({"total": 1, "link": [{"relation": None}, 5]}, ""),
        ({"total": "900", "link": None}, ""),
    ],
)
def test_what_a_page_says_of_the_rest_is_heard(mocked: respx.MockRouter, said: dict[str, Any], gap: str) -> None:
    whole = {**page(observation("a")), **said}
    mocked.get(url__startswith=f"{BASE}/Observation").mock(return_value=answered(whole))
    found = fetched()
    assert names(found) == ["p1", "a"]
    assert dict(found.gaps) == ({"Observation": gap} if gap else {})


def test_a_full_page_of_which_nobody_says_the_total_may_not_be_all(mocked: respx.MockRouter) -> None:
    full = page(*(observation(f"o{number}") for number in range(3)))
    mocked.get(url__startswith=f"{BASE}/Observation").mock(return_value=answered(full))
    assert fetched(FhirServer(url=BASE, page_size=3)).gaps == {"Observation": "there is more of it than it gave"}


def test_pages_in_a_circle_are_given_up(mocked: respx.MockRouter) -> None:
    again = f"{BASE}/Observation?page=2"
    mocked.get(url__startswith=f"{BASE}/Observation").mock(return_value=answered(page(following=again)))
    assert fetched().gaps == {"Observation": "its pages lead back to one that was read"}


def test_a_server_that_trickles_is_given_up(mocked: respx.MockRouter) -> None:
    async def slowly(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return answered(page())

    mocked.get(url__startswith=f"{BASE}/Observation").mock(side_effect=slowly)
    assert fetched(seconds=0.3).gaps == {"Observation": "the server did not answer in time"}


def test_without_the_patient_there_is_nothing(mocked: respx.MockRouter) -> None:
    mocked.get(f"{BASE}/Patient/p1").mock(return_value=answered({}, 404))
    observations(mocked, answered(page()))
    with pytest.raises(Fault, match="404"):
        fetched()


def test_the_token_goes_to_the_server_alone(mocked: respx.MockRouter) -> None:
    elsewhere = mocked.get(url__startswith="https://evil.example").mock(return_value=answered(page()))
    here = observations(mocked, answered(page(following="https://evil.example/fhir?page=2")))
    fetched(FhirServer.model_validate({"url": BASE, "token": "secret"}))
    assert here.calls[0].request.headers["authorization"] == "Bearer secret"
    assert not elsewhere.called


def batch_of(*answers: tuple[str, Any]) -> httpx.Response:
    entries = [{"response": {"status": status}, "resource": resource} for status, resource in answers]
    return answered({"resourceType": "Bundle", "type": "batch-response", "entry": entries})


def test_a_batch_asks_for_all_first_pages_at_once(mocked: respx.MockRouter) -> None:
    sent = mocked.post(BASE).mock(
        return_value=batch_of(("200 OK", PATIENT), ("200", page()), ("200", page(observation("a"))))
    )
    found = fetched(batch=True)
    assert names(found) == ["p1", "a"]
    assert found.requests == 1
    urls = [entry["request"]["url"] for entry in json.loads(sent.calls[0].request.content)["entry"]]
    assert urls == [
        "Patient/p1",
        "Condition?patient=Patient/p1&_count=200",
        "Observation?patient=Patient/p1&_count=200",
    ]


def test_what_a_batch_refused_is_asked_for_by_itself(mocked: respx.MockRouter) -> None:
    mocked.post(BASE).mock(return_value=batch_of(("200", PATIENT), ("200", page()), ("403 Forbidden", {})))
    observations(mocked, answered(page(observation("a"))))
    found = fetched(batch=True)
    assert names(found) == ["p1", "a"]
    assert found.gaps == {}


@pytest.mark.parametrize("answer", [answered({}, 500), answered(page()), answered({"entry": 1})])
def test_without_a_batch_the_searches_are_sent_one_by_one(mocked: respx.MockRouter, answer: httpx.Response) -> None:
    mocked.post(BASE).mock(return_value=answer)
    observations(mocked, answered(page(observation("a"))))
    assert names(fetched(batch=True)) == ["p1", "a"]


def test_a_type_that_cannot_be_searched_is_not_asked_for(mocked: respx.MockRouter) -> None:
    found = fetched(FhirServer(url=BASE, not_searched=frozenset({"Observation"})))
    assert found.gaps == {"Observation": "the server cannot be searched for it by patient"}


def test_medications_that_records_refer_to_are_fetched(mocked: respx.MockRouter) -> None:
    order = {"resourceType": "MedicationRequest", "id": "m", "medicationReference": {"reference": "Medication/drug-1"}}
    mocked.get(url__startswith=f"{BASE}/MedicationRequest").mock(return_value=answered(page(order)))
    drug = {"resourceType": "Medication", "id": "drug-1"}
    mocked.get(f"{BASE}/Medication?_id=drug-1&_count=50").mock(return_value=answered(page(drug)))

    async def run() -> Fetched:
        async with httpx.AsyncClient(trust_env=False) as client:
            connection = Connection(FhirServer(url=BASE), client, seconds=20, most_bytes=1_000_000)
            capability = read_capability(statement("MedicationRequest"))
            return await fetch(connection, capability, "p1", [Reach("MedicationRequest")], TODAY)

    assert names(asyncio.run(run())) == ["p1", "m", "drug-1"]


@pytest.mark.parametrize(
    "document",
    [b"{", b'{"resourceType":"OperationOutcome"}', b'{"resourceType":"CapabilityStatement","fhirVersion":"5.0.0"}'],
)
def test_a_server_that_is_not_understood_is_told(document: bytes) -> None:
    with pytest.raises(Fault):
        read_capability(document)


@pytest.mark.parametrize(
    "url",
    [
        "ehr.example",
        "http://ehr.example/fhir",
        "ftp://ehr.example",
        "https://u:p@ehr.example",
        "https://ehr.example/?a",
    ],
)
def test_a_base_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"fhir|FHIR|https"):
        Settings(servers={"main": FhirServer(url=url)})


def test_plain_http_goes_to_hosts_that_the_site_has_named() -> None:
    server = FhirServer(url="http://fhir:8080/fhir")
    assert Settings(servers={"main": server}, plain_http=("fhir",)).servers["main"] == server
