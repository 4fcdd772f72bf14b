"""The FHIR servers of a site: asked for what the effective rule set reads of a patient."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Final

import httpx

from service.errors import InvalidParameter, NotFound, UpstreamFailed, UpstreamTooSlow
from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault, OutOfTime
from service.fhir.client.fetching import ID, fetch
from service.fhir.client.searches import reaches
from service.security.bearer import FixedToken

if TYPE_CHECKING:
    from service.assessment.context import Context
    from service.fhir.client.capability import Capability
    from service.fhir.client.fetching import Fetched
    from service.fhir.client.searches import Reach
    from service.fhir.reading.request import Given
    from service.settings import FhirServer, Settings

# Servers change what they can do when they are upgraded, which is seldom.
_REMEMBERED_SECONDS: Final = 3600.0
_GONE: Final = frozenset({404, 410})


class Servers:
    """The configured servers by name; sockets are pooled, and what each can do is remembered for an hour."""

    def __init__(self, settings: Settings, context: Context) -> None:
        """Nothing is sent before the first fetch."""
        self._context = context
        self._servers = settings.servers
        self._seconds = settings.deadline_seconds
        self._most_bytes = settings.max_decompressed_bytes
        self._client: httpx.AsyncClient | None = None
        self._capabilities: dict[str, tuple[float, Capability]] = {}

    async def close(self) -> None:
        """Lets go of the sockets."""
        if self._client is not None:
            await self._client.aclose()

    @cached_property
    def _reaches(self) -> tuple[Reach, ...]:
        rules = self._context.rule_set
        return reaches([rule for rule in rules.rules if rule.name not in rules.off], self._context.terminology)

    async def fetch(self, asked: Given | None, patient: str, today: int) -> Fetched:
        """What the rules read of a patient up to a day, with its gaps; raises `Problem` without the patient."""
        name = self._chosen(asked)
        if ID.fullmatch(patient) is None:
            raise InvalidParameter("This is no id of FHIR: up to 64 letters, digits, hyphens and points.")
        connection = self._connection(self._servers[name])
        try:
            capability = await self._capability(name, connection)
            return await fetch(connection, capability, patient, self._reaches, today)
        except OutOfTime as fault:
            raise UpstreamTooSlow(f"The FHIR server {name}: {fault.reason}; try again later.") from None
        except Fault as fault:
            if fault.status in _GONE:
                raise NotFound(f"The FHIR server {name} has no such Patient.") from None
            raise UpstreamFailed(f"The FHIR server {name} did not give the Patient: {fault.reason}.") from None

    def _chosen(self, asked: Given | None) -> str:
        known = ", ".join(self._servers)
        if not self._servers:
            raise NotFound("No FHIR server is configured to fetch from; the operator names them in MOODMARKER_SERVERS.")
        if asked is None:
            if len(self._servers) > 1:
                raise InvalidParameter(f"Several FHIR servers are configured; name one in `server`: {known}.")
            return next(iter(self._servers))
        if asked.value not in self._servers:
            raise InvalidParameter(f"The parameter server is one of: {known}.", asked.expression)
        return asked.value

    def _connection(self, server: FhirServer) -> Connection:
        if self._client is None:
            # Neither proxies nor certificates come from the environment, and no redirect is followed.
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self._seconds)
        bearer = None if server.token is None else FixedToken(server.token)
        return Connection(server, self._client, seconds=self._seconds, most_bytes=self._most_bytes, bearer=bearer)

    async def _capability(self, name: str, connection: Connection) -> Capability:
        known = self._capabilities.get(name)
        if known is not None and time.monotonic() - known[0] < _REMEMBERED_SECONDS:
            return known[1]
        try:
            found = read_capability(await connection.get("metadata"))
        except OutOfTime:
            raise
        except Fault as fault:
            # A missing statement is the server's fault, not a missing patient.
            raise Fault(f"{fault.reason} (its CapabilityStatement)") from None
        self._capabilities[name] = (time.monotonic(), found)
        return found
