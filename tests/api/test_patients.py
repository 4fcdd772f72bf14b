"""What is answered for a patient who is fetched, to whom, and when the FHIR server fails?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from service.api.edge import Edge
from tests.api.asking import FHIR, ask, outcome_text

BASE = "https://ehr.example/fhir"
SERVERS = {"main": {"url": BASE}}
TOKEN = "right" * 7
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01"}
CHECK = "/fhir/Patient/p1/$mood-immune-check"
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [
        {
            "mode": "server",
            "resource": [
                {
                    "type": "Observation",
                    "interaction": [{"code": "search-type"}],
                    "searchParam": [{"name": "patient"}, {"name": "code"}],
                }
            ],
        }
    ],
}
POSITIVE = {
    "resourceType": "Observation",
    "id": "item-9",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-06-27T09:00:00Z",
    "valueInteger": 2,
}


def answered(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body, headers=FHIR)


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/metadata", name="metadata").mock(return_value=answered(STATEMENT))
        router.get(f"{BASE}/Patient/p1").mock(return_value=answered(PATIENT))
        found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": POSITIVE}]}
        router.post(f"{BASE}/Observation/_search").mock(return_value=answered(found))
        yield router


@pytest.fixture
def app(make_app: Callable[..., Edge]) -> Edge:
    return make_app(servers=SERVERS)


def test_what_is_fetched_is_flagged(app: Edge, server: respx.MockRouter) -> None:
    answer = ask(app, "GET", f"{CHECK}?asOf=2026-06-30")
    assert answer.status_code == 200
    assert answer.headers["moodmarker-urgent"] == "true"
    flags = [e["resource"] for e in answer.json()["entry"] if e["resource"]["resourceType"] == "Flag"]
    assert [flag["code"]["coding"][0]["code"] for flag in flags] == ["suicidality-recorded"]
    assert "Condition: the server cannot be searched for it by patient" in json.dumps(answer.json())


def test_parameters_may_be_posted(app: Edge, server: respx.MockRouter) -> None:
    sent = {"resourceType": "Parameters", "parameter": [{"name": "server", "valueCode": "main"}]}
    assert ask(app, "POST", f"{CHECK}?asOf=2026-06-30", json=sent, headers=FHIR).status_code == 200


def test_data_are_not_sent_for_a_patient_who_is_fetched(app: Edge, body: bytes) -> None:
    answer = ask(app, "POST", CHECK, content=body, headers=FHIR)
    assert answer.status_code == 400
    assert "without `data`" in outcome_text(answer)


@pytest.mark.parametrize(
    ("route", "fault", "status"),
    [
        ("metadata", answered({}, 404), 502),
        ("metadata", httpx.Response(200, html="<html>"), 502),
        ("Patient/p1", answered({}, 404), 404),
        ("Patient/p1", answered({}, 500), 502),
    ],
)
def test_a_failing_server_is_an_error_and_no_all_clear(
    app: Edge, server: respx.MockRouter, route: str, fault: httpx.Response, status: int
) -> None:
    server.get(f"{BASE}/{route}").mock(return_value=fault)
    answer = ask(app, "GET", CHECK)
    assert answer.status_code == status
    assert "main" in outcome_text(answer)
    assert BASE not in answer.text


def test_a_server_that_does_not_answer_is_504(make_app: Callable[..., Edge], server: respx.MockRouter) -> None:
    server.get(f"{BASE}/metadata").mock(side_effect=httpx.ReadTimeout("slow"))
    answer = ask(make_app(servers=SERVERS, deadline_seconds=0.2), "GET", CHECK)
    assert answer.status_code == 504


def test_what_a_server_can_do_is_asked_once(app: Edge, server: respx.MockRouter) -> None:
    for _ in range(2):
        assert ask(app, "GET", CHECK).status_code == 200
    assert server["metadata"].call_count == 1


def test_one_of_several_servers_has_to_be_named(make_app: Callable[..., Edge]) -> None:
    app = make_app(servers=SERVERS | {"other": {"url": "https://other.example/fhir"}})
    assert "name one in `server`: main, other" in outcome_text(ask(app, "GET", CHECK))
    assert "one of: main, other" in outcome_text(ask(app, "GET", f"{CHECK}?server=third"))


def test_a_stranger_is_refused(app: Edge) -> None:
    answer = ask(app, "GET", CHECK, peer="10.0.0.9")
    assert answer.status_code == 401
    assert "MOODMARKER_BEARER_TOKEN" in outcome_text(answer)


@pytest.mark.parametrize(("sent", "status"), [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 401), ("", 401)])
def test_with_a_token_it_has_to_be_sent(
    make_app: Callable[..., Edge], server: respx.MockRouter, sent: str, status: int
) -> None:
    app = make_app(servers=SERVERS, bearer_token=TOKEN)
    assert ask(app, "GET", CHECK, headers={"Authorization": sent}).status_code == status


def test_an_id_that_is_none_reaches_no_server(app: Edge, server: respx.MockRouter) -> None:
    assert ask(app, "GET", "/fhir/Patient/a%3Fb/$mood-immune-check").status_code == 400
    assert not server.calls
