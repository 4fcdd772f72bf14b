"""The definitions of FHIR R4, cut at run time from the npm package that `make test-all` installs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.fhir.artifacts import all_artifacts

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
PACKAGE = HERE / "npm" / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
CUT = HERE.parents[2] / "build" / "definitions"
_FILES = ("profiles-types", "profiles-resources", "extension-definitions", "valuesets", "v3-codesystems")
# What this service writes; the rest of R4 would only cost time.
_WRITTEN = frozenset(
    {
        "Resource",
        "DomainResource",
        "Bundle",
        "CapabilityStatement",
        "CarePlan",
        "CodeSystem",
        "Flag",
        "GuidanceResponse",
        "OperationDefinition",
        "OperationOutcome",
        "Parameters",
        "StructureDefinition",
        "ValueSet",
    }
)
_EXTENSIONS = frozenset({"flag-detail", "flag-priority"})


def cut_definitions() -> Path:
    """A folder with one file for each definition that is needed, ours among them."""
    CUT.mkdir(parents=True, exist_ok=True)
    for old in CUT.glob("*.json"):
        old.unlink()
    for resource in (*_published(), *all_artifacts().values()):
        if resource["resourceType"] in ("StructureDefinition", "ValueSet", "CodeSystem"):
            name = f"{resource['resourceType']}-{resource['id']}.json"
            (CUT / name).write_text(json.dumps(resource), encoding="utf-8")
    return CUT


def _published() -> Iterable[dict[str, Any]]:
    for name in _FILES:
        bundle = json.loads((PACKAGE / f"{name}.json").read_text(encoding="utf-8"))
        for entry in bundle["entry"]:
            if _needed(entry["resource"], name):
                yield entry["resource"]


def _needed(resource: dict[str, Any], file: str) -> bool:
    if resource["resourceType"] == "StructureDefinition" and file != "profiles-types":
        return resource["id"] in _WRITTEN | _EXTENSIONS
    return True
