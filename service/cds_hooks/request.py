"""The body of a hook request: parsed once, and refused where it does not say what is asked about whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from service.cds_hooks.bodies import decoded_body
from service.cds_hooks.names import HOOKS
from service.errors import InvalidParameter
from service.fhir.client.fetching import ID
from service.security.scopes import Access, access_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_USERS: Final = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_LONGEST_TOKEN: Final = 16_384
# What an application may do for the user before it, for the patient in the chart, or by itself.
_SCOPES: Final = ("patient", "user", "system")


class _Authorization(Struct, gc=False):
    access_token: str | None = None
    token_type: str | None = None
    scope: str | None = None


class _Context(Struct, gc=False):
    userId: Any = None
    patientId: Any = None
    encounterId: Any = None


class _Body(Struct, gc=False):
    hook: str | None = None
    hookInstance: str | None = None
    context: _Context | None = None
    fhirServer: str | None = None
    fhirAuthorization: _Authorization | None = None
    prefetch: dict[str, Raw] | UnsetType | None = UNSET


class Authorization(NamedTuple):
    """What the client lends for this request alone: a token, and what may be read with it."""

    token: str
    access: Access


class HookRequest(NamedTuple):
    """One call of a hook by `user`, a reference; `server` is the FHIR base that the client names, empty for none.

    `prefetch` holds what was sent under each key, unread.
    """

    hook: str
    instance: str
    user: str
    patient: str
    encounter: str
    server: str
    authorization: Authorization | None
    prefetch: Mapping[str, Raw]


_BODY: Final = msgspec.json.Decoder(_Body)


def read_hook_request(body: bytes) -> HookRequest:
    """The request; raises BodyUnreadable or InvalidParameter, which name the element."""
    sent = decoded_body(_BODY, body)
    hook = _hook(sent.hook)
    context = sent.context or _Context()
    return HookRequest(
        hook,
        _instance(sent.hookInstance),
        _user(context.userId),
        _id(context.patientId, "patientId", "send the id of the patient whose chart is open"),
        _encounter(context, hook),
        (sent.fhirServer or "").rstrip("/"),
        _authorization(sent),
        sent.prefetch or {},
    )


def _hook(hook: str | None) -> str:
    if hook not in HOOKS:
        raise InvalidParameter(f"The hook is one of those this service is registered for: {', '.join(HOOKS)}.", "hook")
    return hook


def _instance(instance: str | None) -> str:
    if instance is None or _UUID.fullmatch(instance) is None:
        raise InvalidParameter("Every call of a hook has a UUID of its own; send it as hookInstance.", "hookInstance")
    return instance.lower()


def _user(user: object) -> str:
    kind, _, name = user.partition("/") if isinstance(user, str) else ("", "", "")
    if kind not in _USERS or ID.fullmatch(name) is None:
        text = f"Send the user as a reference, such as Practitioner/id; the types are: {', '.join(_USERS)}."
        raise InvalidParameter(text, "context.userId")
    return f"{kind}/{name}"


def _id(value: object, name: str, remedy: str) -> str:
    """An id before it may stand in any address."""
    if value is None:
        raise InvalidParameter(f"This was not sent; {remedy}.", f"context.{name}")
    if not isinstance(value, str) or ID.fullmatch(value) is None:
        text = f"This is no id of FHIR (up to 64 letters, digits, hyphens and points); {remedy}."
        raise InvalidParameter(text, f"context.{name}")
    return value


def _encounter(context: _Context, hook: str) -> str:
    """Required by the hooks of an encounter, optional when a chart is opened."""
    if context.encounterId is None and hook == HOOKS[0]:
        return ""
    return _id(context.encounterId, "encounterId", "send the id of the encounter")


def _authorization(sent: _Body) -> Authorization | None:
    given = sent.fhirAuthorization
    if given is None:
        return None
    if not sent.fhirServer:
        text = "A token was sent without the FHIR server that it is for; send fhirServer, or leave the token out."
        raise InvalidParameter(text, "fhirServer")
    token = given.access_token or ""
    if len(token) > _LONGEST_TOKEN or _TOKEN.fullmatch(token) is None:
        raise InvalidParameter("Send the OAuth 2.0 access token as it was issued.", "fhirAuthorization.access_token")
    if (given.token_type or "").lower() != "bearer":
        raise InvalidParameter("Only tokens of the type Bearer are used.", "fhirAuthorization.token_type")
    # A client that does not say what the token allows leaves that to the server.
    access = access_of(given.scope, _SCOPES) if given.scope else Access()
    return Authorization(token, access)
