"""The lookups built once from the code tables; every key is a system and a code, OID spellings included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.domain.analytes import ANALYTES
from service.domain.concepts import Concept, Item
from service.domain.instruments import INSTRUMENTS
from service.terminology import instruments, items, results
from service.terminology.answers import SCALES, Asked
from service.terminology.diagnoses import DIAGNOSES, NO_CONCEPTS, Diagnosis, diagnosis_concepts, plain
from service.terminology.meanings import Drug, Key, Kind, Meaning
from service.terminology.measurands import LOCAL_ROUTE, MEASURANDS, RELAPSE_ABSENT, SYSTEMIC_ROUTE
from service.terminology.medicines import DRUG_CLASSES, MEDICINES, SYSTEMIC_STEROIDS, Medicine, drug_of_class
from service.terminology.records import OBSERVABLE, RECORDS, closed
from service.terminology.routes import LOCAL_ROUTES
from service.terminology.rows import Row
from service.terminology.systems import (
    ATC,
    ATC_SYSTEMS,
    ICD10,
    ICD10CM,
    ICD_SYSTEMS,
    MEASURAND,
    RXNORM,
    spellings,
)
from service.terminology.traps import TRAPS, Trap


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that is looked up by system and code."""

    meanings: Mapping[Key, Meaning]
    safety_questions: Mapping[Key, tuple[Item, ...]]
    concepts: Mapping[Key, frozenset[Concept]]
    drugs: Mapping[Key, Drug]
    local_routes: Mapping[Key, bool]
    answers: Mapping[Asked, Mapping[Key, int]]
    traps: Mapping[Key, Trap]
    displays: Mapping[Key, str]

    def concepts_of(self, system: str, code: str) -> frozenset[Concept]:
        """What a code records; empty when no rule reads it."""
        found = self.concepts.get((system, code))
        if found is not None:
            return found
        return diagnosis_concepts(code) if system in ICD_SYSTEMS else NO_CONCEPTS

    def drug_of(self, system: str, code: str) -> Drug | None:
        """The ingredient behind a code; None when it is not recognised."""
        found = self.drugs.get((system, code))
        return drug_of_class(code) if found is None and system in ATC_SYSTEMS else found


def keys(system: str, code: str) -> Iterator[Key]:
    """The keys under which one code is found."""
    return ((spelling, code) for spelling in spellings(system))


def diagnosis_keys(code: str) -> Iterator[Key]:
    """The usual spellings of one ICD code: with and without the dot, in capitals and in small letters."""
    bare = plain(code) or code
    for spelled in dict.fromkeys((code, bare, code.lower(), bare.lower())):
        yield from keys(ICD10CM, spelled)
        yield from keys(ICD10, spelled)


def observed(concepts: frozenset[Concept]) -> frozenset[Concept]:
    """Those of the concepts that may come as an Observation."""
    return concepts & OBSERVABLE


def _row_meanings() -> Iterator[tuple[Row[object], Meaning]]:
    for total in instruments.TOTALS:
        yield total, Meaning(Kind.SCORE, total.means)
    for panel in instruments.PANELS:
        yield panel, Meaning(Kind.PANEL, panel.means)
    for form in instruments.FORMS:
        yield form, Meaning(Kind.FORM, NO_CONCEPTS)
    for item in items.ITEMS:
        yield item, Meaning(Kind.ITEM, item.means)
    for rows, assay, refusal in (
        (results.CONVENTIONAL_CRP, "conventional", ""),
        (results.HIGH_SENSITIVITY_CRP, "hs", ""),
        (results.QUALITATIVE_CRP, "", results.QUALITATIVE_REFUSAL),
        (results.CRP_TITRE, "", results.TITRE_REFUSAL),
        (results.OTHER_RESULTS, "", ""),
    ):
        for result in rows:
            yield result, Meaning(Kind.RESULT, result.means, assay, refusal)
    for record in RECORDS:
        if seen := observed(record.means):
            yield record, Meaning(Kind.RECORD, seen)


