"""Codes of total scores and T-scores, and of the panels and forms that their items come in."""

from __future__ import annotations

from typing import Final

from service.domain import instruments as scale
from service.domain.concepts import Item
from service.domain.instruments import Instrument
from service.terminology import sources
from service.terminology.rows import A, B, C, Row, loinc, snomed

TOTALS: Final[tuple[Row[Instrument], ...]] = (
    loinc(
        "44261-6",
        "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]",
        scale.PHQ9,
        A,
        f"{sources.US_CORE_PHQ9}; loinc.org/87623-5/panel",
    ),
    snomed(
        "720433000",
        "Patient Health Questionnaire Nine Item score",
        scale.PHQ9,
        B,
        f"{sources.NHS_DEPSCRN}, 18.1 M uses; NHS MHSDS reference table v2 (0-27)",
    ),
    snomed(
        "506701000000100",
        "Patient health questionnaire 9 score",
        scale.PHQ9,
        B,
        "NHS MHSDS reference table v1 (0-27); retired, still in old UK feeds",
    ),
    loinc(
        "54654-9",
        "Mood interview total severity score [Reported PHQ-9 CMS]",
        scale.PHQ9_CMS,
        A,
        sources.PACIO,
    ),
    loinc(
        "89204-2",
        "Patient Health Questionnaire-9: Modified for Teens total score [Reported.PHQ.Teen]",
        scale.PHQA,
        A,
        f"{sources.PHR}; {sources.QICORE}",
    ),
    loinc(
        "55758-7",
        "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]",
        scale.PHQ2,
        A,
        sources.PHR,
    ),
    loinc(
        "70274-6",
        "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]",
        scale.GAD7,
        A,
        f"{sources.PHR}; loinc.org/69729-2",
    ),
    snomed(
        "401320004",
        "Hospital Anxiety and Depression scale: depression score",
        scale.HADS_D,
        B,
        f"{sources.NHS_DEPSCRN}, 829,530 uses",
    ),
    snomed(
        "401319005",
        "Hospital Anxiety and Depression scale: anxiety score (observable entity)",
        scale.HADS_A,
        C,
        "dbBEST test data only",
    ),
    loinc(
        "89209-1",
        "Beck Depression Inventory II total score [BDI]",
        scale.BDI_II,
        B,
        "MII PROMs IG ObservationDefinition; LOINC mirror healthassure.in",
    ),
    snomed(
        "718366000",
        "Beck Depression Inventory II score",
        scale.BDI_II,
        B,
        f"{sources.NHS_DEPSCRN}, 44,940 uses",
    ),
    loinc("99046-5", "Total score [EPDS]", scale.EPDS, C, "two public code lists pair it with 71354-5"),
    snomed(
        "450320001",
        "Edinburgh postnatal depression scale score",
        scale.EPDS,
        B,
        f"{sources.NHS_DEPSCRN}, 172,690 uses",
    ),
    loinc(
        "48545-8",
        "Geriatric depression scale (GDS) short version total",
        scale.GDS15,
        A,
        "loinc.org/87623-5/panel; loinc.org/48545-8",
    ),
    loinc("71965-8", "PROMIS-29 Depression score T-score", scale.PROMIS29_DEPRESSION, A, sources.QICORE),
    loinc("71967-4", "PROMIS-29 Anxiety score T-score", scale.PROMIS29_ANXIETY, A, sources.QICORE),
    loinc("71963-3", "PROMIS-29 Fatigue score T-score", scale.PROMIS29_FATIGUE, A, sources.QICORE),
    loinc("77861-3", "PROMIS Depression T-score", scale.PROMIS_DEPRESSION, B, sources.MII),
    loinc(
        "81538-1",
        "PROMIS Cognitive Function SF4a T-Score",
        scale.PROMIS_COGNITIVE,
        B,
        f"{sources.MII} (higher = better)",
    ),
    loinc("72172-0", "Total score [MoCA]", scale.MOCA, A, f"{sources.PACIO} (higher = better, 0-30)"),
    snomed(
        "273554001",
        "Kurtzke multiple sclerosis rating scale (assessment scale)",
        scale.EDSS,
        B,
        "Lilly target-profiles ('Does not have a LOINC code'); Synthea MS module README",
    ),
)

PANELS: Final[tuple[Row[Instrument], ...]] = (
    loinc(
        "44249-1",
        "PHQ-9 quick depression assessment panel [Reported.PHQ]",
        scale.PHQ9,
        A,
        sources.US_CORE_PHQ9,
    ),
    loinc("54635-8", "Resident mood interview (PHQ-9) [Reported PHQ-9 CMS]", scale.PHQ9_CMS, A, sources.PACIO),
    loinc(
        "89206-7",
        "Patient Health Questionnaire-9: Modified for Teens [Reported.PHQ.Teen]",
        scale.PHQA,
        A,
        sources.PHR,
    ),
    loinc("55757-9", "Patient Health Questionnaire 2 item (PHQ-2) [Reported]", scale.PHQ2, A, sources.PHR),
    loinc("69737-5", "Generalized anxiety disorder 7 item (GAD-7)", scale.GAD7, A, sources.PHR),
    loinc(
        "71354-5",
        "Edinburgh Postnatal Depression Scale [EPDS]",
        scale.EPDS,
        B,
        "LOINC mirror healthassure.in (status ACTIVE, Panel)",
    ),
)

FORMS: Final[tuple[Row[None], ...]] = (
    loinc(
        "93373-9",
        "Columbia - suicide severity rating scale screener - recent [C-SSRS]",
        None,
        B,
        "public FHIR Questionnaire exported from LForms",
    ),
)

# What a form asks about suicide: a form that arrives without any of these readable is not a reassuring one.
SAFETY_QUESTIONS: Final[dict[str, tuple[Item, ...]]] = {
    "44249-1": (Item.PHQ9_9,),
    "54635-8": (Item.CMS_9_PRESENCE, Item.CMS_9_FREQUENCY),
    "89206-7": (Item.PHQ9_9,),
    "93373-9": (Item.CSSRS_1, Item.CSSRS_2),
}
