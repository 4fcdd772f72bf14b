"""What is told of who may call: to programs that read the OpenAPI document, and in the CapabilityStatement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from service.api.access import ACCESS, Caller, Requirement, Scoped, Shown
from service.api.documentation import CHECK_PATH, PATIENT_CHECK_PATH, PATIENT_WRITE_PATH
from service.fhir.operation import CODE, WRITE_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.settings import Settings

Json = dict[str, Any]
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICE: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
    "display": "SMART-on-FHIR",
}
_SMART: Final = "smart"
_SITE: Final = "siteToken"
_CDS: Final = "cdsClient"
_SUBSCRIBED: Final = "subscriptionSecret"
SCHEMES: Final[Json] = {
    _SMART: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of an authorization server that the site has named, with SMART scopes of v1 or "
        "v2. A scope with a query, as in system/Observation.rs?category=laboratory, grants nothing here.",
    },
    _SITE: {"type": "http", "scheme": "bearer", "description": "The token that the site has set."},
    _CDS: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "What a CDS client signs for each call, as CDS Hooks 2.0 has it.",
    },
    _SUBSCRIBED: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The header that the service has asked for when it subscribed.",
    },
}


def _scoped(path: str) -> Scoped:
    wanted = ACCESS["POST", path]
    if not isinstance(wanted, Scoped):
        raise LookupError(f"the table of access asks for no scope on {path}")
    return wanted


def _need(place: str, path: str) -> str:
    wanted = _scoped(path)
    scopes = " ".join(f"`{one}`" for one in wanted.scope.split())
    levels = "`system/`, `user/`, or for its own patient `patient/`" if wanted.of_patient else "`system/` or `user/`"
    return f"{place}: the token needs {scopes}, at the level {levels}."


# What each operation asks of a token, by its code.
NEEDS: Final[Mapping[str, str]] = {
    CODE: f"{_need('System level', CHECK_PATH)} {_need('On a Patient', PATIENT_CHECK_PATH)}",
    WRITE_CODE: _need("On a Patient", PATIENT_WRITE_PATH),
}


def security_of(settings: Settings) -> Json:
    """`rest.security` of a site that demands tokens."""
    with_endpoint = [one for one in settings.issuers.values() if one.token_url is not None]
    ways = ["an access token (a signed JWT with SMART scopes)"] if settings.issuers else []
    ways += ["the site's own token"] if settings.bearer_token is not None else []
    told: Json = {"description": f"Every call of an operation needs {' or '.join(ways)} as Authorization: Bearer."}
    if settings.issuers:
        told["service"] = [{"coding": [_SERVICE], "text": "OAuth2 with SMART scopes"}]
    if with_endpoint:
        told["extension"] = [_endpoints(with_endpoint[0].token_url, with_endpoint[0].authorize_url)]
    return told


def _endpoints(token_url: str | None, authorize_url: str | None) -> Json:
    named = {"token": token_url, "authorize": authorize_url}
    inner = [{"url": name, "valueUri": url} for name, url in named.items() if url is not None]
    return {"url": _OAUTH_URIS, "extension": inner}


def add_security(document: Json, settings: Settings) -> None:
    """Adds to an OpenAPI document which credential each operation asks for; {} means that it may ask for none."""
    document["components"]["securitySchemes"] = SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["security"] = _ways(ACCESS[method.upper(), path], settings)


def _ways(wanted: Requirement, settings: Settings) -> list[Json]:
    match wanted:
        case Scoped():
            ways: list[Json] = [{_SMART: wanted.scope.split()}, {_SITE: []}]
            return ways if settings.demands_credentials else [*ways, {}]
        case Caller.CDS_CLIENT:
            return [{_CDS: []}] if settings.cds_clients else [{_CDS: []}, {}]
        case Caller.SUBSCRIBED:
            return [{_SUBSCRIBED: []}]
        case Caller.ANYBODY | Shown():
            return []
        case _:
            assert_never(wanted)
