"""Required bindings of FHIR R4, and the vocabularies of flags, for every element that is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fhir.conformance.elements import elements

if TYPE_CHECKING:
    from collections.abc import Iterator

_PUBLICATION = {"draft", "active", "retired", "unknown"}
_REQUEST = {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
REQUIRED: dict[str, set[str]] = {
    "Flag.status": {"active", "inactive", "entered-in-error"},
    "CarePlan.status": _REQUEST,
    "CarePlan.intent": {"proposal", "plan", "order", "option"},
    "CarePlan.activity.detail.kind": {
        "Appointment",
        "CommunicationRequest",
        "DeviceRequest",
        "MedicationRequest",
        "NutritionOrder",
        "Task",
        "ServiceRequest",
        "VisionPrescription",
    },
    "CarePlan.activity.detail.status": {
        "not-started",
        "scheduled",
        "in-progress",
        "on-hold",
        "completed",
        "cancelled",
        "stopped",
        "unknown",
        "entered-in-error",
    },
    "GuidanceResponse.status": {
        "success",
        "data-requested",
        "data-required",
        "in-progress",
        "failure",
        "entered-in-error",
    },
    "OperationOutcome.issue.severity": {"fatal", "error", "warning", "information"},
    "OperationOutcome.issue.code": {
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
    },
    "Bundle.type": {
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    },
    "Bundle.entry.request.method": {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"},
    "CapabilityStatement.status": _PUBLICATION,
    "CapabilityStatement.kind": {"instance", "capability", "requirements"},
    "CapabilityStatement.fhirVersion": {"4.0.1"},
    "CapabilityStatement.rest.mode": {"client", "server"},
    "CapabilityStatement.rest.resource.interaction.code": {
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    },
    "CapabilityStatement.rest.resource.searchParam.type": {
        "number",
        "date",
        "string",
        "token",
        "reference",
        "composite",
        "quantity",
        "uri",
        "special",
    },
    "CodeSystem.status": _PUBLICATION,
    "CodeSystem.content": {"not-present", "example", "fragment", "complete", "supplement"},
    "CodeSystem.property.type": {"code", "Coding", "string", "integer", "boolean", "dateTime", "decimal"},
    "ValueSet.status": _PUBLICATION,
    "ValueSet.compose.include.filter.op": {
        "=",
        "is-a",
        "descendent-of",
        "is-not-a",
        "regex",
        "in",
        "not-in",
        "generalizes",
        "exists",
    },
    "OperationDefinition.status": _PUBLICATION,
    "OperationDefinition.kind": {"operation", "query"},
    "OperationDefinition.parameter.use": {"in", "out"},
    "OperationDefinition.parameter.binding.strength": {"required", "extensible", "preferred", "example"},
    "StructureDefinition.status": _PUBLICATION,
    "StructureDefinition.kind": {"primitive-type", "complex-type", "resource", "logical"},
    "StructureDefinition.derivation": {"specialization", "constraint"},
    "StructureDefinition.fhirVersion": {"4.0.1"},
    "StructureDefinition.context.type": {"fhirpath", "element", "extension"},
    "StructureDefinition.differential.element.slicing.rules": {"closed", "open", "openAtEnd"},
}
_NARRATIVE = {"generated", "extensions", "additional", "empty"}
CODED = {
    "http://terminology.hl7.org/CodeSystem/flag-category": {
        "diet": "Diet",
        "drug": "Drug",
        "lab": "Lab",
        "admin": "Administrative",
        "contact": "Subject Contact",
        "clinical": "Clinical",
        "behavioral": "Behavioral",
        "research": "Research",
        "advance-directive": "Advance Directive",
        "safety": "Safety",
    },
    "http://hl7.org/fhir/flag-priority-code": {
        "PN": "No alarm",
        "PL": "Low priority",
        "PM": "Medium priority",
        "PH": "High priority",
    },
    "http://hl7.org/fhir/us/core/CodeSystem/careplan-category": {"assess-plan": "Assessment and Plan of Treatment"},
}


def binding_problems(resource: dict[str, Any]) -> Iterator[str]:
    """Every code that its element does not allow."""
    for path, kind, name, value in elements(resource):
        allowed = _NARRATIVE if kind.endswith(".text.status") and name == "status" else REQUIRED.get(kind)
        if allowed is not None and value not in allowed:
            yield f"{path}: {value!r} is not one of {sorted(allowed)}"
        if isinstance(value, dict) and value.get("system") in CODED:
            codes = CODED[value["system"]]
            if value.get("code") not in codes or value.get("display", codes[value["code"]]) != codes[value["code"]]:
                yield f"{path}: {value} is not of {value['system']}"
