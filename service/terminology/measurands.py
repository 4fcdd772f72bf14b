"""The content of CodeSystem/measurand: a code for everything the rules read, for sites to map to."""

from __future__ import annotations

from typing import Final, NamedTuple

from service.domain.analytes import ANALYTES, Analyte
from service.domain.concepts import Concept, Item
from service.domain.instruments import INSTRUMENTS, Instrument
from service.terminology import answers
from service.terminology.medicines import DRUG_CLASSES, MEDICINES
from service.terminology.rows import Row
from service.terminology.systems import MEASURAND

LOCAL_ROUTE: Final = "local-route"
SYSTEMIC_ROUTE: Final = "systemic-route"
RELAPSE_ABSENT: Final = "relapse-absent"


class Measurand(NamedTuple):
    """One code with its display and definition; `topic` groups the code system's pages."""

    code: str
    display: str
    definition: str
    topic: str


_CONCEPT_NAMES: Final[dict[Concept, tuple[str, str]]] = {
    Concept.MS_FAMILY: ("Multiple sclerosis", "Multiple sclerosis of any course, as a diagnosis."),
    Concept.NEURO_IMD: (
        "Immune-mediated disease of the nervous system",
        "Multiple sclerosis, neuromyelitis optica or MOG antibody disease, as a diagnosis.",
    ),
    Concept.IMD: ("Immune-mediated disease", "Any immune-mediated disease, as a diagnosis."),
    Concept.RELAPSE: (
        "Relapse",
        "A relapse of multiple sclerosis or a related disease, dated by its onset; never a diagnosis.",
    ),
    Concept.SUICIDALITY: (
        "Suicidal thoughts or behaviour",
        "Any recorded suicidal thought, intent or behaviour.",
    ),
    Concept.SUICIDE_ATTEMPT: ("Suicide attempt", "A recorded attempt at suicide."),
    Concept.SELF_HARM: ("Self-harm", "Self-harm without recorded suicidal intent."),
    Concept.PSYCHOSIS: ("Psychosis", "A psychotic disorder of any cause."),
    Concept.MANIA: ("Mania", "A manic episode."),
    Concept.DELIRIUM: ("Delirium", "Delirium of any cause."),
    Concept.CATATONIA: ("Catatonia", "Catatonia of any cause."),
    Concept.INSOMNIA: ("Insomnia", "Insomnia as a recorded condition."),
    Concept.INFECTION: ("Infection or fever", "An acute infection, or fever, as a recorded condition."),
    Concept.SURGERY: ("Surgery", "A surgical procedure."),
    Concept.TRAUMA: ("Trauma", "A traumatic injury other than self-harm."),
    Concept.VACCINATION: ("Vaccination", "A vaccination that was given."),
    Concept.PREGNANCY: ("Pregnancy", "Being pregnant, as a recorded condition."),
    Concept.SEIZURE: ("Seizure", "An epileptic seizure."),
    Concept.FOCAL_SIGN: (
        "New focal neurological sign",
        "A focal neurological sign that was not there before.",
    ),
    Concept.MOVEMENT_DISORDER: ("Movement disorder", "A new abnormal movement or posture."),
    Concept.DECREASED_CONSCIOUSNESS: ("Decreased consciousness", "A decreased level of consciousness."),
    Concept.AUTONOMIC_INSTABILITY: (
        "Autonomic instability",
        "Instability of blood pressure, pulse or temperature.",
    ),
    Concept.ANTIPSYCHOTIC_REACTION: (
        "Adverse reaction to an antipsychotic",
        "An adverse reaction to an antipsychotic, such as the neuroleptic malignant syndrome.",
    ),
    Concept.CURRENT_TUMOUR: ("Current tumour", "A tumour that is present now."),
    Concept.HEADACHE: ("Headache", "A new or changed headache."),
    Concept.NEUROLOGICAL_SYMPTOM: (
        "New or worse neurological symptom",
        "A neurological symptom that is new or has become worse.",
    ),
    Concept.NEUROLOGY_ENCOUNTER: ("Neurology encounter", "An encounter with a neurology service."),
    Concept.MRI_ENCEPHALITIS: (
        "MRI suggestive of encephalitis",
        "MRI of the brain suggestive of encephalitis.",
    ),
    Concept.MOOD_HISTORY: (
        "Depression or anxiety disorder",
        "A depressive or anxiety disorder, past or present.",
    ),
    Concept.ADVERSITY: ("Early adversity", "Abuse or neglect in childhood, as a recorded history."),
    Concept.OBESITY: ("Obesity", "A body mass index class of 30 kg/m2 or more."),
    Concept.INPATIENT: ("Inpatient encounter", "An encounter with admission to hospital."),
    Concept.MOOD_SCREENING: ("Screening for depression", "A completed screening for depression."),
    Concept.SUICIDE_RISK_ASSESSMENT: ("Suicide risk assessment", "A completed assessment of suicide risk."),
    Concept.SHOWN_ONLY: ("Context", "Shown beside a finding and never used in a decision."),
}


def _score(instrument: Instrument) -> Measurand:
    span = f"{instrument.low} to {instrument.high}"
    better = "" if instrument.higher_is_worse else "; higher is better"
    return Measurand(instrument.key, instrument.name, f"Score of {instrument.name}, {span}{better}.", "score")


def _item(item: Item) -> Measurand:
    words = item.value.replace("-", " ")
    display = words.replace("phq 9", "PHQ-9").replace("gad 7", "GAD-7").replace("c ssrs", "C-SSRS")
    display = display.replace("cms", "CMS").replace("ace item", "ACE question")
    return Measurand(item.value, display, f"The answer to one question: {display}.", "item")


def _result(analyte: Analyte) -> Measurand:
    unit = f", in {analyte.unit}" if analyte.unit else ""
    assay = " by a conventional assay" if analyte.key == "crp" else ""
    return Measurand(analyte.key, analyte.name, f"A result of {analyte.name}{assay}{unit}.", "result")


def _concept(concept: Concept) -> Measurand:
    display, definition = _CONCEPT_NAMES[concept]
    return Measurand(concept.value, display, definition, "record")


def _answer(row: Row[int]) -> Measurand:
    return Measurand(row.code, row.display, f"An answer that counts as {row.means}.", "answer")


MEASURANDS: Final[tuple[Measurand, ...]] = (
    *map(_score, INSTRUMENTS),
    *map(_item, Item),
    *map(_result, ANALYTES),
    *map(_concept, Concept),
    Measurand(RELAPSE_ABSENT, "No relapse", "It was recorded that there was no relapse.", "record"),
    *(
        Measurand(medicine.slug, medicine.ingredient, f"A medicine with {medicine.ingredient}.", "medicine")
        for medicine in MEDICINES
    ),
    *(Measurand(group.name, group.name, f"{group.display}.", "medicine") for group in DRUG_CLASSES if group.is_one),
    Measurand(LOCAL_ROUTE, "Local route", "A route by which a medicine acts where it is applied.", "route"),
    Measurand(SYSTEMIC_ROUTE, "Systemic route", "A route by which a medicine acts in the whole body.", "route"),
    *(
        _answer(row)
        for scale in (answers.PRESENCE, answers.POSITIVITY, answers.RISK_LEVEL)
        for row in scale
        if row.system == MEASURAND
    ),
)
