"""GET or POST /fhir/Patient/{id}/$...: the service fetches the patient's data itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import Response

from service.api.exchange import exchange_of
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir

if TYPE_CHECKING:
    from service.api.callers import Callers
    from service.api.intake import Intake
    from service.api.records import Records
    from service.assessment import Answer, CheckOptions
    from service.assessment.recording import Recording
    from service.fhir.operation import Level
    from service.telemetry import Metrics


class Operation(Protocol):
    """What is done for one patient; raises `Problem`."""

    async def __call__(
        self, patient: str, body: bytes, options: CheckOptions, now: datetime, recording: Recording, /
    ) -> Answer:
        """The answer; `patient` is an id, `body` holds parameters or nothing."""


class PatientEndpoint:
    """An operation on one Patient; answered to callers that the table of access lets in."""

    def __init__(
        self,
        level: Level,
        operation: Operation,
        metrics: Metrics,
        intake: Intake,
        callers: Callers,
        records: Records,
    ) -> None:
        """`level` says which parameters the operation takes."""
        self._level = level
        self._operation = operation
        self._callers = callers
        self._metrics = metrics
        self._intake = intake
        self._records = records

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        exchange = exchange_of(request.scope)
        headers = exchange.headers
        await self._callers.require(request)
        query = read_query(request.scope["query_string"], self._level)
        require_acceptable(headers.get(b"accept"), query.format)
        if request.method == "POST":
            require_json(headers.get(b"content-type"))
        async with self._intake.taken(request, has_body=request.method == "POST") as body:
            patient = str(request.path_params["id"])
            recording = self._records.begun(self._level, exchange.caller)
            answer = await self._operation(patient, body, query.options, datetime.now(UTC), recording)
            receipt = self._records.receipt(answer.recorded, body)
        self._metrics.checked(answer)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent, receipt=receipt)
