"""What is written to a server, by what it says and by what the site knows better?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.fhir.client.capability import Capability, read_capability
from service.fhir.writeback.target import checks_existence, chooses_ids, target_of
from service.settings import FhirServer

BOTH = ("create", "update")


def capability(**types: tuple[str, ...]) -> Capability:
    resources = [{"type": name, "interaction": [{"code": code} for code in codes]} for name, codes in types.items()]
    return read_capability(statement(*resources))


def statement(*resources: dict[str, Any]) -> bytes:
    rest = [{"mode": "server", "resource": list(resources)}]
    return json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}).encode()


def server(**settings: Any) -> FhirServer:
    return FhirServer(url="https://ehr.example/fhir", **settings)


@pytest.mark.parametrize(
    ("types", "target"),
    [
        ({"Flag": BOTH, "CarePlan": BOTH, "Task": BOTH}, "flag"),
        ({"Flag": BOTH, "CarePlan": ("create",), "Task": BOTH}, "task"),
        ({"Flag": BOTH, "Task": BOTH}, "task"),
        ({"Flag": ("create",), "CarePlan": BOTH, "Task": ("update",)}, "none"),
        ({}, "none"),
    ],
)
def test_the_first_that_the_server_takes_is_written(types: dict[str, tuple[str, ...]], target: str) -> None:
    chosen, why = target_of(server(), capability(**types))
    assert chosen == target
    assert bool(why) == (target == "none")


@pytest.mark.parametrize("wanted", ["flag", "task", "none"])
@pytest.mark.parametrize("types", [{}, {"Flag": BOTH, "CarePlan": BOTH}])
def test_the_site_knows_better(wanted: str, types: dict[str, tuple[str, ...]]) -> None:
    chosen, why = target_of(server(write_as=wanted), capability(**types))
    assert chosen == wanted
    assert ("write_as" in why) == (wanted == "none")


def test_how_it_is_written_is_what_the_server_says_or_the_site() -> None:
    able = {"type": "Flag", "updateCreate": True, "conditionalCreate": True, "searchParam": [{"name": "identifier"}]}
    says, silent = read_capability(statement(able)), read_capability(statement({"type": "Flag"}))
    for found, told in ((says, True), (silent, False)):
        assert chooses_ids(server(), found, "Flag") is told
        assert checks_existence(server(), found, "Flag") is told
        for wanted in (True, False):
            assert chooses_ids(server(update_create=wanted), found, "Flag") is wanted
            assert checks_existence(server(conditional_create=wanted), found, "Flag") is wanted


def test_a_server_that_does_not_search_by_identifier_is_not_asked_whether_it_has_one() -> None:
    found = read_capability(statement({"type": "Flag", "conditionalCreate": True}))
    assert not checks_existence(server(), found, "Flag")
