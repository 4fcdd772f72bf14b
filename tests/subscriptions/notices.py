"""Notifications as servers send them."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
BASE = "https://ehr.example/fhir"
TOPIC = "http://topics.example/patient-data"


def event(number: int | str, focus: str = "", *context: str) -> Json:
    """One event of the backport, its references as they are given."""
    parts: list[Json] = [{"name": "event-number", "valueString": str(number)}]
    if focus:
        parts.append({"name": "focus", "valueReference": {"reference": focus}})
    parts += [{"name": "additional-context", "valueReference": {"reference": one}} for one in context]
    return {"name": "notification-event", "part": parts}


def notification(
    kind: str,
    *events: Json,
    counter: int | str | None = None,
    status: str = "active",
    topic: str = TOPIC,
    resources: tuple[Json, ...] = (),
) -> bytes:
    """The backport's notification Bundle for R4."""
    parameters: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": f"{BASE}/Subscription/1"}},
        {"name": "status", "valueCode": status},
        {"name": "type", "valueCode": kind},
    ]
    if topic:
        parameters.append({"name": "topic", "valueCanonical": topic})
    if counter is not None:
        parameters.append({"name": "events-since-subscription-start", "valueString": str(counter)})
    first = {"resourceType": "Parameters", "parameter": [*parameters, *events]}
    return bundle(first, *resources)


def bundle(*resources: Json, kind: str = "history") -> bytes:
    """A Bundle of these resources."""
    return json.dumps(
        {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}
    ).encode()


def status_r4b(kind: str, *events: Json, counter: int | str = 0) -> bytes:
    """The same of R4B."""
    status: Json = {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": kind,
        "eventsSinceSubscriptionStart": counter,
        "subscription": {"reference": "Subscription/1"},
        "topic": TOPIC,
    }
    if events:
        status["notificationEvent"] = list(events)
    return bundle(status)


def observation(name: str, patient: str = "Patient/ada", version: str = "") -> Json:
    """A result; no rule has to read it."""
    resource: Json = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": patient},
    }
    return resource | ({"meta": {"versionId": version}} if version else {})
