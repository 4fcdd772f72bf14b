"""Clients of CDS Hooks: their keys, the tokens that they sign, and how the service is asked who calls."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from service.errors import NotBelieved
from service.security import failures, key_sets
from service.security.cds_clients import Caller, CdsClients
from service.security.replays import Replays, ReplaysOfProcess
from service.settings import load_settings

T = TypeVar("T")
NOW = datetime.now(UTC).replace(microsecond=0)
SECONDS = int(NOW.timestamp())
ISSUER = "https://ehr.example"
PUBLIC_URL = "https://moodmarker.example/api"
DISCOVERY = "/cds-services"
SERVICE = "/cds-services/mood-immune"
FEEDBACK = "/cds-services/mood-immune/feedback"
PEER = "192.0.2.7"
# Such as Epic makes them.
KID = "A0h+Rr/9==kid"


class Signer(NamedTuple):
    """A key of a client."""

    kid: str
    algorithm: str
    private: ECKey | RSAKey

    @property
    def public(self) -> dict[str, Any]:
        return {**self.private.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}


@cache
def signer(kid: str = KID, algorithm: str = "ES384", size: str = "P-384") -> Signer:
    private = ECKey.generate_key(size) if algorithm.startswith("ES") else RSAKey.generate_key(int(size))
    return Signer(kid, algorithm, private)


def rsa_signer(kid: str = KID) -> Signer:
    return signer(kid, "RS384", "2048")


def key_set(*signers: Signer) -> dict[str, Any]:
    return {"keys": [one.public for one in signers]}


def write_set(path: Path, *signers: Signer) -> Path:
    path.write_text(json.dumps(key_set(*signers)), encoding="utf-8")
    return path


_made = iter(range(10**9))


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims with changes; None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": PUBLIC_URL + SERVICE,
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "jti": f"token-{next(_made)}",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(by: Signer, header: dict[str, Any] | None = None, **changed: Any) -> bytes:
    """An Authorization header with a token that is good but for the changes."""
    full = {"alg": by.algorithm, "kid": by.kid, "typ": "JWT"} | (header or {})
    named = {name: value for name, value in full.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[str(named["alg"])], strict_check_header=False)
    text = jws.serialize_compact(named, json.dumps(claims(**changed)), by.private, registry=registry)
    return f"Bearer {text}".encode()


def segments(*parts: bytes | dict[str, Any]) -> bytes:
    """An Authorization header with these parts, encoded."""
    raw = [json.dumps(part).encode() if isinstance(part, dict) else part for part in parts]
    return b"Bearer " + b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in raw)


def known(replays: Replays | None = None, settings: dict[str, Any] | None = None, **client: Any) -> CdsClients:
    """A site with one client."""
    full = {"public_url": PUBLIC_URL, "cds_clients": {"ehr": {"issuer": ISSUER} | client}} | (settings or {})
    # The tests' tokens are made for the moment that this module was read, which a whole run outlasts.
    memory = ReplaysOfProcess(clock=lambda: NOW) if replays is None else replays
    return CdsClients(load_settings(**full), memory)


def run(clients: CdsClients, then: Callable[[CdsClients], Awaitable[T]]) -> T:
    """What `then` gives."""

    async def whole() -> T:
        try:
            return await then(clients)
        finally:
            await clients.close()

    return asyncio.run(whole())


async def is_believed(
    clients: CdsClients, authorization: bytes | None, path: str = SERVICE, *, peer: str = PEER, now: datetime = NOW
) -> bool:
    try:
        caller = await clients.caller(authorization, path, peer, now)
    except NotBelieved:
        return False
    assert caller.name == "ehr"
    return True


def believed(clients: CdsClients, *sent: bytes | None, path: str = SERVICE, now: datetime = NOW) -> list[bool]:
    """Whether each of these Authorization headers is believed, one after another."""

    async def ask(known_ones: CdsClients) -> list[bool]:
        return [await is_believed(known_ones, one, path, now=now) for one in sent]

    return run(clients, ask)


def caller(clients: CdsClients, authorization: bytes | None, *, near: bool = False) -> Caller:
    return run(clients, lambda one: one.caller(authorization, SERVICE, PEER, NOW, near=near))


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    for module in (failures, key_sets):
        monkeypatch.setattr(module, "monotonic", moved)
    return moved


class Verified:
    """Counts the signatures that are checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        validate = jws.validate_compact

        def counting(*arguments: Any, **named: Any) -> bool:
            self.count += 1
            return validate(*arguments, **named)

        monkeypatch.setattr(jws, "validate_compact", counting)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Verified:
    return Verified(monkeypatch)


def reasons(logs: Iterable[Any]) -> list[str]:
    return [str(one["reason"]) for one in logs if one["event"] == "cds hooks call refused"]
