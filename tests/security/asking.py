"""Tokens and patients, asked for as the service does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.fetching import Fetched, fetch
from service.fhir.client.searches import Reach
from service.security import backend_services
from service.security.backend_services import BackendServices
from service.security.bearer import TokenUnavailable
from service.security.keys import KeyFolder
from service.settings import FhirServer
from tests.fhir.client.test_faults import statement
from tests.security.authority import CLIENT, Authority

T = TypeVar("T")
# What httpx takes by default, read once.
VERIFIED = httpx.create_ssl_context(trust_env=False)
TODAY = date(2026, 6, 30).toordinal()
TYPES = ("Condition", "MedicationRequest", "Observation")
WANTED = dict.fromkeys((*TYPES, "Medication", "Patient"), "rs")


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(backend_services, "monotonic", moved)
    return moved


def server_at(authority: Authority, **more: Any) -> FhirServer:
    return FhirServer.model_validate({"url": authority.base, "client_id": CLIENT, **more})


def with_tokens(
    server: FhirServer,
    folder: Path,
    then: Callable[[BackendServices, httpx.AsyncClient], Awaitable[T]],
    *,
    seconds: float = 5.0,
) -> T:
    """What `then` gives, with a source of tokens and the client that it sends with."""

    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False, verify=VERIFIED) as client:
            keys = KeyFolder(folder)
            return await then(BackendServices("ehr", server, WANTED, keys, client, seconds=seconds), client)

    return asyncio.run(run())


def token(server: FhirServer, folder: Path, **more: Any) -> str:
    return with_tokens(server, folder, lambda tokens, _: tokens.token(), **more)


def refusal(server: FhirServer, folder: Path, **more: Any) -> str:
    """Why there is no token."""
    with pytest.raises(TokenUnavailable) as refused:
        token(server, folder, **more)
    assert refused.value.__cause__ is None
    return refused.value.reason


async def fetch_p1(tokens: BackendServices, client: httpx.AsyncClient, server: FhirServer) -> Fetched:
    connection = Connection(server, client, seconds=20, most_bytes=1_000_000, bearer=tokens)
    return await fetch(connection, read_capability(statement(*TYPES)), "p1", [Reach(name) for name in TYPES], TODAY)


def fetched(server: FhirServer, folder: Path) -> Fetched:
    return with_tokens(server, folder, lambda tokens, client: fetch_p1(tokens, client, server))
