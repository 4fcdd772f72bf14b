"""Who calls a route, and whether it may: what the table of access says of it is asked here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.api.access import ACCESS, Scoped
from service.api.exchange import exchange_of
from service.api.nearness import is_near
from service.errors import NotAuthenticated, ScopeMissing
from service.security.credentials import Credentials
from service.security.sockets import Sent, uncounted

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.security.grants import Grant
    from service.settings import Settings


class Callers:
    """Knows the callers of the FHIR operations by their requests."""

    def __init__(self, settings: Settings, sent: Sent = uncounted) -> None:
        """Nothing is fetched yet; raises `SettingsError` for an issuer's keys or authorities that cannot be used."""
        self._settings = settings
        self._credentials = Credentials(settings, sent)

    async def close(self) -> None:
        """Lets go of the sockets that keys were fetched by."""
        await self._credentials.close()

    async def require(self, request: Request) -> None:
        """Refuses unless the caller may call the route; to be asked before anything of the body is read.

        Raises `NotAuthenticated`, `ScopeMissing` and `Throttled`.
        """
        wanted = ACCESS[request.method, request.scope["route"].path]
        if not isinstance(wanted, Scoped):
            raise LookupError("the table of access asks for no scope on this route")
        if not self._settings.demands_credentials:
            self._require_near(request, wanted)
            return
        exchange = exchange_of(request.scope)
        peer = request.client.host if request.client else ""
        grant = await self._credentials.grant(exchange.headers.get(b"authorization", b""), peer, datetime.now(UTC))
        exchange.caller = grant.caller
        _require_scope(grant, wanted, str(request.path_params["id"]) if wanted.of_patient else "")

    def _require_near(self, request: Request, wanted: Scoped) -> None:
        if wanted.near and not is_near(request, self._settings):
            raise NotAuthenticated(
                "A patient is fetched for callers on this machine only, unless the operator sets "
                "MOODMARKER_ISSUERS or MOODMARKER_BEARER_TOKEN and the caller sends a token."
            )


def _require_scope(grant: Grant, wanted: Scoped, patient: str) -> None:
    if grant.permits(wanted.wanted, patient):
        return
    if not wanted.of_patient and grant.patient and grant.permits(wanted.wanted, grant.patient):
        raise ScopeMissing(
            f"The token is for one patient, and this operation is for any: {wanted.scope} is needed. "
            "Call the operation on that Patient: /fhir/Patient/{id}/$mood-immune-check.",
            scope=wanted.scope,
        )
    if wanted.of_patient and grant.patient and grant.permits(wanted.wanted, grant.patient):
        raise ScopeMissing(
            f"The token is for another patient: one for this patient, or {wanted.scope}, is needed.",
            scope=wanted.scope,
        )
    raise ScopeMissing(
        f"The token does not allow this: {wanted.scope} is needed, for all of these resources.", scope=wanted.scope
    )
