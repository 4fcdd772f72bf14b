"""Codes of laboratory and bedside results."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from service.domain import analytes as measured
from service.domain.analytes import Analyte
from service.terminology import sources
from service.terminology.rows import A, B, C, Row, loinc

CONVENTIONAL_CRP: Final[tuple[Row[Analyte], ...]] = (
    loinc(
        "1988-5",
        "C reactive protein [Mass/volume] in Serum or Plasma",
        measured.CRP,
        A,
        f"{sources.MIMIC}; {sources.CH_LAB}; Mayo CRP catalogue page",
    ),
    loinc("76485-2", "C reactive protein [Moles/volume] in Serum or Plasma", measured.CRP, A, sources.CH_LAB),
)

HIGH_SENSITIVITY_CRP: Final[tuple[Row[Analyte], ...]] = (
    loinc(
        "30522-7",
        "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method",
        measured.CRP,
        A,
        f"{sources.MIMIC}; {sources.CH_LAB}; Mayo HSCRP page",
    ),
    loinc(
        "76486-0",
        "C reactive protein [Moles/volume] in Serum or Plasma by High sensitivity method",
        measured.CRP,
        A,
        sources.CH_LAB,
    ),
    loinc(
        "71426-1",
        "C reactive protein ... in Blood by High sensitivity method",
        measured.CRP,
        C,
        "one public code list",
    ),
)

QUALITATIVE_CRP: Final[tuple[Row[Analyte], ...]] = (
    loinc(
        "11039-5",
        "C reactive protein [Presence] in Serum or Plasma",
        measured.CRP,
        B,
        "openFDA substance record SCI18J406O",
    ),
)

CRP_TITRE: Final[tuple[Row[Analyte], ...]] = (
    loinc(
        "14634-0",
        "C reactive protein [Titer] in Serum or Plasma",
        measured.CRP,
        B,
        "openFDA substance record SCI18J406O",
    ),
)

QUALITATIVE_REFUSAL: Final = "a qualitative CRP cannot be compared"
TITRE_REFUSAL: Final = "a CRP titre cannot be compared"

OTHER_RESULTS: Final[tuple[Row[Analyte], ...]] = (
    loinc(
        "26881-3",
        "Interleukin 6 [Mass/volume] in Serum or Plasma",
        measured.IL6,
        B,
        "Northwell catalogue (LabCorp Elecsys), display from 2 public repositories",
    ),
    loinc("4537-7", "Erythrocyte sedimentation rate by Westergren method", measured.ESR, B, sources.MIMIC),
    loinc(
        "30341-2",
        "Erythrocyte sedimentation rate",
        measured.ESR,
        C,
        "NIST ELR test message and more than 5 public repositories",
    ),
    loinc(
        "101281-4",
        "Neurofilament light chain [Mass/volume] in Serum or Plasma by Immunoassay",
        measured.SNFL,
        B,
        "Mayo NFLC/NFLP pages; display from an OMOP mapping document",
    ),
    loinc(
        "38445-3",
        "Calprotectin [Mass/mass] in Stool",
        measured.CALPROTECTIN,
        C,
        "3 public repositories; one gives a rival mass/volume code 83993-7",
    ),
    loinc(
        "33959-8",
        "Procalcitonin [Mass/volume] in Serum or Plasma",
        measured.PROCALCITONIN,
        C,
        "more than 8 public repositories, one with the full display",
    ),
    loinc("8310-5", "Body temperature", measured.TEMPERATURE, A, f"{sources.US_CORE} (temperature)"),
    loinc(
        "2951-2",
        "Sodium [Moles/volume] in Serum or Plasma",
        measured.SODIUM,
        A,
        f"HL7/US-Core observation-serum-sodium; {sources.QICORE}",
    ),
    loinc(
        "80221-5",
        "N-methyl-D-Aspartate Receptor Ab, Serum",
        measured.NMDAR_SERUM,
        B,
        "ARUP 2004221 (catalogue name)",
    ),
    loinc(
        "80220-7",
        "N-methyl-D-Aspartate Receptor Ab, IgG, CSF",
        measured.NMDAR_CSF,
        B,
        "Northwell/ARUP NMDAGCSF page (catalogue name)",
    ),
    loinc(
        "82810-3",
        "Pregnancy status",
        measured.PREGNANCY_STATUS,
        A,
        "HL7/US-Core observation-pregnancy-status",
    ),
)

# Negative is below 1:10 in serum and below 1:1 in CSF (ARUP); a titre at the limit is positive.
POSITIVE_TITRES: Final = {measured.NMDAR_SERUM: Decimal(10), measured.NMDAR_CSF: Decimal(1)}
