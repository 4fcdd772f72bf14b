"""Numbers as they were written, and quantities in the unit that rules read."""

from __future__ import annotations

import re
from collections.abc import Hashable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec
from msgspec import Raw

from service.domain.interval import Interval, bounded
from service.fhir.reading.account import Reason
from service.fhir.reading.elements import ReferenceRange, given
from service.fhir.reading.receiving import part
from service.terminology.systems import UCUM_SYSTEMS
from service.terminology.terminology import Terminology
from service.terminology.units import SCORE_UNITS

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.fhir.reading.elements import CodeableConcept, Component, Quantity
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Conversion

# FHIR's decimal, with an exponent of one digit; leading zeros of the exponent pass.
_DECIMAL: Final = re.compile(rb"(-?(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?)(?:[eE][+-]?0{0,2}\d)?")
_MOST_DIGITS: Final = 18
# A laboratory's string such as `<5 mg/L`.
_STRING: Final = re.compile(r"\s*(?P<comparator>[<>]=?)?\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>\S.*)?", re.ASCII)
_NUMERAL: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
_NOT_A_NUMBER: Final = "This is not a number of at most 18 digits with an exponent of at most 9."
_VALUES: Final = ("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueRatio")
RANGES: Final = msgspec.json.Decoder(list[ReferenceRange])


class Refusal(NamedTuple):
    """A value that cannot be used: the element at fault, a reason of the account, and why in words."""

    element: str
    reason: str
    text: str


class Number(NamedTuple):
    """A number and the text it was received as."""

    value: Decimal
    received: str


class Scale(Hashable, Protocol):
    """The numbers that a total or an answer may be."""

    @property
    def low(self) -> Decimal:
        """The lowest."""

    @property
    def high(self) -> Decimal:
        """The highest."""

    @property
    def whole(self) -> bool:
        """True when it has no fractions."""


class Measured(NamedTuple):
    """A quantity in the canonical unit, as received, and the conversion that got it there."""

    value: Interval
    received: str
    conversion: Conversion


def number(raw: Raw) -> Number | None:
    """A FHIR decimal with at most 18 digits and an exponent within 9, its text kept; None for anything else."""
    return _number(bytes(raw))


# Scores and laboratory values take few values; parsing one again costs more than looking it up.
@lru_cache(maxsize=4096)
def _number(text: bytes) -> Number | None:
    found = _DECIMAL.fullmatch(text)
    if found is None or len(found[1].translate(None, b"-.")) > _MOST_DIGITS:
        return None
    received = text.decode()
    return Number(Decimal(received), received)


def unit_of(quantity: Quantity) -> str:
    """The unit that counts: the code if it is UCUM, else the words."""
    if quantity.code and quantity.system in UCUM_SYSTEMS:
        return quantity.code
    return quantity.unit or ""


def score(holder: Observation | Component, scale: Scale) -> Number | Refusal:
    """The number of a total or answer: a quantity without a unit, an integer, or a string that is a number."""
    quantity = holder.valueQuantity
    if quantity is not None:
        unit = quantity.code if quantity.code and quantity.system in UCUM_SYSTEMS else quantity.unit
        if quantity.comparator:
            return Refusal(
                "valueQuantity.comparator",
                Reason.COMPARATOR,
                "A score is one number: send it without comparator.",
            )
        if unit and unit not in SCORE_UNITS:
            return Refusal("valueQuantity.unit", Reason.UNIT, "A score has the unit {score}, 1, or none.")
        return _on_scale("valueQuantity.value", bytes(quantity.value), scale)
    if given(holder.valueInteger):
        return _on_scale("valueInteger", bytes(holder.valueInteger), scale)
    if holder.valueString is not None:
        found = _NUMERAL.fullmatch(holder.valueString)
        if found is None:
            return Refusal(
                "valueString",
                Reason.BAD_VALUE,
                "A score sent as a string has to be a number and nothing else.",
            )
        return _on_scale("valueString", found[1].encode(), scale)
    return no_number(holder)


