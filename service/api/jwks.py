"""GET /.well-known/jwks.json: the public part of the service's own keys, for the servers that check what it signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import JWKS_DOCUMENTATION
from service.errors import NotFound
from service.security.keys import KeyFolder
from service.security.ledger_keys import LedgerKeys

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Settings

JWKS_PATH = "/.well-known/jwks.json"
# A new key signs an hour after it was made: long after the last answer without it is forgotten.
_HEADERS = {"Cache-Control": "public, max-age=300"}


def add_jwks(app: FastAPI, settings: Settings) -> None:
    """Adds the route; raises `SettingsError` for keys that are not safe to use."""
    keys = None if settings.keys is None else KeyFolder(settings.keys)
    ledger = [] if settings.ledger_key is None else [LedgerKeys(settings.ledger_key).public.jwk]

    async def jwks(_request: Request) -> Response:
        if keys is None and not ledger:
            raise NotFound("This service has no keys of its own; the operator names their folder in MOODMARKER_KEYS.")
        published = [] if keys is None else keys.published()["keys"]
        document = msgspec.json.encode({"keys": [*published, *ledger]})
        return Response(document, media_type="application/json", headers=_HEADERS)

    app.add_api_route(JWKS_PATH, jwks, methods=["GET"], **JWKS_DOCUMENTATION)
