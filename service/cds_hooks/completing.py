"""What the client did not send, fetched from its FHIR server with the token that it lends for this one request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Raw
from pydantic import SecretStr

from service.cds_hooks.prefetch import Part, State, sifted
from service.cds_hooks.prefetch import part as part_of
from service.fhir.client.connection import Connection
from service.fhir.client.decoding import UNREADABLE
from service.fhir.client.faults import Fault
from service.fhir.client.pages import Found, rest_of, run
from service.security.bearer import FixedToken
from service.settings import FhirServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from service.cds_hooks.request import Authorization, HookRequest
    from service.security.scopes import Access

NOT_NAMED: Final = "no FHIR server was named to fetch it from"
NOT_LISTED: Final = "the FHIR server named is not one that this client may name here"
_NOT_GRANTED: Final = "the token that was sent does not allow to read it"
_GRANTED_IN_PART: Final = "the token that was sent allows to read a part of it only"
_NO_PATIENT: Final = "the server answered with something that is not a Patient"
_TROUBLED: Final = "the server reported a problem with the search"
_MOST_PAGES: Final = 50


class LentToken(FixedToken):
    """A token for one request; never kept, logged or sent anywhere but to the server it came with."""

    def __init__(self, authorization: Authorization) -> None:
        """`authorization` also says what may be read with it."""
        super().__init__(SecretStr(authorization.token))
        self._access = authorization.access

    @property
    def access(self) -> Access:  # type: ignore[override]
        """What the client says that the token allows."""
        return self._access


def connect(request: HookRequest, client: httpx.AsyncClient, *, seconds: float, most_bytes: int) -> Connection:
    """A conversation with the server that a request names; whether it may name it was asked before."""
    bearer = None if request.authorization is None else LentToken(request.authorization)
    server = FhirServer(url=request.server, batch=False, most_pages=_MOST_PAGES)
    return Connection(server, client, seconds=seconds, most_bytes=most_bytes, bearer=bearer)


async def complete(parts: Sequence[Part], patient: str, connection: Connection) -> list[Part]:
    """The same parts with what could be fetched; what the client says that it failed to get is not asked for again."""
    return list(await asyncio.gather(*(_completed(part, patient, connection) for part in parts)))


def given_up(part: Part, why_not: str) -> Part:
    """A part of which nothing more can be fetched, and why."""
    if part.state is State.ABSENT:
        return part._replace(state=State.FAILED, gap=f"{part.gap}, and {why_not}")
    return part._replace(gap=f"{part.gap}, and {why_not}") if part.following is not None else part


async def _completed(part: Part, patient: str, connection: Connection) -> Part:
    if part.following is not None:
        return _found(part, await rest_of(connection, part.following))
    if part.state is not State.ABSENT:
        return part
    kind, access = part.template.resource_type, connection.access
    if not access.permits(kind, "rs" if part.template.parameters else "r"):
        return part._replace(state=State.FAILED, gap=f"{part.gap}, and {_NOT_GRANTED}")
    if not part.template.parameters:
        return await _patient(part, patient, connection)
    fetched = _found(part, await run(connection, part.template.search(patient)))
    narrowed = fetched.is_complete and not access.permits_all(kind, "rs")
    return fetched._replace(gap=_GRANTED_IN_PART) if narrowed else fetched


async def _patient(part: Part, patient: str, connection: Connection) -> Part:
    try:
        person = await connection.get(f"Patient/{patient}")
    except Fault as fault:
        return part._replace(state=State.FAILED, gap=fault.reason)
    found = part_of(part.template, Raw(person))
    return found if found.state is State.HAD else part._replace(state=State.FAILED, gap=_NO_PATIENT)


def _found(part: Part, found: Found) -> Part:
    """What a search gave; with a fault on the way, what came before it still counts.

    A server that reports a problem may have left a parameter out, the patient among them: nothing of that counts.
    """
    try:
        kept, troubled = sifted(found.entries)
    except UNREADABLE:
        kept, troubled = (), True
    if troubled:
        return part._replace(state=State.FAILED, entries=(), gap=_TROUBLED, following=None)
    state = State.HAD if kept else State.FAILED if found.gap else State.NONE
    return part._replace(state=state, entries=kept, gap=found.gap, following=None)
