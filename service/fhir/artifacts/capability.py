"""The CapabilityStatement: what this server does, no more."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from service.fhir.artifacts.metadata import Json, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SEARCHED: Final = (
    {"name": "_id", "type": "token", "documentation": "Logical id."},
    {"name": "url", "type": "uri", "documentation": "Canonical address, with or without |version."},
    {"name": "version", "type": "token", "documentation": "Business version."},
)


def capability_statement(offered: Iterable[Json]) -> Json:
    """`offered` are the other artifacts: all can be read and searched, operations called."""
    resources = list(offered)
    definitions = [one for one in resources if one["resourceType"] == "OperationDefinition"]
    description = "Pairs mood change with immune activity in FHIR R4 data; answers with Flags and a CarePlan."
    statement = metadata("CapabilityStatement", "moodmarker", "Moodmarker", description)
    return statement | {
        "kind": "instance",
        "software": {"name": "Moodmarker", "version": version("moodmarker")},
        "implementation": {"description": description},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [*_resources(resources), *_called_on(definitions)],
                "operation": [_operation(one) for one in definitions if one["system"]],
            }
        ],
    }


def _resources(offered: list[Json]) -> list[Json]:
    return [
        {
            "type": name,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": list(_SEARCHED),
        }
        for name in sorted({one["resourceType"] for one in offered})
    ]


def _called_on(definitions: list[Json]) -> list[Json]:
    """The types that operations are called on: clients look for an operation of an instance there."""
    on_instances = [one for one in definitions if one["instance"]]
    return [
        {"type": name, "operation": [_operation(one) for one in on_instances if name in one["resource"]]}
        for name in sorted({name for one in on_instances for name in one["resource"]})
    ]


def secured(statement: Json, security: Json, needs: Mapping[str, str]) -> Json:
    """The statement of a site that demands tokens; `needs` says of each operation, by its code, which scopes."""
    rest = statement["rest"][0]
    resources = [
        one | {"operation": [_told(operation, needs) for operation in one["operation"]]} if "operation" in one else one
        for one in rest["resource"]
    ]
    operations = [_told(operation, needs) for operation in rest["operation"]]
    return statement | {"rest": [rest | {"security": security, "resource": resources, "operation": operations}]}


def _told(operation: Json, needs: Mapping[str, str]) -> Json:
    return operation | {"documentation": needs[operation["name"]]}


def _operation(definition: Json) -> Json:
    return {"name": definition["code"], "definition": f"{definition['url']}|{definition['version']}"}
