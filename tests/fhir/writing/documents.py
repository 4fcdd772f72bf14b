"""Answers as tests look at them: decoded, and by resource type."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def decoded(body: bytes) -> Json:
    """The document."""
    document: Json = json.loads(body)
    return document


def entries(body: bytes) -> list[Json]:
    """The entries of a collection, or of the transaction inside Parameters."""
    document = decoded(body)
    if document["resourceType"] == "Parameters":
        document = document["parameter"][0]["resource"]
    found: list[Json] = document.get("entry", [])
    return found


def of_type(body: bytes, name: str) -> list[Json]:
    """The resources of one type, in order."""
    return [entry["resource"] for entry in entries(body) if entry["resource"]["resourceType"] == name]


def outcome(body: bytes) -> Json:
    """The one OperationOutcome."""
    document = decoded(body)
    if document["resourceType"] == "Parameters":
        (found,) = [part["resource"] for part in document["parameter"] if part["name"] == "outcome"]
    else:
        (found,) = of_type(body, "OperationOutcome")
    result: Json = found
    return result


def texts(body: bytes, severity: str = "") -> list[str]:
    """What the issues say, in order; of one severity, if one is given."""
    return [one["details"]["text"] for one in outcome(body)["issue"] if severity in ("", one["severity"])]


def extensions(resource: Json, url: str) -> list[Json]:
    """The extensions with one url."""
    return [one for one in resource.get("extension", []) if one["url"] == url]
