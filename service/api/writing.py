"""POST /fhir/Patient/{id}/$mood-immune-write: fetch, assess, and store what was found where it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.nearness import require_known
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir
from service.assessment import CheckOptions, Context, Servers, Turns, Written, assess_and_write

if TYPE_CHECKING:
    from service.api.admission import Admission
    from service.settings import Settings
    from service.telemetry import Metrics


class WriteEndpoint:
    """The write on one Patient; answered on loopback, or to callers that send the site's token."""

    def __init__(
        self,
        context: Context,
        settings: Settings,
        metrics: Metrics,
        admission: Admission,
        servers: Servers,
        turns: Turns,
    ) -> None:
        """`turns` are shared by all that write."""
        self._context = context
        self._settings = settings
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._admission = admission
        self._servers = servers
        self._turns = turns

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        exchange = exchange_of(request.scope)
        headers = exchange.headers
        query = read_query(request.scope["query_string"], "write")
        require_acceptable(headers.get(b"accept"), query.format)
        require_known(request, self._settings)
        require_json(headers.get(b"content-type"))
        self._admission.take()
        try:
            answer = (await self._write(request, query.options)).answer
        finally:
            self._admission.give_back()
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    async def _write(self, request: Request, options: CheckOptions) -> Written:
        body = await read_body(request.receive, exchange_of(request.scope).headers, self._limits)
        return await assess_and_write(
            str(request.path_params["id"]),
            body,
            options,
            self._context,
            self._servers,
            self._turns,
            datetime.now(UTC),
            aside=self._admission.aside,
        )
