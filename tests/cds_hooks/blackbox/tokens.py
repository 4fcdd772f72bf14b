"""The tokens of a CDS client: signed with a key, or made by a command; and forged ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey


class Tokens(Protocol):
    """Where good tokens come from."""

    def token(self, url: str) -> str:
        """A new token for a call of this address."""


class TokensOfCommand:
    """Runs a command with the address as its last argument; it prints a token that was not used before."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    def token(self, url: str) -> str:
        done = subprocess.run([*self._command, url], check=True, capture_output=True, text=True)
        return done.stdout.strip()


class TokensOfKey:
    """Signs with a private JSON Web Key; `audience` stands in place of the base address, where that differs."""

    def __init__(self, key: dict[str, Any], issuer: str, base_url: str, *, audience: str = "", jku: str = "") -> None:
        self._key = ECKey.import_key(key) if key["kty"] == "EC" else RSAKey.import_key(key)
        self._issuer = issuer
        self._base_url = base_url.rstrip("/")
        self._audience = (audience or base_url).rstrip("/")
        algorithm = key.get("alg") or ("ES384" if key["kty"] == "EC" else "RS384")
        self._header = {"alg": algorithm, "kid": key.get("kid", ""), "typ": "JWT"} | ({"jku": jku} if jku else {})

    @classmethod
    def of_file(cls, file: Path, issuer: str, base_url: str, **more: str) -> TokensOfKey:
        """The first private key of a JSON Web Key Set, or the one key of the file."""
        document = json.loads(file.read_text(encoding="utf-8"))
        return cls(next(key for key in document.get("keys", [document]) if "d" in key), issuer, base_url, **more)

    def token(self, url: str) -> str:
        return self.signed(url)

    def signed(self, url: str, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token that is good but for these changes."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience + url.removeprefix(self._base_url),
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid4()),
        }
        registry = jws.JWSRegistry(algorithms=[self._header["alg"]], strict_check_header=False)
        full = self._header | (header or {})
        return jws.serialize_compact(full, json.dumps(claims | changed), self._key, registry=registry)

    @property
    def secrets(self) -> list[bytes]:
        """The public key as a careless service may take it for a shared secret."""
        public = json.dumps(self._key.as_dict(private=False), separators=(",", ":")).encode()
        return [self._key.as_pem(private=False), public]


def header_of(token: str) -> dict[str, Any]:
    """The header, unverified."""
    part = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def unsigned(token: str, algorithm: str = "none") -> str:
    """The same claims under a header that says nobody signed them."""
    return f"{_part(header_of(token) | {'alg': algorithm})}.{token.split('.')[1]}."


def symmetric(token: str, secret: bytes) -> str:
    """The same claims signed with a secret that both sides could know."""
    signed = f"{_part(header_of(token) | {'alg': 'HS256'})}.{token.split('.')[1]}"
    return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def tampered(token: str) -> str:
    """Other claims under the same signature."""
    header, claims, signature = token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) | {"changed": True}
    return f"{header}.{_part(changed)}.{signature}"


def _part(document: dict[str, Any]) -> str:
    return _encoded(json.dumps(document).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
