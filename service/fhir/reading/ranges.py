"""The reference range that a result brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from service.fhir.reading.elements import ReferenceRange, given
from service.fhir.reading.numerals import number, unit_of
from service.fhir.reading.shapes import part
from service.terminology.terminology import Terminology

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.interval import Interval
    from service.fhir.reading.elements import CodeableConcept, Component
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Conversion

RANGES: Final = msgspec.json.Decoder(list[ReferenceRange])


def _ranges(holder: Observation | Component) -> list[ReferenceRange]:
    """The usual ranges; those with a modifier, or meant for something else than 'normal', are left out."""
    if not given(holder.referenceRange):
        return []
    return [
        one
        for one in part(RANGES, holder.referenceRange, "referenceRange")
        if not given(one.modifierExtension) and (one.type is None or _is_normal(one.type))
    ]


def _is_normal(kind: CodeableConcept) -> bool:
    return any(coding.code == "normal" for coding in kind.coding or ())


def range_unit(holder: Observation | Component, analyte: Analyte) -> str:
    """The unit of the reference range, for a value that came without one."""
    for one in _ranges(holder):
        for bound in (one.high, one.low):
            if bound is not None and Terminology.convert(analyte, unit_of(bound)) is not None:
                return unit_of(bound)
    return ""


def is_above_range(holder: Observation | Component, value: Interval, conversion: Conversion, analyte: Analyte) -> bool:
    """True when every possible value is above every upper limit that the result itself names.

    `conversion` is that of the value, for limits without a unit.
    """
    limits = []
    for one in _ranges(holder):
        found = None if one.high is None else number(one.high.value)
        if found is None or one.high is None:
            continue
        unit = unit_of(one.high)
        limit = Terminology.convert(analyte, unit) if unit else conversion
        if limit is not None:
            limits.append((found.value + limit.offset) * limit.factor)
    return bool(limits) and value.all_above(max(limits))
