"""Who may call which route: the one table, which every route of the application stands in."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.routing import Route

from service.api.documentation import CHECK_PATH, PATIENT_CHECK_PATH, PATIENT_WRITE_PATH
from service.api.jwks import JWKS_PATH
from service.api.subscriptions import ONE_PATH, WHOLE_PATH
from service.cds_hooks.names import DISCOVERY_PATH, FEEDBACK_ROUTE, SERVICE_ROUTE
from service.security.grants import scope_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI

SMART_PATHS: Final = ("/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration")


class Caller(Enum):
    """Who is let in without a scope."""

    ANYBODY = "anybody"
    CDS_CLIENT = "a CDS client, by its own signed token"
    SUBSCRIBED = "a FHIR server, by the secret of the subscription"


class Shown(NamedTuple):
    """To callers on this machine, unless the site has decided otherwise in a setting."""

    setting: str


class Scoped(NamedTuple):
    """To who was granted these letters of `cruds` on each resource type, where the site demands credentials.

    `of_patient`: what was granted for the patient of the path is enough. `near`: where the site demands none, it is
    for callers on this machine alone.
    """

    wanted: Mapping[str, str]
    of_patient: bool = False
    near: bool = False

    @property
    def scope(self) -> str:
        """One scope that is enough."""
        return scope_for(self.wanted)


Requirement = Caller | Shown | Scoped

_READ: Final = {"Observation": "rs"}
_WRITTEN: Final = _READ | {"CarePlan": "cu", "Flag": "cu"}
_CHECKED: Final = Scoped(_READ, of_patient=True, near=True)
_ARTIFACTS: Final = ("CodeSystem", "OperationDefinition", "StructureDefinition", "ValueSet")

ACCESS: Final[Mapping[tuple[str, str], Requirement]] = {
    ("POST", CHECK_PATH): Scoped(_READ),
    ("GET", PATIENT_CHECK_PATH): _CHECKED,
    ("POST", PATIENT_CHECK_PATH): _CHECKED,
    ("POST", PATIENT_WRITE_PATH): Scoped(_WRITTEN, of_patient=True, near=True),
    ("GET", DISCOVERY_PATH): Caller.CDS_CLIENT,
    ("POST", SERVICE_ROUTE): Caller.CDS_CLIENT,
    ("POST", FEEDBACK_ROUTE): Caller.CDS_CLIENT,
    ("POST", WHOLE_PATH): Caller.SUBSCRIBED,
    ("PUT", ONE_PATH): Caller.SUBSCRIBED,
    ("DELETE", ONE_PATH): Caller.SUBSCRIBED,
    ("GET", "/fhir/metadata"): Caller.ANYBODY,
    **{("GET", f"/fhir/{name}"): Caller.ANYBODY for name in _ARTIFACTS},
    **{("GET", f"/fhir/{name}/{{id}}"): Caller.ANYBODY for name in _ARTIFACTS},
    **{("GET", path): Caller.ANYBODY for path in SMART_PATHS},
    ("GET", JWKS_PATH): Caller.ANYBODY,
    ("GET", "/health/live"): Caller.ANYBODY,
    ("GET", "/health/ready"): Caller.ANYBODY,
    ("GET", "/health/servers"): Shown("metrics"),
    ("GET", "/metrics"): Shown("metrics"),
    ("GET", "/openapi.json"): Shown("openapi_page"),
    ("GET", "/docs"): Shown("openapi_page"),
}


class UnlistedRoute(LookupError):
    """A route of which nobody has said who may call it; the application does not start with one."""


def routed(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route; raises `UnlistedRoute` for what is no plain route."""
    for route in app.routes:
        if not isinstance(route, Route) or not route.methods:
            raise UnlistedRoute(f"{route} is no route with methods; nobody can say who may call it")
        for method in sorted(route.methods):
            yield method, route.path


def require_listed(app: FastAPI) -> None:
    """Raises `UnlistedRoute` for a route that the table does not hold."""
    for method, path in routed(app):
        if (method, path) not in ACCESS:
            raise UnlistedRoute(f"{method} {path} is in no row of the table of access; say there who may call it")
