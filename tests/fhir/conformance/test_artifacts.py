"""Are the artifacts valid FHIR R4, findable, and true of what the service does?"""

from __future__ import annotations

import json
import re

import pytest

from service.fhir.artifacts import all_artifacts
from service.rules import RULES
from service.terminology import CANON
from tests.fhir.conformance.checking import problems

ARTIFACTS = all_artifacts()


@pytest.mark.parametrize("path", ARTIFACTS)
def test_is_valid(path: str) -> None:
    assert problems(json.dumps(ARTIFACTS[path]).encode()) == []


@pytest.mark.parametrize("path", ARTIFACTS)
def test_is_found_where_its_address_says(path: str) -> None:
    artifact = ARTIFACTS[path]
    assert path == f"{artifact['resourceType']}/{artifact['id']}.json"
    assert artifact["url"] == f"{CANON}/{artifact['resourceType']}/{artifact['id']}"


def test_no_two_share_an_address() -> None:
    assert len({artifact["url"] for artifact in ARTIFACTS.values()}) == len(ARTIFACTS)


def test_are_the_same_each_time() -> None:
    assert json.dumps(all_artifacts()) == json.dumps(ARTIFACTS)


def test_every_rule_has_its_code() -> None:
    concepts = ARTIFACTS["CodeSystem/rule.json"]["concept"]
    assert [concept["code"] for concept in concepts] == [rule.name for rule in RULES]
    assert {concept["display"] for concept in concepts} == {rule.title for rule in RULES}


def test_every_address_of_ours_leads_somewhere() -> None:
    known = {artifact["url"] for artifact in ARTIFACTS.values()}
    told = set(re.findall(rf"{CANON}/[A-Z][A-Za-z]+/[a-z0-9-]+", json.dumps(ARTIFACTS)))
    assert told <= known


def test_the_statement_lists_what_is_offered() -> None:
    (rest,) = ARTIFACTS["CapabilityStatement/moodmarker.json"]["rest"]
    types = {artifact["resourceType"] for artifact in ARTIFACTS.values()} - {"CapabilityStatement"}
    assert {one["type"] for one in rest["resource"] if "interaction" in one} == types
    assert rest["operation"] == [
        {"name": "mood-immune-check", "definition": f"{CANON}/OperationDefinition/mood-immune-check|1.0.0"}
    ]


def test_the_operation_takes_what_the_contract_says() -> None:
    operation = ARTIFACTS["OperationDefinition/mood-immune-check.json"]
    assert [parameter["name"] for parameter in operation["parameter"]] == [
        "data",
        "subject",
        "asOf",
        "incomplete",
        "explain",
        "mode",
        "as",
        "server",
        "return",
    ]
    assert (operation["system"], operation["instance"], operation["affectsState"]) == (True, True, False)
    assert operation["resource"] == ["Patient"]


def test_a_stem_brings_every_code_below_it() -> None:
    include = ARTIFACTS["ValueSet/antibiotic.json"]["compose"]["include"]
    assert {"property": "concept", "op": "is-a", "value": "J01"} in [
        one["filter"][0] for one in include if "filter" in one
    ]
