"""GET or POST /fhir/Patient/{id}/$mood-immune-check: the service fetches the patient's data itself."""

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
from service.assessment import Answer, CheckOptions, Context, Servers, assess_patient

if TYPE_CHECKING:
    from service.api.admission import Admission
    from service.settings import Settings
    from service.telemetry import Metrics


class PatientEndpoint:
    """The operation on one Patient; answered on loopback, or to callers that send the site's token."""

    def __init__(
        self, context: Context, settings: Settings, metrics: Metrics, admission: Admission, servers: Servers
    ) -> None:
        """`context` is the effective rule set and what goes with it."""
        self._context = context
        self._settings = settings
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._admission = admission
        self._servers = servers

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        exchange = exchange_of(request.scope)
        headers = exchange.headers
        query = read_query(request.scope["query_string"], "instance")
        require_acceptable(headers.get(b"accept"), query.format)
        require_known(request, self._settings)
        self._admission.take()
        try:
            answer = await self._assess(request, query.options)
        finally:
            self._admission.give_back()
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    async def _assess(self, request: Request, options: CheckOptions) -> Answer:
        body = b""
        if request.method == "POST":
            headers = exchange_of(request.scope).headers
            require_json(headers.get(b"content-type"))
            body = await read_body(request.receive, headers, self._limits)
        patient = str(request.path_params["id"])
        now = datetime.now(UTC)
        aside = self._admission.aside
        return await assess_patient(patient, body, options, self._context, self._servers, now, aside=aside)
