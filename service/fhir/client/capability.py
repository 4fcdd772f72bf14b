"""What a FHIR server says it can do, read from its CapabilityStatement; what it does not say is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct, ValidationError

from service.fhir.client.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSIONS: Final = ("4.0", "4.3")


class _Interaction(Struct, gc=False):
    code: str = ""


class _SearchParameter(Struct, gc=False):
    name: str = ""


class _Resource(Struct, gc=False):
    type: str = ""
    interaction: list[_Interaction] = []
    searchParam: list[_SearchParameter] = []


class _Rest(Struct, gc=False):
    mode: str = ""
    resource: list[_Resource] = []
    interaction: list[_Interaction] = []


class _Statement(Struct, gc=False):
    resourceType: str = ""
    fhirVersion: str = ""
    rest: list[_Rest] = []


class ResourceCapability(NamedTuple):
    """What can be done with one resource type: interactions and search parameters by name."""

    interactions: frozenset[str] = frozenset()
    search_parameters: frozenset[str] = frozenset()


class Capability(NamedTuple):
    """What a server can do, as far as it matters here."""

    resources: Mapping[str, ResourceCapability]
    batch: bool

    def of(self, resource_type: str) -> ResourceCapability:
        """What it can do with a type; nothing for one that it does not name."""
        return self.resources.get(resource_type, ResourceCapability())

    def searches(self, resource_type: str) -> bool:
        """True when resources of a type can be searched by patient."""
        known = self.of(resource_type)
        return "search-type" in known.interactions and "patient" in known.search_parameters


_STATEMENT: Final = msgspec.json.Decoder(_Statement)


def read_capability(document: bytes) -> Capability:
    """The capability in a CapabilityStatement; raises `Fault` for anything else."""
    try:
        statement = _STATEMENT.decode(document)
    except (ValidationError, msgspec.DecodeError):
        raise Fault("its CapabilityStatement cannot be read") from None
    if statement.resourceType != "CapabilityStatement":
        raise Fault("it has no CapabilityStatement")
    if not statement.fhirVersion.startswith(_VERSIONS):
        raise Fault("it does not speak FHIR R4")
    rest = next((one for one in statement.rest if one.mode == "server"), _Rest())
    batch = any(one.code == "batch" for one in rest.interaction)
    return Capability({one.type: _resource(one) for one in rest.resource}, batch)


def _resource(stated: _Resource) -> ResourceCapability:
    return ResourceCapability(
        frozenset(one.code for one in stated.interaction),
        frozenset(one.name for one in stated.searchParam),
    )
