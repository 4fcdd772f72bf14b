"""Strict reading: an entry that fhir.resources refuses is rejected. It validates as R4B; bindings are checked here."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from service.fhir.reading.account import Reason
from service.fhir.reading.numerals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

# The codes that FHIR R4 requires. The library's own lists end in '+' where they are long.
_CODES: Final = {
    "Observation.status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    "Patient.gender": "male female other unknown",
    "Procedure.status": "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
    "Immunization.status": "completed entered-in-error not-done",
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "DiagnosticReport.status": (
        "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
    ),
    "QuestionnaireResponse.status": "in-progress completed amended entered-in-error stopped",
    "Questionnaire.status": "draft active retired unknown",
    "Medication.status": "active inactive entered-in-error",
    "MedicationRequest.status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
    "MedicationRequest.intent": "proposal plan order original-order reflex-order filler-order instance-order option",
    "MedicationRequest.priority": "routine urgent asap stat",
    "MedicationStatement.status": "active completed entered-in-error intended stopped on-hold unknown not-taken",
    "MedicationAdministration.status": "in-progress not-done on-hold completed entered-in-error stopped unknown",
    "MedicationDispense.status": (
        "preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown"
    ),
    "Flag.status": "active inactive entered-in-error",
    "CarePlan.status": "draft active on-hold revoked completed entered-in-error unknown",
    "CarePlan.intent": "proposal plan order option",
    "Condition.clinicalStatus": "active recurrence relapse inactive remission resolved",
    "Condition.verificationStatus": "unconfirmed provisional differential confirmed refuted entered-in-error",
    "Bundle.type": (
        "document message transaction transaction-response batch batch-response history searchset collection"
    ),
}
REQUIRED: Final = {element: tuple(codes.split()) for element, codes in _CODES.items()}
_REMEDIES: Final = {
    "model_field_validation.missing": "FHIR R4 requires this element; send it.",
    "missing": "FHIR R4 requires this element; send it.",
    "extra_forbidden": "FHIR R4 has no such element here; leave it out, or send it as an extension.",
    "string_type": "FHIR R4 has a string here; send it in quotation marks.",
    "string_pattern_mismatch": "The value is not spelled as FHIR R4 spells values of this type.",
    "string_too_short": "An empty string is no value in FHIR; leave the element out.",
    "bool_type": "FHIR R4 has true or false here, without quotation marks.",
    "bool_parsing": "FHIR R4 has true or false here, without quotation marks.",
    "int_type": "FHIR R4 has a whole number here, without quotation marks.",
    "int_parsing": "FHIR R4 has a whole number here, without quotation marks.",
    "int_from_float": "FHIR R4 has a whole number here.",
    "decimal_type": "FHIR R4 has a number here, without quotation marks.",
    "decimal_parsing": "FHIR R4 has a number here, without quotation marks.",
    "list_type": "FHIR R4 has a list here; send it in square brackets, even if it holds one.",
    "model_type": "FHIR R4 has an object with elements here.",
    "model_attributes_type": "FHIR R4 has an object with elements here.",
    "dict_type": "FHIR R4 has an object with elements here.",
    "json_invalid": "This is not JSON that can be read.",
    "url_parsing": "FHIR R4 has an absolute address here.",
}
# How the library begins to say that an element such as value[x] was sent in two types.
_CHOICE: Final = "Any of one field value is expected"
_ONE_CHOICE: Final = "FHIR R4 allows one type of an element such as value[x] or effective[x]; send one of them."
_REMEDY: Final = "The value is not one that FHIR R4 allows here; compare it with the definition of the element."


def strict_fault(kind: str, body: bytes) -> Refusal | None:
    """The first element at fault and how to mend it, never its value; None for a valid resource."""
    try:
        get_fhir_model_class(kind).model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        remedy = _ONE_CHOICE if _CHOICE in first["msg"] else _REMEDIES.get(first["type"], _REMEDY)
        return Refusal(_path(first["loc"]), Reason.STRICT, remedy)
    # It was not made for odd input: whatever else it raises is a refusal too.
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError, AssertionError):
        return Refusal("", Reason.STRICT, "This is not valid FHIR R4; check it with a FHIR validator.")
    return next(_unbound(kind, msgspec.json.decode(body)), None)


def strict_fault_of_bundle(kind: str | None) -> Refusal | None:
    """What is wrong with the type of a Bundle."""
    return None if kind in REQUIRED["Bundle.type"] else _one_of("type", REQUIRED["Bundle.type"])


def _unbound(kind: str, document: dict[str, Any]) -> Iterator[Refusal]:
    """The codes of the resource that are none of those which FHIR requires."""
    for path, allowed in REQUIRED.items():
        of, _, element = path.partition(".")
        value = document.get(element) if of == kind else None
        codes = [one.get("code") for one in value.get("coding") or ()] if isinstance(value, dict) else [value]
        if any(code is not None and code not in allowed for code in codes):
            yield _one_of(element, allowed)


def _one_of(element: str, allowed: tuple[str, ...]) -> Refusal:
    return Refusal(element, Reason.STRICT, f"FHIR R4 requires one of these codes here: {', '.join(allowed)}.")


def _path(steps: tuple[int | str, ...]) -> str:
    path = ""
    # The last steps may be the library's own, about how a primitive is made.
    for step in itertools.takewhile(lambda one: one != "root", steps):
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
