"""Liveness, readiness and numbers; none of them says anything about a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import HEALTH_DOCUMENTATION, METRICS_DOCUMENTATION
from service.api.nearness import shown_to

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.assessment import Context
    from service.settings import Settings
    from service.telemetry import Metrics

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_health(app: FastAPI, context: Context, metrics: Metrics, settings: Settings) -> None:
    """Adds /health/live, /health/ready and /metrics."""
    rules = context.rule_set
    ready_body = msgspec.json.encode({"status": "ready", "ruleSet": {"version": rules.version, "digest": rules.digest}})

    async def live(_request: Request) -> Response:
        return Response(b'{"status":"live"}', media_type="application/json")

    async def ready(_request: Request) -> Response:
        return Response(ready_body, media_type="application/json")

    async def numbers(request: Request) -> Response:
        shown_to(request, settings.metrics, settings, "MOODMARKER_METRICS")
        return Response(metrics.text(), media_type=PROMETHEUS)

    app.add_api_route("/health/live", live, methods=["GET"], **HEALTH_DOCUMENTATION["live"])
    app.add_api_route("/health/ready", ready, methods=["GET"], **HEALTH_DOCUMENTATION["ready"])
    app.add_api_route("/metrics", numbers, methods=["GET"], **METRICS_DOCUMENTATION)
