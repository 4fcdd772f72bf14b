"""What a FHIR server says it can do, read from its CapabilityStatement; what it does not say is not used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import decoded
from service.fhir.client.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSIONS: Final = ("4.0", "4.3")
_VERSION: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2}){1,2}")


class _Interaction(Struct, gc=False):
    code: str = ""


class _Named(Struct, gc=False):
    name: str = ""


class _Software(Struct, gc=False):
    name: str = ""
    version: str = ""


class _Resource(Struct, gc=False):
    type: str = ""
    interaction: list[_Interaction] = []
    searchParam: list[_Named] = []
    operation: list[_Named] = []
    versioning: str = ""
    updateCreate: bool = False
    conditionalCreate: bool = False


class _Rest(Struct, gc=False):
    mode: str = ""
    resource: list[_Resource] = []
    interaction: list[_Interaction] = []


class _Statement(Struct, gc=False):
    resourceType: str = ""
    fhirVersion: str = ""
    software: _Software = msgspec.field(default_factory=_Software)
    rest: list[_Rest] = []


class ResourceCapability(NamedTuple):
    """What can be done with one resource type: interactions, search parameters and operations by name.

    `update_create`: a resource may be stored under an id of the client's choice. `conditional_create`: If-None-Exist
    is heeded. `checks_versions`: an update of another version than the stored one is refused.
    """

    interactions: frozenset[str] = frozenset()
    search_parameters: frozenset[str] = frozenset()
    update_create: bool = False
    conditional_create: bool = False
    checks_versions: bool = False
    operations: frozenset[str] = frozenset()


class Capability(NamedTuple):
    """What a server can do, as far as it matters here."""

    resources: Mapping[str, ResourceCapability]
    batch: bool
    fhir_version: str = ""
    software: str = ""

    def of(self, resource_type: str) -> ResourceCapability:
        """What it can do with a type; nothing for one that it does not name."""
        return self.resources.get(resource_type, ResourceCapability())

    def searches(self, resource_type: str) -> bool:
        """True when resources of a type can be searched by patient."""
        known = self.of(resource_type)
        return "search-type" in known.interactions and "patient" in known.search_parameters

    def creates(self, resource_type: str) -> bool:
        """True when resources of a type can be stored."""
        return "create" in self.of(resource_type).interactions

    def stores(self, resource_type: str) -> bool:
        """True when resources of a type can be stored and, later, changed."""
        return self.creates(resource_type) and "update" in self.of(resource_type).interactions


_STATEMENT: Final = msgspec.json.Decoder(_Statement)


def read_capability(document: bytes) -> Capability:
    """The capability in a CapabilityStatement; raises `Fault` for anything else."""
    statement = decoded(_STATEMENT, document, "its CapabilityStatement cannot be read")
    if statement.resourceType != "CapabilityStatement":
        raise Fault("it has no CapabilityStatement")
    if not statement.fhirVersion.startswith(_VERSIONS):
        spoken = f" but {statement.fhirVersion}" if _VERSION.fullmatch(statement.fhirVersion) else ""
        raise Fault(f"it does not speak FHIR R4{spoken}")
    rest = next((one for one in statement.rest if one.mode == "server"), _Rest())
    batch = any(one.code == "batch" for one in rest.interaction)
    software = f"{statement.software.name} {statement.software.version}".strip()
    return Capability({one.type: _resource(one) for one in rest.resource}, batch, statement.fhirVersion, software)


def _resource(stated: _Resource) -> ResourceCapability:
    return ResourceCapability(
        frozenset(one.code for one in stated.interaction),
        frozenset(one.name for one in stated.searchParam),
        stated.updateCreate,
        stated.conditionalCreate,
        stated.versioning == "versioned-update",
        frozenset(one.name.lstrip("$") for one in stated.operation),
    )
