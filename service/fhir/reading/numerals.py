"""Numbers as they were written: the value of a total or an answer, and what to say of any other value."""

from __future__ import annotations

import re
from collections.abc import Hashable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec
from msgspec import Raw

from service.fhir.reading.account import Reason
from service.fhir.reading.elements import ABSENT, Quantity, given
from service.fhir.reading.shapes import part
from service.terminology.systems import UCUM_SYSTEMS
from service.terminology.units import SCORE_UNITS

if TYPE_CHECKING:
    from service.fhir.reading.elements import Component
    from service.fhir.reading.resources import Observation

# FHIR's decimal, with an exponent of one digit; leading zeros of the exponent pass.
_DECIMAL: Final = re.compile(rb"(-?(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?)(?:[eE][+-]?0{0,2}\d)?")
MOST_DIGITS: Final = 18
# Sign, point, digits and exponent of the longest number, and of the longest unit that anybody uses.
LONGEST: Final = 24
_NUMERAL: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
NOT_A_NUMBER: Final = "This is not a number of at most 18 digits with an exponent of at most 9."
# A quantity that takes more room than this is not worth remembering.
LONGEST_QUANTITY: Final = 200
_RAW_VALUES: Final = ("valueQuantity", "valueInteger")
_QUANTITY: Final = msgspec.json.Decoder(Quantity)
_VALUES: Final = ("valueCodeableConcept", "valueString", "valueBoolean", "valueRatio")


class Refusal(NamedTuple):
    """A value that cannot be used: the element at fault, a reason of the account, and why in words."""

    element: str
    reason: str
    text: str


SEVERAL_VALUES: Final = Refusal(
    "value", Reason.BAD_VALUE, "There are several values where FHIR has one; send the one that was answered."
)


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


def number(raw: Raw) -> Number | None:
    """A FHIR decimal with at most 18 digits and an exponent within 9, its text kept; None for anything else."""
    text = bytes(raw)
    return parsed(text) if len(text) <= LONGEST else None


# Scores and laboratory values take few values; parsing one again costs more than looking it up.
@lru_cache(maxsize=4096)
def parsed(text: bytes) -> Number | None:
    """A number from its text, which is not longer than a number may be."""
    found = _DECIMAL.fullmatch(text)
    if found is None or len(found[1].translate(None, b"-.")) > MOST_DIGITS:
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
    text = quantity_text(holder)
    if text:
        return _scored_quantity(text, scale) if len(text) <= LONGEST_QUANTITY else score_in(text, scale)
    if given(holder.valueInteger):
        return _scored("valueInteger", bytes(holder.valueInteger), scale)
    if holder.valueString is not None:
        found = _NUMERAL.fullmatch(holder.valueString)
        if found is None:
            return Refusal(
                "valueString",
                Reason.BAD_VALUE,
                "A score sent as a string has to be a number and nothing else.",
            )
        return _scored("valueString", found[1].encode(), scale)
    return no_number(holder)


def quantity_text(holder: Observation | Component) -> bytes:
    """The JSON of a valueQuantity; empty when there is none."""
    raw = holder.valueQuantity
    if raw is ABSENT:
        return b""
    text = bytes(raw)
    return b"" if text == b"null" else text


def quantity_in(text: bytes) -> Quantity:
    """A valueQuantity from its JSON; raises WrongTypeError."""
    return part(_QUANTITY, text, "valueQuantity")


def score_in(text: bytes, scale: Scale) -> Number | Refusal:
    """The number of a total or answer from the JSON of its valueQuantity; raises WrongTypeError."""
    quantity = quantity_in(text)
    unit = quantity.code if quantity.code and quantity.system in UCUM_SYSTEMS else quantity.unit
    if quantity.comparator:
        return Refusal(
            "valueQuantity.comparator",
            Reason.COMPARATOR,
            "A score is one number: send it without comparator.",
        )
    if unit and unit not in SCORE_UNITS:
        return Refusal("valueQuantity.unit", Reason.UNIT, "A score has the unit {score}, 1, or none.")
    return _scored("valueQuantity.value", bytes(quantity.value), scale)


# Totals and answers take few values, and a feed spells them all alike.
_scored_quantity: Final = lru_cache(maxsize=4096)(score_in)


def _scored(element: str, text: bytes, scale: Scale) -> Number | Refusal:
    if len(text) > LONGEST:
        return Refusal(element, Reason.BAD_VALUE, NOT_A_NUMBER)
    return _on_scale(element, text, scale)


@lru_cache(maxsize=4096)
def _on_scale(element: str, text: bytes, scale: Scale) -> Number | Refusal:
    found = parsed(text)
    if found is None:
        return Refusal(element, Reason.BAD_VALUE, NOT_A_NUMBER)
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


def values_given(holder: Observation | Component) -> int:
    """How many values there are, of those that are read."""
    return sum(getattr(holder, name) is not None for name in _VALUES) + sum(
        given(getattr(holder, name)) for name in _RAW_VALUES
    )


def value_name(holder: Observation | Component) -> str:
    """Which value[x] is there, of those that are read; empty when none is."""
    for name in _VALUES:
        if getattr(holder, name) is not None:
            return name
    return next((name for name in _RAW_VALUES if given(getattr(holder, name))), "")
