"""The topics that a server names in its CapabilityStatement."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import decoded

TOPIC: Final = (
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
)


class _Extension(Struct, gc=False):
    url: str = ""
    valueCanonical: str = ""
    valueUri: str = ""


class _Resource(Struct, gc=False):
    type: str = ""
    extension: list[_Extension] = []


class _Rest(Struct, gc=False):
    mode: str = ""
    resource: list[_Resource] = []


class _Statement(Struct, gc=False):
    rest: list[_Rest] = []


_STATEMENT: Final = msgspec.json.Decoder(_Statement)


def read_topics(document: bytes) -> frozenset[str]:
    """The canonicals without their versions; none where the server names none. Raises `Fault`."""
    statement = decoded(_STATEMENT, document, "its CapabilityStatement cannot be read")
    resources = (one for rest in statement.rest if rest.mode == "server" for one in rest.resource)
    extensions = (ext for one in resources if one.type == "Subscription" for ext in one.extension if ext.url == TOPIC)
    return frozenset((one.valueCanonical or one.valueUri).partition("|")[0] for one in extensions)
