"""The data a rule needs, as FHIR DataRequirements: encoded once, and sent whenever it is UNKNOWN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from service.domain.needs import needs
from service.fhir.writing.elements import Json
from service.terminology.systems import UCUM

if TYPE_CHECKING:
    from service.domain.needs import Need
    from service.domain.rule import Rule
    from service.terminology import Terminology

# Where each resource type has its code, and its clinical date.
_CODE_PATH: Final = {
    "Condition": "code",
    "Encounter": "reasonCode",
    "Immunization": "vaccineCode",
    "MedicationAdministration": "medication",
    "MedicationDispense": "medication",
    "MedicationRequest": "medication",
    "MedicationStatement": "medication",
    "Observation": "code",
    "Procedure": "code",
}
_DATE_PATH: Final = {
    "Condition": "onset",
    "Encounter": "period",
    "Immunization": "occurrence",
    "MedicationAdministration": "effective",
    "MedicationDispense": "whenHandedOver",
    "MedicationRequest": "authoredOn",
    "MedicationStatement": "effective",
    "Observation": "effective",
    "Procedure": "performed",
    "QuestionnaireResponse": "authored",
}


def spell_need(need: Need, terminology: Terminology) -> Json:
    """One DataRequirement: the type, the codes that are read, and how far back."""
    spelled: Json = {"type": need.resource_type}
    codes = _codings(need, terminology)
    if codes and need.resource_type in _CODE_PATH:
        spelled["codeFilter"] = [{"path": _CODE_PATH[need.resource_type], "code": codes}]
    if need.days is not None and need.resource_type in _DATE_PATH:
        back = {"value": need.days, "unit": "d", "system": UCUM, "code": "d"}
        spelled["dateFilter"] = [{"path": _DATE_PATH[need.resource_type], "valueDuration": back}]
    return spelled


def _codings(need: Need, terminology: Terminology) -> list[Json]:
    codes = dict.fromkeys(code for subject in need.subjects for code in terminology.codes_of(subject))
    return [
        {"system": code.system, "code": code.code} | ({"display": code.display} if code.display else {})
        for code in codes
    ]


# By identity, as rules and terminology are large values; both are held so that their identities stay theirs.
_made: dict[tuple[int, int], tuple[Rule, Terminology, msgspec.Raw]] = {}
_MOST: Final = 1000


def requirements_of(rule: Rule, terminology: Terminology) -> msgspec.Raw:
    """The encoded list of everything the rule needs; the Patient is always among it."""
    key = (id(rule), id(terminology))
    made = _made.get(key)
    if made is None:
        if len(_made) >= _MOST:
            _made.clear()
        spelled = [spell_need(need, terminology) for need in needs(rule)]
        made = _made[key] = (rule, terminology, msgspec.Raw(msgspec.json.encode(spelled)))
    return made[2]
