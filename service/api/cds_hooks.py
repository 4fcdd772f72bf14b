"""The three routes of CDS Hooks: what is offered, a call of a hook, and what became of its cards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from service.api.cds_callers import CdsCallers
from service.api.cds_documentation import document_call, document_discovery, document_feedback
from service.api.exchange import exchange_of
from service.api.negotiation import require_json
from service.api.responses import answer_json
from service.assessment.recording import HOOK
from service.cds_hooks.answering import HookService
from service.cds_hooks.discovery import discovery
from service.cds_hooks.feedback import Feedback
from service.cds_hooks.names import DISCOVERY_PATH, FEEDBACK_ROUTE, SERVICE_ID, SERVICE_ROUTE
from service.cds_hooks.repeats import Guard
from service.cds_hooks.replays import StoredReplays
from service.cds_hooks.uuids import card_key
from service.errors import NotFound
from service.security.cds_clients import CdsClients
from service.security.replays import ReplaysOfProcess

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.intake import Intake
    from service.api.records import Records
    from service.assessment import Context
    from service.settings import Settings
    from service.store import Store
    from service.telemetry import Metrics


class CdsHooksEndpoints:
    """The routes, and what they share."""

    def __init__(
        self, settings: Settings, context: Context, metrics: Metrics, intake: Intake, records: Records
    ) -> None:
        """Nothing is sent before the first call; raises `SettingsError` for a client's keys that cannot be used."""
        key = card_key(settings.service_key)
        self._has_clients = bool(settings.cds_clients)
        self._replays = None if settings.service_key is None else StoredReplays(key)
        self._callers = CdsCallers(CdsClients(settings, self._replays or ReplaysOfProcess(), metrics.sent), settings)
        self._metrics = metrics
        self._intake = intake
        self._records = records
        self._guard = Guard(key, None, settings.cds_seconds)
        self._feedback = Feedback(key, context.rule_set, None, metrics)
        self._service = HookService(settings, context, self._guard, key, metrics.sent)
        document = discovery(
            self._service.templates,
            remembers=settings.service_key is not None,
            tells_version=settings.cds_version,
        )
        self._document = msgspec.json.encode(document)

    def remember_in(self, store: Store | None) -> None:
        """What was shown, and what became of it, is kept in a store from now on."""
        self._guard.store = self._feedback.store = store
        if self._replays is not None:
            self._replays.store = store
        if store is None and self._has_clients:
            structlog.get_logger().warning(
                "cards are repeated where Flags cannot be read",
                remedy="set MOODMARKER_SERVICE_KEY, so that what was shown is remembered",
            )

    async def close(self) -> None:
        """Lets go of the sockets."""
        await self._service.close()
        await self._callers.close()

    async def discover(self, request: Request) -> Response:
        """GET /cds-services."""
        await self._callers.caller(request)
        return answer_json(self._document, exchange_of(request.scope))

    async def call(self, request: Request) -> Response:
        """POST /cds-services/{id}."""
        caller = await self._callers.caller(request)
        _require_service(request)
        exchange = exchange_of(request.scope)
        require_json(exchange.headers.get(b"content-type"))
        async with self._intake.taken(request) as body:
            recording = self._records.begun(HOOK, exchange.caller)
            answer = await self._service.answer(body, caller, datetime.now(UTC), self._intake.aside)
            receipt = self._records.receipt(await recording.of(answer.decided), body)
            is_gone = await request.is_disconnected()
        self._metrics.checked(answer)
        self._metrics.carded(answer.cards)
        if answer.is_wrapped:
            structlog.get_logger().warning("prefetch of an older form", client=caller.name)
        told = answer_json(answer.body, exchange, receipt)
        if not is_gone:
            # Who has hung up was shown nothing.
            told.background = BackgroundTask(answer.remember)
        return told

    async def feedback(self, request: Request) -> Response:
        """POST /cds-services/{id}/feedback."""
        await self._callers.caller(request)
        _require_service(request)
        exchange = exchange_of(request.scope)
        require_json(exchange.headers.get(b"content-type"))
        async with self._intake.taken(request) as body:
            await self._feedback.take(body)
        return Response(status_code=200)


def _require_service(request: Request) -> None:
    if request.path_params["service"] != SERVICE_ID:
        raise NotFound(f"There is no such CDS service here; GET {DISCOVERY_PATH} lists what there is.")


def add_cds_hooks(app: FastAPI, endpoints: CdsHooksEndpoints) -> None:
    """Adds the routes."""
    app.add_api_route(DISCOVERY_PATH, endpoints.discover, methods=["GET"], **document_discovery())
    app.add_api_route(SERVICE_ROUTE, endpoints.call, methods=["POST"], **document_call())
    app.add_api_route(FEEDBACK_ROUTE, endpoints.feedback, methods=["POST"], **document_feedback())
