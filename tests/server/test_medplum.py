"""Does a second server, which shares no code with the first, give the same answers and take what is written?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from service.cli.local_patients import PATIENTS, load
from tests.api.serving import Served, serving
from tests.server.medplum_server import running
from tests.server.sekmet import Sekmet

pytestmark = pytest.mark.node

TODAY = date(2026, 6, 30)
FHIR_JSON = {"Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def medplum() -> Iterator[Sekmet]:
    with running() as server:
        load(server.client, server.base, TODAY)
        yield server


@pytest.fixture(scope="module")
def served(medplum: Sekmet, sekmet: Sekmet) -> Iterator[Served]:
    load(sekmet.client, sekmet.base, TODAY)
    servers = {"medplum": {"url": medplum.base, "write": True}, "sekmet": {"url": sekmet.base}}
    with serving(SERVERS=json.dumps(servers)) as running_service:
        yield running_service


def asked(served: Served, patient: str, operation: str, as_of: date, server: str = "medplum") -> list[dict[str, Any]]:
    method = "POST" if operation.endswith("write") else "GET"
    url = f"{served.url}/fhir/Patient/{patient}/${operation}"
    query = {"asOf": as_of.isoformat(), "server": server}
    answer = httpx.request(method, url, params=query, headers=FHIR_JSON, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json()["entry"]]


def said(resources: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Of each flag what a clinician reads, without where its evidence is stored."""
    flags = [one for one in resources if one["resourceType"] == "Flag"]
    return [(one["identifier"][0]["value"], one["status"], one["code"]["text"]) for one in flags]


@pytest.mark.parametrize("patient", [one.patient for one in PATIENTS])
def test_both_servers_lead_to_the_same_flags(served: Served, patient: str) -> None:
    found = {
        server: said(asked(served, patient, "mood-immune-check", TODAY, server)) for server in ("medplum", "sekmet")
    }
    assert found["medplum"] == found["sekmet"]


def stored(medplum: Sekmet, resource_type: str, patient: str) -> list[dict[str, Any]]:
    answer = medplum.client.get(f"{medplum.base}/{resource_type}", params={"patient": f"Patient/{patient}"})
    return [entry["resource"] for entry in answer.json()["entry"]]


def test_flags_are_written_once_and_closed_when_they_clear(served: Served, medplum: Sekmet) -> None:
    patient = next(one.patient for one in PATIENTS if one.example == "anxiety-with-low-grade-crp")
    asked(served, patient, "mood-immune-write", TODAY)
    (flag,) = stored(medplum, "Flag", patient)
    assert (flag["status"], len(stored(medplum, "CarePlan", patient))) == ("active", 1)
    asked(served, patient, "mood-immune-write", TODAY)
    assert stored(medplum, "Flag", patient) == [flag]

    later = [TODAY + timedelta(days=days) for days in (20, 60)]
    for day in later:
        for observation in calmer(medplum, patient, day):
            assert medplum.client.post(f"{medplum.base}/Observation", json=observation).status_code == 201
    asked(served, patient, "mood-immune-write", later[-1])
    (closed,) = stored(medplum, "Flag", patient)
    assert (closed["id"], closed["status"]) == (flag["id"], "inactive")
    assert closed["period"]["end"] == later[-1].isoformat()


def calmer(medplum: Sekmet, patient: str, day: date) -> list[dict[str, Any]]:
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
