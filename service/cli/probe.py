"""`moodmarker probe`: what a FHIR server can and cannot do for this service; nothing of a patient is printed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
import typer
from pydantic import ValidationError

from service.assessment import Context, Servers
from service.assessment.servers import Opened
from service.cli.probe_report import report
from service.cli.probe_settings import suggested
from service.cli.probed import Probed, Trial
from service.cli.quiet import nothing_logged
from service.errors import NotFound, Problem
from service.fhir.client.faults import Fault
from service.fhir.probing import paging, stated
from service.security.scopes import scope_of
from service.settings import FhirServer, SettingsError, variable_of

if TYPE_CHECKING:
    from service.fhir.client.capability import Capability
    from service.settings import Settings

# Under what name a server is told that is not configured yet.
UNNAMED: Final = "main"


def probe(url: str | None, name: str | None, patient: str | None, settings: Settings, *, as_json: bool) -> bool:
    """Prints what was found; True when the server can be used. Raises `SettingsError` for a server that is none."""
    chosen, asked = _asked(url, name, settings)
    with nothing_logged():
        found = asyncio.run(_probed(chosen, patient, asked))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        report(found)
    return found.is_usable


def _asked(url: str | None, name: str | None, settings: Settings) -> tuple[str, Settings]:
    """The name of the server to probe, and settings in which it is the only one."""
    if (url is None) == (name is None):
        raise SettingsError("Name one server: its URL, or with --server one that is configured.")
    if name is not None:
        if name not in settings.servers:
            known = ", ".join(settings.servers) or "none is configured"
            raise SettingsError(f"--server: {variable_of('servers')} has no server of that name; known: {known}")
        return name, settings.model_copy(update={"servers": {name: settings.servers[name]}})
    try:
        server = FhirServer.model_validate({"url": url})
        settings.require_tls("URL", server.url)
    except ValidationError as error:
        # Its own text would repeat the URL, which may hold a password.
        raise SettingsError(f"URL: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    # Nothing of a configured server goes to one that was only named on the command line.
    return UNNAMED, settings.model_copy(update={"servers": {UNNAMED: server}})


async def _probed(name: str, patient: str | None, settings: Settings) -> Probed:
    context = Context.load(settings)
    servers = Servers(settings, context)
    server = settings.servers[name]
    try:
        told, capability = await stated(servers.connection(name), servers.reaches)
        today = datetime.now(context.zone).date().toordinal()
        trial = None if patient is None else await _trial(servers, name, capability, patient, today)
    except Fault as fault:
        return Probed(name, server.url, fault=fault.reason)
    finally:
        await servers.close()
    return Probed(
        name,
        server.url,
        stated=told,
        trial=trial,
        scopes=scope_of(servers.permissions(name), "v1" if told.smart.scopes == ("v1",) else server.scopes),
        settings=suggested(name, server, told, None if trial is None else trial.paging),
    )


async def _trial(servers: Servers, name: str, capability: Capability, patient: str, today: int) -> Trial:
    """Fetches as the service would, then looks at the size of pages."""
    connection = servers.connection(name)
    try:
        servers.chosen(None, patient)
        fetched = await servers.fetch_from(Opened(name, connection, capability), patient, today)
    except NotFound:
        return Trial(fault="the server has no such Patient", requests=connection.requests)
    except Problem as problem:
        return Trial(fault=problem.text, requests=connection.requests)
    found = await paging(servers.connection(name), capability, servers.reaches, patient, today)
    return Trial(requests=fetched.requests, gaps=dict(fetched.gaps), paging=found)
