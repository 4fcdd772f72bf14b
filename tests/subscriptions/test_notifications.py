"""Is every form of notification read, and everything else refused?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.errors import BodyUnreadable
from service.fhir.subscriptions.notifications import Event, Notification, read_events, read_notification
from service.fhir.subscriptions.pointers import Payload, Pointer, pointer_of, read_payload
from tests.subscriptions.notices import BASE, TOPIC, bundle, event, notification, observation, status_r4b


def test_the_backport_of_r4_is_read_with_its_string_counters() -> None:
    sent = notification(
        "event-notification", event("7", "Observation/1", "Patient/ada"), counter="7", resources=(observation("1"),)
    )
    told = read_notification(sent)
    assert isinstance(told, Notification)
    assert told._replace(resources=()) == Notification(
        "event-notification", "active", TOPIC, 7, (Event(7, "Observation/1", ("Patient/ada",)),)
    )
    assert [one.pointer for one in told.resources] == [Pointer("Observation", "1")]


@pytest.mark.parametrize("number", [3, "3"])
def test_r4b_is_read_with_counters_of_either_kind(number: int | str) -> None:
    part = {"eventNumber": number, "focus": {"reference": "Observation/1"}, "additionalContext": [{"reference": "x"}]}
    told = read_notification(status_r4b("event-notification", part, counter=number))
    assert told == Notification("event-notification", "active", TOPIC, 3, (Event(3, "Observation/1", ("x",)),))


def test_numbers_of_the_backport_may_be_integers() -> None:
    sent = json.loads(notification("event-notification", event(1)))
    sent["entry"][0]["resource"]["parameter"][-1]["part"][0] = {"name": "event-number", "valueUnsignedInt": 4}
    sent["entry"][0]["resource"]["parameter"].append({"name": "events-since-subscription-start", "valueInteger": 4})
    told = read_notification(json.dumps(sent).encode())
    assert isinstance(told, Notification)
    assert (told.counter, told.events[0].number) == (4, 4)


@pytest.mark.parametrize("kind", ["handshake", "heartbeat"])
def test_what_has_no_events_is_read(kind: str) -> None:
    told = read_notification(b"\xef\xbb\xbf" + notification(kind, counter=0, status="requested", topic=""))
    assert told == Notification(kind, "requested", "", 0)


def test_a_resource_by_itself_is_read() -> None:
    told = read_notification(json.dumps(observation("1", version="3")).encode())
    assert isinstance(told, Payload)
    assert (told.patient_of(BASE), told.version) == ("ada", "Observation/1/3")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"resourceType": 3}',
        b'{"no": "resource"}',
        b"[" * 100_000,
        bundle(observation("1")),
        bundle(observation("1"), kind="transaction"),
        bundle(kind="history"),
        bundle({"resourceType": "Parameters", "parameter": {}}),
        notification("news"),
        notification(""),
        notification("heartbeat", status="well"),
        notification("heartbeat", counter="many"),
        notification("heartbeat", counter="-1"),
        notification("heartbeat", counter="9" * 19),
        notification("event-notification", event("¹")),
    ],
)
def test_what_is_no_notification_is_refused_without_being_repeated(body: bytes) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        read_notification(body)
    assert "many" not in refused.value.text
    assert "news" not in refused.value.text


def test_a_resource_that_cannot_be_read_leaves_the_others() -> None:
    broken: dict[str, Any] = observation("2") | {"subject": [{"reference": "Patient/ada"}]}
    told = read_notification(notification("event-notification", resources=(broken, observation("3"))))
    assert isinstance(told, Notification)
    assert [one.id for one in told.resources] == ["3"]
    assert told.unread == 1


@pytest.mark.parametrize("kind", ["searchset", "history", "collection"])
def test_answers_to_questions_are_read_whatever_their_bundle(kind: str) -> None:
    document = json.loads(notification("query-event", event(2, "Observation/2")))
    told = read_events(json.dumps(document | {"type": kind}).encode())
    assert [one.number for one in told.events] == [2]


@pytest.mark.parametrize("document", [b"{", b"{}", bundle(kind="searchset"), bundle(observation("1"))])
def test_answers_of_another_shape_are_refused(document: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_events(document)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Patient/ada", ("Patient", "ada")),
        ("Patient/ada/_history/3", ("Patient", "ada")),
        (f"{BASE}/Patient/ada", ("Patient", "ada")),
        ("https://other.example/fhir/Patient/ada", None),
        ("https://ehr.example/fhirx/Patient/ada", None),
        (f"{BASE}/Patient/../Patient/ada", None),
        ("//ehr.example/fhir/Patient/ada", None),
        ("Patient/ada?x", None),
        ("Patient/", None),
        ("urn:uuid:2", None),
        ("#p", None),
        ("", None),
    ],
)
def test_only_references_to_the_configured_server_are_followed(reference: str, found: tuple[str, str] | None) -> None:
    assert pointer_of(reference, BASE) == found


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        ({"resourceType": "Patient", "id": "ada"}, "ada"),
        ({"resourceType": "Patient", "id": "a/b"}, ""),
        ({"resourceType": "Patient"}, ""),
        ({"resourceType": "Immunization", "patient": {"reference": "Patient/ada"}}, "ada"),
        ({"resourceType": "Observation", "subject": {"reference": "Group/ada"}}, ""),
        ({"resourceType": "Observation", "subject": {"identifier": {"value": "1"}}}, ""),
        ({"resourceType": "Observation", "subject": {"reference": "https://other.example/fhir/Patient/ada"}}, ""),
    ],
)
def test_the_patient_of_a_resource(resource: dict[str, Any], patient: str) -> None:
    payload = read_payload(json.dumps(resource).encode())
    assert payload is not None
    assert payload.patient_of(BASE) == patient
