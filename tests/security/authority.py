"""A FHIR server with a token endpoint, on loopback: it believes nothing that it has not checked."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.utils import formatdate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fhir.client.test_faults import page, statement
from tests.in_a_thread import in_a_thread

CLIENT = "moodmarker-at-ehr"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FHIR = "application/fhir+json"
KeySource = Callable[[], Any]


class Asked(NamedTuple):
    """One request for a token, as it was understood."""

    form: dict[str, str]
    header: dict[str, Any]
    claims: dict[str, Any]
    sent: dict[str, str]


class Authority:
    """What the server knows and does; a test sets what it needs and reads what came."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.origin = f"{scheme}://127.0.0.1:{port}"
        self.base = f"{self.origin}/fhir"
        self.reset(lambda: {"keys": []})

    def reset(self, key_set: KeySource) -> None:
        """As new; `key_set` is asked for the client's keys at each request, as by their address."""
        self.key_set = key_set
        self.token_endpoint = f"{self.origin}/token"
        self.lifetime: Any = 300
        self.scope: Callable[[str], str | None] = lambda asked: asked
        self.clock_ahead = 0.0
        self.forgets = False
        self.answers: deque[Response | float] = deque()
        self.asked: list[Asked] = []
        self.discovered: list[dict[str, str]] = []
        self.good: set[str] = set()
        self.used: set[str] = set()
        self.fhir: list[tuple[str, str]] = []
        self.given: list[str] = []
        self.found: dict[str, Any] = page()

    def revoke(self) -> None:
        """No token that was given is good any longer."""
        self.good.clear()

    def now(self) -> float:
        return time.time() + self.clock_ahead

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/.well-known/smart-configuration", self._discover),
                Route("/token", self._token, methods=["POST"]),
                Route("/fhir/{rest:path}", self._read, methods=["GET", "POST"]),
            ]
        )

    async def _discover(self, request: Request) -> Response:
        self.discovered.append(dict(request.headers))
        return JSONResponse({"token_endpoint": self.token_endpoint})

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        verdict = self._verdict(form, dict(request.headers))
        if self.answers:
            told = self.answers.popleft()
            if isinstance(told, Response):
                return told
            await asyncio.sleep(told)
        date = {"Date": formatdate(self.now(), usegmt=True), "Cache-Control": "no-store"}
        if isinstance(verdict, str):
            sent = form.get("client_assertion", "")
            return JSONResponse({"error": verdict, "error_description": f"refused: {sent}"}, 400, date)
        token = secrets.token_urlsafe()
        if not self.forgets:
            self.good.add(token)
        self.given.append(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        scope = self.scope(form["scope"])
        return JSONResponse(answer | ({} if scope is None else {"scope": scope}), headers=date)

    def _verdict(self, form: dict[str, str], headers: dict[str, str]) -> str | None:
        """The OAuth error of a request, None for a good one."""
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION_TYPE:
            return "invalid_request"
        try:
            known = KeySet.import_key_set(self.key_set())
            token = jwt.decode(form["client_assertion"], known, algorithms=["ES384", "RS384"])
        except (JoseError, ValueError):
            return "invalid_client"
        claims = token.claims
        self.asked.append(Asked(form, dict(token.header), dict(claims), headers))
        return None if self._holds(dict(token.header), dict(claims)) else "invalid_client"

    def _holds(self, header: dict[str, Any], claims: dict[str, Any]) -> bool:
        replayed = claims["jti"] in self.used
        self.used.add(claims["jti"])
        now = self.now()
        return (
            not replayed
            and header["typ"] == "JWT"
            and claims["iss"] == claims["sub"] == CLIENT
            and claims["aud"] == f"{self.origin}/token"
            and now < claims["exp"] <= now + 300
            and claims["exp"] - claims["iat"] <= 300
            and claims["iat"] <= now
            and claims["nbf"] <= now
        )

    async def _read(self, request: Request) -> Response:
        path = request.path_params["rest"]
        sent = request.headers.get("authorization", "")
        self.fhir.append((path, sent))
        if sent.removeprefix("Bearer ") not in self.good:
            return JSONResponse({"resourceType": "OperationOutcome"}, 401, media_type=FHIR)
        if path == "metadata":
            return Response(statement("Condition", "MedicationRequest", "Observation"), media_type=FHIR)
        if path.startswith("Patient/"):
            return JSONResponse({"resourceType": "Patient", "id": "p1"}, media_type=FHIR)
        return JSONResponse(self.found, media_type=FHIR)

    def searched(self) -> set[str]:
        """The resource types that were searched."""
        return {path.removesuffix("/_search") for path, _ in self.fhir} - {"metadata", "Patient/p1"}


def running(certificate: Path | None = None) -> AbstractContextManager[Authority]:
    """The server in a thread, on a free port; with TLS where it has a file of key and certificate."""
    scheme = "http" if certificate is None else "https"
    return in_a_thread(
        lambda port: Authority(port, scheme), date_header=False, ssl_certfile=certificate, ssl_keyfile=certificate
    )
