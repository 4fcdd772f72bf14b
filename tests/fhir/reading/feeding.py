"""Small FHIR resources, and the shortest way from them to what was read."""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import Any

from service.fhir.reading import Reading, read_bundle, read_request
from service.fhir.reading.coverage import SAID_BY_CALLER
from service.terminology.systems import LOINC, SNOMED, UCUM
from service.terminology.terminology import Terminology

Json = dict[str, Any]

PATIENT = "Patient/p"
PHQ9, PHQ9_PANEL, PHQA, PHQ2, GAD7, PROMIS = "44261-6", "44249-1", "89204-2", "55758-7", "70274-6", "71965-8"
ITEM_1, ITEM_9, CMS_PRESENCE, CMS_FREQUENCY = "44250-9", "44260-8", "54652-3", "54653-1"
PHQ9_ITEMS = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", ITEM_9)
CSSRS_PANEL, CSSRS_1, CSSRS_2, CSSRS_RISK = "93373-9", "93246-7", "93247-5", "93374-7"
CRP, HS_CRP, CRP_PRESENCE, IL6, TEMPERATURE = "1988-5", "30522-7", "11039-5", "26881-3", "8310-5"
NMDAR_SERUM, PREGNANCY = "80221-5", "82810-3"
RELAPSE, SUICIDAL_THOUGHTS = "192929006", "6471006"
NOT_AT_ALL, SEVERAL_DAYS, NEARLY_EVERY_DAY = "LA6568-5", "LA6569-3", "LA6571-9"
YES, NO = "LA33-6", "LA32-8"


def day(text: str) -> int:
    """The ordinal of an ISO date."""
    return date.fromisoformat(text).toordinal()


def concept(code: str, system: str = LOINC, /, **more: Any) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code}], **more}


def score_of(value: float | str) -> Json:
    """A valueQuantity without a unit of measure."""
    return {"valueQuantity": {"value": value, "unit": "{score}", "system": UCUM, "code": "{score}"}}


def quantity(value: float, unit: str = "mg/L", /, **more: Any) -> Json:
    """A valueQuantity in a UCUM unit."""
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}}


def coded(code: str, system: str = LOINC, **more: Any) -> Json:
    """A valueCodeableConcept."""
    return {"valueCodeableConcept": concept(code, system, **more)}


def patient(name: str = "p", /, **more: Any) -> Json:
    """A Patient."""
    return {"resourceType": "Patient", "id": name, "birthDate": "1980-01-01", **more}


def resource(kind: str, name: str | None = "r", /, **more: Any) -> Json:
    """Any resource of the patient; None takes an element away."""
    made = {"resourceType": kind, "id": name, "subject": {"reference": PATIENT}, **more}
    return {key: value for key, value in made.items() if value is not None}


def observation(code: str, name: str | None = "o", system: str = LOINC, /, **more: Any) -> Json:
    """A final Observation of 2026-03-01; `more` adds, replaces, or (with None) takes away."""
    made = {"status": "final", "code": concept(code, system), "effectiveDateTime": "2026-03-01", **more}
    return resource("Observation", name, **made)


def condition(code: str, name: str | None = "c", system: str = SNOMED, /, **more: Any) -> Json:
    """A Condition without any date."""
    return resource("Condition", name, **{"code": concept(code, system), **more})


def entry(body: Json | None, **more: Any) -> Json:
    """A Bundle entry."""
    return {"resource": body, **more}


def bundle(*resources: Json, **more: Any) -> Json:
    """A collection; whatever is no resource is taken for an entry as it is."""
    entries = [entry(one) if "resourceType" in one else one for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def read_body(body: bytes, **options: Any) -> Reading:
    """What was read of a body, with the default terminology in UTC."""
    request = read_request(body)
    assert request.bundle is not None
    terminology = options.pop("terminology", None) or Terminology.default()
    return read_bundle(
        request.bundle, terminology, UTC, dict.fromkeys(options.pop("incomplete", ()), SAID_BY_CALLER), **options
    )


def read(*resources: Json, **options: Any) -> Reading:
    """What was read of some resources; every entry is accounted for."""
    reading = read_body(json.dumps(bundle(*resources)).encode(), **options)
    account = reading.account
    assert account.received == account.used + account.not_read + sum(account.rejected.values())
    assert account.received == len(resources)
    return reading


def refused(reading: Reading) -> list[tuple[str, str]]:
    """The reason and the FHIRPath of everything that was refused."""
    return [(one.reason_code, one.expression) for one in reading.rejections]
