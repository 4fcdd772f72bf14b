"""GET /.well-known/jwks.json: the public part of the service's own keys, for the servers that check what it signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import JWKS_DOCUMENTATION
from service.errors import NotFound
from service.security.keys import KeyFolder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Settings

JWKS_PATH = "/.well-known/jwks.json"
# A new key signs an hour after it was made: long after the last answer without it is forgotten.
_HEADERS = {"Cache-Control": "public, max-age=300"}


def add_jwks(app: FastAPI, settings: Settings) -> None:
    """Adds the route; raises `SettingsError` for keys that are not safe to use."""
    keys = None if settings.keys is None else KeyFolder(settings.keys)

    async def jwks(_request: Request) -> Response:
        if keys is None:
            raise NotFound("This service has no keys of its own; the operator names their folder in MOODMARKER_KEYS.")
        return Response(msgspec.json.encode(keys.published()), media_type="application/json", headers=_HEADERS)

    app.add_api_route(JWKS_PATH, jwks, methods=["GET"], **JWKS_DOCUMENTATION)
