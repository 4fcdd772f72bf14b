"""Made-up patients in FHIR R4, a line a resource: dates are whole days before the as-of day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from service.terminology import ATC, ICD10CM, LOINC, RXNORM, SNOMED, UCUM

Json = dict[str, Any]

AS_OF = date(2026, 11, 20)
SUBJECT = "Patient/p"
PHQ9_ITEMS = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
ITEM_9 = "44260-8"
PHQ9, PHQ9_PANEL, PHQA, PHQ2 = "44261-6", "44249-1", "89204-2", "55758-7"
GAD7, BDI_II, MOCA = "70274-6", "89209-1", "72172-0"
HADS_D = "401320004"
HS_CRP, CRP = "30522-7", "1988-5"
RELAPSE, MS, RA = "192929006", "24700007", "69896004"
ANSWERS = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
YES, NO = "LA33-6", "LA32-8"


def day(ago: int) -> str:
    """The date so many days before the as-of day (negative: after it)."""
    return (AS_OF - timedelta(days=ago)).isoformat()


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def person(born: str | None = "1980-01-01", **more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p"} | ({"birthDate": born} if born else {}) | more


def observation(name: str, code: str, ago: int | None, system: str = LOINC, **more: Any) -> Json:
    """An Observation; anything in `more` is added or replaces what is there, None takes it away."""
    made: Json = {"resourceType": "Observation", "id": name, "status": "final", "code": coded(system, code)}
    made["subject"] = {"reference": SUBJECT}
    if ago is not None:
        made["effectiveDateTime"] = day(ago)
    return {key: value for key, value in (made | more).items() if value is not None}


def score(value: float, ago: int, code: str = PHQ9, *, name: str = "", **more: Any) -> Json:
    """A total score."""
    system = SNOMED if "-" not in code else LOINC
    valued = {"valueQuantity": {"value": value, "unit": "{score}", "system": UCUM, "code": "{score}"}}
    return observation(name or f"{code}-{ago}", code, ago, system, **valued | more)


def answer(value: int, ago: int | None, code: str = ITEM_9, *, name: str = "", **more: Any) -> Json:
    """An answer to one question of the PHQ-9, item 9 unless told otherwise."""
    return observation(
        name or f"{code}-{ago}", code, ago, **{"valueCodeableConcept": coded(LOINC, ANSWERS[value])} | more
    )


def said(code: str, ago: int, answered: str = YES, *, name: str = "", **more: Any) -> Json:
    """A yes or no to a question."""
    return observation(name or f"{code}-{ago}", code, ago, **{"valueCodeableConcept": coded(LOINC, answered)} | more)


def crp(value: float, ago: int, unit: str = "mg/L", code: str = HS_CRP, *, name: str = "", **more: Any) -> Json:
    """A C-reactive protein."""
    valued = {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}
    return observation(name or f"crp-{code}-{ago}", code, ago, **valued | more)


def condition(
    code: str, ago: int | None, system: str = SNOMED, *, name: str = "", status: str = "active", **more: Any
) -> Json:
    """A Condition with its onset; ICD-10-CM codes are told by their letter."""
    if code[0].isalpha():
        system = ICD10CM
    made: Json = {
        "resourceType": "Condition",
        "id": name or f"c-{code}-{ago}".replace(".", ""),
        "code": coded(system, code),
    }
    made["clinicalStatus"] = {"coding": [{"code": status}]}
    made["verificationStatus"] = {"coding": [{"code": "confirmed"}]}
    made["subject"] = {"reference": SUBJECT}
    if ago is not None:
        made["onsetDateTime"] = day(ago)
    return {key: value for key, value in (made | more).items() if value is not None}


def relapse(ago: int | None, **more: Any) -> Json:
    """A relapse of multiple sclerosis with its onset."""
    return condition(RELAPSE, ago, **more)


def no_relapse(ago: int) -> Json:
    """A documented 'no relapse'."""
    return observation(f"no-relapse-{ago}", RELAPSE, ago, SNOMED, valueBoolean=False)


def taken(code: str, begun: int | None, ended: int | None = None, *, name: str = "", **more: Any) -> Json:
    """A medicine that the patient is said to take, from so many to so many days ago."""
    system = ATC if code[0].isalpha() else RXNORM
    made: Json = {"resourceType": "MedicationStatement", "id": name or f"m-{code}", "status": "active"}
    made["medicationCodeableConcept"] = coded(system, code)
    made["subject"] = {"reference": SUBJECT}
    if begun is not None:
        made["effectivePeriod"] = {"start": day(begun)} | ({"end": day(ended)} if ended is not None else {})
    return made | more


def given(code: str, ago: int, *, name: str = "", **more: Any) -> Json:
    """A dose that was given."""
    made = taken(code, None, name=name or f"dose-{code}-{ago}")
    made |= {"resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": day(ago)}
    return made | more


def ordered(code: str, ago: int, *, name: str = "", **more: Any) -> Json:
    """A prescription."""
    made = taken(code, None, name=name or f"order-{code}-{ago}")
    made |= {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": day(ago)}
    return made | more


def bundle(*resources: Json | None, kind: str = "collection", **more: Any) -> Json:
    """A Bundle; None is a null entry."""
    entries = [None if one is None else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries} | more


def request(data: Json, as_of: str | None = None, **parameters: Any) -> bytes:
    """The body of a check; a parameter with several values is given as a tuple, `as_` is the parameter `as`."""
    given_values: list[Json] = [{"name": "asOf", "valueDateTime": as_of or AS_OF.isoformat()}]
    for name, value in parameters.items():
        kind = "valueString" if name == "subject" else "valueCode"
        given_values += [
            {"name": name.rstrip("_"), kind: one} for one in (value if isinstance(value, tuple) else (value,))
        ]
    given_values.append({"name": "data", "resource": data})
    return json.dumps({"resourceType": "Parameters", "parameter": given_values}).encode()
