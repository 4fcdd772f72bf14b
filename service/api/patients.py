"""GET or POST /fhir/Patient/{id}/$...: the service fetches the patient's data itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import Response

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.nearness import require_known
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir

if TYPE_CHECKING:
    from service.api.admission import Admission
    from service.assessment import Answer, CheckOptions
    from service.fhir.operation import Level
    from service.settings import Settings
    from service.telemetry import Metrics


class Operation(Protocol):
    """What is done for one patient; raises `Problem`."""

    async def __call__(self, patient: str, body: bytes, options: CheckOptions, now: datetime, /) -> Answer:
        """The answer; `patient` is an id, `body` holds parameters or nothing."""


class PatientEndpoint:
    """An operation on one Patient; answered on loopback, or to callers that send the site's token."""

    def __init__(
        self, level: Level, operation: Operation, settings: Settings, metrics: Metrics, admission: Admission
    ) -> None:
        """`level` says which parameters the operation takes."""
        self._level = level
        self._operation = operation
        self._settings = settings
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._admission = admission

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        exchange = exchange_of(request.scope)
        headers = exchange.headers
        query = read_query(request.scope["query_string"], self._level)
        require_acceptable(headers.get(b"accept"), query.format)
        require_known(request, self._settings)
        if request.method == "POST":
            require_json(headers.get(b"content-type"))
        with self._admission.admitted():
            answer = await self._answer(request, query.options)
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    async def _answer(self, request: Request, options: CheckOptions) -> Answer:
        body = b""
        if request.method == "POST":
            body = await read_body(request.receive, exchange_of(request.scope).headers, self._limits)
        return await self._operation(str(request.path_params["id"]), body, options, datetime.now(UTC))
