"""Liveness, readiness and numbers; none of them says anything about a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import HEALTH_DOCUMENTATION, METRICS_DOCUMENTATION
from service.api.nearness import shown_to
from service.security.backend_services import NOT_ASKED

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastapi import FastAPI

    from service.api.endpoints import Endpoints
    from service.assessment import Context
    from service.settings import Settings
    from service.telemetry import Metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_health(app: FastAPI, context: Context, metrics: Metrics, settings: Settings, endpoints: Endpoints) -> None:
    """Adds /health/live, /health/ready, /health/servers and /metrics."""
    rule_set = context.rule_set
    rules: dict[str, str | int] = {"version": rule_set.version, "digest": rule_set.digest}
    rules |= {"off": len(rule_set.off), "shadow": len(rule_set.shadow)}

    async def live(_request: Request) -> Response:
        return Response(b'{"status":"live"}', media_type="application/json")

    async def ready(_request: Request) -> Response:
        # A server that gives no token takes nobody out of rotation: data that are sent are still answered.
        parts, records = await endpoints.subscriptions.health(), endpoints.records.health()
        # Where subscriptions are on and nothing is said of them, they have not begun.
        begun = settings.service_key is None or bool(parts)
        good = begun and all(state == "ready" for state in parts.values())
        good = good and all(state.startswith("ready") for state in records.values())
        told = {"status": "ready" if good else "not ready", "ruleSet": rules, **records}
        return _answer(told | ({"subscriptions": parts} if parts else {}), 200 if good else 503)

    async def tokens(request: Request) -> Response:
        shown_to(request, settings)
        states = endpoints.servers.token_states()
        status = _status(states.values())
        told = {"status": status, "servers": {name: {"token": state} for name, state in states.items()}}
        return _answer(told, 503 if status == "failed" else 200)

    async def numbers(request: Request) -> Response:
        shown_to(request, settings)
        return Response(metrics.text(), media_type=PROMETHEUS)

    app.add_api_route("/health/live", live, methods=["GET"], **HEALTH_DOCUMENTATION["live"])
    app.add_api_route("/health/ready", ready, methods=["GET"], **HEALTH_DOCUMENTATION["ready"])
    app.add_api_route("/health/servers", tokens, methods=["GET"], **HEALTH_DOCUMENTATION["servers"])
    app.add_api_route("/metrics", numbers, methods=["GET"], **METRICS_DOCUMENTATION)


def _status(states: Collection[str]) -> str:
    """Of all servers together: nobody knows of one that was not asked."""
    if any(state.startswith("failed") for state in states):
        return "failed"
    return "unknown" if NOT_ASKED in states else "ready"


def _answer(told: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
