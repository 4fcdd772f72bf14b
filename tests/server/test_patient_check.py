"""Does the service, run as a site runs it, fetch a patient from a real FHIR server and answer for them?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import Served, serving
from tests.server.local_server import LocalServer
from tests.server.sekmet import ROOT

EXAMPLE = ROOT / "contracts" / "examples" / "relapse-with-worse-mood" / "request.json"
TOKEN = "a-token-of-the-site-of-32-characters"


def example(patient: str) -> list[dict[str, Any]]:
    """The resources of a named patient, under an id of their own."""
    text = EXAMPLE.read_text()
    bundle = next(p["resource"] for p in json.loads(text)["parameter"] if p["name"] == "data")
    resources = [entry["resource"] for entry in bundle["entry"]]
    known = next(one["id"] for one in resources if one["resourceType"] == "Patient")
    renamed = json.loads(json.dumps(resources).replace(f"Patient/{known}", f"Patient/{patient}"))
    for number, one in enumerate(renamed):
        one["id"] = patient if one["resourceType"] == "Patient" else f"{patient}-{number}"
    return list(renamed)


def as_of() -> str:
    return str(next(p["valueDateTime"] for p in json.loads(EXAMPLE.read_text())["parameter"] if p["name"] == "asOf"))


@pytest.fixture(scope="module")
def served(sekmet: LocalServer) -> Iterator[Served]:
    sekmet.put(*example("ada"))
    servers = {"main": {"url": sekmet.base}}
    with serving(SERVERS=json.dumps(servers)) as running:
        yield running


def rules_flagged(answer: httpx.Response) -> list[str]:
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    return [one["code"]["coding"][0]["code"] for one in resources if one["resourceType"] == "Flag"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_patient_is_fetched_and_flagged(served: Served, method: str) -> None:
    url = f"{served.url}/fhir/Patient/ada/$mood-immune-check"
    body = {"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDateTime": as_of()}]}
    if method == "GET":
        answer = httpx.get(url, params={"asOf": as_of(), "server": "main"}, trust_env=False)
    else:
        answer = httpx.post(url, json=body, trust_env=False)
    assert answer.status_code == 200
    assert "mood-worsening-near-relapse" in rules_flagged(answer)


def test_what_the_server_cannot_be_searched_for_is_told_and_ruled_out_by_nobody(served: Served) -> None:
    answer = httpx.get(
        f"{served.url}/fhir/Patient/ada/$mood-immune-check", params={"asOf": "2020-01-01"}, trust_env=False
    )
    outcome = answer.json()["entry"][-1]["resource"]
    assert rules_flagged(answer) == []
    assert "the server cannot be searched for it by patient" in json.dumps(outcome)


def test_a_patient_that_is_not_there_is_404(served: Served) -> None:
    answer = httpx.get(f"{served.url}/fhir/Patient/nobody/$mood-immune-check", trust_env=False)
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["details"]["text"] == "The FHIR server main has no such Patient."


@pytest.mark.parametrize(
    ("query", "text"),
    [({"server": "other"}, "one of: main"), ({"data": "x"}, "data is not a parameter here"), ({"asOf": "x"}, "asOf")],
)
def test_a_wrong_parameter_is_told(served: Served, query: dict[str, str], text: str) -> None:
    answer = httpx.get(f"{served.url}/fhir/Patient/ada/$mood-immune-check", params=query, trust_env=False)
    assert answer.status_code == 400
    assert text in answer.json()["issue"][0]["details"]["text"]


def test_an_id_that_is_none_never_reaches_the_server(served: Served) -> None:
    answer = httpx.get(f"{served.url}/fhir/Patient/a%3Fb/$mood-immune-check", trust_env=False)
    assert answer.status_code == 400


def test_a_server_that_is_down_is_502_and_not_an_all_clear(tmp_path: Path) -> None:
    servers = {"gone": {"url": "http://127.0.0.1:9/fhir"}}
    with serving(SERVERS=json.dumps(servers)) as running:
        answer = httpx.get(f"{running.url}/fhir/Patient/ada/$mood-immune-check", trust_env=False, timeout=60)
    assert answer.status_code == 502
    assert "it could not be reached" in answer.json()["issue"][0]["details"]["text"]


def test_without_a_server_there_is_nothing_to_fetch() -> None:
    with serving() as running:
        answer = httpx.get(f"{running.url}/fhir/Patient/ada/$mood-immune-check", trust_env=False)
    assert answer.status_code == 404
    assert "MOODMARKER_SERVERS" in answer.json()["issue"][0]["details"]["text"]


def test_with_a_token_only_those_who_send_it_are_answered(sekmet: LocalServer) -> None:
    servers = json.dumps({"main": {"url": sekmet.base}})
    with serving(SERVERS=servers, BEARER_TOKEN=TOKEN) as running:
        url = f"{running.url}/fhir/Patient/ada/$mood-immune-check"
        refused = [
            httpx.get(url, headers=headers, trust_env=False)
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"})
        ]
        known = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert [one.status_code for one in refused] == [401, 401, 401]
    realm = 'Bearer realm="moodmarker"'
    bad = f'{realm}, error="invalid_token"'
    assert [one.headers["www-authenticate"] for one in refused] == [realm, bad, bad]
    assert known.status_code == 200
