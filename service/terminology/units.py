"""Units of results and the way into the canonical one; what is not listed is refused, never guessed.

A unit is a UCUM code or one of the human spellings listed here; both are compared case for case.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from service.domain import analytes as measured
from service.domain.analytes import Analyte
from service.terminology.meanings import Conversion

# What a score may carry for a unit: nothing, or that it is a number.
SCORE_UNITS: Final = frozenset({"", "1", "{score}"})

_ONE: Final = "1"

# analyte -> unit -> factor into the canonical unit
_FACTORS: Final[dict[Analyte, dict[str, str]]] = {
    measured.CRP: {
        "mg/L": _ONE,
        "mg/dL": "10",
        "mg/100mL": "10",
        "ug/mL": _ONE,
        "mcg/mL": _ONE,
        "ng/mL": "0.001",
    },
    measured.IL6: {"pg/mL": _ONE, "ng/L": _ONE, "fg/mL": "0.001"},
    measured.ESR: {"mm/h": _ONE, "mm/hr": _ONE, "mm/1h": _ONE},
    measured.SNFL: {"pg/mL": _ONE, "ng/L": _ONE},
    measured.CALPROTECTIN: {"ug/g": _ONE, "mg/kg": _ONE},
    measured.PROCALCITONIN: {"ng/mL": _ONE, "ug/L": _ONE},
    measured.TEMPERATURE: {"Cel": _ONE},
    # Sodium has one charge, so a milliequivalent is a millimole. UCUM spells it meq; laboratories of the USA print mEq
    # ("Sodium 131 mEq/L" in public feeds of panels), which is no other unit in UCUM.
    measured.SODIUM: {"mmol/L": _ONE, "meq/L": _ONE, "mEq/L": _ONE},
    # The spellings of blood cell counts (10*3/uL and its like), in cells per microlitre.
    measured.CSF_LEUKOCYTES: {
        "/uL": _ONE,
        "cells/mm3": _ONE,
        "10*3/uL": "1000",
        "10*9/L": "1000",
        "K/uL": "1000",
        "G/L": "1000",
    },
    measured.BMI: {"kg/m2": _ONE},
}

_ZERO: Final = Decimal(0)

CONVERSIONS: Final[dict[tuple[Analyte, str], Conversion]] = {
    (analyte, unit): Conversion(Decimal(factor), _ZERO)
    for analyte, factors in _FACTORS.items()
    for unit, factor in factors.items()
} | {(measured.TEMPERATURE, "[degF]"): Conversion(Decimal(5) / Decimal(9), Decimal(-32))}

# Units that are refused for a reason worth telling.
REFUSED: Final[dict[tuple[Analyte, str], str]] = {
    (measured.CRP, "nmol/L"): "molar CRP is not converted: two conventions differ by a tenth",
    (measured.IL6, "IU/mL"): "international units of IL-6 are not converted",
    (measured.CSF_LEUKOCYTES, "%"): "a percentage is a different test",
}


def accepted_units(analyte: Analyte) -> tuple[str, ...]:
    """The units that an analyte is read in, the canonical one first."""
    return tuple(unit for known, unit in CONVERSIONS if known is analyte)


def refusal(analyte: Analyte, unit: str) -> str:
    """Why a unit is not accepted, in words that never repeat an unknown unit."""
    if reason := REFUSED.get((analyte, unit)):
        return f"unit {unit} is not accepted: {reason}"
    said = "the unit is not accepted" if unit else "there is no unit"
    accepted = ", ".join(accepted_units(analyte))
    return f"{said}: {analyte.name} is read in {accepted}" if accepted else f"{said}: {analyte.name} has none"
