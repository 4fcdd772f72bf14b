"""FHIR dates and times as spans of days, with the instant where an offset was given, and which element dates what.

The day of a datum is the calendar date as written, in its own offset. The parts of a time that can take few values are
looked up in tables instead of parsed: nearly every time in a feed is different, its parts are not.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from service.domain.days import EARLIEST, LATEST
from service.fhir.reading.account import Reason
from service.fhir.reading.numerals import Refusal

if TYPE_CHECKING:
    from datetime import tzinfo

    from service.fhir.reading.elements import Period
    from service.fhir.reading.resources import Observation

# First and last possible day as ordinals, and seconds since the epoch where the offset is known.
Moment: TypeAlias = tuple[int, int, float | None]

UNDATED: Final[Moment] = (EARLIEST, LATEST, None)

# A lifetime of days; filled as they are met, which does not depend on whose they are.
_MOST_DAYS: Final = 40_000
_DAYS: Final[dict[str, Moment]] = {}
# Times of day with their offset, as seconds of a day of UTC.
_MOST_CLOCKS: Final = 20_000
_CLOCKS: Final[dict[str, float]] = {}

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 86_400
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_SIGNS: Final = ("+", "-")
_BAD_DATE: Final = "This is not a FHIR date or time; send YYYY-MM-DD, with a time and offset if it is known."
_NO_DATE: Final = (
    "There is no clinical date; send effectiveDateTime"
    " (a Timing does not date a value, and issued is the date of the report)."
)
NO_PERIOD: Final = Refusal("", Reason.NO_DATE, "")

_MINUTES: Final = {f"T{h:02}:{m:02}": h * 3600.0 + m * 60.0 for h in range(24) for m in range(60)}
# A leap second counts as the second before it.
_SECONDS: Final = {f":{s:02}": min(s, 59.0) for s in range(61)}
_OFFSETS: Final = {
    f"{sign}{h:02}:{m:02}": factor * (h * 3600.0 + m * 60.0)
    for sign, factor in (("+", 1), ("-", -1))
    for h in range(15)
    for m in range(60)
    if h < 14 or m == 0
} | {"Z": 0.0}


def moment(text: str) -> Moment | None:
    """The span and instant of a FHIR date, dateTime or instant; None when it is not one.

    Seconds may be left out, and so may the offset (then there is no instant).
    """
    written, rest = text[:10], text[10:]
    days = _DAYS.get(written) or _days(written)
    if days is None or not rest:
        return days
    seconds_of_day = _CLOCKS.get(rest)
    if seconds_of_day is None:
        return _timed(days, rest)
    day = days[0]
    return day, day, (day - _EPOCH) * _DAY + seconds_of_day


def _timed(days: Moment, rest: str) -> Moment | None:
    """A day with a time of day that was not met before."""
    minutes, second, offset = _MINUTES.get(rest[:6]), _SECONDS.get(rest[6:9]), _OFFSETS.get(rest[9:])
    if minutes is None:
        return None
    if second is None:
        return None if rest[6:7] == ":" else _with_fraction(days, minutes, rest[6:], fraction=False)
    if offset is None:
        return _with_fraction(days, minutes + second, rest[9:])
    seconds_of_day = minutes + second - offset
    if len(_CLOCKS) < _MOST_CLOCKS:
        _CLOCKS[rest] = seconds_of_day
    return days[0], days[0], (days[0] - _EPOCH) * _DAY + seconds_of_day


def _with_fraction(days: Moment, time_of_day: float, rest: str, *, fraction: bool = True) -> Moment | None:
    """A time that goes on with a fraction of a second, or has no offset."""
    if fraction and rest[:1] == ".":
        cut = len(rest) - (1 if rest[-1] == "Z" else 6 if rest[-6:-5] in _SIGNS else 0)
        digits, rest = rest[1:cut], rest[cut:]
        if not (digits.isascii() and digits.isdigit()):
            return None
        time_of_day += float(f"0.{digits}")
    if not rest:
        return days
    offset = _OFFSETS.get(rest)
    if offset is None:
        return None
    return days[0], days[0], (days[0] - _EPOCH) * _DAY + time_of_day - offset


def _days(text: str) -> Moment | None:
    """The days that a date without a time may be, remembered: a feed has far fewer days than times."""
    found = _PARTIAL.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        first = date(year, month, day).toordinal()
    except ValueError:
        return None
    days = first, _last(first, year, month, found), None
    if len(_DAYS) < _MOST_DAYS:
        _DAYS[text] = days
    return days


def _last(first: int, year: int, month: int, found: re.Match[str]) -> int:
    if found[3]:
        return first
    if found[2] is None:
        return date(year, 12, 31).toordinal()
    return LATEST if (year, month) == (9999, 12) else date(year + month // 12, month % 12 + 1, 1).toordinal() - 1


def seconds(text: str | None) -> float | None:
    """The instant of a time that has an offset; None for anything else."""
    found = moment(text) if text else None
    return found[2] if found else None


def end_of_day(day: int, zone: tzinfo) -> float:
    """The last instant of a day in the caller's zone."""
    last = datetime.combine(date.fromordinal(day), time.max, zone)
    try:
        return last.timestamp()
    except (OverflowError, ValueError):  # the first or last day of the calendar, in a zone far from UTC
        return (day - _EPOCH) * _DAY + timedelta(days=1).total_seconds()


def observed(observation: Observation, *, start_first: bool) -> Moment | Refusal:
    """The clinical time of an Observation: of a period its end, or its start for a specimen."""
    text = observation.effectiveDateTime
    if text is not None:
        return moment(text) or Refusal("effectiveDateTime", Reason.BAD_DATE, _BAD_DATE)
    if observation.effectiveInstant is not None:
        return dated(observation.effectiveInstant, "effectiveInstant")
    if observation.effectivePeriod is not None:
        found = within(observation.effectivePeriod, "effectivePeriod", start_first=start_first)
        if found is not NO_PERIOD:
            return found
    return Refusal("effective", Reason.NO_DATE, _NO_DATE)


def dated(text: str, element: str) -> Moment | Refusal:
    """The time in an element that has one."""
    return moment(text) or Refusal(element, Reason.BAD_DATE, _BAD_DATE)


def within(period: Period, element: str, *, start_first: bool) -> Moment | Refusal:
    """The end of a period or its start, whichever comes first by choice; NO_PERIOD when it has neither."""
    for name in ("start", "end") if start_first else ("end", "start"):
        text: str | None = getattr(period, name)
        if text is not None:
            return dated(text, f"{element}.{name}")
    return NO_PERIOD
