"""Access tokens as authorization servers sign them: good ones, and every way in which one can be bad."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from tests.security.cds import Signer, segments, signed, signer, write_set

PUBLIC_URL = "https://moodmarker.example"
AUDIENCE = f"{PUBLIC_URL}/fhir"
ISSUER = "https://sso.example/realms/hospital"
OTHER_ISSUER = "https://other.example"
READ = "system/Observation.rs"
WRITE = f"{READ} system/Flag.cu system/CarePlan.cu"
# One key for each algorithm that the first issuer may sign with, and one of the other's.
KEYS = {
    "RS256": signer("rs256", "RS256", "2048"),
    "RS384": signer("rs384", "RS384", "2048"),
    "ES256": signer("es256", "ES256", "P-256"),
    "ES384": signer("es384", "ES384", "P-384"),
}
OTHERS = signer("others", "ES384", "P-384")
OTHERS_RSA = signer("others-rsa", "RS256", "2048")


def sso(folder: Path, **more: Any) -> dict[str, Any]:
    """The settings of the first issuer."""
    return {"issuer": ISSUER, "key_file": str(write_set(folder / "sso.json", *KEYS.values()))} | more


def other(folder: Path, **more: Any) -> dict[str, Any]:
    """Those of one that may sign with ES384 alone, though it has another key."""
    file = write_set(folder / "other.json", OTHERS, OTHERS_RSA)
    return {"issuer": OTHER_ISSUER, "key_file": str(file), "algorithms": ["ES384"]} | more


def token(scope: Any = READ, by: Signer = KEYS["RS256"], header: dict[str, Any] | None = None, **changed: Any) -> bytes:
    """An Authorization header with a token that is good but for the changes; None leaves a claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600, "scope": scope, "jti": None}
    return signed(by, header, **(good | changed))


def unsigned(algorithm: str = "none") -> bytes:
    """A token without a signature."""
    return segments({"alg": algorithm, "kid": "rs256", "typ": "JWT"}, _claims(), b"")


def with_public_key_as_secret() -> bytes:
    """A token whose secret is what everybody may know."""
    start = segments({"alg": "HS256", "kid": "rs256", "typ": "JWT"}, _claims())
    secret = KEYS["RS256"].private.as_pem(private=False)
    return start + b"." + _encoded(hmac.digest(secret, start[len(b"Bearer ") :], hashlib.sha256))


def tampered() -> bytes:
    """A token whose claims were changed after it was signed."""
    header, _, signature = token().split(b".")
    return b".".join([header, _encoded(json.dumps(_claims(scope="system/*.cruds")).encode()), signature])


def oversize() -> bytes:
    """A good token that is larger than any."""
    return token(pad="p" * 9000)


def _claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600, "scope": READ} | changed


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
