"""Numbers as they were written, and quantities in the unit that rules read."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.interval import Interval, bounded
from service.fhir.reading.account import Reason
from service.fhir.reading.elements import given
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
from service.fhir.reading.ranges import range_unit
from service.terminology.terminology import Terminology

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.fhir.reading.elements import Component
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Conversion

_LONGEST_UNIT: Final = 40
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
