"""Numbers as they were written, quantities in the unit that rules read, and the reference range that came along."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from service.domain.interval import Interval, bounded
from service.fhir.reading.account import Reason
from service.fhir.reading.elements import ReferenceRange, given, modifies
from service.fhir.reading.numerals import (
    LONGEST_QUANTITY,
    MOST_DIGITS,
    NOT_A_NUMBER,
    Number,
    Refusal,
    no_number,
    number,
    quantity_in,
    quantity_text,
    unit_of,
)
from service.fhir.reading.shapes import part
from service.terminology.terminology import Terminology

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.fhir.reading.elements import CodeableConcept, Component
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Conversion

_RANGES: Final = msgspec.json.Decoder(list[ReferenceRange])
# A laboratory's string such as `<5 mg/L`.
_STRING: Final = re.compile(r"\s*(?P<comparator>[<>]=?)?\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>\S.*)?", re.ASCII)


class Measured(NamedTuple):
    """A quantity in the canonical unit, as received, and the conversion that got it there."""

    value: Interval
    received: str
    conversion: Conversion


def measure(holder: Observation | Component, analyte: Analyte) -> Measured | Refusal:
    """A laboratory or bedside value in the canonical unit; nothing is ever inferred from its magnitude."""
    text = quantity_text(holder)
    if text:
        return _measured(text, analyte) if len(text) <= LONGEST_QUANTITY else _measured_anew(text, analyte)
    if given(holder.valueInteger):
        found = number(holder.valueInteger)
        if found is None:
            return Refusal("valueInteger", Reason.BAD_VALUE, NOT_A_NUMBER)
        return _converted("valueInteger", None, found, range_unit(holder, analyte), analyte)
    if holder.valueString is not None:
        parts = _STRING.fullmatch(holder.valueString)
        if parts is None or len(parts["value"]) > MOST_DIGITS:
            why = "A value sent as a string has to be a number, with < or > before it and a unit behind it if need be."
            return Refusal("valueString", Reason.BAD_VALUE, why)
        unit = (parts["unit"] or "").rstrip() or range_unit(holder, analyte)
        found = Number(Decimal(parts["value"]), parts["value"])
        return _converted("valueString", parts["comparator"], found, unit, analyte)
    return no_number(holder)


def _measured_anew(text: bytes, analyte: Analyte) -> Measured | Refusal:
    """A quantity from its JSON; the unit is its UCUM code, else its words."""
    quantity = quantity_in(text)
    found = number(quantity.value)
    if found is None:
        return Refusal("valueQuantity.value", Reason.BAD_VALUE, NOT_A_NUMBER)
    unit = unit_of(quantity)
    if quantity.unit and quantity.unit != unit:
        one, other = Terminology.convert(analyte, unit), Terminology.convert(analyte, quantity.unit)
        if one is not None and other is not None and one != other:
            why = "The unit and its code contradict each other; send one of them, or two that mean the same."
            return Refusal("valueQuantity.unit", Reason.UNIT, why)
    return _converted("valueQuantity", quantity.comparator, found, unit, analyte)


def as_sent(holder: Observation | Component) -> tuple[str, bool]:
    """A quantity in a unit that is not accepted, in words, and whether it is above a limit in the same unit."""
    text = quantity_text(holder)
    quantity = quantity_in(text) if text else None
    found = number(quantity.value) if quantity is not None else None
    value = bounded(quantity.comparator, found.value) if quantity is not None and found is not None else None
    if quantity is None or found is None or value is None:
        return "", False
    unit = unit_of(quantity)
    return f"{quantity.comparator or ''}{found.received} {unit}".strip(), is_above_limit_in(holder, value, unit)


# Laboratory values have few digits, and a feed spells them all alike.
_measured: Final = lru_cache(maxsize=8192)(_measured_anew)


def _converted(element: str, comparator: str | None, found: Number, unit: str, analyte: Analyte) -> Measured | Refusal:
    conversion = Terminology.convert(analyte, unit)
    if conversion is None:
        at = f"{element}.unit" if element == "valueQuantity" else element
        return Refusal(at, Reason.UNIT, Terminology.refusal(analyte, unit))
    interval = bounded(comparator, found.value)
    if interval is None:
        text = "This comparator is not read; send <, <=, >=, > or none."
        return Refusal(f"{element}.comparator", Reason.COMPARATOR, text)
    interval = interval.scaled(*conversion)
    if not _plausible(interval, analyte):
        text = f"{analyte.name} outside {analyte.low} to {analyte.high} {analyte.unit} is not read."
        return Refusal(element, Reason.OUT_OF_RANGE, text)
    return Measured(interval, f"{comparator or ''}{found.received} {unit}", conversion)


def _plausible(interval: Interval, analyte: Analyte) -> bool:
    low, high = analyte.low, analyte.high
    if low is None or high is None:
        return False
    bound = interval.low if interval.high is None else interval.high
    return low <= bound <= high and interval.low <= high


def _ranges(holder: Observation | Component) -> list[ReferenceRange]:
    """The usual ranges; those with a modifier, or meant for something else than 'normal', are left out."""
    if not given(holder.referenceRange):
        return []
    return [
        one
        for one in part(_RANGES, holder.referenceRange, "referenceRange")
        if not modifies(one.modifierExtension) and (one.type is None or _is_normal(one.type))
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


def is_above_limit_in(holder: Observation | Component, value: Interval, unit: str) -> bool:
    """As `is_above_range`, for a value in a unit that is not read: limits in another unit are not compared."""
    limits = [
        found.value
        for one in _ranges(holder)
        if one.high is not None and unit_of(one.high) in ("", unit) and (found := number(one.high.value)) is not None
    ]
    return bool(limits) and value.all_above(max(limits))


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
