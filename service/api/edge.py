"""The outermost layer of the application: host, request id, log line, numbers and security headers.

A plain ASGI layer: each of these has to see every answer, the router's own and those of faults included.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import structlog

from service.api.connections import Bounds, ConnectionLimits
from service.api.errors import Misdirected, answer_problem, unexpected
from service.api.exchange import KEY, Exchange
from service.security.deadlines import deadline
from service.settings import is_loopback
from service.telemetry import described

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.settings import Settings
    from service.telemetry import Metrics

UNMATCHED = "(no route)"
_NO_STORE = (b"cache-control", b"no-store")
_SECURITY_HEADERS = [
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._\-]+)(?::[0-9]{1,5})?")
_REMEMBERED_HOSTS = 256
_FOR_PROBES = ("/health/live", "/health/ready")


class AllowedHosts:
    """The Host headers that are answered: loopback, the address listened on, that of notifications, those a site adds.

    Without this a page on the open web could make a browser inside the hospital ask us (DNS rebinding).
    """

    def __init__(self, settings: Settings) -> None:
        """`settings` name the hosts."""
        self._names = settings.own_hosts
        self._known: dict[bytes | None, bool] = {}

    def admit(self, host: bytes | None) -> bool:
        """Whether a request with this Host header is answered."""
        known = self._known.get(host)
        if known is None:
            known = self._decide(host)
            if len(self._known) < _REMEMBERED_HOSTS:
                self._known[host] = known
        return known

    def _decide(self, host: bytes | None) -> bool:
        name = host_name(host)
        return name is not None and (is_loopback(name) or name in self._names)


def host_name(host: bytes | None) -> str | None:
    """The name in a Host header without port and brackets; None when it is not one."""
    match = _HOST.fullmatch((host or b"").decode("latin-1"))
    return match["name"].lower().strip("[]") if match else None


class Edge:
    """Wraps the application; everything that arrives passes here once."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        """`app` answers; this layer watches."""
        self.app = app
        self._hosts = AllowedHosts(settings)
        self._metrics = metrics
        self._seconds = settings.deadline_seconds
        self.bounds = Bounds(ConnectionLimits.of(settings), metrics)
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        exchange = Exchange(scope["headers"])
        # HEAD is GET without its body, which the server leaves out by looking at its own scope.
        inner = {**scope, KEY: exchange, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        with deadline(self._seconds):
            await self._answer(inner, receive, _Sender(send, exchange))
        self._record(inner, scope["method"], exchange, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: _Sender) -> None:
        exchange = send.exchange
        # A probe of an orchestrator asks by address, and is told nothing that a host name would protect.
        if not (self._hosts.admit(exchange.headers.get(b"host")) or scope["path"] in _FOR_PROBES):
            refusal = Misdirected("This service does not answer for that Host; see MOODMARKER_ALLOWED_HOSTS.")
            await answer_problem(refusal)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self._log.error("failed", request_id=exchange.request_id, **described(error))
            if exchange.status == 0:
                await answer_problem(unexpected(exchange.request_id))(scope, receive, send)

    def _record(self, scope: Scope, method: str, exchange: Exchange, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self._metrics.answered(route, method, exchange.status, seconds)
        if exchange.limit:
            self._metrics.limited(exchange.limit)
        write = self._log.debug if route.startswith("/health/") else self._log.info
        write(
            "request",
            request_id=exchange.request_id,
            method=method,
            route=route,
            status=exchange.status,
            ms=round(seconds * 1000, 3),
            **({"caller": exchange.caller} if exchange.caller else {}),
            **({"problem": exchange.problem} if exchange.problem else {}),
        )


class _Sender:
    """Adds our headers to the answer and remembers its status."""

    __slots__ = ("_send", "exchange")

    def __init__(self, send: Send, exchange: Exchange) -> None:
        self._send = send
        self.exchange = exchange

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.exchange.status = message["status"]
            headers = message["headers"]
            message["headers"] = [
                *headers,
                (b"x-request-id", self.exchange.request_id.encode("ascii")),
                *(() if any(name == _NO_STORE[0] for name, _ in headers) else (_NO_STORE,)),
                *_SECURITY_HEADERS,
            ]
        await self._send(message)
