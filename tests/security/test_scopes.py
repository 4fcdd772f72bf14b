"""Are scopes written as SMART wants them, and is what was granted read for what it is?"""

from __future__ import annotations

import pytest

from service.assessment.permissions import permissions
from service.fhir.client.searches import Reach
from service.security.scopes import Access, access_of, scope_of
from service.settings import FhirServer

REACHES = (Reach("Flag"), Reach("Observation"))


def server(**more: object) -> FhirServer:
    return FhirServer.model_validate({"url": "https://ehr.example/fhir", **more})


def test_v2_names_permissions_in_their_order() -> None:
    assert scope_of({"Observation": "sr", "Flag": "surc"}, "v2") == "system/Flag.crus system/Observation.rs"


def test_v1_has_three_words() -> None:
    wanted = {"Observation": "rs", "Provenance": "c", "Flag": "crus"}
    assert scope_of(wanted, "v1") == "system/Flag.* system/Observation.read system/Provenance.write"


@pytest.mark.parametrize(
    ("granted", "permits"),
    [
        ("system/Observation.rs", True),
        ("system/Observation.cruds", True),
        ("system/Observation.read", True),
        ("system/Observation.*", True),
        ("system/*.rs", True),
        ("system/*.read", True),
        ("system/*.*", True),
        ("system/Observation.r system/Observation.s", True),
        ("system/Observation.r system/*.s", True),
        ("launch system/Observation.rs offline_access", True),
        ("", False),
        ("system/Observation.r", False),
        ("system/Observation.write", False),
        ("system/Condition.rs", False),
        ("user/Observation.rs", False),
        ("patient/*.rs", False),
        ("system/Observation", False),
        ("system/Observation.sr", False),
        ("system/Observation.reads", False),
    ],
)
def test_a_grant_permits_what_it_says_and_no_more(granted: str, permits: bool) -> None:
    assert access_of(granted).permits("Observation", "rs") is permits
    assert access_of(granted).permits_all("Observation", "rs") is permits


def test_a_grant_on_a_condition_is_not_the_whole() -> None:
    access = access_of("system/Observation.rs?category=laboratory system/Flag.rs")
    assert access.permits("Observation", "rs")
    assert not access.permits_all("Observation", "rs")
    assert access.permits_all("Flag", "rs")


def test_where_nobody_has_said_everything_is_tried() -> None:
    assert Access().permits("Observation", "cruds")
    assert Access().permits_all("Observation", "cruds")


def test_what_is_read_is_asked_for_and_nothing_is_written_unless_the_site_says_so() -> None:
    wanted = permissions(server(), REACHES, subscribes=False)
    assert wanted == {"Medication": "rs", "Patient": "rs", "Flag": "rs", "Observation": "rs"}


@pytest.mark.parametrize(
    ("write_as", "written"),
    [
        (None, {"CarePlan", "Flag", "Provenance", "Task"}),
        ("flag", {"CarePlan", "Flag", "Provenance"}),
        ("task", {"Provenance", "Task"}),
        ("none", set()),
    ],
)
def test_to_write_is_asked_for_as_it_is_configured(write_as: str | None, written: set[str]) -> None:
    wanted = permissions(server(write=True, write_as=write_as), REACHES, subscribes=False)
    assert {kind for kind, letters in wanted.items() if letters == "crus"} == written
    assert wanted["Observation"] == "rs"


def test_types_that_the_server_does_not_have_are_not_asked_for() -> None:
    wanted = permissions(server(not_searched=["Medication"]), REACHES, subscribes=True)
    assert wanted == {"Patient": "rs", "Flag": "rs", "Observation": "rs", "Subscription": "cruds"}
