"""POST /fhir/$mood-immune-check: from a request to `assess` and back; nothing here knows medicine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir
from service.assessment import Answer, CheckOptions, Context, assess
from service.assessment.aside import LARGE_BYTES

if TYPE_CHECKING:
    from service.api.admission import Admission
    from service.settings import Settings
    from service.telemetry import Metrics

# Where callers put the primitive parameters of a Parameters resource: before or after the data.
_MARGIN = 2048


class CheckEndpoint:
    """The operation's one route, with the limits of one worker."""

    def __init__(self, context: Context, settings: Settings, metrics: Metrics, admission: Admission) -> None:
        """`context` is the effective rule set and what goes with it."""
        self._context = context
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._admission = admission

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        scope = request.scope
        exchange = exchange_of(scope)
        headers = exchange.headers
        query = read_query(scope["query_string"])
        require_acceptable(headers.get(b"accept"), query.format)
        require_json(headers.get(b"content-type"))
        with self._admission.admitted():
            body = await read_body(request.receive, headers, self._limits)
            answer = await self._assess(body, query.options)
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    async def _assess(self, body: bytes, options: CheckOptions) -> Answer:
        now = datetime.now(UTC)
        if len(body) < LARGE_BYTES and not _may_be_strict(body, options):
            return assess(body, options, self._context, now)
        return await self._admission.aside(partial(assess, body, options, self._context, now))


def _may_be_strict(body: bytes, options: CheckOptions) -> bool:
    return options.first("mode") == "strict" or b'"strict"' in body[:_MARGIN] or b'"strict"' in body[-_MARGIN:]
