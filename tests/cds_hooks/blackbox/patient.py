"""A made-up patient, and what a client would send of one for a prefetch template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Json: TypeAlias = dict[str, Any]

PATIENT, OTHER_PATIENT, ENCOUNTER, PRACTITIONER = "bb-patient", "bb-another", "bb-encounter", "bb-practitioner"
_UCUM = "http://unitsofmeasure.org"


def made_up_patient(today: datetime | None = None) -> list[Json]:
    """Low mood with thoughts of death, slightly raised CRP, multiple sclerosis; dated from today."""
    now = today or datetime.now(UTC)

    def day(before: int) -> str:
        return (now - timedelta(days=before)).date().isoformat()

    subject = {"reference": f"Patient/{PATIENT}"}
    return [
        {"resourceType": "Patient", "id": PATIENT, "active": True, "gender": "female", "birthDate": "1984-03-05"},
        {"resourceType": "Practitioner", "id": PRACTITIONER, "name": [{"family": "Madeup"}]},
        {
            "resourceType": "Encounter",
            "id": ENCOUNTER,
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": subject,
            "period": {"start": day(0)},
        },
        {
            "resourceType": "Condition",
            "id": "bb-condition",
            "clinicalStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            "verificationStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
            "code": _coded("http://snomed.info/sct", "24700007", "Multiple sclerosis"),
            "subject": subject,
            "onsetDateTime": day(1500),
        },
        _observation(
            "bb-phq-before", "44261-6", day(70), {"value": 6, "unit": "{score}", "system": _UCUM, "code": "{score}"}
        ),
        _observation(
            "bb-phq-now", "44261-6", day(10), {"value": 16, "unit": "{score}", "system": _UCUM, "code": "{score}"}
        ),
        _observation(
            "bb-thoughts", "44260-8", day(10), {"value": 2, "unit": "{score}", "system": _UCUM, "code": "{score}"}
        ),
        _observation("bb-crp", "1988-5", day(8), {"value": 6.4, "unit": "mg/L", "system": _UCUM, "code": "mg/L"}),
    ]


def of_another_patient(resources: list[Json], resource_type: str) -> list[Json]:
    """The same resources, those of one type about somebody else."""
    other = {"reference": f"Patient/{OTHER_PATIENT}"}
    return [one | {"subject": other} if one["resourceType"] == resource_type else one for one in resources]


def _coded(system: str, code: str, display: str = "") -> Json:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def _observation(name: str, code: str, day: str, quantity: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": _coded("http://loinc.org", code),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": day,
        "valueQuantity": quantity,
    }


def fill(template: str, tokens: dict[str, str]) -> str:
    """The FHIR query of a template."""
    for name, value in tokens.items():
        template = template.replace("{{" + name + "}}", value)
    return template


def is_read(query: str) -> bool:
    """Whether a query is for one resource by its id."""
    return "/" in urlsplit(query).path


def answer_to(query: str, resources: list[Json]) -> Json | None:
    """What a FHIR server of this patient answers; None where there is nothing."""
    parts = urlsplit(query)
    kind, _, name = parts.path.partition("/")
    of_kind = [one for one in resources if one["resourceType"] == kind]
    if name:
        return next((one for one in of_kind if one.get("id") == name), None)
    wanted = {
        code.rpartition("|")[2] for key, value in parse_qsl(parts.query) if key == "code" for code in value.split(",")
    }
    found = [one for one in of_kind if not wanted or wanted & _codes(one)]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return bundle


def _codes(resource: Json) -> set[str]:
    code = resource.get("code")
    return {coding.get("code", "") for coding in code.get("coding", [])} if isinstance(code, dict) else set()
