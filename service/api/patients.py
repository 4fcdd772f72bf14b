"""GET or POST /fhir/Patient/{id}/$mood-immune-check: the service fetches the patient's data itself."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from service.api.body import BodyLimits, read_body
from service.api.exchange import exchange_of
from service.api.nearness import is_near
from service.api.negotiation import require_acceptable, require_json
from service.api.parameters import read_query
from service.api.responses import answer_fhir
from service.assessment import Context, Servers, assess_patient
from service.errors import NotAuthenticated

if TYPE_CHECKING:
    from service.settings import Settings
    from service.telemetry import Metrics


class PatientEndpoint:
    """The operation on one Patient; answered on loopback, or to callers that send the site's token."""

    def __init__(self, context: Context, settings: Settings, metrics: Metrics) -> None:
        """`context` is the effective rule set and what goes with it."""
        self._context = context
        self._settings = settings
        self._metrics = metrics
        self._limits = BodyLimits.of(settings)
        self._servers = Servers(settings, context)

    async def __call__(self, request: Request) -> Response:
        """Answers one request."""
        exchange = exchange_of(request.scope)
        headers = exchange.headers
        query = read_query(request.scope["query_string"], "instance")
        require_acceptable(headers.get(b"accept"), query.format)
        self._require_known(request)
        body = b""
        if request.method == "POST":
            require_json(headers.get(b"content-type"))
            body = await read_body(request.receive, headers, self._limits)
        patient = str(request.path_params["id"])
        now = datetime.now(UTC)
        answer = await assess_patient(patient, body, query.options, self._context, self._servers, now)
        self._metrics.checked(answer.verdicts, answer.entries, urgent=answer.urgent)
        return answer_fhir(answer.body, exchange, pretty=query.pretty, urgent=answer.urgent)

    async def close(self) -> None:
        """Lets go of the connections to FHIR servers."""
        await self._servers.close()

    def _require_known(self, request: Request) -> None:
        """The token where the site has one, else a caller on this machine."""
        token = self._settings.bearer_token
        sent = exchange_of(request.scope).headers.get(b"authorization", b"")
        if token is not None:
            expected = f"Bearer {token.get_secret_value()}".encode()
            if not hmac.compare_digest(sent, expected):
                raise NotAuthenticated("Send the site's token: Authorization: Bearer ...")
        elif not is_near(request, self._settings):
            raise NotAuthenticated(
                "A patient is fetched for callers on this machine only, unless the operator sets "
                "MOODMARKER_BEARER_TOKEN and the caller sends it."
            )
