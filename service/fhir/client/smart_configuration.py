"""What a FHIR server says of its tokens, read from .well-known/smart-configuration."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import decoded

ADDRESS: Final = ".well-known/smart-configuration"
_ASYMMETRIC: Final = "client-confidential-asymmetric"
_GRANT: Final = "client_credentials"
_METHOD: Final = "private_key_jwt"
_V1: Final = (".read", ".write", ".*")
_V2: Final = ".rs"


class _Document(Struct, gc=False):
    token_endpoint: str = ""
    grant_types_supported: list[str] = []
    token_endpoint_auth_methods_supported: list[str] = []
    token_endpoint_auth_signing_alg_values_supported: list[str] = []
    scopes_supported: list[str] = []
    capabilities: list[str] = []


class SmartConfiguration(NamedTuple):
    """Whether SMART Backend Services are offered, and how; empty sets stand for what is not told."""

    token_endpoint: str
    backend_services: bool
    algorithms: frozenset[str]
    scopes: frozenset[str]


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def read_smart_configuration(document: bytes) -> SmartConfiguration:
    """The configuration in a document; raises `Fault` for anything else."""
    told = decoded(_DOCUMENT, document, "its SMART configuration cannot be read")
    grants, methods = told.grant_types_supported, told.token_endpoint_auth_methods_supported
    by_key = _METHOD in methods or _ASYMMETRIC in told.capabilities
    return SmartConfiguration(
        told.token_endpoint,
        bool(told.token_endpoint) and by_key and (not grants or _GRANT in grants),
        frozenset(told.token_endpoint_auth_signing_alg_values_supported),
        frozenset(_styles(told)),
    )


def _styles(told: _Document) -> list[str]:
    """v1 and v2 as its capabilities name them, else as its scopes are written."""
    named = [one.removeprefix("permission-") for one in told.capabilities if one in ("permission-v1", "permission-v2")]
    if named:
        return named
    written = told.scopes_supported
    v1 = ["v1"] if any(one.endswith(_V1) for one in written) else []
    return v1 + (["v2"] if any(one.endswith(_V2) for one in written) else [])
