"""Does a second server, which shares no code with the first, give the same answers and take what is written?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from service.cli.local_patients import PATIENTS, load
from tests.api.serving import Served, serving
from tests.server.local_server import LocalServer
from tests.server.medplum_server import running

pytestmark = pytest.mark.node

# What is written is found as of today.
TODAY = datetime.now(UTC).date()
FHIR_JSON = {"Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def medplum() -> Iterator[LocalServer]:
    with running() as server:
        load(server.client, server.base, TODAY)
        yield server


@pytest.fixture(scope="module")
def served(medplum: LocalServer, sekmet: LocalServer) -> Iterator[Served]:
    load(sekmet.client, sekmet.base, TODAY)
    servers = {"medplum": {"url": medplum.base, "write": True}, "sekmet": {"url": sekmet.base}}
    with serving(SERVERS=json.dumps(servers)) as running_service:
        yield running_service


def asked(served: Served, patient: str, operation: str, server: str = "medplum") -> list[dict[str, Any]]:
    method = "POST" if operation.endswith("write") else "GET"
    url = f"{served.url}/fhir/Patient/{patient}/${operation}"
    query = {"asOf": TODAY.isoformat(), "server": server}
    answer = httpx.request(method, url, params=query, headers=FHIR_JSON, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json()["entry"]]


def said(resources: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Of each flag what a clinician reads, without where its evidence is stored."""
    flags = [one for one in resources if one["resourceType"] == "Flag"]
    return [(one["identifier"][0]["value"], one["status"], one["code"]["text"]) for one in flags]


@pytest.mark.parametrize("patient", [one.patient for one in PATIENTS])
def test_both_servers_lead_to_the_same_flags(served: Served, patient: str) -> None:
    found = {server: said(asked(served, patient, "mood-immune-check", server)) for server in ("medplum", "sekmet")}
    assert found["medplum"] == found["sekmet"]


def stored(medplum: LocalServer, resource_type: str, patient: str) -> list[dict[str, Any]]:
    answer = medplum.client.get(f"{medplum.base}/{resource_type}", params={"patient": f"Patient/{patient}"})
    return [entry["resource"] for entry in answer.json()["entry"]]


def test_flags_are_written_once_and_closed_when_they_clear(served: Served, medplum: LocalServer) -> None:
    patient = next(one.patient for one in PATIENTS if one.example == "anxiety-with-low-grade-crp")
    asked(served, patient, "mood-immune-write")
    (flag,) = stored(medplum, "Flag", patient)
    assert (flag["status"], len(stored(medplum, "CarePlan", patient))) == ("active", 1)
    asked(served, patient, "mood-immune-write")
    assert stored(medplum, "Flag", patient) == [flag]

    for observation in calmer(medplum, patient, TODAY):
        assert medplum.client.post(f"{medplum.base}/Observation", json=observation).status_code == 201
    asked(served, patient, "mood-immune-write")
    (closed,) = stored(medplum, "Flag", patient)
    assert (closed["id"], closed["status"]) == (flag["id"], "inactive")
    assert closed["period"]["end"] == TODAY.isoformat()


def calmer(medplum: LocalServer, patient: str, day: date) -> list[dict[str, Any]]:
    """The newest of each of the patient's scores once more on a day, as low as they go."""
    scores = [
        one for one in stored(medplum, "Observation", patient) if "hads" in one["id"] and one["id"].endswith("nov")
    ]
    assert scores
    own = ("resourceType", "status", "category", "code", "subject")
    return [
        {name: one[name] for name in own if name in one}
        | {"effectiveDateTime": day.isoformat(), "valueQuantity": {"value": 1, "unit": "{score}"}}
        for one in scores
    ]
