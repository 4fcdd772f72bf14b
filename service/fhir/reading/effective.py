"""When something was so: which element dates a resource, and what to say when none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.fhir.reading.account import Reason
from service.fhir.reading.dates import moment
from service.fhir.reading.numerals import Refusal

if TYPE_CHECKING:
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.elements import Period
    from service.fhir.reading.resources import Observation

_BAD_DATE: Final = "This is not a FHIR date or time; send YYYY-MM-DD, with a time and offset if it is known."
_NO_DATE: Final = (
    "There is no clinical date; send effectiveDateTime"
    " (a Timing does not date a value, and issued is the date of the report)."
)
NO_PERIOD: Final = Refusal("", Reason.NO_DATE, "")


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
