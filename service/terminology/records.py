"""SNOMED CT and HL7 codes of findings, disorders, events and procedures that rules read as coded records."""

from __future__ import annotations

from typing import Final

from service.domain.concepts import Concept
from service.terminology import sources
from service.terminology.activities import ACTIVITIES
from service.terminology.rows import A, Row, snomed
from service.terminology.systems import ACT_CODE

# A narrower concept brings the wider ones along; tables name the narrowest.
IMPLIED: Final[dict[Concept, tuple[Concept, ...]]] = {
    Concept.MS_FAMILY: (Concept.NEURO_IMD, Concept.IMD),
    Concept.NEURO_IMD: (Concept.IMD,),
    Concept.SUICIDE_ATTEMPT: (Concept.SUICIDALITY,),
}

# What may also come as an Observation; everything else counts only as a Condition, Procedure or Encounter.
OBSERVABLE: Final = frozenset(
    {
        Concept.RELAPSE,
        Concept.SUICIDALITY,
        Concept.SUICIDE_ATTEMPT,
        Concept.SELF_HARM,
        Concept.SEIZURE,
        Concept.CATATONIA,
        Concept.FOCAL_SIGN,
        Concept.MOVEMENT_DISORDER,
        Concept.DECREASED_CONSCIOUSNESS,
        Concept.AUTONOMIC_INSTABILITY,
        Concept.ANTIPSYCHOTIC_REACTION,
        Concept.CURRENT_TUMOUR,
        Concept.HEADACHE,
        Concept.NEUROLOGICAL_SYMPTOM,
        Concept.MRI_ENCEPHALITIS,
        Concept.OBESITY,
    }
)


def closed(*concepts: Concept) -> frozenset[Concept]:
    """The concepts together with those that they imply."""
    return frozenset(concepts).union(*(IMPLIED.get(concept, ()) for concept in concepts))


def _one(code: str, display: str, concept: Concept, evidence: str) -> Row[frozenset[Concept]]:
    return snomed(code, display, closed(concept), A, evidence)


_VSAC_AND_OHDSI: Final = f"{sources.QICORE}; {sources.OHDSI}"

