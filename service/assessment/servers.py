"""The FHIR servers of a site: asked for what the effective rule set reads of a patient."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from service.assessment.permissions import permissions
from service.errors import InvalidParameter, NotAllowed, NotFound, UpstreamFailed, UpstreamTooSlow
from service.fhir.client.capability import read_capability
from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault, OutOfTime
from service.fhir.client.fetching import ID, fetch
from service.fhir.client.searches import reaches
from service.security.backend_services import NOT_ASKED, BackendServices
from service.security.bearer import FixedToken
from service.security.certificates import trusting
from service.security.keys import KeyFolder
from service.security.sockets import Outbound, Sent, pooled, public_authorities, uncounted
from service.settings import SettingsError, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ssl import SSLContext

    import httpx

    from service.assessment.context import Context
    from service.fhir.client.capability import Capability
    from service.fhir.client.fetching import Fetched
    from service.fhir.client.searches import Reach
    from service.fhir.reading.request import Given
    from service.security.bearer import Bearer
    from service.settings import FhirServer, Settings

# Servers change what they can do when they are upgraded, which is seldom.
_REMEMBERED_SECONDS: Final = 3600.0
_GONE: Final = frozenset({404, 410})
# A slow token endpoint is told apart from a slow server as long as the request itself has time left.
_LONGEST_TOKEN_REQUEST: Final = 10.0


class Opened(NamedTuple):
    """A conversation with one server that has a deadline, and what that server can do."""

    name: str
    connection: Connection
    capability: Capability


class Servers:
    """The configured servers by name; each has sockets of its own, and what it can do is remembered for an hour."""

    def __init__(self, settings: Settings, context: Context, sent: Sent = uncounted) -> None:
        """Nothing is sent before the first fetch; raises `SettingsError` for keys or authorities of no use."""
        self._context = context
        self._sent = sent
        self._servers = settings.servers
        self._seconds = settings.deadline_seconds
        self._most_bytes = settings.max_decompressed_bytes
        self._keys = None if settings.keys is None else KeyFolder(settings.keys)
        _require_keys(settings.servers, self._keys)
        self._subscribes = settings.service_key is not None and settings.public_url is not None
        self._tokens: dict[str, BackendServices] = {}
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._trust = {
            name: trusting(name, server.ca_file)
            for name, server in settings.servers.items()
            if server.ca_file is not None
        }
        self._capabilities: dict[str, tuple[float, Capability]] = {}

    async def close(self) -> None:
        """Lets go of the sockets."""
        for client in self._clients.values():
            await client.aclose()

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        """What is fetched of each resource type."""
        rules = self._context.rule_set
        return reaches([rule for rule in rules.rules if rule.name not in rules.off], self._context.terminology)

    async def fetch(self, asked: Given | None, patient: str, today: int) -> Fetched:
        """What the rules read of a patient up to a day, with its gaps; raises `Problem` without the patient."""
        name = self.chosen(asked, patient)
        return await self.fetch_from(await self.open(name), patient, today)

    def chosen(self, asked: Given | None, patient: str) -> str:
        """The name of the server to ask for a patient's id; raises `Problem` where that is not clear, or no id."""
        known = ", ".join(self._servers)
        if not self._servers:
            raise NotFound("No FHIR server is configured to fetch from; the operator names them in MOODMARKER_SERVERS.")
        if asked is None and len(self._servers) > 1:
            raise InvalidParameter(f"Several FHIR servers are configured; name one in `server`: {known}.")
        if asked is not None and asked.value not in self._servers:
            raise InvalidParameter(f"The parameter server is one of: {known}.", asked.expression)
        if ID.fullmatch(patient) is None:
            raise InvalidParameter("This is no id of FHIR: up to 64 letters, digits, hyphens and points.")
        return next(iter(self._servers)) if asked is None else asked.value

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the configured servers."""
        return tuple(self._servers)

    def configured(self, name: str) -> FhirServer:
        """The settings of a server that is configured."""
        return self._servers[name]

    def require_write(self, name: str) -> None:
        """Refuses where the site has not allowed to write to a server."""
        if not self._servers[name].write:
            raise NotAllowed(
                f"Nothing is written to the FHIR server {name}, unless the operator sets `write` to true for it in "
                "MOODMARKER_SERVERS."
            )

    async def open(self, name: str) -> Opened:
        """Begins a conversation with a server, to be ended before the deadline; raises `Problem`."""
        connection = self.connection(name)
        with _told_of(name, "cannot be asked"):
            await connection.authorize()
            return Opened(name, connection, await self._capability(name, connection))

    async def fetch_from(self, opened: Opened, patient: str, today: int) -> Fetched:
        """As `fetch`, within a conversation."""
        with _told_of(opened.name):
            return await fetch(opened.connection, opened.capability, patient, self.reaches, today)

    def token_states(self) -> dict[str, str]:
        """How the last request for a token ended, by the name of each server that gives tokens."""
        return {
            name: self._tokens[name].state if name in self._tokens else NOT_ASKED
            for name, server in self._servers.items()
            if server.client_id
        }

    def connection(self, name: str) -> Connection:
        """A conversation with a configured server, to be ended before the deadline; nothing is sent yet."""
        server, client = self._servers[name], self._client(name)
        bearer = self._bearer(name, server, client)
        return Connection(server, client, seconds=self._seconds, most_bytes=self._most_bytes, bearer=bearer)

    def permissions(self, name: str) -> dict[str, str]:
        """What the service asks a server to be allowed: letters of `cruds` by resource type."""
        return permissions(self._servers[name], self.reaches, subscribes=self._subscribes)

    def _client(self, name: str) -> httpx.AsyncClient:
        """The sockets of one server and its token endpoint: while it is slow, no other waits for a free one."""
        if name not in self._clients:
            trust = self._trust.get(name) or self._public
            server = self._servers[name]
            addresses = {one: name for one in (server.url, server.token_url) if one is not None}
            self._clients[name] = pooled(trust, self._seconds, Outbound("fhir-read", addresses, self._sent))
        return self._clients[name]

    @cached_property
    def _public(self) -> SSLContext:
        """The public authorities, read once for all servers."""
        return public_authorities()

    def _bearer(self, name: str, server: FhirServer, client: httpx.AsyncClient) -> Bearer | None:
        """One source of tokens for each server, whoever asks."""
        if server.token is not None:
            return FixedToken(server.token)
        if not server.client_id or self._keys is None:
            return None
        if name not in self._tokens:
            wanted = self.permissions(name)
            seconds = min(self._seconds / 2, _LONGEST_TOKEN_REQUEST)
            self._tokens[name] = BackendServices(name, server, wanted, self._keys, client, seconds=seconds)
        return self._tokens[name]

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


def _require_keys(servers: Mapping[str, FhirServer], keys: KeyFolder | None) -> None:
    for name, server in servers.items():
        if server.client_id and (keys is None or keys.signing(server.algorithm) is None):
            raise SettingsError(
                f"{variable_of('servers')}: {name} wants requests signed with {server.algorithm}, and "
                f"{variable_of('keys')} holds no key of it; make one with: "
                f"moodmarker keys new --algorithm {server.algorithm}"
            )


@contextmanager
def _told_of(name: str, what: str = "did not give the Patient") -> Iterator[None]:
    """What went wrong with a server, as the caller may know it."""
    try:
        yield
    except OutOfTime as fault:
        text = f"The FHIR server {name}: {fault.reason}; try again later."
        raise UpstreamTooSlow(text, limit="deadline_seconds") from None
    except Fault as fault:
        if fault.status in _GONE:
            raise NotFound(f"The FHIR server {name} has no such Patient.") from None
        raise UpstreamFailed(f"The FHIR server {name} {what}: {fault.reason}.") from None
