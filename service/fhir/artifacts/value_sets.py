"""Value sets: the codes under which each score, question, result, record and medicine is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.analytes import ANALYTES, Analyte
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import INSTRUMENTS, Instrument
from service.fhir.artifacts.metadata import Json, metadata
from service.terminology.measurands import MEASURANDS
from service.terminology.subjects import STEMS
from service.terminology.systems import CANON, LOINC, SNOMED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.reads import Subject
    from service.domain.rule import Code
    from service.terminology import Terminology

_NAMES: Final = {known.code: known.display for known in MEASURANDS}
_NOTICES: Final = {
    LOINC: "Contains LOINC codes, copyright Regenstrief Institute, Inc.; free under the LOINC licence.",
    SNOMED: "Contains SNOMED CT codes, copyright SNOMED International; their use may need a licence.",
}


def value_sets(terminology: Terminology) -> list[Json]:
    """One for each thing that rules read, and one for each of our code systems as a whole."""
    subjects: tuple[Subject, ...] = (*INSTRUMENTS, *Item, *ANALYTES, *Concept, *DrugGroup)
    read = [(subject, terminology.codes_of(subject)) for subject in subjects]
    whole = [
        _whole("rule", "Rules"),
        _whole("measurand", "Measurands"),
        _whole("issue", "Issues"),
        _whole("override-reason", "Override reasons"),
    ]
    return [*whole, *(_read(one, codes) for one, codes in read if codes)]


def _whole(identity: str, title: str) -> Json:
    compose = {"include": [{"system": f"{CANON}/CodeSystem/{identity}"}]}
    return metadata("ValueSet", identity, title, f"Every code of {CANON}/CodeSystem/{identity}.") | {"compose": compose}


def _read(subject: Subject, codes: tuple[Code, ...]) -> Json:
    identity, name = _identity(subject), _name(subject)
    described = metadata("ValueSet", identity, name, f"Codes under which this is read: {name}.")
    systems = dict.fromkeys(code.system for code in codes)
    notices = [_NOTICES[system] for system in systems if system in _NOTICES]
    if notices:
        described["copyright"] = " ".join(notices)
    described["compose"] = {"include": [part for system in systems for part in _includes(system, codes)]}
    return described


def _identity(subject: Subject) -> str:
    key = subject.key if isinstance(subject, Instrument | Analyte) else subject.value
    return key.lower().replace("_", "-")


def _name(subject: Subject) -> str:
    if isinstance(subject, Instrument | Analyte):
        return subject.name
    return _NAMES.get(subject.value, subject.value.replace("_", " "))


def _includes(system: str, codes: Iterable[Code]) -> list[Json]:
    """Listed codes together; a stem by itself, as it brings every code below it."""
    own = [code for code in codes if code.system == system]
    listed = [_concept(code) for code in own if (code.system, code.code) not in STEMS]
    included: list[Json] = [{"system": system, "concept": listed}] if listed else []
    for code in own:
        if (code.system, code.code) in STEMS:
            below = {"property": "concept", "op": "is-a", "value": code.code}
            included.append({"system": system, "filter": [below]})
    return included


def _concept(code: Code) -> Json:
    return {"code": code.code, "display": code.display} if code.display else {"code": code.code}
