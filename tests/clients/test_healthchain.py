"""Does the CDS Hooks client of HealthChain, which asks for no templates, get cards or else a clear reason?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.cds_hooks.names import DISCOVERY_PATH, SERVICE_PATH
from tests.api.serving import Served, serving
from tests.architecture.tree import ROOT
from tests.clients.patient import RULE
from tests.server.local_server import LocalServer
from tests.server.test_hooks import of_today
from tests.server.test_patient_check import example

Json = dict[str, Any]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
PROGRAM = Path(__file__).parent / "healthchain" / "sandbox_client.py"
PATIENT = "ines"
PATIENCE = 120


@pytest.fixture(scope="module")
def served(sekmet: LocalServer) -> Iterator[Served]:
    """A site without a token of its own, which has patients fetched for callers on this machine."""
    with serving(SERVERS=json.dumps({"main": {"url": sekmet.base}})) as running_service:
        yield running_service


def resolved(served: Served, sekmet: LocalServer) -> Json:
    """Our templates, resolved by the site on its FHIR server."""
    service = httpx.get(f"{served.url}{DISCOVERY_PATH}", trust_env=False).json()["services"][0]
    asked = {key: query.replace("{{context.patientId}}", PATIENT) for key, query in service["prefetch"].items()}
    return {key: sekmet.client.get(f"{sekmet.base}/{query}").json() for key, query in asked.items()}


@pytest.fixture(scope="module")
def told(served: Served, sekmet: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the client got, for every way in which it is used here."""
    assert PYTHON.exists(), "the client is not installed: make .venv-clients/.made"
    sekmet.put(*of_today(example(PATIENT)))
    folder = tmp_path_factory.mktemp("prefetch")
    whole, patient_alone = folder / "whole.json", folder / "patient.json"
    prefetch = resolved(served, sekmet)
    whole.write_text(json.dumps(prefetch), encoding="utf-8")
    patient_alone.write_text(json.dumps({"patient": prefetch["patient"]}), encoding="utf-8")
    ways: dict[str, Json] = {
        "its own data": {"synthetic": 7},
        "its own patient": {"file": str(whole)},
        "patient-view": {"file": str(whole), "patient": PATIENT},
        "encounter-discharge": {"file": str(whole), "patient": PATIENT, "workflow": "encounter-discharge"},
        "a server": {"file": str(patient_alone), "patient": PATIENT, "fhir": sekmet.base},
    }
    asked = {
        name: {"url": f"{served.url}{SERVICE_PATH}", "workflow": "patient-view"} | way for name, way in ways.items()
    }
    command = [str(PYTHON), str(PROGRAM)]
    ran = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def test_data_that_it_makes_up_under_keys_of_its_own_are_refused_in_words(told: Json) -> None:
    got = told["its own data"]
    assert got["keys"] == ["condition", "encounter", "patient"]
    assert got["answer"] == {}
    (refusal,) = got["refusals"]
    assert "Error response 412" in refusal
    assert "Nothing of what warns of danger could be had." in refusal
    assert "safetyObservations" in refusal
    assert "it was not sent, and no FHIR server was named to fetch it from" in refusal


def test_another_patient_than_the_one_whose_data_it_sends_is_refused_in_words(told: Json) -> None:
    got = told["its own patient"]
    assert got["context"]["patientId"] != PATIENT
    assert got["answer"] == {}
    (refusal,) = got["refusals"]
    assert "Error response 400" in refusal
    assert "This belongs to another patient than context.patientId" in refusal
    assert "'expression': ['prefetch.patient']" in refusal


def test_a_hook_of_an_encounter_without_its_encounter_is_refused_in_words(told: Json) -> None:
    """The client makes up an id, and loses it before it sends."""
    got = told["encounter-discharge"]
    assert set(got["context"]) == {"userId", "patientId"}
    assert got["answer"] == {}
    (refusal,) = got["refusals"]
    assert "Error response 400" in refusal
    assert "This was not sent; send the id of the encounter." in refusal
    assert "'expression': ['context.encounterId']" in refusal


@pytest.mark.parametrize("way", ["patient-view", "a server"])
def test_with_the_patient_set_right_it_gets_cards(told: Json, way: str) -> None:
    got = told[way]
    assert got["refusals"] == []
    assert (got["keys"] == ["patient"]) == (way == "a server")
    assert RULE in [card["source"]["topic"]["code"] for card in got["answer"]["cards"]]
