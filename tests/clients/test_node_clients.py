"""Can the two JavaScript clients of the field call the operation, and read flags, the plan and every error?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.patient import PATIENT, RULE, TOKEN, as_of, bundle

pytestmark = pytest.mark.node

PROGRAMS = Path(__file__).parent / "node"
PATIENCE = 120
STATUSES = {"value": 400, "login": 401, "not-found": 404}


def told_by(program: str, base: str) -> dict[str, Any]:
    """What a program that uses the library read."""
    assert (PROGRAMS / "node_modules").is_dir(), "the clients are not installed: make test-all runs npm ci"
    asked = {"base": base, "token": TOKEN, "patient": PATIENT, "asOf": as_of(), "bundle": bundle()}
    command = ["node", str(PROGRAMS / program)]
    ran = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


def require_flag_plan_and_outcome(resources: list[dict[str, Any]]) -> None:
    flags = [one for one in resources if one["resourceType"] == "Flag"]
    (plan,) = [one for one in resources if one["resourceType"] == "CarePlan"]
    assert [flag["code"]["coding"][0]["code"] for flag in flags] == [RULE]
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    assert resources[-1]["resourceType"] == "OperationOutcome"


def require_every_way(told: dict[str, Any], ways: set[str]) -> None:
    assert set(told["answers"]) == ways
    for resources in told["answers"].values():
        require_flag_plan_and_outcome(resources)
    assert {code: failure["status"] for code, failure in told["failures"].items()} == STATUSES
    for code, failure in told["failures"].items():
        assert failure["body"]["resourceType"] == "OperationOutcome"
        assert failure["body"]["issue"][0]["code"] == code
    assert told["fhirVersion"] == "4.0.1"


def test_fhir_kit_client_calls_the_operation_and_finds_it_offered(base: str) -> None:
    told = told_by("fhir-kit-client.mjs", base)
    require_every_way(told, {"system", "instance", "get"})
    assert told["offered"] == {"system": True, "instance": True}


def test_the_smart_client_for_javascript_calls_the_operation(base: str) -> None:
    told = told_by("fhirclient.cjs", base)
    require_every_way(told, {"system", "bare", "instance", "get"})
    assert told["release"] == 4
