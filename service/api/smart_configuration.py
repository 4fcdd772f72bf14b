"""GET /.well-known/smart-configuration: where tokens are had, and which scopes count here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.access import ACCESS, SMART_PATHS, Scoped
from service.api.documentation import SMART_DOCUMENTATION
from service.errors import NotFound

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Issuer, Settings

_HEADERS: Final = {"Cache-Control": "public, max-age=300"}
_LEVELS: Final = ("patient", "user", "system")
_NO_ISSUER: Final = (
    "This service has no SMART configuration: the operator names its authorization servers in MOODMARKER_ISSUERS, "
    "one of them with its token_url."
)


def add_smart_configuration(app: FastAPI, settings: Settings) -> None:
    """Adds the routes, which are there whether issuers are set or not."""
    # One document names one token endpoint: that of the first issuer that has one.
    issuer = next((one for one in settings.issuers.values() if one.token_url is not None), None)
    body = b"" if issuer is None else msgspec.json.encode(_configuration(issuer))

    async def configuration(_request: Request) -> Response:
        if issuer is None:
            raise NotFound(_NO_ISSUER)
        return Response(body, media_type="application/json", headers=_HEADERS)

    documented = SMART_DOCUMENTATION["smart_configuration"]
    for path in SMART_PATHS:
        below = path.startswith("/fhir/")
        named = documented | {"operation_id": "smart-configuration" if below else "smart-configuration-of-host"}
        app.add_api_route(path, configuration, methods=["GET"], **named)


def _configuration(issuer: Issuer) -> dict[str, Any]:
    """As SMART App Launch 2.2 has it; `issuer` is left out, as it has it for who signs nobody in."""
    launched = issuer.authorize_url is not None
    told = {
        "token_endpoint": issuer.token_url,
        "authorization_endpoint": issuer.authorize_url,
        "jwks_uri": next(iter(issuer.key_urls), None),
        "grant_types_supported": ["client_credentials", *(["authorization_code"] if launched else [])],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": scopes(),
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [
            "client-confidential-asymmetric",
            "permission-v1",
            "permission-v2",
            # The scopes of these levels count here, wherever their tokens come from.
            "permission-patient",
            "permission-user",
        ],
    }
    return {name: value for name, value in told.items() if value is not None}


def scopes() -> list[str]:
    """Every scope that the table of access asks for, at each level that counts for some route."""
    wanted = {scope for one in ACCESS.values() if isinstance(one, Scoped) for scope in one.scope.split()}
    return [scope.replace("system/", f"{level}/", 1) for level in _LEVELS for scope in sorted(wanted)]
