"""What is measured in blood, in stool, at the bedside or on a scan: canonical units and plausible ranges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Analyte:
    """One measured thing; values outside [low, high] in the canonical unit are refused; without `low`: qualitative."""

    key: str
    name: str
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    source: str = ""


def _analyte(key: str, name: str, unit: str, low: int, high: int, source: str = "") -> Analyte:
    return Analyte(key, name, unit, Decimal(low), Decimal(high), source)


CRP = _analyte("crp", "CRP", "mg/L", 0, 600, "AHA/CDC 2003 (Pearson); Osimo 2019 Psychol Med 49:1958")
IL6 = _analyte("il-6", "IL-6", "pg/mL", 0, 5000)
ESR = _analyte("esr", "ESR", "mm/h", 0, 150)
SNFL = _analyte("snfl", "neurofilament light chain", "pg/mL", 0, 5000)
CALPROTECTIN = _analyte("calprotectin", "faecal calprotectin", "ug/g", 0, 10000)
PROCALCITONIN = _analyte("procalcitonin", "procalcitonin", "ng/mL", 0, 200)
TEMPERATURE = _analyte("temperature", "body temperature", "Cel", 25, 45)
SODIUM = _analyte("sodium", "sodium", "mmol/L", 100, 180)
CSF_LEUKOCYTES = _analyte("csf-leukocytes", "CSF white cells", "/uL", 0, 100000)
BMI = _analyte("bmi", "body mass index", "kg/m2", 5, 150)
NMDAR_SERUM = Analyte("nmdar-serum", "anti-NMDAR IgG in serum")
NMDAR_CSF = Analyte("nmdar-csf", "anti-NMDAR IgG in CSF")
MRI_ACTIVITY = Analyte("mri-activity", "MRI activity")
PREGNANCY_STATUS = Analyte("pregnancy-status", "pregnancy status")

ANALYTES = (
    CRP,
    IL6,
    ESR,
    SNFL,
    CALPROTECTIN,
    PROCALCITONIN,
    TEMPERATURE,
    SODIUM,
    CSF_LEUKOCYTES,
    BMI,
    NMDAR_SERUM,
    NMDAR_CSF,
    MRI_ACTIVITY,
    PREGNANCY_STATUS,
)
