"""The named patient that the client libraries ask about, and what they have to be told."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.architecture.tree import ROOT

PATIENT = "ada-beispiel"
TOKEN = "a-token-of-the-site-of-32-characters"
# What each library has to read out of the answer.
RULE = "mood-worsening-near-relapse"
PRIORITY = "PM"
NO_DATA = {"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDateTime": "yesterday"}]}


@cache
def _request() -> dict[str, Any]:
    file = ROOT / "contracts" / "examples" / "relapse-with-worse-mood" / "request.json"
    return {part["name"]: part.get("resource") or part for part in json.loads(file.read_text())["parameter"]}


def bundle() -> dict[str, Any]:
    """Everything about the patient, as a Bundle."""
    return dict(_request()["data"])


def resources() -> list[dict[str, Any]]:
    """The same, resource by resource."""
    return [entry["resource"] for entry in bundle()["entry"]]


def as_of() -> str:
    """The instant that the example is about."""
    return str(_request()["asOf"]["valueDateTime"])


def parameters(**resource: dict[str, Any]) -> dict[str, Any]:
    """Parameters with the instant, and resources by name."""
    parts = [{"name": name, "resource": one} for name, one in resource.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDateTime": as_of()}, *parts]}
