"""`moodmarker subscribe`: to have a FHIR server notify this service, and to look after that."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from service.assessment import Context, Servers
from service.cli.quiet import nothing_logged
from service.errors import InvalidParameter
from service.subscriptions.opening import open_store, require_subscriptions
from service.subscriptions.registering import Line, Registrar
from service.subscriptions.remote import Remote
from service.subscriptions.wishes import Choice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.settings import Settings
    from service.store import Cursor

__all__ = ["Choice", "delete", "end_after", "renew", "show", "subscribe"]

# A server that begins at all does so within seconds.
_PATIENCE = 10.0


def subscribe(settings: Settings, server: str, choice: Choice) -> bool:
    """Subscribes and tells how it went; False when a server did not begin to send."""

    async def run() -> bool:
        async with _registrar(settings) as registrar:
            _require_configured(settings, server)
            return await _tell(registrar, await registrar.subscribe(server, choice), settings)

    return asyncio.run(run())


def renew(settings: Settings, server: str | None, end: datetime | None) -> bool:
    """Asks again for the subscriptions to a server, or for all; False when a server did not begin to send."""

    async def run() -> bool:
        async with _registrar(settings) as registrar:
            return await _tell(registrar, await registrar.renew(server, end), settings)

    return asyncio.run(run())


def delete(settings: Settings, server: str) -> None:
    """Ends the subscriptions to a server."""

    async def run() -> None:
        async with _registrar(settings) as registrar:
            _require_configured(settings, server)
            for cursor in await registrar.delete(server):
                typer.echo(f"{cursor.subscription} deleted")

    asyncio.run(run())


def show(settings: Settings, server: str | None) -> None:
    """Lists the subscriptions to a server, or all."""

    async def run() -> None:
        async with _registrar(settings) as registrar:
            async for line in registrar.lines(server):
                typer.echo(_told(line))

    asyncio.run(run())


def end_after(days: int | None) -> datetime | None:
    """The instant after so many days; None for never."""
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


@asynccontextmanager
async def _registrar(settings: Settings) -> AsyncIterator[Registrar]:
    key, public_url = require_subscriptions(settings)
    servers = Servers(settings, Context.load(settings))
    store = await open_store(settings, key)
    try:
        with nothing_logged():
            yield Registrar(store, servers, Remote(servers, key, public_url))
    finally:
        await store.close()
        await servers.close()


def _require_configured(settings: Settings, server: str) -> None:
    if server not in settings.servers:
        known = ", ".join(settings.servers) or "none; name them in MOODMARKER_SERVERS"
        raise InvalidParameter(f"There is no FHIR server of this name. Configured: {known}.")


async def _tell(registrar: Registrar, cursors: list[Cursor], settings: Settings) -> bool:
    lines = await registrar.settled(cursors, _PATIENCE)
    for line in lines:
        typer.echo(_told(line))
    good = all(line.status in ("active", "requested") for line in lines)
    if not good:
        typer.echo(f"Is the service running, and do FHIR servers reach it at {settings.public_url}?", err=True)
    return good


def _told(line: Line) -> str:
    cursor = line.cursor
    parts = [cursor.subscription, cursor.server, line.watches or "-", line.status]
    if cursor.last_event is not None:
        parts.append(f"{cursor.last_event} events")
    if cursor.missing:
        parts.append(f"{len(cursor.missing)} missing")
    if cursor.heard_at is not None:
        parts.append(f"heard at {cursor.heard_at:%Y-%m-%dT%H:%M:%SZ}")
    return "  ".join(parts)
