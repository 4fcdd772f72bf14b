"""Calls the CDS service with HealthChain's SandboxClient and prints what it got for each name, as JSON.

Takes one JSON object: by name, an object with the `url` of the service, the `workflow`, and one of
  synthetic   the seed of the data that the client makes up
  file        a prefetch, as JSON
and optionally `patient`, whose chart is open, and `fhir`, the FHIR base: without them the client chooses and names none.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from healthchain.sandbox import SandboxClient


class Kept(logging.Handler):
    """The client answers `{}` for a refusal, and writes what it was told to its log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one line."""
        self.told.append(record.getMessage())


def called(asked: dict[str, Any], refusals: Kept) -> dict[str, Any]:
    """What the client got."""
    client = SandboxClient(url=asked["url"], workflow=asked["workflow"], timeout=60)
    if "synthetic" in asked:
        client.load_synthetic(random_seed=asked["synthetic"])
    else:
        client.load_from_path(asked["file"])
    (request,) = client.requests
    if "patient" in asked:
        request.context.patientId = asked["patient"]
    if "fhir" in asked:
        request.fhirServer = asked["fhir"]
    refusals.told = []
    (answer,) = client.send_requests()
    (sent,) = client.get_request_data()
    keys = sorted(sent["prefetch"])
    return {"context": sent["context"], "keys": keys, "answer": answer, "refusals": refusals.told}


def main(asked: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the client got for each name."""
    refusals = Kept()
    logging.getLogger("healthchain").addHandler(refusals)
    return {name: called(one, refusals) for name, one in asked.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))
