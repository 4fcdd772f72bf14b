"""Does a patient's data say what the server did not let us see?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.fhir.client.faults import Fault
from tests.fhir.client.test_faults import page
from tests.security.asking import fetched, server_at
from tests.security.authority import Authority

NOT_GRANTED = "the server did not grant access to it"
IN_PART = "the server granted access to a part of it only"
ORDER = {"resourceType": "MedicationRequest", "id": "m", "medicationReference": {"reference": "Medication/drug-1"}}


def without(kind: str) -> object:
    return lambda asked: " ".join(word for word in asked.split() if f"/{kind}." not in word)


def test_where_everything_is_granted_there_is_no_gap(authority: Authority, folder: Path) -> None:
    assert fetched(server_at(authority), folder).gaps == {}
    assert authority.searched() == {"Condition", "MedicationRequest", "Observation"}


def test_a_server_that_does_not_say_what_it_granted_granted_what_was_asked(authority: Authority, folder: Path) -> None:
    authority.scope = lambda _: None
    assert fetched(server_at(authority), folder).gaps == {}


def test_a_type_that_is_not_granted_is_not_searched_and_told(authority: Authority, folder: Path) -> None:
    authority.scope = without("Condition")  # type: ignore[assignment]
    assert fetched(server_at(authority), folder).gaps == {"Condition": NOT_GRANTED}
    assert authority.searched() == {"MedicationRequest", "Observation"}


def test_a_type_that_is_granted_in_part_is_searched_and_told(authority: Authority, folder: Path) -> None:
    authority.scope = lambda asked: asked.replace("Observation.rs", "Observation.rs?category=laboratory")
    assert fetched(server_at(authority), folder).gaps == {"Observation": IN_PART}
    assert "Observation" in authority.searched()


def test_medications_that_may_not_be_read_are_told(authority: Authority, folder: Path) -> None:
    authority.scope = without("Medication")  # type: ignore[assignment]
    assert fetched(server_at(authority), folder).gaps == {}
    authority.found = page(ORDER)
    found = fetched(server_at(authority), folder)
    assert found.gaps == {"Medication": NOT_GRANTED}
    assert "Medication" not in authority.searched()


def test_medications_that_may_be_read_are_fetched(authority: Authority, folder: Path) -> None:
    authority.found = page(ORDER)
    found = fetched(server_at(authority), folder)
    assert found.gaps == {}
    assert "Medication" in authority.searched()
    assert len(json.loads(found.bundle)["entry"]) == 5


@pytest.mark.parametrize("granted", ["", "system/Observation.rs", "system/Patient.s system/Observation.rs"])
def test_without_access_to_the_patient_there_is_nothing(authority: Authority, folder: Path, granted: str) -> None:
    authority.scope = lambda _: granted
    with pytest.raises(Fault, match=NOT_GRANTED):
        fetched(server_at(authority), folder)
    assert authority.fhir == []
