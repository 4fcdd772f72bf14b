"""Are units converted exactly, in decimals, and everything not listed refused?"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import analytes as a
from service.domain.interval import exactly
from service.terminology import SCORE_UNITS, Conversion, Terminology
from service.terminology.units import CONVERSIONS, REFUSED, accepted_units

KNOWN = Terminology.default()


def _converted(analyte: a.Analyte, value: str, unit: str) -> Decimal:
    conversion = KNOWN.convert(analyte, unit)
    assert conversion is not None
    return exactly(Decimal(value)).scaled(conversion.factor, conversion.offset).low


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "canonical"),
    [
        (a.CRP, "3.0", "mg/L", "3.0"),
        (a.CRP, "0.3", "mg/dL", "3.0"),
        (a.CRP, "0.3", "mg/100mL", "3.0"),
        (a.CRP, "3.1", "ug/mL", "3.1"),
        (a.CRP, "3.1", "mcg/mL", "3.1"),
        (a.CRP, "3100", "ng/mL", "3.1"),
        (a.IL6, "6.4", "ng/L", "6.4"),
        (a.IL6, "6400", "fg/mL", "6.4"),
        (a.ESR, "20", "mm/hr", "20"),
        (a.ESR, "20", "mm/1h", "20"),
        (a.SNFL, "13.5", "ng/L", "13.5"),
        (a.CALPROTECTIN, "250", "mg/kg", "250"),
        (a.PROCALCITONIN, "0.5", "ug/L", "0.5"),
        (a.SODIUM, "129", "meq/L", "129"),
        (a.SODIUM, "129", "mEq/L", "129"),
        (a.TEMPERATURE, "38.0", "Cel", "38.0"),
        (a.TEMPERATURE, "100.4", "[degF]", "38.0"),
        (a.TEMPERATURE, "100.40", "[degF]", "38"),
        (a.TEMPERATURE, "98.6", "[degF]", "37"),
        (a.CSF_LEUKOCYTES, "6", "/uL", "6"),
        (a.CSF_LEUKOCYTES, "6", "cells/mm3", "6"),
        (a.CSF_LEUKOCYTES, "0.006", "10*3/uL", "6"),
        (a.CSF_LEUKOCYTES, "0.006", "10*9/L", "6"),
        (a.CSF_LEUKOCYTES, "0.006", "K/uL", "6"),
        (a.CSF_LEUKOCYTES, "0.006", "G/L", "6"),
        (a.BMI, "30", "kg/m2", "30"),
    ],
)
def test_conversion(analyte: a.Analyte, value: str, unit: str, canonical: str) -> None:
    assert _converted(analyte, value, unit) == Decimal(canonical)


@given(st.integers(770, 1130))
def test_fahrenheit_falls_on_the_right_side_of_every_limit(tenths: int) -> None:
    exact = (Fraction(tenths, 10) - 32) * Fraction(5, 9)
    converted = _converted(a.TEMPERATURE, str(Decimal(tenths) / 10), "[degF]")
    assert (converted >= 38) == (exact >= 38)
    assert abs(Fraction(converted) - exact) < Fraction(1, 10**20)


@pytest.mark.parametrize(
    ("analyte", "unit"),
    [
        (a.CRP, "MG/L"),
        (a.CRP, "mg/l"),
        (a.CRP, "nmol/L"),
        (a.CRP, ""),
        (a.CRP, "mg"),
        (a.IL6, "IU/mL"),
        (a.TEMPERATURE, "C"),
        (a.TEMPERATURE, "F"),
        (a.CSF_LEUKOCYTES, "%"),
        (a.SODIUM, "MEQ/L"),
        (a.TEMPERATURE, "degC"),
        (a.NMDAR_CSF, "mg/L"),
    ],
)
def test_refused(analyte: a.Analyte, unit: str) -> None:
    assert KNOWN.convert(analyte, unit) is None
    assert KNOWN.refusal(analyte, unit)


def test_the_canonical_unit_is_unchanged_and_comes_first() -> None:
    for analyte in a.ANALYTES:
        if analyte.unit:
            assert accepted_units(analyte)[0] == analyte.unit
            assert CONVERSIONS[analyte, analyte.unit] == Conversion(Decimal(1), Decimal(0))
        else:
            assert accepted_units(analyte) == ()


def test_every_factor_is_a_positive_decimal() -> None:
    for conversion in CONVERSIONS.values():
        assert isinstance(conversion.factor, Decimal)
        assert isinstance(conversion.offset, Decimal)
        assert conversion.factor > 0


def test_refusals_name_known_units_and_never_repeat_others() -> None:
    assert "nmol/L" in KNOWN.refusal(a.CRP, "nmol/L")
    assert "two conventions" in KNOWN.refusal(a.CRP, "nmol/L")
    assert KNOWN.refusal(a.CRP, "Smith") == (
        "the unit is not accepted: CRP is read in mg/L, mg/dL, mg/100mL, ug/mL, mcg/mL, ng/mL"
    )
    assert KNOWN.refusal(a.CRP, "").startswith("there is no unit: CRP is read in mg/L")
    assert KNOWN.refusal(a.MRI_ACTIVITY, "mm") == "the unit is not accepted: MRI activity has none"
    assert REFUSED.keys().isdisjoint(CONVERSIONS)


def test_scores_have_no_unit() -> None:
    assert {"", "1", "{score}"} == SCORE_UNITS


def test_titres() -> None:
    assert KNOWN.positive_titre(a.NMDAR_SERUM) == 10
    assert KNOWN.positive_titre(a.NMDAR_CSF) == 1
    assert KNOWN.positive_titre(a.CRP) is None
