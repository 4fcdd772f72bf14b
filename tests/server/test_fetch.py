"""Does a real FHIR server give what the rules read, all of it, in few requests?"""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import httpx
import pytest

from benchmarks import bundle
from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.fetching import Fetched, fetch
from service.fhir.client.searches import reaches
from service.rules import RULES
from service.settings import FhirServer
from service.terminology import Terminology
from tests.server.local_server import LocalServer

TODAY = date(2026, 6, 30).toordinal()


def fetched(server: FhirServer, patient: str) -> Fetched:
    async def run() -> Fetched:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            connection = Connection(server, client, seconds=60, most_bytes=64 << 20)
            capability = read_capability(await connection.get("metadata"))
            return await fetch(connection, capability, patient, reaches(RULES, Terminology.default()), TODAY)

    return asyncio.run(run())


def identities(found: Fetched) -> list[str]:
    resources = [entry["resource"] for entry in json.loads(found.bundle)["entry"]]
    return [f"{one['resourceType']}/{one['id']}" for one in resources]


def is_read(observation: dict[str, Any]) -> bool:
    coding = observation["code"]["coding"][0]
    return (coding["system"], coding["code"]) in Terminology.default().lookup


@pytest.fixture(scope="module")
def loaded(sekmet: LocalServer) -> list[dict[str, Any]]:
    """The resources of a patient that the server holds."""
    resources = [entry["resource"] for entry in bundle.bundle()["entry"]]
    sekmet.load(resources)
    return resources


@pytest.mark.parametrize("batch", [True, False])
def test_what_a_rule_reads_is_fetched_and_nothing_else(
    sekmet: LocalServer, loaded: list[dict[str, Any]], batch: bool
) -> None:
    found = fetched(FhirServer(url=sekmet.base, batch=batch, page_size=50), bundle.FIRST.id)
    unread = {f"Observation/{one['id']}" for one in loaded if one["resourceType"] == "Observation" and not is_read(one)}
    assert len(unread) > 100
    assert sorted(identities(found)) == sorted({f"{r['resourceType']}/{r['id']}" for r in loaded} - unread)
    assert set(found.gaps) == {"QuestionnaireResponse"}
    assert found.requests == (3 if batch else 15)


@pytest.mark.parametrize(("many", "on_a_page"), [(1_000, 10), pytest.param(5_000, 50, marks=pytest.mark.slow)])
def test_a_long_history_is_read_to_its_end(sekmet: LocalServer, many: int, on_a_page: int) -> None:
    crp = next(e["resource"] for e in bundle.bundle()["entry"] if e["resource"]["id"] == f"{bundle.FIRST.id}-crp-0")
    subject = {"reference": "Patient/long"}
    sekmet.load([{"resourceType": "Patient", "id": "long"}])
    sekmet.load([crp | {"id": f"long-{number}", "subject": subject} for number in range(many)])
    found = fetched(FhirServer(url=sekmet.base, page_size=on_a_page, most_pages=200), "long")
    assert len(set(identities(found))) == many + 1
    assert set(found.gaps) == {"QuestionnaireResponse"}
    print(f"{many} Observations in {found.requests} requests")


def test_a_patient_that_is_not_there_is_told(sekmet: LocalServer) -> None:
    with pytest.raises(Exception, match="404"):
        fetched(FhirServer(url=sekmet.base), "nobody")
