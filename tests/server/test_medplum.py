"""Does a second server, which shares no code with the first, give the same answers and take what is written?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from service.cli.local_patients import PATIENTS, load
from tests.api.serving import Served, serving
from tests.server.medplum_server import running
from tests.server.sekmet import Sekmet

pytestmark = pytest.mark.node

TODAY = date(2026, 6, 30)


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
    answer = httpx.request(method, url, params=query, trust_env=False, timeout=60)
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
