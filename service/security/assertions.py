"""Client assertions: the short-lived JWT by which this service says who it is, made anew for every request."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from joserfc import jwt

if TYPE_CHECKING:
    from service.security.keys import SigningKey

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# An assertion may be good for five minutes by the server's clock. A clock of ours that is up to a minute ahead, or some
# minutes behind, does no harm.
_GOOD_FOR: Final = 240
_MADE_BEFORE: Final = 60


def client_assertion(key: SigningKey, client_id: str, audience: str, now: int) -> str:
    """A signed assertion for one request to the token endpoint at `audience`; `now` in seconds since 1970."""
    claims: jwt.Claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now - _MADE_BEFORE,
        "nbf": now - _MADE_BEFORE,
        "exp": now + _GOOD_FOR,
        "jti": secrets.token_urlsafe(24),
    }
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key.private, algorithms=[key.algorithm])
