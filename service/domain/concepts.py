"""Names of the coded records that rules read; the codes behind each name live in `service.terminology`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Concept(StrEnum):
    """A group of codes with one clinical meaning."""

    MS_FAMILY = "ms-family"
    NEURO_IMD = "neuro-immune-mediated-disease"
    IMD = "immune-mediated-disease"
    RELAPSE = "relapse"
    SUICIDALITY = "suicidality"
    SUICIDE_ATTEMPT = "suicide-attempt"
    SELF_HARM = "self-harm"
    PSYCHOSIS = "psychosis"
    MANIA = "mania"
    DELIRIUM = "delirium"
    CATATONIA = "catatonia"
    INSOMNIA = "insomnia"
    INFECTION = "infection"
    SURGERY = "surgery"
    TRAUMA = "trauma"
    VACCINATION = "vaccination"
    PREGNANCY = "pregnancy"
    SEIZURE = "seizure"
    FOCAL_SIGN = "new-focal-sign"
    MOVEMENT_DISORDER = "movement-disorder"
    DECREASED_CONSCIOUSNESS = "decreased-consciousness"
    AUTONOMIC_INSTABILITY = "autonomic-instability"
    ANTIPSYCHOTIC_REACTION = "adverse-reaction-to-antipsychotic"
    CURRENT_TUMOUR = "current-tumour"
    HEADACHE = "headache"
    NEUROLOGICAL_SYMPTOM = "new-neurological-symptom"
    NEUROLOGY_ENCOUNTER = "neurology-encounter"
    MRI_ENCEPHALITIS = "mri-suggestive-of-encephalitis"
    MOOD_HISTORY = "depression-or-anxiety-history"
    ADVERSITY = "early-adversity"
    OBESITY = "obesity"
    INPATIENT = "inpatient-encounter"
    MOOD_SCREENING = "mood-screening"
    SUICIDE_RISK_ASSESSMENT = "suicide-risk-assessment"
    SHOWN_ONLY = "shown-never-used"


_FINDING = ("Condition", "Observation", "DiagnosticReport")
_REASON = ("Condition", "Observation", "DiagnosticReport", "Encounter")
_DONE = ("Procedure", "Condition")
_RECORD_TYPES: dict[Concept, tuple[str, ...]] = {
    Concept.RELAPSE: _REASON,
    Concept.SUICIDALITY: _REASON,
    Concept.SUICIDE_ATTEMPT: _REASON,
    Concept.SELF_HARM: _REASON,
    Concept.CATATONIA: _FINDING,
    Concept.SEIZURE: _FINDING,
    Concept.FOCAL_SIGN: _FINDING,
    Concept.MOVEMENT_DISORDER: _FINDING,
    Concept.DECREASED_CONSCIOUSNESS: _FINDING,
    Concept.AUTONOMIC_INSTABILITY: _FINDING,
    Concept.ANTIPSYCHOTIC_REACTION: _FINDING,
    Concept.CURRENT_TUMOUR: _FINDING,
    Concept.HEADACHE: _FINDING,
    Concept.NEUROLOGICAL_SYMPTOM: _FINDING,
    Concept.MRI_ENCEPHALITIS: _FINDING,
    Concept.OBESITY: _FINDING,
    Concept.INFECTION: ("Condition", "Encounter"),
    Concept.SURGERY: _DONE,
    Concept.TRAUMA: _DONE,
    Concept.VACCINATION: ("Immunization",),
    Concept.NEUROLOGY_ENCOUNTER: ("Encounter",),
    Concept.INPATIENT: ("Encounter",),
    Concept.MOOD_SCREENING: ("Procedure",),
    Concept.SUICIDE_RISK_ASSESSMENT: ("Procedure",),
}


def record_types(concepts: Iterable[Concept]) -> tuple[str, ...]:
    """The resource types in which records of these groups can be found; a diagnosis comes as a Condition alone."""
    return tuple(dict.fromkeys(name for one in concepts for name in _RECORD_TYPES.get(one, ("Condition",))))


class DrugGroup(StrEnum):
    """Medicine groups of the drug table."""

    IFN_ALPHA = "IFN_ALPHA"
    IFN_BETA = "IFN_BETA"
    MS_DMT_OTHER = "MS_DMT_OTHER"
    STEROID_SYSTEMIC = "STEROID_SYSTEMIC"
    CHECKPOINT = "CHECKPOINT"
    IL2 = "IL2"
    TNF_INHIB = "TNF_INHIB"
    IL6_INHIB = "IL6_INHIB"
    COMPLEMENT_INHIB = "COMPLEMENT_INHIB"
    JAK_INHIB = "JAK_INHIB"
    OTHER_IMMUNE = "OTHER_IMMUNE"
    ANTIDEPRESSANT = "ANTIDEPRESSANT"
    OTHER_MOOD_DRUG = "OTHER_MOOD_DRUG"
    ANTIBIOTIC = "ANTIBIOTIC"


class Item(StrEnum):
    """A single question of an instrument."""

    PHQ9_1 = "phq-9-item-1"
    PHQ9_2 = "phq-9-item-2"
    PHQ9_3 = "phq-9-item-3"
    PHQ9_4 = "phq-9-item-4"
    PHQ9_5 = "phq-9-item-5"
    PHQ9_6 = "phq-9-item-6"
    PHQ9_7 = "phq-9-item-7"
    PHQ9_8 = "phq-9-item-8"
    PHQ9_9 = "phq-9-item-9"
    CMS_9_PRESENCE = "phq-9-cms-item-9-presence"
    CMS_9_FREQUENCY = "phq-9-cms-item-9-frequency"
    GAD7_1 = "gad-7-item-1"
    GAD7_2 = "gad-7-item-2"
    GAD7_3 = "gad-7-item-3"
    GAD7_4 = "gad-7-item-4"
    GAD7_5 = "gad-7-item-5"
    GAD7_6 = "gad-7-item-6"
    GAD7_7 = "gad-7-item-7"
    CSSRS_1 = "c-ssrs-1"
    CSSRS_2 = "c-ssrs-2"
    CSSRS_3 = "c-ssrs-3"
    CSSRS_4 = "c-ssrs-4"
    CSSRS_5 = "c-ssrs-5"
    CSSRS_6 = "c-ssrs-6"
    CSSRS_6_3_MONTHS = "c-ssrs-6-within-3-months"
    CSSRS_RISK = "c-ssrs-risk-level"
    ACE = "ace-item"


PHQ9_ITEMS = tuple(item for item in Item if item.startswith("phq-9-item-"))
GAD7_ITEMS = tuple(item for item in Item if item.startswith("gad-7-item-"))
# The same question under its three codes.
ITEM_9 = (Item.PHQ9_9, Item.CMS_9_PRESENCE, Item.CMS_9_FREQUENCY)
# Diagnoses and events that are about suicide and self-harm.
ABOUT_SUICIDE = frozenset({Concept.SUICIDALITY, Concept.SUICIDE_ATTEMPT, Concept.SELF_HARM})
SUICIDALITY_ITEMS = (
    *ITEM_9,
    Item.CSSRS_1,
    Item.CSSRS_2,
    Item.CSSRS_3,
    Item.CSSRS_4,
    Item.CSSRS_5,
    Item.CSSRS_6,
    Item.CSSRS_6_3_MONTHS,
    Item.CSSRS_RISK,
)