@lru_cache(maxsize=4096)
def _on_scale(element: str, text: bytes, scale: Scale) -> Number | Refusal:
    found = _number(text)
    if found is None:
        return Refusal(element, Reason.BAD_VALUE, _NOT_A_NUMBER)
    if not scale.low <= found.value <= scale.high or (scale.whole and found.value % 1):
        kind = "whole number" if scale.whole else "number"
        return Refusal(element, Reason.OUT_OF_RANGE, f"A {kind} from {scale.low} to {scale.high} is expected here.")
    return found


def no_number(holder: Observation | Component) -> Refusal:
    """The refusal of a value[x] that is no number, or of none at all."""
    name = value_name(holder)
    if not name:
        return Refusal("value", Reason.NO_VALUE, "There is no value of a type that is read; send a Quantity.")
    return Refusal(name, Reason.BAD_VALUE, "A value of this type is not read here; send a Quantity.")


def value_name(holder: Observation | Component) -> str:
    """Which value[x] is there, of those that are read; empty when none is."""
    for name in _VALUES:
        if getattr(holder, name) is not None:
            return name
    return "valueInteger" if given(holder.valueInteger) else ""


def measure(holder: Observation | Component, analyte: Analyte) -> Measured | Refusal:
    """A laboratory or bedside value in the canonical unit; nothing is ever inferred from its magnitude."""
    quantity = holder.valueQuantity
    if quantity is not None:
        coded = quantity.code if quantity.code and quantity.system in UCUM_SYSTEMS else None
        return _measured(bytes(quantity.value), quantity.comparator, coded, quantity.unit, analyte)
    if given(holder.valueInteger):
        found = number(holder.valueInteger)
        if found is None:
            return Refusal("valueInteger", Reason.BAD_VALUE, _NOT_A_NUMBER)
        return _converted("valueInteger", None, found, _range_unit(holder, analyte), analyte)
    if holder.valueString is not None:
        parts = _STRING.fullmatch(holder.valueString)
        if parts is None or len(parts["value"]) > _MOST_DIGITS:
            text = "A value sent as a string has to be a number, with < or > before it and a unit behind it if need be."
            return Refusal("valueString", Reason.BAD_VALUE, text)
        unit = (parts["unit"] or "").rstrip() or _range_unit(holder, analyte)
        found = Number(Decimal(parts["value"]), parts["value"])
        return _converted("valueString", parts["comparator"], found, unit, analyte)
    return no_number(holder)


@lru_cache(maxsize=8192)
def _measured(
    text: bytes, comparator: str | None, coded: str | None, worded: str | None, analyte: Analyte
) -> Measured | Refusal:
    """A quantity by its parts; the unit is its UCUM code, else its words."""
    found = _number(text)
    if found is None:
        return Refusal("valueQuantity.value", Reason.BAD_VALUE, _NOT_A_NUMBER)
    if coded and worded and coded != worded:
        one, other = Terminology.convert(analyte, coded), Terminology.convert(analyte, worded)
        if one is not None and other is not None and one != other:
            why = "The unit and its code contradict each other; send one of them, or two that mean the same."
            return Refusal("valueQuantity.unit", Reason.UNIT, why)
    return _converted("valueQuantity", comparator, found, coded or worded or "", analyte)


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
        for one in part(RANGES, holder.referenceRange, "referenceRange")
        if not given(one.modifierExtension) and (one.type is None or _is_normal(one.type))
    ]


def _is_normal(kind: CodeableConcept) -> bool:
    return any(coding.code == "normal" for coding in kind.coding or ())


def _range_unit(holder: Observation | Component, analyte: Analyte) -> str:
    """The unit of the reference range, for a value that came without one."""
    for one in _ranges(holder):
        for bound in (one.high, one.low):
            if bound is not None and Terminology.convert(analyte, unit_of(bound)) is not None:
                return unit_of(bound)
    return ""


def is_above_range(holder: Observation | Component, measured: Measured, analyte: Analyte) -> bool:
    """True when every possible value is above every upper limit that the result itself names."""
    limits = []
    for one in _ranges(holder):
        found = None if one.high is None else number(one.high.value)
        if found is None or one.high is None:
            continue
        unit = unit_of(one.high)
        conversion = Terminology.convert(analyte, unit) if unit else measured.conversion
        if conversion is not None:
            limits.append((found.value + conversion.offset) * conversion.factor)
    return bool(limits) and measured.value.all_above(max(limits))
