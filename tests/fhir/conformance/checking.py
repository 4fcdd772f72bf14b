"""Everything that must hold of a resource this service emits, asked of four checkers at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import fhirkit
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from tests.fhir.conformance.bindings import binding_problems
from tests.fhir.conformance.elements import resources
from tests.fhir.conformance.invariants import invariant_problems

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems(body: bytes) -> list[str]:
    """What our own checks, fhirkit-rs and fhir.resources find wrong; empty when all is well."""
    document = json.loads(body)
    return [
        *(f"binding: {text}" for text in binding_problems(document)),
        *(f"invariant: {text}" for text in invariant_problems(document)),
        *(f"fhirkit-rs: {issue}" for issue in fhirkit.validate(body) if issue.severity == "error"),
        *(f"fhir.resources: {text}" for text in _pydantic_problems(document)),
    ]


def _pydantic_problems(document: dict[str, Any]) -> Iterator[str]:
    """Asked of each resource by itself, as a whole Bundle says less well where it is wrong."""
    for element in resources(document):
        if element.value["resourceType"] in ("Bundle",):
            continue
        try:
            get_fhir_model_class(element.value["resourceType"]).model_validate(element.value)
        except ValidationError as error:
            yield f"{element.path}: {error}"
