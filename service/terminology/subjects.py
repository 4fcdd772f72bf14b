"""The codes of each thing that rules read, for data requirements, value sets and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.analytes import ANALYTES
from service.domain.concepts import Concept, Item
from service.domain.instruments import INSTRUMENTS
from service.domain.rule import Code
from service.terminology import instruments, items, results
from service.terminology.diagnoses import DIAGNOSES, Diagnosis
from service.terminology.measurands import MEASURANDS
from service.terminology.medicines import DRUG_CLASSES, MEDICINES
from service.terminology.records import RECORDS
from service.terminology.systems import ATC, ICD10CM, MEASURAND, RXNORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.domain.reads import Subject
    from service.terminology.meanings import Key
    from service.terminology.rows import Row
    from service.terminology.tables import Tables

# Codes that stand for every code below them as well.
STEMS: Final = frozenset(
    {(ICD10CM, diagnosis.code) for diagnosis in DIAGNOSES if diagnosis.is_stem}
    | {(ATC, group.stem) for group in DRUG_CLASSES}
)

_NAMES: Final = {known.code: known.display for known in MEASURANDS}


def _observed() -> Iterator[tuple[Subject, Code]]:
    for score in instruments.TOTALS + instruments.PANELS:
        yield score.means, score.coding
    for item in items.ITEMS:
        yield item.means, item.coding
    # A CRP that cannot be compared is no answer to the question for one.
    for result in results.CONVENTIONAL_CRP + results.HIGH_SENSITIVITY_CRP + results.OTHER_RESULTS:
        yield result.means, result.coding


def _recorded() -> Iterator[tuple[Subject, Code]]:
    rows: tuple[Row[frozenset[Concept]] | Diagnosis, ...] = (*RECORDS, *DIAGNOSES)
    for row in rows:
        for concept in sorted(row.means):
            yield concept, row.coding


def _medicines() -> Iterator[tuple[Subject, Code]]:
    for group in DRUG_CLASSES:
        yield group.group, Code(ATC, group.stem, group.display)
    for medicine in MEDICINES:
        if medicine.rxnorm:
            yield medicine.group, Code(RXNORM, medicine.rxnorm, medicine.ingredient)
        for code in medicine.atc + medicine.atc_old:
            yield medicine.group, Code(ATC, code, medicine.ingredient)


def _own() -> Iterator[tuple[Subject, Code]]:
    for instrument in INSTRUMENTS:
        yield instrument, _measurand(instrument.key)
    for analyte in ANALYTES:
        yield analyte, _measurand(analyte.key)
    for coded in (*Item, *Concept):
        yield coded, _measurand(coded.value)
    for medicine in MEDICINES:
        yield medicine.group, _measurand(medicine.slug)
    for group in DRUG_CLASSES:
        if group.is_one:
            yield group.group, _measurand(group.name)


def _measurand(code: str) -> Code:
    return Code(MEASURAND, code, _NAMES[code])


def _of_site(tables: Tables, site: Mapping[Key, tuple[Key, ...]]) -> Iterator[tuple[Subject, Code]]:
    for system, code in site:
        named = Code(system, code, tables.displays[system, code])
        meaning = tables.meanings.get((system, code))
        if meaning is not None and not isinstance(meaning.target, frozenset):
            yield meaning.target, named
        for concept in sorted(tables.concepts_of(system, code)):
            yield concept, named
        if drug := tables.drug_of(system, code):
            yield drug.group, named


def codes_by_subject(tables: Tables, site: Mapping[Key, tuple[Key, ...]]) -> dict[Subject, tuple[Code, ...]]:
    """Every subject with its codes: standard codes first, then our own, then the site's."""
    found: dict[Subject, dict[Code, None]] = {}
    for codes in (_observed(), _recorded(), _medicines(), _own(), _of_site(tables, site)):
        for subject, code in codes:
            found.setdefault(subject, {})[code] = None
    return {subject: tuple(codes) for subject, codes in found.items()}
