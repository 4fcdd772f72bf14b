"""The Provenance of a resource that was stored: by which rules, from which evidence, when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.fhir.writeback.results import Became
from service.fhir.writing.elements import DEVICE, Json, spell_instant
from service.fhir.writing.rules import spell_rule

if TYPE_CHECKING:
    from datetime import datetime

    from service.domain.rule import Rule

_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_AUTHOR: Final = {"coding": [{"system": _PARTICIPANT, "code": "author", "display": "Author"}]}
_ACTIVITY: Final = {
    Became.CREATED: {"coding": [{"system": _OPERATION, "code": "CREATE", "display": "create"}]},
    Became.CHANGED: {"coding": [{"system": _OPERATION, "code": "UPDATE", "display": "revise"}]},
}


class Grounds(NamedTuple):
    """What a resource rests on: rules, references to the evidence, and the labels of both."""

    rules: tuple[Rule, ...]
    evidence: tuple[Json, ...]
    labels: tuple[Json, ...]


def write_provenance(became: Became, reference: str, version: str, grounds: Grounds, now: datetime) -> Json:
    """Who stored a version of a resource, and what made them; `became` is CREATED or CHANGED."""
    written: Json = {"resourceType": "Provenance"}
    if grounds.labels:
        written["meta"] = {"security": list(grounds.labels)}
    target = f"{reference}/_history/{version}" if version else reference
    written |= {"target": [{"reference": target}], "recorded": spell_instant(now)}
    if grounds.rules:
        written["policy"] = list(dict.fromkeys(spell_rule(rule).canonical for rule in grounds.rules))
    written["activity"] = _ACTIVITY[became]
    written["agent"] = [{"type": _AUTHOR, "who": DEVICE}]
    if grounds.evidence:
        written["entity"] = [{"role": "source", "what": one} for one in grounds.evidence]
    return written
