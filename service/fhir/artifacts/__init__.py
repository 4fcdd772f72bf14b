"""The FHIR artifacts that say what this service offers and how it spells its answers."""

from __future__ import annotations

from service.fhir.artifacts.capability import capability_statement
from service.fhir.artifacts.code_systems import (
    issue_code_system,
    measurand_code_system,
    override_reason_code_system,
    rule_code_system,
)
from service.fhir.artifacts.metadata import Json
from service.fhir.artifacts.operations import mood_immune_check, mood_immune_write
from service.fhir.artifacts.structures import structure_definitions
from service.fhir.artifacts.value_sets import value_sets
from service.rules import RULES
from service.terminology import Terminology

__all__ = ["all_artifacts"]


def all_artifacts() -> dict[str, Json]:
    """Every artifact under its path: resource type, id, `.json`."""
    offered = [
        mood_immune_check(),
        mood_immune_write(),
        rule_code_system(RULES),
        measurand_code_system(),
        issue_code_system(),
        override_reason_code_system(),
        *structure_definitions(),
        *value_sets(Terminology.default()),
    ]
    resources = [capability_statement(offered), *offered]
    return {f"{resource['resourceType']}/{resource['id']}.json": resource for resource in resources}
