"""Asking the application without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from service.api.edge import Edge

CHECK = "/fhir/$mood-immune-check"
FHIR = {"Content-Type": "application/fhir+json"}


def ask(app: Edge, method: str, path: str, *, peer: str = "127.0.0.1", **more: Any) -> httpx.Response:
    """One request and its response."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def check(app: Edge, body: bytes | AsyncIterator[bytes], query: str = "", **headers: str) -> httpx.Response:
    """One check; a header's name is written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", CHECK + query, content=body, headers=FHIR | named)


def outcome_text(response: httpx.Response) -> str:
    """The text of the one issue of an OperationOutcome; fails when the response is none."""
    assert response.headers["content-type"] == "application/fhir+json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    return str(issue["details"]["text"])


def issue_code(response: httpx.Response) -> str:
    """The FHIR IssueType of the one issue."""
    return str(response.json()["issue"][0]["code"])


def parameters(resources: list[dict[str, Any]], **primitives: str) -> bytes:
    """A Parameters body with a collection of these resources."""
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }
    given = [{"name": name, _value_of(name): value} for name, value in primitives.items()]
    whole = {"resourceType": "Parameters", "parameter": [*given, {"name": "data", "resource": bundle}]}
    return json.dumps(whole).encode()


def _value_of(name: str) -> str:
    return {"asOf": "valueDateTime", "subject": "valueString"}.get(name, "valueCode")
