"""Quantities as intervals: a comparator is a bound, never a number that was made up."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Interval(NamedTuple):
    """The values a reported quantity may have; `high` None: no upper bound; `*_open`: that bound is left out."""

    low: Decimal
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False

    @property
    def is_exact(self) -> bool:
        """True when the report names one value."""
        return self.low == self.high

    def all_above(self, limit: Decimal) -> bool:
        """True when every value is greater than `limit`."""
        return self.low > limit or (self.low_open and self.low == limit)

    def all_at_least(self, limit: Decimal) -> bool:
        """True when every value is `limit` or greater."""
        return self.low >= limit

    def all_at_most(self, limit: Decimal) -> bool:
        """True when every value is `limit` or less."""
        return self.high is not None and self.high <= limit

    def all_below(self, limit: Decimal) -> bool:
        """True when every value is less than `limit`."""
        return self.high is not None and (self.high < limit or (self.high_open and self.high == limit))

    def scaled(self, factor: Decimal, offset: Decimal = Decimal(0)) -> Interval:
        """The same interval in another unit: `(value + offset) * factor`; `factor` is positive."""
        high = None if self.high is None else (self.high + offset) * factor
        return Interval((self.low + offset) * factor, high, self.low_open, self.high_open)


def exactly(value: Decimal) -> Interval:
    """The interval that holds one value."""
    return Interval(value, value)


# Amounts and concentrations are not below it.
_NOTHING = Decimal(0)


def bounded(comparator: str | None, value: Decimal) -> Interval | None:
    """The interval of a FHIR comparator (`<`, `<=`, `>=`, `>` or none); None for any other (such as `ad`)."""
    match comparator:
        case None | "":
            return exactly(value)
        case "<":
            return Interval(_NOTHING, value, high_open=True)
        case "<=":
            return Interval(_NOTHING, value)
        case ">=":
            return Interval(value, None)
        case ">":
            return Interval(value, None, low_open=True)
        case _:
            return None
