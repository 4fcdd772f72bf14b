"""Code, unit and value-set tables, and the one object that answers questions about them."""

from service.terminology.meanings import Conversion, Drug, Kind, Meaning
from service.terminology.site_map import UnusableMapping
from service.terminology.systems import (
    ACT_CODE,
    ATC,
    CANON,
    ICD10,
    ICD10CM,
    LOINC,
    MEASURAND,
    RXNORM,
    SNOMED,
    UCUM,
    UCUM_SYSTEMS,
)
from service.terminology.terminology import Terminology
from service.terminology.traps import Trap
from service.terminology.units import SCORE_UNITS

__all__ = [
    "ACT_CODE",
    "ATC",
    "CANON",
    "ICD10",
    "ICD10CM",
    "LOINC",
    "MEASURAND",
    "RXNORM",
    "SCORE_UNITS",
    "SNOMED",
    "UCUM",
    "UCUM_SYSTEMS",
    "Conversion",
    "Drug",
    "Kind",
    "Meaning",
    "Terminology",
    "Trap",
    "UnusableMapping",
]
