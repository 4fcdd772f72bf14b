"""A FHIR server on this machine, of whatever make, and a client to fill it with."""

from __future__ import annotations

from typing import Any

import httpx

PATIENCE = 90.0


class LocalServer:
    """The running server."""

    def __init__(self, base: str) -> None:
        """`base` is its FHIR base."""
        self.base = base
        self.client = httpx.Client(trust_env=False, timeout=PATIENCE)

    def put(self, *resources: dict[str, Any]) -> None:
        """Stores resources under their own ids."""
        for resource in resources:
            answer = self.client.put(f"{self.base}/{resource['resourceType']}/{resource['id']}", json=resource)
            assert answer.is_success, answer.text

    def load(self, resources: list[dict[str, Any]], at_once: int = 500) -> None:
        """Stores many resources, some hundred in one transaction."""
        for start in range(0, len(resources), at_once):
            entries = [
                {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
                for one in resources[start : start + at_once]
            ]
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            answer = self.client.post(self.base, json=bundle)
            assert answer.is_success, answer.text