def _measurand_meanings() -> Iterator[tuple[str, Meaning]]:
    for instrument in INSTRUMENTS:
        yield instrument.key, Meaning(Kind.SCORE, instrument)
    for item in Item:
        yield item.value, Meaning(Kind.ITEM, item)
    for analyte in ANALYTES:
        yield analyte.key, Meaning(Kind.RESULT, analyte, "conventional" if analyte.key == "crp" else "")
    for concept in Concept:
        if seen := observed(closed(concept)):
            yield concept.value, Meaning(Kind.RECORD, seen)
    yield RELAPSE_ABSENT, Meaning(Kind.DENIAL, closed(Concept.RELAPSE))


def _meanings() -> dict[Key, Meaning]:
    found = {key: meaning for row, meaning in _row_meanings() for key in keys(row.system, row.code)}
    for diagnosis in DIAGNOSES:
        if seen := observed(diagnosis.means):
            found |= dict.fromkeys(diagnosis_keys(diagnosis.code), Meaning(Kind.RECORD, seen))
    return found | {(MEASURAND, code): meaning for code, meaning in _measurand_meanings()}


def _safety_questions() -> dict[Key, tuple[Item, ...]]:
    rows: tuple[Row[object], ...] = (*instruments.PANELS, *instruments.FORMS)
    return {
        key: instruments.SAFETY_QUESTIONS[row.code]
        for row in rows
        if row.code in instruments.SAFETY_QUESTIONS
        for key in keys(row.system, row.code)
    }


def _concepts() -> dict[Key, frozenset[Concept]]:
    found = {key: row.means for row in RECORDS for key in keys(row.system, row.code)}
    for diagnosis in DIAGNOSES:
        found |= dict.fromkeys(diagnosis_keys(diagnosis.code), diagnosis.means)
    return found | {(MEASURAND, concept.value): closed(concept) for concept in Concept}


def _drug_codes(medicine: Medicine) -> Iterator[tuple[str, str]]:
    yield MEASURAND, medicine.slug
    if medicine.rxnorm:
        yield RXNORM, medicine.rxnorm
    for code in medicine.atc + medicine.atc_old:
        yield ATC, code


def _drugs() -> dict[Key, Drug]:
    found = {
        key: Drug(
            medicine.ingredient,
            medicine.group,
            medicine.interval_days,
            systemic=system == ATC and code.startswith(SYSTEMIC_STEROIDS),
        )
        for medicine in MEDICINES
        for system, code in _drug_codes(medicine)
        for key in keys(system, code)
    }
    for group in DRUG_CLASSES:
        if group.is_one:
            found[MEASURAND, group.name] = Drug(group.name, group.group, group.interval_days)
    return found


def _local_routes() -> dict[Key, bool]:
    found = {key: True for row in LOCAL_ROUTES for key in keys(row.system, row.code)}
    return found | {(MEASURAND, LOCAL_ROUTE): True, (MEASURAND, SYSTEMIC_ROUTE): False}


def _answers() -> dict[Asked, Mapping[Key, int]]:
    return {
        asked: {key: row.means for row in scale for key in keys(row.system, row.code)}
        for asked, scale in SCALES.items()
    }


def _displays() -> dict[Key, str]:
    rows: Iterable[Row[object] | Diagnosis] = (
        *(row for row, _ in _row_meanings()),
        *RECORDS,
        *DIAGNOSES,
        *(row for scale in SCALES.values() for row in scale),
    )
    codings = [row.coding for row in rows]
    found = {key: coding.display for coding in codings for key in keys(coding.system, coding.code)}
    return found | {(MEASURAND, known.code): known.display for known in MEASURANDS}


def default_tables() -> Tables:
    """The tables without any site's additions."""
    return Tables(
        meanings=_meanings(),
        safety_questions=_safety_questions(),
        concepts=_concepts(),
        drugs=_drugs(),
        local_routes=_local_routes(),
        answers=_answers(),
        traps={key: trap for trap in TRAPS for key in keys(trap.system, trap.code)},
        displays=_displays(),
    )
