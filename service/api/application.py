"""The application: every route of the service, and nothing at import."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service.api.access import require_listed
from service.api.cds_callers import with_origins
from service.api.cds_hooks import add_cds_hooks
from service.api.conformance import add_conformance
from service.api.documentation import (
    CHECK_PATH,
    DESCRIPTION,
    PATIENT_CHECK_PATH,
    PATIENT_WRITE_PATH,
    TITLE,
    document_check,
    document_patient_check,
    document_patient_write,
)
from service.api.edge import Edge
from service.api.endpoints import Endpoints
from service.api.errors import answer_problem, problem_of, unexpected
from service.api.exchange import exchange_of
from service.api.garbage import settle_garbage_collector
from service.api.health import add_health
from service.api.jwks import add_jwks
from service.api.pages import add_pages
from service.api.routes import RawRoute
from service.api.smart_configuration import add_smart_configuration
from service.api.subscriptions import SubscriptionEndpoint, add_subscriptions
from service.errors import Problem, too_deep
from service.subscriptions.leases import StoredLeases
from service.telemetry import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.assessment import Context
    from service.settings import Settings


def create_app(settings: Settings, context: Context) -> Edge:
    """The application for a site's settings and effective rule set."""
    metrics = Metrics()
    leases = None if settings.service_key is None else StoredLeases()
    endpoints = Endpoints(context, settings, metrics, leases)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        settle_garbage_collector()
        metrics.answers_by(context.rule_set.digest, context.rule_set.version)
        await endpoints.start()
        yield
        await endpoints.close()

    routes = create_routes(settings, context, metrics, endpoints)
    routes.router.lifespan_context = lifespan
    return Edge(with_origins(routes, settings), settings, metrics)


def create_routes(settings: Settings, context: Context, metrics: Metrics, endpoints: Endpoints) -> FastAPI:
    """The routes without the layer around them; raises `UnlistedRoute` for one of which nobody said who may call it."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=context.rule_set.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.router.redirect_slashes = False
    app.router.route_class = RawRoute
    app.add_api_route(CHECK_PATH, endpoints.check, methods=["POST"], **document_check())
    for method in ("GET", "POST"):
        app.add_api_route(PATIENT_CHECK_PATH, endpoints.patients, methods=[method], **document_patient_check(method))
    app.add_api_route(PATIENT_WRITE_PATH, endpoints.write, methods=["POST"], **document_patient_write())
    add_cds_hooks(app, endpoints.cds_hooks)
    add_conformance(app, settings)
    add_health(app, context, metrics, settings, endpoints)
    add_jwks(app, settings)
    add_subscriptions(app, SubscriptionEndpoint(endpoints.subscriptions, endpoints.intake))
    add_pages(app, context, settings)
    add_smart_configuration(app, settings)
    require_listed(app)
    app.add_exception_handler(Problem, _tell_problem)
    app.add_exception_handler(RecursionError, _too_deep)
    app.add_exception_handler(HTTPException, _tell_routing)
    app.add_exception_handler(ClientDisconnect, _nobody_listens)
    app.add_exception_handler(Exception, _fail)
    return app


async def _tell_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for this class
    exchange = exchange_of(request.scope)
    exchange.problem, exchange.limit = type(error).__name__, error.limit
    return answer_problem(error)


async def _too_deep(request: Request, _error: Exception) -> Response:
    """Data nest deeper than an interpreter can follow; most of them are told so where they are read."""
    return await _tell_problem(request, too_deep())


async def _tell_routing(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return answer_problem(problem_of(error), error.headers)


async def _fail(request: Request, _error: Exception) -> Response:
    """The error itself is logged, without its text, by the layer around the routes."""
    return answer_problem(unexpected(exchange_of(request.scope).request_id))


async def _nobody_listens(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)
