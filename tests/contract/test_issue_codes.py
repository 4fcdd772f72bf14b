"""Is every code by which an issue may be told in the code system that it names?"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest

from service.fhir.addresses import ISSUE_SYSTEM
from service.fhir.artifacts import all_artifacts
from service.fhir.reading.account import Reason
from service.terminology import ATC, SNOMED
from tests.architecture.tree import modules, parsed
from tests.contract import patients as p
from tests.contract.answers import NOTHING, check
from tests.contract.examples import EXAMPLES, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = {concept["code"] for concept in all_artifacts()["CodeSystem/issue.json"]["concept"]}
STATUSES = [
    "active",
    "aborted",
    "amended",
    "appended",
    "arrived",
    "available",
    "cancelled",
    "completed",
    "corrected",
    "declined",
    "draft",
    "entered-in-error",
    "ended",
    "error",
    "final",
    "finished",
    "generated",
    "hidden",
    "in-progress",
    "inactive",
    "intended",
    "issued",
    "not-done",
    "not-taken",
    "on-hold",
    "onleave",
    "partial",
    "planned",
    "preliminary",
    "preparation",
    "registered",
    "replaced",
    "retired",
    "revoked",
    "stopped",
    "suspended",
    "triaged",
    "unknown",
    "nonsense",
]
KINDS = [
    "Observation",
    "Condition",
    "Procedure",
    "Immunization",
    "Encounter",
    "DiagnosticReport",
    "QuestionnaireResponse",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
]


def _spelled() -> Iterator[str]:
    """Each code that is written as it is where a DataIssue is made, or where something is rejected for its status."""
    for node in (node for module in modules() for node in ast.walk(parsed(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DataIssue":
            code = node.args[0]
            assert isinstance(code, ast.Constant), "a DataIssue whose code is not written where it is made"
            yield str(code.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("status-"):
            yield node.value


def _told(body: bytes) -> set[str]:
    codings = list(_codings(json.loads(body)))
    assert all(coding["system"] == ISSUE_SYSTEM for coding in codings)
    return {coding["code"] for coding in codings}


def _codings(node: Any) -> Iterator[dict[str, str]]:
    """What stands in `issue.details.coding`, wherever the outcome is."""
    if isinstance(node, list):
        for one in node:
            yield from _codings(one)
    elif isinstance(node, dict):
        if node.get("resourceType") == "OperationOutcome":
            for issue in node["issue"]:
                yield from issue["details"].get("coding", ())
        for one in node.values():
            yield from _codings(one)


def test_every_code_that_is_spelled_is_listed() -> None:
    found = set(_spelled()) - {"status-"}
    assert len(found) > 3
    assert found <= CODES
    assert set(Reason) <= CODES


@pytest.mark.parametrize("name", NAMES)
def test_every_code_in_an_example_is_listed(name: str) -> None:
    assert _told((EXAMPLES / name / "response.json").read_bytes()) <= CODES


def _of_every_status(kind: str) -> bytes:
    medicine = {"medicationCodeableConcept": p.coded(ATC, "N06AB06"), "intent": "order"}
    finding = p.crp(7, 3) if kind == "Observation" else {"code": p.coded(SNOMED, p.MS)}
    whose = {"subject": {"reference": p.SUBJECT}, "patient": {"reference": p.SUBJECT}}
    same = {**whose, **(medicine if kind.startswith("Medication") else finding), "resourceType": kind}
    sent = [{**same, "id": f"r{number}", "status": status} for number, status in enumerate(STATUSES)]
    return p.request(p.bundle(p.person(), *sent))


def test_the_statuses_that_are_listed_are_those_that_are_told() -> None:
    told = {code for kind in KINDS for code in _told(check(_of_every_status(kind), NOTHING).body)}
    assert told <= CODES
    assert {code for code in told if code.startswith("status-")} == {one for one in CODES if one.startswith("status-")}
