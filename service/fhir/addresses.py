"""The addresses of our own identifiers, extensions and code systems, and of the few that FHIR lends us."""

from __future__ import annotations

from typing import Final

from service.terminology.systems import CANON

FLAG_SID: Final = f"{CANON}/sid/flag"
CARE_PLAN_SID: Final = f"{CANON}/sid/careplan"
GUIDANCE_SID: Final = f"{CANON}/sid/guidance"
DEVICE_SID: Final = f"{CANON}/sid/device"

RULE_SYSTEM: Final = f"{CANON}/CodeSystem/rule"
ISSUE_SYSTEM: Final = f"{CANON}/CodeSystem/issue"
PLAN_DEFINITION: Final = f"{CANON}/PlanDefinition"

INSTANTIATES: Final = f"{CANON}/StructureDefinition/instantiates"
CLOSED_BY_RULE: Final = f"{CANON}/StructureDefinition/closed-by-rule"
ACCOUNT: Final = f"{CANON}/StructureDefinition/account"

FLAG_PRIORITY: Final = "http://hl7.org/fhir/StructureDefinition/flag-priority"
FLAG_DETAIL: Final = "http://hl7.org/fhir/StructureDefinition/flag-detail"
FLAG_PRIORITY_SYSTEM: Final = "http://hl7.org/fhir/flag-priority-code"
FLAG_CATEGORY_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/flag-category"
CARE_PLAN_CATEGORY_SYSTEM: Final = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
URI_SYSTEM: Final = "urn:ietf:rfc:3986"
