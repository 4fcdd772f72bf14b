"""Lengths of time and counts in prescriptions."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final

from service.fhir.reading.numerals import number, unit_of

if TYPE_CHECKING:
    from msgspec import Raw

    from service.fhir.reading.elements import Quantity

_DAYS: Final = {
    "": Decimal(1),
    "d": Decimal(1),
    "day": Decimal(1),
    "days": Decimal(1),
    "wk": Decimal(7),
    "week": Decimal(7),
    "weeks": Decimal(7),
    "mo": Decimal("30.4375"),
    "month": Decimal("30.4375"),
    "months": Decimal("30.4375"),
    "a": Decimal("365.25"),
    "year": Decimal("365.25"),
    "years": Decimal("365.25"),
    "h": Decimal(1) / 24,
}
# Longer than any prescription; a larger number is a mistake, and would leave the calendar.
_LONGEST: Final = Decimal(36_525)
_MOST_REPEATS: Final = 1000


def days_of(quantity: Quantity | None) -> int | None:
    """A duration in whole days, begun ones counted; None when there is none that can be read."""
    if quantity is None or quantity.comparator:
        return None
    found, factor = number(quantity.value), _DAYS.get(unit_of(quantity))
    if found is None or factor is None or not 0 < found.value * factor <= _LONGEST:
        return None
    return int((found.value * factor).to_integral_value(ROUND_CEILING))


def repeats(raw: Raw) -> int:
    """How often a prescription may be repeated; none when that cannot be read."""
    found = number(raw)
    if found is None or not 0 <= found.value <= _MOST_REPEATS or found.value != found.value.to_integral_value():
        return 0
    return int(found.value)
