"""Who may have a patient written for, with what, and what is answered where nothing can be?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from service.api.edge import Edge
from service.assessment import checking
from service.fhir.artifacts import all_artifacts
from service.fhir.operation import named
from service.fhir.reading import bundle
from tests.api.asking import FHIR, ask, issue_code, outcome_text
from tests.api.test_patients import BASE, PATIENT, POSITIVE, STATEMENT, TOKEN, answered

WRITE = "/fhir/Patient/p1/$mood-immune-write"
CHECK = "/fhir/Patient/p1/$mood-immune-check"
NOW = datetime.now(UTC)
TODAY = NOW.date().isoformat()
OF_TODAY = POSITIVE | {"effectiveDateTime": TODAY}
ALLOWED = {"main": {"url": BASE, "write": True}}


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/metadata").mock(return_value=answered(STATEMENT))
        router.get(f"{BASE}/Patient/p1").mock(return_value=answered(PATIENT))
        found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": OF_TODAY}]}
        router.post(f"{BASE}/Observation/_search", name="search").mock(return_value=answered(found))
        yield router


@pytest.fixture
def app(make_app: Callable[..., Edge]) -> Edge:
    return make_app(servers=ALLOWED)


def test_a_server_that_takes_nothing_is_told_beside_the_flags(app: Edge, server: respx.MockRouter) -> None:
    answer = ask(app, "POST", WRITE, headers=FHIR)
    assert answer.status_code == 200
    assert answer.headers["moodmarker-urgent"] == "true"
    flag, *_, outcome = [entry["resource"] for entry in answer.json()["entry"]]
    assert flag["code"]["coding"][0]["code"] == "suicidality-recorded"
    (told,) = (one for one in outcome["issue"] if one["code"] == "not-supported")
    assert told["severity"] == "error"
    assert told["details"]["coding"][0]["code"] == "write-no-target"
    assert told["details"]["text"].startswith("Nothing was written to the FHIR server main:")
    assert not any(call.request.method == "PUT" for call in server.calls)


def test_parameters_may_be_posted(app: Edge, server: respx.MockRouter) -> None:
    given = [{"name": "server", "valueCode": "main"}, {"name": "asOf", "valueDateTime": TODAY}]
    sent = {"resourceType": "Parameters", "parameter": given}
    assert ask(app, "POST", WRITE, json=sent, headers=FHIR).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(-2, 400), (-1, 200), (0, 200), (1, 200), (2, 400), (9999, 400)])
@pytest.mark.parametrize("place", ["query", "body"])
def test_it_is_done_as_of_today(app: Edge, server: respx.MockRouter, days: int, status: int, place: str) -> None:
    """One day more on either side, for it may be today for the caller."""
    day = (NOW + timedelta(days)).date().isoformat()
    sent = {"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDateTime": day}]}
    if place == "query":
        answer = ask(app, "POST", f"{WRITE}?asOf={day}", headers=FHIR)
    else:
        answer = ask(app, "POST", WRITE, json=sent, headers=FHIR)
    assert answer.status_code == status
    if status == 400:
        assert issue_code(answer) == "value"
        assert outcome_text(answer).startswith("What is stored has to be found as of today")
        assert "the parameter asOf" in outcome_text(answer)
        place_of = answer.json()["issue"][0].get("expression")
        assert place_of == (None if place == "query" else ["Parameters.parameter[0].valueDateTime"])
        assert not server.calls
    assert ask(app, "POST", f"{CHECK}?asOf={day}", headers=FHIR).status_code == 200


def test_it_is_off_unless_the_operator_turns_it_on(make_app: Callable[..., Edge], server: respx.MockRouter) -> None:
    answer = ask(make_app(servers={"main": {"url": BASE}}), "POST", WRITE, headers=FHIR)
    assert (answer.status_code, issue_code(answer)) == (403, "forbidden")
    assert "the FHIR server main" in outcome_text(answer)
    assert "MOODMARKER_SERVERS" in outcome_text(answer)
    assert not server.calls


def test_it_is_not_done_by_looking(app: Edge) -> None:
    assert ask(app, "GET", WRITE).status_code == 405
    assert ask(app, "POST", WRITE, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize("parameter", ["subject", "incomplete", "explain", "mode", "as", "data"])
def test_it_takes_no_more_than_its_definition_says(app: Edge, parameter: str) -> None:
    assert "Known: asOf, server" in outcome_text(ask(app, "POST", f"{WRITE}?{parameter}=x", headers=FHIR))
    sent = {"resourceType": "Parameters", "parameter": [{"name": parameter, "valueCode": "x"}]}
    assert ask(app, "POST", WRITE, json=sent, headers=FHIR).status_code == 400


def test_data_are_not_sent(app: Edge, body: bytes) -> None:
    assert "without `data`" in outcome_text(ask(app, "POST", WRITE, content=body, headers=FHIR))


def test_a_stranger_is_refused(app: Edge, server: respx.MockRouter) -> None:
    assert ask(app, "POST", WRITE, peer="10.0.0.9", headers=FHIR).status_code == 401
    assert not server.calls


@pytest.mark.parametrize(("sent", "status"), [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 401), ("", 401)])
def test_with_a_token_it_has_to_be_sent(
    make_app: Callable[..., Edge], server: respx.MockRouter, sent: str, status: int
) -> None:
    app = make_app(servers=ALLOWED, bearer_token=TOKEN)
    assert ask(app, "POST", WRITE, headers=FHIR | {"Authorization": sent}).status_code == status


@pytest.mark.parametrize("path", ["/fhir/Patient/a%3Fb/$mood-immune-write", "/fhir/Patient/%2E%2E/$mood-immune-write"])
def test_an_id_that_is_none_reaches_no_server(app: Edge, server: respx.MockRouter, path: str) -> None:
    assert ask(app, "POST", path, headers=FHIR).status_code in (400, 404)
    assert not server.calls


def test_a_server_that_fails_before_anything_was_tried_is_an_error(app: Edge, server: respx.MockRouter) -> None:
    server.get(f"{BASE}/Patient/p1").mock(return_value=answered({}, 500))
    assert ask(app, "POST", WRITE, headers=FHIR).status_code == 502


@pytest.mark.parametrize("path", [CHECK, WRITE])
def test_patients_count_among_the_checks_in_flight(
    make_app: Callable[..., Edge], server: respx.MockRouter, path: str
) -> None:
    """The one place is taken by the request itself while its server asks for another."""
    app = make_app(servers=ALLOWED, concurrency_limit=1, queue_limit=0)
    second: list[Any] = []

    def meanwhile(request: httpx.Request) -> httpx.Response:
        asking = threading.Thread(target=lambda: second.append(ask(app, "POST", path, headers=FHIR)))
        asking.start()
        asking.join(10)
        return answered(PATIENT)

    server.get(f"{BASE}/Patient/p1").mock(side_effect=meanwhile)
    sent = {"resourceType": "Parameters", "parameter": []}
    assert ask(app, "POST", path, json=sent, headers=FHIR).status_code == 200
    assert [one.status_code for one in second] == [503]


@pytest.mark.parametrize("path", [CHECK, WRITE])
@pytest.mark.parametrize("size", [10, 600_000])
def test_a_large_patient_is_evaluated_beside_the_event_loop(
    app: Edge, server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch, path: str, size: int
) -> None:
    threads: list[str] = []
    read = bundle.read_bundle

    def noting(*given: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return read(*given, **more)

    monkeypatch.setattr(checking, "read_bundle", noting)
    noted = POSITIVE | {"note": [{"text": "x" * size}]}
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": noted}]}
    server["search"].mock(return_value=answered(found))
    sent = {"resourceType": "Parameters", "parameter": []}
    assert ask(app, "POST", path, json=sent, headers=FHIR).status_code == 200
    assert [name.startswith("check") for name in threads] == [size > 512 * 1024]


def test_definition_document_and_requests_agree(app: Edge) -> None:
    definition = all_artifacts()["OperationDefinition/mood-immune-write.json"]
    assert (definition["affectsState"], definition["system"], definition["type"], definition["instance"]) == (
        True,
        False,
        False,
        True,
    )
    taken = [one["name"] for one in definition["parameter"] if one["use"] == "in"]
    assert taken == list(named("write")) == ["asOf", "server"]
    document = ask(app, "GET", "/openapi.json").json()
    (method,) = document["paths"]["/fhir/Patient/{id}/$mood-immune-write"]
    assert method == "post"
    post = document["paths"]["/fhir/Patient/{id}/$mood-immune-write"]["post"]
    in_query = [one["name"] for one in post["parameters"] if one["in"] == "query"]
    assert in_query == [*taken, "_format", "_pretty"]
    for content in post["requestBody"]["content"].values():
        assert {one["name"] for one in content["example"]["parameter"]} <= set(taken)
    statement = json.dumps(ask(app, "GET", "/fhir/metadata").json())
    assert "OperationDefinition/mood-immune-write" in statement
