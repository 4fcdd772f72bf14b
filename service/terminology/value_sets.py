"""The value sets that are published: every code under which each thing is read.

Diagnoses are listed in ICD-10-CM, whose descriptions were verified; the same codes are read in ICD-10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain import instruments as scale
from service.domain.analytes import ANALYTES
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, SUICIDALITY_ITEMS, Concept, DrugGroup, Item
from service.terminology.measurands import MEASURANDS
from service.terminology.subjects import STEMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.rule import Code
    from service.terminology.meanings import Subject
    from service.terminology.terminology import Terminology


class ValueSet(NamedTuple):
    """One value set; `codes` are its members, and of `stems` every code below them is a member as well."""

    name: str
    title: str
    codes: tuple[Code, ...]
    stems: tuple[Code, ...]


_SCORES: Final[tuple[tuple[str, str, tuple[scale.Instrument, ...]], ...]] = (
    ("depression-scores", "Depression scores", scale.TEEN_DEPRESSION.series),
    ("anxiety-scores", "Anxiety scores", scale.ANXIETY.series),
    ("fatigue-scores", "Fatigue scores", scale.FATIGUE.series),
    ("cognition-scores", "Cognitive tests", scale.COGNITION.series),
    ("screening-scores", "Screening scores", (scale.PHQ2,)),
    ("disability-scores", "Disability scores", (scale.EDSS,)),
)

_ITEMS: Final[tuple[tuple[str, str, tuple[Item, ...]], ...]] = (
    ("phq-9-items", "PHQ-9 items", PHQ9_ITEMS),
    ("gad-7-items", "GAD-7 items", GAD7_ITEMS),
    ("suicidality-items", "Questions about suicide", SUICIDALITY_ITEMS),
    ("adversity-items", "Questions about early adversity", (Item.ACE,)),
)

_GROUPS: Final[dict[DrugGroup, str]] = {
    DrugGroup.IFN_ALPHA: "Interferon alfa",
    DrugGroup.IFN_BETA: "Interferon beta",
    DrugGroup.MS_DMT_OTHER: "Other disease-modifying therapy of multiple sclerosis",
    DrugGroup.STEROID_SYSTEMIC: "Systemic corticosteroids",
    DrugGroup.CHECKPOINT: "Immune checkpoint inhibitors",
    DrugGroup.IL2: "Interleukin 2",
    DrugGroup.TNF_INHIB: "TNF inhibitors",
    DrugGroup.IL6_INHIB: "Interleukin 6 inhibitors",
    DrugGroup.COMPLEMENT_INHIB: "Complement inhibitors",
    DrugGroup.JAK_INHIB: "JAK inhibitors",
    DrugGroup.OTHER_IMMUNE: "Other immune-active medicines",
    DrugGroup.ANTIDEPRESSANT: "Antidepressants",
    DrugGroup.OTHER_MOOD_DRUG: "Other medicines that may affect mood",
    DrugGroup.ANTIBIOTIC: "Antibiotics",
}


def _subjects() -> Iterator[tuple[str, str, tuple[Subject, ...]]]:
    titles = {known.code: known.display for known in MEASURANDS}
    yield from _SCORES
    yield from _ITEMS
    for analyte in ANALYTES:
        yield analyte.key, analyte.name, (analyte,)
    for concept in Concept:
        yield concept.value, titles[concept.value], (concept,)
    for group, title in _GROUPS.items():
        yield group.value.lower().replace("_", "-"), title, (group,)


def value_sets(terminology: Terminology) -> tuple[ValueSet, ...]:
    """Every value set of a terminology, a site's codes included, in a fixed order."""
    found = []
    for name, title, subjects in _subjects():
        codes = tuple(dict.fromkeys(code for subject in subjects for code in terminology.codes_of(subject)))
        stems = tuple(code for code in codes if (code.system, code.code) in STEMS)
        found.append(ValueSet(name, title, codes, stems))
    return tuple(found)
