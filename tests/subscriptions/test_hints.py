"""Whom does a notification hint at?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.fhir.subscriptions.notifications import Notification, read_notification
from service.fhir.subscriptions.pointers import pointer_of, read_payload
from service.subscriptions.hints import Hints, Source, hints_of, hints_of_payload, hints_of_pointer
from tests.subscriptions.notices import BASE, event, notification, observation

SOURCE = Source(BASE, frozenset({"Observation", "Condition", "Patient"}))
ELSEWHERE = "https://other.example/fhir"


def hints(*events: dict[str, Any], resources: tuple[dict[str, Any], ...] = ()) -> Hints:
    told = read_notification(notification("event-notification", *events, resources=resources))
    assert isinstance(told, Notification)
    return hints_of(told, SOURCE)


def test_an_empty_notification_says_only_that_something_changed() -> None:
    assert hints() == hints(event(1), event(2)) == Hints(unnamed=True)


def test_by_id_only_the_resource_is_looked_up() -> None:
    assert hints(event(1, f"{BASE}/Observation/1")) == Hints(("Observation/1",))


def test_by_id_only_a_patient_in_the_context_is_taken() -> None:
    assert hints(event(1, "Observation/1", "Practitioner/2", f"{BASE}/Patient/ada")) == Hints(("ada",))


def test_a_patient_in_focus_is_the_patient() -> None:
    assert hints(event(1, "Patient/ada")) == Hints(("ada",))


def test_a_full_resource_names_its_patient_and_its_version() -> None:
    found = hints(event(1, "Observation/1"), resources=(observation("1", version="2"),))
    assert found == Hints(("ada",), versions=("Observation/1/2",))


def test_a_full_resource_without_a_patient_is_looked_up() -> None:
    unnamed = observation("1", f"{ELSEWHERE}/Patient/ada")
    assert hints(event(1, "Observation/1"), resources=(unnamed,)) == Hints(("Observation/1",))
    assert hints(event(1, "Observation/1", "Patient/bo"), resources=(unnamed,)) == Hints(("bo",))


def test_resources_without_events_are_read_by_themselves() -> None:
    assert hints(resources=(observation("1"),)) == Hints(("ada",))


def test_each_event_stands_for_itself() -> None:
    named, unreadable = event(1, "Observation/1", "Patient/ada"), event(2, f"{ELSEWHERE}/Observation/2")
    assert hints(named, unreadable) == Hints(("ada",), unnamed=True)
    # The resource may be what the event is about, and may not be.
    assert hints(event(1), resources=(observation("1"),)) == Hints(("ada",), unnamed=True)
    assert hints(event(1), event(2, "Observation/2"), resources=(observation("2"),)) == Hints(("ada",), unnamed=True)


def test_one_resource_in_two_versions_may_be_of_two_patients() -> None:
    both = observation("1", version="1"), observation("1", "Patient/bo", version="2")
    versions = ("Observation/1/1", "Observation/1/2")
    assert hints(event(1, "Observation/1"), resources=both) == Hints(("ada", "bo"), versions=versions)


def test_resources_without_an_id_stand_each_for_itself() -> None:
    first, second = observation("1") | {"id": ""}, observation("2", "Patient/bo") | {"id": ""}
    assert hints(resources=(first, second)) == Hints(("ada", "bo"))
    assert hints(event(1), resources=(first,)) == Hints(("ada",), unnamed=True)


def test_what_cannot_be_read_is_looked_for_unless_an_event_points_to_it() -> None:
    broken: dict[str, Any] = observation("2") | {"subject": [{"reference": "Patient/bo"}]}
    assert hints(resources=(observation("1"), broken)) == Hints(("ada",), unnamed=True)
    pointed = hints(event(1, "Observation/1"), event(2, "Observation/2"), resources=(observation("1"), broken))
    assert pointed == Hints(("ada", "Observation/2"))


def test_many_events_name_each_patient_once_and_versions_only_if_all_have_one() -> None:
    first, second = observation("1", version="1"), observation("2", "Patient/bo")
    events = event(1, "Observation/1"), event(2, "Observation/2"), event(3, "Observation/1")
    assert hints(*events, resources=(first, second)) == Hints(("ada", "bo"))
    assert hints(event(1, "Observation/1"), event(2)).unnamed


@pytest.mark.parametrize("focus", ["Flag/1", "CarePlan/1", "Subscription/1"])
def test_what_no_rule_reads_and_what_the_service_writes_hints_at_nobody(focus: str) -> None:
    assert hints(event(1, focus, "Patient/ada")) == Hints()
    assert hints_of_pointer(pointer_of(focus, ""), SOURCE) == Hints()


def test_another_server_is_nobody_here_and_something_changed() -> None:
    assert hints(event(1, f"{ELSEWHERE}/Observation/1")) == Hints(unnamed=True)


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (observation("1", version="9"), Hints(("ada",), versions=("Observation/1/9",))),
        (observation("1", "Group/1"), Hints(("Observation/1",))),
        ({"resourceType": "Observation"}, Hints(unnamed=True)),
        ({"resourceType": "Flag", "subject": {"reference": "Patient/ada"}}, Hints()),
    ],
)
def test_a_resource_by_itself(resource: dict[str, Any], found: Hints) -> None:
    payload = read_payload(json.dumps(resource).encode())
    assert payload is not None
    assert hints_of_payload(payload, SOURCE) == found
