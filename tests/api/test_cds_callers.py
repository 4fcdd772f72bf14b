"""Do the routes of CDS Hooks tell callers apart over HTTP, and may the pages of clients ask from a browser?"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.api.cds_callers import CdsCallers, with_origins
from service.api.edge import Edge
from service.api.errors import answer_problem
from service.api.exchange import exchange_of
from service.errors import Problem
from service.security.cds_clients import CdsClients
from service.security.replays import ReplaysOfProcess
from service.settings import load_settings
from service.telemetry import Metrics, configure_logging
from tests.api.asking import ask, issue_code
from tests.security.cds import (
    DISCOVERY,
    FEEDBACK,
    ISSUER,
    KID,
    PUBLIC_URL,
    SECONDS,
    SERVICE,
    signed,
    signer,
    write_set,
)

PAGE = "https://pages.ehr.example"
OTHER_PAGE = "https://other.example"
HOST = {"Host": "moodmarker.example"}


@pytest.fixture
def site(tmp_path: Path) -> dict[str, Any]:
    """The settings of a site with one client, whose pages may call."""
    client = {
        "issuer": ISSUER,
        "key_file": str(write_set(tmp_path / "ehr.json", signer())),
        "origins": [PAGE, "http://localhost:9000"],
    }
    return {"public_url": PUBLIC_URL, "cds_clients": {"ehr": client}}


def _app(**given: Any) -> Edge:
    """The layer around three routes that tell who called them."""
    settings = load_settings(**given)
    callers = CdsCallers(CdsClients(settings, ReplaysOfProcess()), settings)

    async def told(request: Request) -> Response:
        return JSONResponse({"name": (await callers.caller(request)).name, "read": len(await request.body())})

    async def plain(_request: Request) -> Response:
        return JSONResponse({})

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        exchange_of(request.scope).problem = type(error).__name__
        return answer_problem(error)

    async def close(_request: Request) -> Response:
        await callers.close()
        return Response()

    async def fail(_request: Request) -> Response:
        raise Problem("Something else.")

    routes = [
        Route(DISCOVERY, told, methods=["GET"]),
        Route(f"{DISCOVERY}/fail", fail, methods=["GET"]),
        Route(f"{DISCOVERY}/{{id}}", told, methods=["POST"]),
        Route(f"{DISCOVERY}/{{id}}/feedback", told, methods=["POST"]),
        Route(f"{DISCOVERY}-of-others", plain, methods=["GET"]),
        Route("/close", close, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={Problem: problem})
    return Edge(with_origins(app, settings), settings, Metrics())


def _bearer(**changed: Any) -> dict[str, str]:
    return {**HOST, "Authorization": signed(signer(), **changed).decode()}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", DISCOVERY), ("HEAD", DISCOVERY), ("POST", SERVICE), ("POST", FEEDBACK)]
)
def test_a_client_is_known_on_every_route(site: dict[str, Any], method: str, path: str) -> None:
    answer = ask(_app(**site), method, path, peer="192.0.2.7", headers=_bearer(aud=PUBLIC_URL + path))
    assert answer.status_code == 200
    assert method == "HEAD" or answer.json()["name"] == "ehr"


@pytest.mark.parametrize(("method", "path"), [("GET", DISCOVERY), ("POST", SERVICE), ("POST", FEEDBACK)])
@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.7"])
def test_a_stranger_is_refused_on_every_route(site: dict[str, Any], method: str, path: str, peer: str) -> None:
    for headers in ({}, _bearer(aud=PUBLIC_URL + path, exp=SECONDS - 1), {"Authorization": "Basic YTpi"}):
        assert ask(_app(**site), method, path, peer=peer, headers=HOST | headers).status_code == 401


def test_every_refusal_is_the_same_and_tells_nothing(site: dict[str, Any]) -> None:
    sent: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer " + "a" * 20_000},
        _bearer(exp=SECONDS - 1),
        _bearer(aud="https://other.example"),
        _bearer(iss="https://other.example"),
        {"Authorization": signed(signer("forger")._replace(kid=KID)).decode()},
        {"Authorization": signed(signer("unknown")).decode()},
    ]
    seen = set()
    for headers in sent:
        answer = ask(_app(**site), "POST", SERVICE, headers=HOST | headers | {"X-Request-Id": "same"})
        seen.add((answer.status_code, answer.content, tuple(answer.headers.multi_items())))
    ((status, body, fields),) = seen
    assert (status, body) == (401, b"")
    assert dict(fields)["www-authenticate"] == "Bearer"
    assert "content-type" not in dict(fields)
    assert dict(fields)["content-length"] == "0"


def test_two_tokens_in_one_request_are_refused(site: dict[str, Any]) -> None:
    headers = [("Host", "moodmarker.example"), *(("Authorization", signed(signer()).decode()) for _ in range(2))]
    assert ask(_app(**site), "POST", SERVICE, headers=headers).status_code == 401


def test_who_fails_too_often_is_told_when_to_come_again(site: dict[str, Any]) -> None:
    app = _app(**site)
    forged = {**HOST, "Origin": PAGE, "Authorization": signed(signer("forger")._replace(kid=KID)).decode()}
    assert {ask(app, "POST", SERVICE, headers=forged).status_code for _ in range(20)} == {401}
    answer = ask(app, "POST", SERVICE, headers=forged)
    assert (answer.status_code, issue_code(answer)) == (429, "throttled")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert ask(app, "POST", SERVICE, peer="192.0.2.7", headers=_bearer()).status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 401),
        ("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, 401),
        ("127.0.0.1", {"Authorization": "Bearer a.b.c"}, 200),
    ],
)
def test_without_clients_this_machine_alone_is_answered(peer: str, headers: dict[str, str], status: int) -> None:
    answer = ask(_app(), "GET", DISCOVERY, peer=peer, headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.content == b""
    assert ask(_app(cds_unauthenticated=True), "GET", DISCOVERY, peer=peer, headers=headers).status_code == 200


def test_the_sockets_are_closed(site: dict[str, Any]) -> None:
    assert ask(_app(**site), "POST", "/close", headers=HOST).status_code == 200


def _preflight(app: Edge, path: str, origin: str, method: str = "POST", asked: str = "") -> httpx.Response:
    headers = {**HOST, "Origin": origin, "Access-Control-Request-Method": method}
    if asked:
        headers["Access-Control-Request-Headers"] = asked
    return ask(app, "OPTIONS", path, peer="192.0.2.7", headers=headers)


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [
        (DISCOVERY, "GET", "authorization"),
        (SERVICE, "POST", "authorization,content-type"),
        (SERVICE, "POST", "Content-Type, Authorization"),
        (FEEDBACK, "POST", "authorization,content-type"),
        (SERVICE, "POST", ""),
    ],
)
def test_a_browser_may_ask_without_a_token_what_a_page_may_do(
    site: dict[str, Any], path: str, method: str, asked: str
) -> None:
    answer = _preflight(_app(**site), path, PAGE, method, asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST"}
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "content-type"} <= allowed
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers


def test_every_named_page_is_answered_by_its_own_name(site: dict[str, Any]) -> None:
    local = _preflight(_app(**site), SERVICE, "http://localhost:9000")
    assert local.headers["access-control-allow-origin"] == "http://localhost:9000"


@pytest.mark.parametrize(
    "origin", [OTHER_PAGE, "null", "*", f"{PAGE}.evil.example", f"{PAGE}:8443", PAGE.upper(), PAGE.replace("s:", ":")]
)
def test_other_pages_are_told_nothing(site: dict[str, Any], origin: str) -> None:
    app = _app(**site)
    answers = [
        _preflight(app, SERVICE, origin, asked="authorization"),
        ask(app, "POST", SERVICE, headers=_bearer() | {"Origin": origin}),
    ]
    assert answers[0].status_code == 400
    for answer in answers:
        assert "access-control-allow-origin" not in answer.headers
        assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize(("method", "asked"), [("DELETE", ""), ("PUT", ""), ("POST", "x-other"), ("POST", "cookie")])
def test_a_page_may_do_no_more_than_clients_do(site: dict[str, Any], method: str, asked: str) -> None:
    assert _preflight(_app(**site), SERVICE, PAGE, method, asked).status_code == 400


def test_a_page_may_ask_a_service_in_its_own_network(site: dict[str, Any]) -> None:
    headers = {
        **HOST,
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = ask(_app(**site), "OPTIONS", SERVICE, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", SERVICE, {"Authorization": "good"}, 200),
        ("POST", SERVICE, {}, 401),
        ("GET", DISCOVERY, {}, 401),
        ("POST", f"{DISCOVERY}/a/b/c", {}, 404),
        ("DELETE", SERVICE, {}, 405),
        ("GET", f"{DISCOVERY}/fail", {}, 500),
    ],
)
def test_answers_and_errors_may_be_read_by_the_page(
    site: dict[str, Any], method: str, path: str, headers: dict[str, str], status: int
) -> None:
    sent = {**HOST, "Origin": PAGE} | (_bearer() if headers else {})
    answer = ask(_app(**site), method, path, peer="192.0.2.7", headers=sent)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["access-control-expose-headers"] == "Moodmarker-Receipt, Retry-After, X-Request-Id"


@pytest.mark.parametrize("path", [f"{DISCOVERY}-of-others", "/close", "/"])
def test_other_routes_are_for_no_page(site: dict[str, Any], path: str) -> None:
    app = _app(**site)
    for answer in (_preflight(app, path, PAGE), ask(app, "GET", path, headers={**HOST, "Origin": PAGE})):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_without_pages_nothing_is_shared(site: dict[str, Any]) -> None:
    site["cds_clients"]["ehr"]["origins"] = []
    app = _app(**site)
    assert _preflight(app, SERVICE, PAGE).status_code == 405
    answer = ask(app, "POST", SERVICE, headers=_bearer() | {"Origin": PAGE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


class _Lines:
    """Standard error, as far as the log needs it."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Lines]:
    captured = _Lines()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", captured)
        configure_logging("debug")
    yield captured
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def test_nothing_of_a_token_is_in_the_log_of_requests(site: dict[str, Any], lines: _Lines) -> None:
    app = _app(**site)
    marks: dict[str, Any] = {"jti": "QJTI", "tenant": "QTENANT", "sub": "QSUB"}
    tokens = [
        signed(signer(), **marks),
        signed(signer(), **marks),
        signed(signer(), iss="QISS", **marks),
        signed(signer(), {"jku": "https://qjku.example"}, aud="https://qaud.example", **marks),
        signed(signer(), {"kid": "QKID"}, **marks),
        b"Bearer QBROKEN.QBROKEN.QBROKEN",
    ]
    statuses = [
        ask(app, "POST", SERVICE, headers={**HOST, "Authorization": token.decode()}).status_code for token in tokens
    ]
    assert statuses == [200, *[401] * 5]
    written = lines.buffer.getvalue().decode()
    parts = [part.decode() for token in tokens for part in token.split(b".") if len(part) > 16]
    assert not [one for one in (*parts, "eyJ", "Bearer", "QBROKEN", "qjku", "qaud", "QISS", "QKID") if one in written]
    assert not [mark for mark in marks.values() if mark in written]
    logged = [json.loads(line) for line in written.splitlines()]
    assert [one["client"] for one in logged if one["event"] == "cds hooks call refused"] == [
        "ehr",
        "",
        "ehr",
        "ehr",
        "",
    ]
    assert {one["problem"] for one in logged if one["event"] == "request" and one["status"] == 401} == {"NotBelieved"}


def test_the_service_itself_asks_who_calls(make_app: Callable[..., Edge], site: dict[str, Any]) -> None:
    app = make_app(**site)
    for method, path in (("GET", DISCOVERY), ("POST", SERVICE), ("POST", FEEDBACK)):
        stranger = ask(app, method, path, headers={**HOST, "Origin": PAGE, "Content-Type": "application/json"})
        assert (stranger.status_code, stranger.content) == (401, b"")
        assert stranger.headers["www-authenticate"] == "Bearer"
        assert stranger.headers["access-control-allow-origin"] == PAGE
        assert _preflight(app, path, PAGE, method, "authorization,content-type").status_code == 200
    found = ask(app, "GET", DISCOVERY, peer="192.0.2.7", headers=_bearer(aud=PUBLIC_URL + DISCOVERY))
    assert found.status_code == 200
    assert [one["id"] for one in found.json()["services"]] != []
    assert ask(app, "POST", SERVICE, headers=_bearer(), content=b"{}").status_code not in (200, 401)
    assert _preflight(app, "/fhir/metadata", PAGE, "GET").status_code == 405
