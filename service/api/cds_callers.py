"""Who calls a route of CDS Hooks, and which pages may do so from a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from starlette.middleware.cors import CORSMiddleware

from service.api.exchange import exchange_of
from service.api.nearness import is_near
from service.cds_hooks.names import DISCOVERY_PATH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.security.cds_clients import Caller, CdsClients
    from service.settings import Settings

_METHODS: Final = ("GET", "POST")
_SENT: Final = ("Authorization", "Content-Type")
_SHOWN: Final = ("Moodmarker-Receipt", "Retry-After", "X-Request-Id")


class CdsCallers:
    """Knows the callers of CDS Hooks by their requests."""

    def __init__(self, clients: CdsClients, settings: Settings) -> None:
        """`clients` knows them by their tokens."""
        self._clients = clients
        self._settings = settings

    async def caller(self, request: Request) -> Caller:
        """Who sends a request; to be asked before anything of its body is read. Raises as `CdsClients.caller`."""
        exchange = exchange_of(request.scope)
        authorization = exchange.headers.get(b"authorization")
        peer = request.client.host if request.client else ""
        near = is_near(request, self._settings)
        path = request.scope["path"]
        known = await self._clients.caller(authorization, path, peer, datetime.now(UTC), near=near)
        exchange.caller = known.name
        return known

    async def close(self) -> None:
        """Lets go of the sockets that keys were fetched by."""
        await self._clients.close()


def with_origins(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application with CORS on the routes of CDS Hooks, for the pages of the site's clients and no others.

    Whether a page may ask is decided without a token, for a browser sends none with that question.
    """
    origins = {origin for client in settings.cds_clients.values() for origin in client.origins}
    if not origins:
        return app
    shared = CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=_SENT,
        expose_headers=_SHOWN,
        # A page that the site has named may ask a service on the user's own network.
        allow_private_network=True,
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (shared if _is_routed(scope) else app)(scope, receive, send)

    return answer


def _is_routed(scope: Scope) -> bool:
    return scope["type"] == "http" and f"{scope['path']}/".startswith(f"{DISCOVERY_PATH}/")
