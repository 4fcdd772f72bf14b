"""Checks of whom a service believes: tokens of CDS clients, and pages in a browser."""

from __future__ import annotations

import base64
import json
import time

import httpx

from tests.cds_hooks.blackbox.judging import Failed, NotApplicable, require
from tests.cds_hooks.blackbox.session import DISCOVERY, Session
from tests.cds_hooks.blackbox.tokens import Tokens, TokensOfKey, header_of, symmetric, tampered, unsigned

_STRANGER = "https://stranger.invalid"


def _ask(session: Session, token: str | None = None) -> httpx.Response:
    """A good call with this token, or with none."""
    service = session.service
    body = session.body(service, session.prefetch(service))
    return session.call(service, body, authorization=f"Bearer {token}" if token else "")


def _url(session: Session) -> str:
    return f"{session.base_url}{DISCOVERY}/{session.service['id']}"


def _tokens(session: Session) -> Tokens:
    if session.tokens is None:
        raise NotApplicable("no tokens were given to call with")
    return session.tokens


def _key(session: Session) -> TokensOfKey:
    if not isinstance(session.tokens, TokensOfKey):
        raise NotApplicable("no key was given to sign tokens with")
    return session.tokens


def _require_refusal(response: httpx.Response, what: str) -> None:
    require(response.status_code == 401, f"{what} is answered {response.status_code}, and not 401")


def needs_a_token(session: Session) -> str:
    """Who does not say who it is gets nothing."""
    _tokens(session)
    _require_refusal(_ask(session), "a call without token")
    _require_refusal(session.send("GET", DISCOVERY, authorization=""), "a discovery without token")
    return "401 without token"


def knows_clients_by_signature(session: Session) -> str:
    """A signed token is believed, and not once what it says was changed."""
    tokens = _tokens(session)
    good = _ask(session, tokens.token(_url(session)))
    require(good.is_success, f"a good token is answered {good.status_code}")
    _require_refusal(_ask(session, tampered(tokens.token(_url(session)))), "a token that was changed")
    return "200 as signed, 401 as changed"


def knows_keys_without_address(session: Session) -> str:
    """Where a token names no address of its keys, they are known otherwise."""
    token = _tokens(session).token(_url(session))
    if "jku" in header_of(token):
        raise NotApplicable("the tokens name the address of their keys")
    status = _ask(session, token).status_code
    require(status == 200, f"a good token without jku is answered {status}")
    return "200 without jku"


def believes_the_listed_alone(session: Session) -> str:
    """Another issuer, and another address of keys, are refused though the signature is good."""
    key = _key(session)
    _require_refusal(_ask(session, key.signed(_url(session), iss=_STRANGER)), "an issuer that nobody knows")
    elsewhere = key.signed(_url(session), {"jku": f"{_STRANGER}/jwks.json", "kid": "stranger"})
    _require_refusal(_ask(session, elsewhere), "a key at an address that nobody knows")
    return "401 for both"


def refuses_unsigned_tokens(session: Session) -> str:
    """A token that nobody signed is refused."""
    token = _token_to_forge(session)
    for algorithm in ("none", "None"):
        _require_refusal(_ask(session, unsigned(token, algorithm)), f"a token of alg {algorithm}")
    return "401"


def refuses_shared_secrets(session: Session) -> str:
    """A token that is signed with a shared secret is refused, the public key as the secret included."""
    token = _token_to_forge(session)
    secrets = session.tokens.secrets if isinstance(session.tokens, TokensOfKey) else []
    for secret in (b"secret", *secrets):
        _require_refusal(_ask(session, symmetric(token, secret)), "a token of alg HS256")
    return "401"


def _token_to_forge(session: Session) -> str:
    if session.tokens is not None:
        return session.tokens.token(_url(session))
    if _ask(session).status_code != 401:
        raise NotApplicable("the service answers without a token")
    now = int(time.time())
    claims = {"iss": _STRANGER, "aud": _url(session), "iat": now, "exp": now + 300, "jti": "forged"}
    parts = ({"alg": "none", "kid": "forged", "typ": "JWT"}, claims)
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts), ""])


def lets_pages_ask(session: Session) -> str:
    """A page of a known origin may ask from a browser, without a token for the question whether it may; others not."""
    if not session.origin:
        raise NotApplicable("no origin of a page was given")
    for method, path in (("GET", DISCOVERY), ("POST", f"{DISCOVERY}/{session.service['id']}")):
        allowed = _preflight(session, session.origin, method, path)
        require(allowed.is_success, f"the preflight of {method} {path} is answered {allowed.status_code}")
        _require_origin(allowed, session.origin)
        methods = allowed.headers.get("access-control-allow-methods", "")
        require(method in methods, f"the preflight of {path} allows {methods or 'no methods'}")
        headers = allowed.headers.get("access-control-allow-headers", "").lower()
        for name in ("authorization", "content-type"):
            require(name in headers or headers == "*", f"the preflight of {path} does not allow {name}")
    answer = session.send("GET", DISCOVERY, headers={"Origin": session.origin})
    _require_origin(answer, session.origin)
    other = _preflight(session, _STRANGER, "GET", DISCOVERY).headers
    is_open = other.get("access-control-allow-credentials") == "true" and other.get("access-control-allow-origin")
    require(not is_open, "any page may ask with the credentials of its user")
    return session.origin


def _preflight(session: Session, origin: str, method: str, path: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return session.send("OPTIONS", path, authorization="", headers=headers)


def _require_origin(response: httpx.Response, origin: str) -> None:
    told = response.headers.get("access-control-allow-origin")
    if told not in (origin, "*"):
        raise Failed(f"{response.request.method} tells Access-Control-Allow-Origin {told}")
