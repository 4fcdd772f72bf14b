"""The Provenance of a resource that was stored: by which rules, from which evidence, when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from service.fhir.client.decoding import UNREADABLE
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


class _Named(Struct, gc=False):
    system: str | None = None
    value: str | None = None
    code: str | None = None


class _Reference(Struct, gc=False):
    reference: str | None = None
    identifier: _Named | None = None


class _Agent(Struct, gc=False):
    who: _Reference | None = None


class _Activity(Struct, gc=False):
    coding: list[_Named] = []


class _Provenance(Struct, gc=False):
    target: list[_Reference] = []
    activity: _Activity | None = None
    agent: list[_Agent] = []


_PROVENANCE: Final = msgspec.json.Decoder(_Provenance)
_DEVICE: Final = _Named(**DEVICE["identifier"])


def vouches(document: bytes, version: str) -> bool:
    """Whether a Provenance says that we created a resource as it stands: `version` is `Type/id/_history/version`."""
    try:
        found = _PROVENANCE.decode(document)
    except UNREADABLE:
        return False
    named = {one.reference or "" for one in found.target}
    codings = [] if found.activity is None else found.activity.coding
    return (
        any(name == version or name.endswith(f"/{version}") for name in named)
        and any((one.system, one.code) == (_OPERATION, "CREATE") for one in codings)
        and any(agent.who is not None and agent.who.identifier == _DEVICE for agent in found.agent)
    )


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
