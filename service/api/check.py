"""POST /fhir/$mood-immune-check: from a request to `assess` and back; nothing here knows medicine."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir
from service.assessment import Answer, CheckOptions, Context, assess
from service.errors import DeadlineExceeded, Overloaded

if TYPE_CHECKING:
    from service.settings import Settings
    from service.telemetry import Metrics

# An evaluation of this much takes about as long as a switch to a thread and back is worth.
LARGE_BODY_BYTES = 512 * 1024
# Where callers put the primitive parameters of a Parameters resource: before or after the data.
_MARGIN = 2048
_THREADS = 2


class CheckEndpoint:
    """The operation's one route, with the limits of one worker."""

    def __init__(self, context: Context, settings: Settings, metrics: Metrics) -> None:
        """`context` is the effective rule set and what goes with it."""
        self._context = context
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._most = settings.concurrency_limit
        self._seconds = settings.deadline_seconds
        self._held = 0
        self._abandoned: set[Future[Answer]] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="check")

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        scope = request.scope
        exchange = exchange_of(scope)
        headers = exchange.headers
        query = read_query(scope["query_string"])
        require_acceptable(headers.get(b"accept"), query.format)
        require_json(headers.get(b"content-type"))
        self._take()
        try:
            body = await read_body(request.receive, headers, self._limits)
            answer = await self._assess(body, query.options)
        finally:
            self._give_back()
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    def close(self) -> None:
        """Lets go of the threads; what has not begun never will."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> None:
        if self._abandoned:
            self._abandoned = {work for work in self._abandoned if not work.done()}
        if self._held + len(self._abandoned) >= self._most:
            raise Overloaded("The service has as many checks as it takes; try again in a second.")
        self._held += 1
        self._metrics.in_flight.inc()

    def _give_back(self) -> None:
        self._held -= 1
        self._metrics.in_flight.dec()

    async def _assess(self, body: bytes, options: CheckOptions) -> Answer:
        now = datetime.now(UTC)
        if len(body) < LARGE_BODY_BYTES and not _may_be_strict(body, options):
            return assess(body, options, self._context, now)
        return await self._assess_aside(body, options, now)

    async def _assess_aside(self, body: bytes, options: CheckOptions, now: datetime) -> Answer:
        """In a thread, so that small requests are answered meanwhile; given up after the deadline."""
        work = self._threads.submit(assess, body, options, self._context, now)
        awaited = asyncio.wrap_future(work)
        done, _ = await asyncio.wait({awaited}, timeout=self._seconds)
        if done:
            return awaited.result()
        if not work.cancel():
            # It runs on to no purpose, and counts as held for as long as it does.
            self._abandoned.add(work)
        awaited.cancel()
        raise DeadlineExceeded(
            f"The evaluation took longer than {self._seconds:g} seconds. "
            "Send fewer entries at a time, or leave out mode=strict."
        )


def _may_be_strict(body: bytes, options: CheckOptions) -> bool:
    return options.first("mode") == "strict" or b'"strict"' in body[:_MARGIN] or b'"strict"' in body[-_MARGIN:]
