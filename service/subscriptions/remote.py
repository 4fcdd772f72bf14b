"""Subscriptions on their servers: found by our ids, asked about, asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from service.errors import Problem
from service.fhir.client.faults import Fault
from service.fhir.client.pages import run
from service.fhir.client.searches import Search
from service.fhir.subscriptions.notifications import Notification, read_events
from service.fhir.subscriptions.subscription import (
    Stored,
    Wanted,
    read_found,
    read_subscription,
    renewed,
    write_subscription,
)
from service.security.hooks import secret_of

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from service.assessment import Servers
    from service.assessment.servers import Opened

SUBSCRIPTION: Final = "Subscription"
# Some servers refuse an id that they would not have given themselves.
_NOT_THERE: Final = frozenset({400, 404, 410})


class Registration(NamedTuple):
    """A Subscription as its server has it, and its JSON."""

    stored: Stored
    document: bytes

    @property
    def address(self) -> str:
        """Where it lies below the base."""
        return f"{SUBSCRIPTION}/{self.stored.id}"


class Remote:
    """The Subscriptions of a site's servers; every method raises `Fault` or `Problem` where a server does not do it."""

    def __init__(self, servers: Servers, key: SecretStr, public_url: str | None) -> None:
        """`key` makes the secrets; `public_url` is where servers reach this service, if that is set."""
        self._servers = servers
        self._key = key
        self._public_url = public_url

    def endpoint(self, name: str) -> str:
        """Where notifications of a subscription go."""
        if self._public_url is None:
            raise Fault("MOODMARKER_PUBLIC_URL is not set, to which it would send")
        return f"{self._public_url}/subscriptions/{name}"

    def secret(self, name: str) -> str:
        """What they have to bring."""
        return secret_of(self._key, name)

    async def create(self, server: str, name: str, wanted: Wanted) -> None:
        """Stores a Subscription that sends to us with its secret, under our id where the server takes it."""
        wanted = wanted._replace(endpoint=self.endpoint(name), secret=self.secret(name))
        opened = await self._servers.open(server)
        if _takes_ids(opened):
            await opened.connection.write("PUT", f"{SUBSCRIPTION}/{name}", write_subscription(wanted, name))
        else:
            await opened.connection.write("POST", SUBSCRIPTION, write_subscription(wanted))

    async def find(self, server: str, name: str) -> Registration | None:
        """The Subscription of our id: under that id, else by its endpoint; None when there is none."""
        opened = await self._servers.open(server)
        return await (_read(opened, name) if _takes_ids(opened) else _by_endpoint(opened, self.endpoint(name)))

    async def renew(self, server: str, name: str, registration: Registration, end: datetime | None = None) -> None:
        """Asks for it again, with our present endpoint and secret."""
        document = renewed(registration.document, self.endpoint(name), self.secret(name), end)
        await self._write(server, "PUT", registration.address, document)

    async def delete(self, server: str, registration: Registration) -> None:
        """Has it deleted."""
        await self._write(server, "DELETE", registration.address)

    async def status(self, server: str, registration: Registration) -> Notification:
        """What the server says of its state: by `$status` where it has that, else as the resource says."""
        opened = await self._servers.open(server)
        if "status" not in opened.capability.of(SUBSCRIPTION).operations:
            return Notification("query-status", registration.stored.status)
        return await _ask(opened, f"{registration.address}/$status")

    async def events(self, server: str, registration: Registration, first: int, last: int) -> Notification | None:
        """The events of these numbers, as far as the server still has them; None where it cannot be asked."""
        opened = await self._servers.open(server)
        if "events" not in opened.capability.of(SUBSCRIPTION).operations:
            return None
        query = f"eventsSinceNumber={first}&eventsUntilNumber={last}&content=id-only"
        return await _ask(opened, f"{registration.address}/$events?{query}")

    async def _write(
        self, server: str, method: Literal["PUT", "DELETE"], address: str, document: bytes | None = None
    ) -> None:
        await (await self._servers.open(server)).connection.write(method, address, document)


async def _ask(opened: Opened, address: str) -> Notification:
    document = await opened.connection.get(address)
    try:
        return read_events(document)
    except Problem:
        raise Fault("its answer about the Subscription cannot be read") from None


def _takes_ids(opened: Opened) -> bool:
    said = opened.connection.server.update_create
    return opened.capability.of(SUBSCRIPTION).update_create if said is None else said


async def _read(opened: Opened, name: str) -> Registration | None:
    try:
        document = await opened.connection.get(f"{SUBSCRIPTION}/{name}")
    except Fault as fault:
        if fault.status in _NOT_THERE:
            return None
        raise
    return Registration(read_subscription(document), document)


async def _by_endpoint(opened: Opened, endpoint: str) -> Registration | None:
    """By the search parameter `url` where the server has it, else among all Subscriptions."""
    count = ("_count", str(opened.connection.server.page_size))
    known = "url" in opened.capability.of(SUBSCRIPTION).search_parameters
    found = await run(opened.connection, Search(SUBSCRIPTION, (("url", endpoint), count) if known else (count,)))
    for entry in found.entries:
        stored, document = read_found(entry)
        if stored.channel.endpoint == endpoint:
            return Registration(stored, document)
    if found.gap:
        raise Fault(found.gap)
    return None
