"""What the things that rules read are called in sentences and on pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from service.domain.analytes import Analyte
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import Instrument

if TYPE_CHECKING:
    from service.domain.reads import Subject

_CONCEPTS = {
    Concept.MS_FAMILY: "multiple sclerosis",
    Concept.NEURO_IMD: "neuro-immune disease (multiple sclerosis, NMOSD or MOGAD)",
    Concept.IMD: "immune-mediated disease",
    Concept.NEUROLOGY_ENCOUNTER: "an encounter with neurology",
    Concept.INPATIENT: "treatment in hospital",
}
_GROUPS = {
    DrugGroup.IFN_ALPHA: "interferon alfa",
    DrugGroup.IFN_BETA: "interferon beta",
    DrugGroup.MS_DMT_OTHER: "another disease-modifying medicine for MS",
    DrugGroup.STEROID_SYSTEMIC: "a systemic steroid",
    DrugGroup.CHECKPOINT: "a checkpoint inhibitor",
    DrugGroup.IL2: "interleukin-2",
    DrugGroup.TNF_INHIB: "a TNF inhibitor",
    DrugGroup.IL6_INHIB: "an IL-6 inhibitor",
    DrugGroup.COMPLEMENT_INHIB: "a complement inhibitor",
    DrugGroup.JAK_INHIB: "a JAK inhibitor",
    DrugGroup.OTHER_IMMUNE: "another immune-active medicine",
    DrugGroup.ANTIDEPRESSANT: "an antidepressant",
    DrugGroup.OTHER_MOOD_DRUG: "another medicine that acts on mood",
    DrugGroup.ANTIBIOTIC: "an antibiotic",
}

_FORMS = {
    "phq-9-cms-": "PHQ-9 (CMS form)",
    "phq-9-": "PHQ-9",
    "gad-7-": "GAD-7",
    "c-ssrs-": "C-SSRS",
    "ace-": "ACE",
}


_BARE_CODE = re.compile(r"/?[A-Z0-9.-]*\d[A-Z0-9.-]*")


def worded(text: str, subject: Subject) -> str:
    """A text as it was sent; the name of the thing where there is none, or nothing but a code."""
    return text if text and not _BARE_CODE.fullmatch(text) else called(subject)


def called(subject: Subject) -> str:
    """The name of a thing that rules read, as it stands inside a sentence."""
    match subject:
        case Instrument() | Analyte():
            return subject.name
        case DrugGroup():
            return _GROUPS[subject]
        case Concept():
            return _CONCEPTS.get(subject) or subject.replace("-", " ")
        case Item():
            prefix = next(prefix for prefix in _FORMS if subject.startswith(prefix))
            return f"{_FORMS[prefix]} {subject.removeprefix(prefix).replace('-', ' ')}"
        case _:
            assert_never(subject)
