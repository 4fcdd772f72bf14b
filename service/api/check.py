"""POST /fhir/$mood-immune-check: from a request to `assess` and back; nothing here knows medicine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from service.api.exchange import exchange_of
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir
from service.assessment import Answer, CheckOptions, Context, assess
from service.assessment.aside import LARGE_BYTES
from service.assessment.recording import CHECK

if TYPE_CHECKING:
    from service.api.callers import Callers
    from service.api.intake import Intake
    from service.api.records import Records
    from service.telemetry import Metrics

# Where callers put the primitive parameters of a Parameters resource: before or after the data.
_MARGIN = 2048


class CheckEndpoint:
    """The operation's one route, with the limits of one worker."""

    def __init__(self, context: Context, metrics: Metrics, intake: Intake, callers: Callers, records: Records) -> None:
        """`context` is the effective rule set and what goes with it."""
        self._context = context
        self._callers = callers
        self._metrics = metrics
        self._intake = intake
        self._records = records

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        scope = request.scope
        exchange = exchange_of(scope)
        headers = exchange.headers
        await self._callers.require(request)
        query = read_query(scope["query_string"])
        require_acceptable(headers.get(b"accept"), query.format)
        require_json(headers.get(b"content-type"))
        async with self._intake.taken(request) as body:
            recording = self._records.begun(CHECK, exchange.caller)
            answer = await self._assess(body, query.options)
            receipt = self._records.receipt(await recording.of(answer.decided), body)
        self._metrics.checked(answer)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent, receipt=receipt)

    async def _assess(self, body: bytes, options: CheckOptions) -> Answer:
        now = datetime.now(UTC)
        if len(body) < LARGE_BYTES and not _may_be_strict(body, options):
            return assess(body, options, self._context, now)
        return await self._intake.aside(partial(assess, body, options, self._context, now))


def _may_be_strict(body: bytes, options: CheckOptions) -> bool:
    return options.first("mode") == "strict" or b'"strict"' in body[:_MARGIN] or b'"strict"' in body[-_MARGIN:]
