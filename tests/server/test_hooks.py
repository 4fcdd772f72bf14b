"""Does a hook, called as a record system calls it, show the card of a patient who is on a real FHIR server?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from service.cds_hooks.names import DISCOVERY_PATH, SERVICE_PATH
from tests.api.serving import Served, serving
from tests.server.local_server import LocalServer
from tests.server.test_patient_check import as_of, example

Json = dict[str, Any]
PATIENT = "hedy"
RULE = "mood-worsening-near-relapse"
NOT_READ = "data-not-read"


def of_today(resources: list[Json]) -> list[Json]:
    """The same record, as many days later as the example is old."""
    later = datetime.now(UTC).date() - date.fromisoformat(as_of()[:10])
    return [_shifted(one, later) for one in resources]


def _shifted(node: Any, later: timedelta) -> Any:
    if isinstance(node, dict):
        return {name: _shifted(value, later) for name, value in node.items()}
    if isinstance(node, list):
        return [_shifted(value, later) for value in node]
    if isinstance(node, str) and node[:2] == "20" and node[4:5] == "-":
        return f"{date.fromisoformat(node[:10]) + later}{node[10:]}"
    return node


@pytest.fixture(scope="module")
def served(sekmet: LocalServer) -> Iterator[Served]:
    sekmet.put(*of_today(example(PATIENT)))
    with serving(SERVERS=json.dumps({"main": {"url": sekmet.base}})) as running:
        yield running


def call(served: Served, **more: Any) -> httpx.Response:
    context = {"userId": "Practitioner/anna", "patientId": PATIENT}
    body = {"hook": "patient-view", "hookInstance": str(uuid.uuid4()), "context": context, **more}
    return httpx.post(f"{served.url}{SERVICE_PATH}", json=body, trust_env=False)


def resolved(served: Served, sekmet: LocalServer) -> Json:
    """The prefetch as a client makes it: every template asked of its own server."""
    services = httpx.get(f"{served.url}{DISCOVERY_PATH}", trust_env=False).json()["services"]
    templates = next(one["prefetch"] for one in services if one["hook"] == "patient-view")
    found = {}
    for key, template in templates.items():
        answer = httpx.get(f"{sekmet.base}/{template.replace('{{context.patientId}}', PATIENT)}", trust_env=False)
        assert answer.status_code == 200, key
        found[key] = answer.json()
    return found


def topics(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [card["source"]["topic"]["code"] for card in answer.json()["cards"]]


def unread(answer: httpx.Response) -> list[str]:
    """What the last card says that it could not read; sekmet has no search of that type by patient."""
    summary = answer.json()["cards"][-1]["summary"]
    return str(summary).removeprefix("Safety check incomplete. Could not be read: ").split(", ")


def test_the_prefetch_that_the_templates_ask_for_is_enough(served: Served, sekmet: LocalServer) -> None:
    answer = call(served, prefetch=resolved(served, sekmet))
    assert topics(answer) == [RULE, NOT_READ]
    assert unread(answer) == ["questionnaire responses"]


def test_without_a_prefetch_everything_is_fetched(served: Served, sekmet: LocalServer) -> None:
    fetched = call(served, fhirServer=sekmet.base)
    sent = call(served, prefetch=resolved(served, sekmet))
    assert [_without_uuids(card) for card in fetched.json()["cards"]] == [
        _without_uuids(card) for card in sent.json()["cards"]
    ]


def test_a_search_whose_patient_the_server_passes_over_brings_nobody_else(served: Served, sekmet: LocalServer) -> None:
    other = {"resourceType": "QuestionnaireResponse", "id": "of-another", "status": "completed"}
    sekmet.put({"resourceType": "Patient", "id": "another"}, other | {"subject": {"reference": "Patient/another"}})
    answer = call(served, fhirServer=sekmet.base)
    assert topics(answer) == [RULE, NOT_READ]
    assert unread(answer) == ["questionnaire responses"]


def _without_uuids(card: Json) -> Json:
    told = {name: value for name, value in card.items() if name not in ("uuid", "suggestions")}
    return {**told, "detail": card["detail"].partition("(")[0]}


def test_what_is_missing_of_the_prefetch_is_fetched(served: Served, sekmet: LocalServer) -> None:
    sent = resolved(served, sekmet)
    kept = {key: sent[key] for key in ("patient", "safetyObservations")}
    assert RULE in topics(call(served, prefetch=kept, fhirServer=sekmet.base))


def test_a_server_that_nobody_listed_is_not_asked(served: Served, sekmet: LocalServer) -> None:
    answer = call(served, fhirServer=f"{sekmet.base}/elsewhere")
    assert answer.status_code == 412
    assert "may name" in answer.json()["issue"][0]["details"]["text"]


def test_a_suggestion_that_was_taken_is_not_made_again(served: Served, sekmet: LocalServer) -> None:
    first = call(served, fhirServer=sekmet.base)
    card = next(one for one in first.json()["cards"] if one["source"]["topic"]["code"] == RULE)
    whole = card["suggestions"][-1]["actions"]
    assert {action["resource"]["resourceType"] for action in whole} == {"Flag", "CarePlan"}
    sekmet.put(*(action["resource"] for action in whole))
    again = call(served, fhirServer=sekmet.base)
    assert topics(again) == [NOT_READ]
