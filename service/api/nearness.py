"""Who is near enough for what is shown on loopback only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import ACCESS, Shown
from service.api.edge import host_name
from service.api.exchange import exchange_of
from service.errors import NotFound
from service.settings import is_loopback, variable_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.settings import Settings

# A proxy on this machine reaches us from loopback on behalf of somebody who is elsewhere.
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via")
# A page of another site, open on this machine, may ask as well.
_OWN_SITE = (b"none", b"same-origin")


def shown_to(request: Request, settings: Settings) -> None:
    """Refuses unless the route's setting is on, or is not set and the caller is on this machine."""
    wanted = ACCESS[request.method, request.scope["route"].path]
    if not isinstance(wanted, Shown):
        raise LookupError("the table of access names no setting for this route")
    switch: bool | None = getattr(settings, wanted.setting)
    if not (is_near(request, settings) if switch is None else switch):
        raise NotFound(f"This is shown on loopback only, unless the operator sets {variable_of(wanted.setting)}=true.")


def is_near(request: Request, settings: Settings) -> bool:
    """Whether the caller is on this machine, and nobody else behind it."""
    headers = exchange_of(request.scope).headers
    return (
        settings.listens_on_loopback
        and is_loopback(host_name(headers.get(b"host")) or "")
        and is_loopback(request.client.host if request.client else "")
        and not any(name in headers for name in _FORWARDED)
        # A proxy that says nothing of itself still speaks HTTP/1.0, as nginx does unless told otherwise.
        and request.scope["http_version"] != "1.0"
        and headers.get(b"sec-fetch-site", b"none") in _OWN_SITE
    )
