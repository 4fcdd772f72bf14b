"""Days as ordinals, spans of time with the range a site may set, and the instant of decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from datetime import tzinfo

# An undated record may lie on any day: it then satisfies no window and fails none.
EARLIEST = date.min.toordinal()
LATEST = date.max.toordinal()

MONTH = 31

# Members are slow to reach through their class.
_MET, _NOT_MET = Verdict.MET, Verdict.NOT_MET

CLOCK_TOLERANCE = timedelta(minutes=5)
SAFETY_TOLERANCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Span:
    """A named length of time in days that a site may change between `at_least` and `at_most`."""

    name: str
    days: int
    at_least: int
    at_most: int


AnySpan = Span | timedelta


class Days(int):
    """A number of days that is written with its noun: `1 day`, `5 days`."""

    def __format__(self, spec: str, /) -> str:
        """The number with its noun."""
        return f"{int(self)} day{'' if self == 1 else 's'}"


# An answer names few days, and the same ones in many places.
@lru_cache(maxsize=4096)
def iso(day: int) -> str:
    """The ISO 8601 spelling of a day ordinal."""
    return date.fromordinal(day).isoformat()


def in_window(first: int, last: int, low: int, high: int) -> Verdict:
    """Whether a date known to lie in [first, last] lies in the closed window [low, high]."""
    if first >= low and last <= high:
        return _MET
    if last < low or first > high:
        return _NOT_MET
    return Verdict.UNKNOWN


def up_to(today: int, first: int, last: int) -> int:
    """The last day on which something known by a range of days can lie that lies in the past."""
    return max(first, min(last, today))


def may_be_after(day: int, today: int, first: int, last: int) -> bool:
    """Whether something known by a range of days may lie after a day; of what is undated nothing says that it does."""
    return EARLIEST < first <= today and up_to(today, first, last) > day


def month_in_window(first: int, last: int, low: int, high: int) -> Verdict:
    """As `in_window`, but a date that names only a month counts when any of its days lies in the window."""
    if last - first < MONTH:
        return _MET if first <= high and last >= low else _NOT_MET
    return in_window(first, last, low, high)


def spelled(first: int, last: int) -> str:
    """A date as precise as it was: a day, a month, a year, or `undated`."""
    if first == EARLIEST:
        return "undated"
    if first == last:
        return iso(first)
    return iso(first)[:7] if last - first < MONTH else iso(first)[:4]


class AsOf:
    """The instant of decision: what counts as past, as tolerated for safety rules only, and as future."""

    __slots__ = ("_safety_limit", "day", "instant", "limit", "safety_day", "zone", "zone_name")

    def __init__(self, instant: datetime, zone: tzinfo, zone_name: str) -> None:
        """`instant` must have an offset; `zone` is the caller's zone, used for dates without an offset.

        `limit` is the last instant that counts as past, in seconds since the epoch.
        """
        self.instant = instant
        self.zone = zone
        self.zone_name = zone_name
        self.day = instant.astimezone(zone).toordinal()
        self.safety_day = (instant + SAFETY_TOLERANCE).astimezone(zone).toordinal()
        self.limit = (instant + CLOCK_TOLERANCE).timestamp()
        self._safety_limit = (instant + SAFETY_TOLERANCE).timestamp()

    def is_past(self, first: int, instant: float | None) -> bool:
        """True for a datum at or before the as-of instant (five minutes' tolerance where it has an offset)."""
        return first <= self.day if instant is None else instant <= self.limit

    def is_tolerated(self, first: int, instant: float | None) -> bool:
        """True for a datum that safety rules may still read: up to 24 hours after the as-of instant."""
        return first <= self.safety_day if instant is None else instant <= self._safety_limit