MULTIPLE_SCLEROSIS: Final[tuple[Row[frozenset[Concept]], ...]] = (
    _one("24700007", "Multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    _one("426373005", "Relapsing remitting multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    _one("425500002", "Secondary progressive multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    _one("428700003", "Primary progressive multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    _one("816984002", "Progressive multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    _one("1186728004", "Pediatric multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    # A course of the disease, not an event: never a relapse.
    _one("230372003", "Acute relapsing multiple sclerosis (disorder)", Concept.MS_FAMILY, sources.VSAC_MS),
    snomed(
        "192929006",
        "Exacerbation of multiple sclerosis (disorder)",
        closed(Concept.MS_FAMILY, Concept.RELAPSE),
        A,
        sources.VSAC_MS,
    ),
    _one(
        "25470001000004105",
        "Cognitive impairment due to multiple sclerosis",
        Concept.MS_FAMILY,
        sources.OHDSI,
    ),
)

IMMUNE_MEDIATED: Final[tuple[Row[frozenset[Concept]], ...]] = (
    _one("25044007", "Neuromyelitis optica (disorder)", Concept.NEURO_IMD, _VSAC_AND_OHDSI),
    _one("66760008", "Optic neuritis (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("69896004", "Rheumatoid arthritis (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("55464009", "Systemic lupus erythematosus (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("34000006", "Crohn's disease (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("64766004", "Ulcerative colitis (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("24526004", "Inflammatory bowel disease (disorder)", Concept.IMD, _VSAC_AND_OHDSI),
    _one("9014002", "Psoriasis", Concept.IMD, sources.OHDSI),
    _one("33339001", "Psoriasis with arthropathy", Concept.IMD, sources.OHDSI),
    _one("9631008", "Ankylosing spondylitis", Concept.IMD, sources.OHDSI),
    _one("31541009", "Sarcoidosis", Concept.IMD, sources.OHDSI),
    _one("396331005", "Celiac disease", Concept.IMD, sources.OHDSI),
)

SAFETY: Final[tuple[Row[frozenset[Concept]], ...]] = (
    _one("6471006", "Suicidal thoughts (finding)", Concept.SUICIDALITY, sources.VSAC_SUICIDAL),
    _one("267073005", "Suicidal (finding)", Concept.SUICIDALITY, sources.QICORE),
    _one("304594002", "Suicidal intent (finding)", Concept.SUICIDALITY, sources.QICORE),
    _one("247650009", "Planning suicide (finding)", Concept.SUICIDALITY, sources.QICORE),
    _one("425104003", "Suicidal behavior (finding)", Concept.SUICIDALITY, sources.QICORE),
    _one("711561004", "Has access to planned means of suicide (finding)", Concept.SUICIDALITY, sources.QICORE),
    _one("225457007", "Feeling suicidal", Concept.SUICIDALITY, sources.OHDSI),
    _one("82313006", "Suicide attempt", Concept.SUICIDE_ATTEMPT, sources.OHDSI),
    _one("69322001", "Psychotic disorder (disorder)", Concept.PSYCHOSIS, _VSAC_AND_OHDSI),
    _one("191483003", "Psychotic disorder caused by drug (disorder)", Concept.PSYCHOSIS, sources.QICORE),
    _one("231494001", "Mania (disorder)", Concept.MANIA, sources.QICORE),
    _one("2776000", "Delirium (disorder)", Concept.DELIRIUM, sources.QICORE),
    _one("91175000", "Seizure", Concept.SEIZURE, sources.OHDSI),
)

MOOD: Final[tuple[Row[frozenset[Concept]], ...]] = (
    _one(
        "35489007",
        "Depressive disorder (disorder)",
        Concept.MOOD_HISTORY,
        f"{sources.OHDSI}; {sources.MCODE}",
    ),
    _one("48694002", "Anxiety (finding)", Concept.MOOD_HISTORY, sources.MCODE),
    _one("197480006", "Anxiety disorder (disorder)", Concept.MOOD_HISTORY, sources.QICORE),
    _one("193462001", "Insomnia", Concept.INSOMNIA, sources.OHDSI),
)

CONFOUNDERS: Final[tuple[Row[frozenset[Concept]], ...]] = (
    _one("386661006", "Fever (finding)", Concept.INFECTION, f"{sources.IPS}; {sources.PHR}"),
    _one("68566005", "Urinary tract infectious disease (disorder)", Concept.INFECTION, _VSAC_AND_OHDSI),
    _one("54150009", "Upper respiratory infection", Concept.INFECTION, sources.OHDSI),
    _one("233604007", "Pneumonia (disorder)", Concept.INFECTION, sources.PHR),
    _one(
        "840539006",
        "Disease caused by severe acute respiratory syndrome coronavirus 2 (disorder)",
        Concept.INFECTION,
        sources.IPS,
    ),
    _one("6142004", "Influenza (disorder)", Concept.INFECTION, sources.IPS),
    _one("128045006", "Cellulitis", Concept.INFECTION, sources.OHDSI),
    _one("91302008", "Sepsis (disorder)", Concept.INFECTION, sources.PHR),
    _one("387713003", "Surgical procedure", Concept.SURGERY, "HL7/fhir-ips procedure example"),
    _one("417746004", "Traumatic injury", Concept.TRAUMA, sources.OHDSI),
)

_INPATIENT_SOURCE: Final = "HL7 Terminology value set v3-ActInpatientEncounterCode"
_INPATIENT: Final = closed(Concept.INPATIENT)

ENCOUNTERS: Final[tuple[Row[frozenset[Concept]], ...]] = (
    Row(ACT_CODE, "IMP", "inpatient encounter", _INPATIENT, A, _INPATIENT_SOURCE),
    Row(ACT_CODE, "ACUTE", "inpatient acute", _INPATIENT, A, _INPATIENT_SOURCE),
    Row(ACT_CODE, "NONAC", "inpatient non-acute", _INPATIENT, A, _INPATIENT_SOURCE),
)

# Suggested activities that, once completed, a rule reads back.
COMPLETED: Final[tuple[Row[frozenset[Concept]], ...]] = tuple(
    Row(row.system, row.code, row.display, closed(row.means), row.tier, row.evidence)
    for row in ACTIVITIES
    if row.means is not None
)

RECORDS: Final = MULTIPLE_SCLEROSIS + IMMUNE_MEDIATED + SAFETY + MOOD + CONFOUNDERS + ENCOUNTERS + COMPLETED
