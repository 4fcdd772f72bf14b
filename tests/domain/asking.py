"""Asking one word, or one timeline, about a patient in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from service.domain.days import AsOf
from service.domain.evaluation import scope_of
from service.domain.evaluation.scope import At
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.timeline import Timeline

if TYPE_CHECKING:
    from service.domain.criteria import Criterion
    from service.domain.facts import Chart
    from service.domain.outcome import Outcome
    from service.domain.verdict import Verdict


def ago(days: int) -> int:
    """The day that many days before the as-of day of the examples."""
    return TODAY - days


def end_of(day: int) -> AsOf:
    """The end of a day as the instant of decision."""
    return AsOf(datetime.combine(date.fromordinal(day), time(23, 59, 59), UTC), UTC, "UTC")


def timeline(given: Chart | str, as_of: AsOf = AS_OF) -> Timeline:
    """The facts in order."""
    return Timeline(read_example(given) if isinstance(given, str) else given, as_of)


def asked(word: Criterion, given: Chart | str, at: At | int | None = None, as_of: AsOf = AS_OF) -> Outcome:
    """What one word says of a patient, at a day (the as-of day when none is given)."""
    scope = scope_of(timeline(given, as_of))
    when = scope.now() if at is None else At(at, at) if isinstance(at, int) else at
    return scope.check(word, when)


def verdict(word: Criterion, given: Chart | str, at: At | int | None = None) -> Verdict:
    """The verdict alone."""
    return asked(word, given, at).verdict
