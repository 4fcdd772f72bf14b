"""Is what a real Bundle gives valid, first and again when the caller sends the stored answer back?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.assessing import assess
from service.domain.days import AsOf
from service.domain.ruleset import RuleSet
from service.fhir.reading import read_bundle
from service.fhir.writing import write_answer
from service.rules import RULES
from service.terminology import Terminology
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.documents import decoded, entries, of_type, texts

HTEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
TERMINOLOGY = Terminology.default()
RULE_SET = RuleSet(RULES)


def observed(logical_id: str, code: str, value: float, day: str, unit: str = "{score}") -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "meta": {"security": [HTEST]},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": day,
        "valueQuantity": quantity,
    }


DATA: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "id": "anna", "birthDate": "1980-01-01"},
    observed("before", "44261-6", 6, "2026-04-01"),
    observed("now", "44261-6", 14, "2026-06-20"),
    observed("item-9", "44260-8", 2, "2026-06-20"),
    observed("crp", "30522-7", 5.1, "2026-06-18", "mg/L"),
    observed("unit", "30522-7", 5.1, "2025-06-18", "furlong"),
)


def checked(*resources: dict[str, Any], as_: str = "collection", explain: str = "full") -> bytes:
    entries = [{"resource": resource} for resource in (*DATA, *resources)]
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    read = read_bundle(bundle, TERMINOLOGY, UTC)
    made = assess(read.chart, RULE_SET, AsOf(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), UTC, "UTC"))
    body = write_answer(made, read, RULE_SET, explain=explain, as_=as_, terminology=TERMINOLOGY)
    assert problems(body) == []
    return body


@pytest.mark.parametrize("as_", ["collection", "transaction"])
def test_flags_the_finding_and_accounts_for_the_rest(as_: str) -> None:
    body = checked(as_=as_)
    flags = {flag["code"]["coding"][0]["code"]: flag for flag in of_type(body, "Flag")}
    assert {"suicidality-recorded", "depression-with-low-grade-inflammation"} <= set(flags)
    assert all(flag["meta"]["security"][0]["code"] == "HTEST" for flag in flags.values())
    assert any("unit" in text for text in texts(body, "error"))


def test_what_was_stored_is_not_written_again() -> None:
    stored = [
        entry["resource"] | {"id": f"x{index}"}
        for index, entry in enumerate(entries(checked()))
        if entry["resource"]["resourceType"] in ("Flag", "CarePlan")
    ]
    again = checked(*stored, as_="transaction", explain="summary")
    assert of_type(again, "Flag") == []
    assert [flag["id"] for flag in of_type(checked(*stored), "Flag")] == [
        one["id"] for one in stored if one["resourceType"] == "Flag"
    ]


def test_the_same_bundle_gives_the_same_bytes() -> None:
    assert checked() == checked()
    assert "timestamp" not in decoded(checked())
