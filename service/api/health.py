"""Liveness, readiness and numbers; none of them says anything about a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import HEALTH_DOCUMENTATION, METRICS_DOCUMENTATION
from service.api.nearness import shown_to

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.assessment import Context, Servers
    from service.settings import Settings
    from service.telemetry import Metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_health(app: FastAPI, context: Context, metrics: Metrics, settings: Settings, servers: Servers) -> None:
    """Adds /health/live, /health/ready, /health/servers and /metrics."""
    rules = context.rule_set
    ready_body = {"status": "ready", "ruleSet": {"version": rules.version, "digest": rules.digest}}

    async def live(_request: Request) -> Response:
        return Response(b'{"status":"live"}', media_type="application/json")

    async def ready(_request: Request) -> Response:
        # A server that gives no token is told and takes nobody out of rotation: data that are sent are still answered.
        told = told_of_servers()
        return _answer(ready_body | ({"servers": told} if told else {}))

    async def tokens(_request: Request) -> Response:
        told = told_of_servers()
        failed = any(one["token"].startswith("failed") for one in told.values())
        return _answer({"status": "failed" if failed else "ready", "servers": told}, 503 if failed else 200)

    def told_of_servers() -> dict[str, dict[str, str]]:
        return {name: {"token": state} for name, state in servers.token_states().items()}

    async def numbers(request: Request) -> Response:
        shown_to(request, settings.metrics, settings, "MOODMARKER_METRICS")
        return Response(metrics.text(), media_type=PROMETHEUS)

    app.add_api_route("/health/live", live, methods=["GET"], **HEALTH_DOCUMENTATION["live"])
    app.add_api_route("/health/ready", ready, methods=["GET"], **HEALTH_DOCUMENTATION["ready"])
    app.add_api_route("/health/servers", tokens, methods=["GET"], **HEALTH_DOCUMENTATION["servers"])
    app.add_api_route("/metrics", numbers, methods=["GET"], **METRICS_DOCUMENTATION)


def _answer(told: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
