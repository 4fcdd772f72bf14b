"""What dates a finding: the anchor is part of a Flag's identity, so that one episode keeps one Flag."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from service.domain import criteria as c
from service.domain.days import EARLIEST
from service.domain.evaluation.clearing import episode_start
from service.domain.evaluation.markers import classified
from service.domain.evaluation.scope import MET, At, Scope
from service.domain.evaluation.screening import newest_screen

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.instruments import Instrument, MoodDomain
    from service.domain.outcome import Outcome


class AnchorKind(StrEnum):
    """State rules adopt an open Flag of the same episode; event and dated rules never do."""

    STATE = "state"
    EVENT = "event"
    DATED = "dated"


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeOf:
    """The first score at which the mood word held since mood last cleared."""

    mood: c.Worsened | c.Elevated


@dataclass(frozen=True, slots=True, eq=False)
class FirstLowGrade:
    """The first low-grade result since the last low or high one."""

    analyte: Analyte
    limits: c.MarkerLimits = c.CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class AcuteEpisode:
    """The first result of the acute episode: since the last that was low, or low-grade without `acute`."""

    analyte: Analyte
    acute: c.Criterion
    limits: c.MarkerLimits = c.CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class FirstOfRun:
    """The first date of the unbroken run of dates on which the criterion held."""

    domain: MoodDomain
    criterion: c.Criterion
    complete: Instrument | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordOrEpisode:
    """The date of the record that raised the finding, else the start of the mood episode."""

    mood: c.Worsened


@dataclass(frozen=True, slots=True, eq=False)
class EventDay:
    """The onset or start of the event that the finding is paired with."""


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeDay:
    """The day on which the rule's criterion held."""


@dataclass(frozen=True, slots=True, eq=False)
class EachEntry:
    """Every date of the entries behind the finding: one Flag a date."""


@dataclass(frozen=True, slots=True, eq=False)
class ScreeningLapse:
    """When screening lapsed: `days` after the newest score, else the disease's onset or recorded date."""

    due: c.Due


Part = (
    EpisodeOf | FirstLowGrade | AcuteEpisode | FirstOfRun | RecordOrEpisode | EventDay | OutcomeDay | EachEntry
    | ScreeningLapse
)


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """The latest of its parts."""

    kind: AnchorKind
    parts: tuple[Part, ...]


def anchor_day(scope: Scope, anchor: Anchor, outcome: Outcome) -> int | None:
    """The day a MET outcome is anchored at; None when no part has a date."""
    days = [day for part in anchor.parts if (day := _part_day(scope, part, outcome)) is not None]
    return max(days, default=None)


def _part_day(scope: Scope, part: Part, outcome: Outcome) -> int | None:  # noqa: PLR0911 - one line a word
    match part:
        case EpisodeOf():
            return episode_start(scope, part.mood, c.MoodCleared(part.mood.domain))
        case FirstLowGrade():
            return _first_low_grade(scope, part)
        case AcuteEpisode():
            return _acute_start(scope, part)
        case FirstOfRun():
            return _run_start(scope, part, outcome)
        case RecordOrEpisode():
            recorded = outcome.values.get("record_day")
            return recorded or episode_start(scope, part.mood, c.MoodCleared(part.mood.domain))
        case EventDay():
            day = outcome.values.get("event_day")
            return day if isinstance(day, int) else None
        case OutcomeDay() | EachEntry():
            return outcome.day
        case ScreeningLapse():
            return _lapse(scope, part)
        case _:
            assert_never(part)


def _first_low_grade(scope: Scope, part: FirstLowGrade) -> int | None:
    first: int | None = None
    for result, kind in reversed(classified(scope, part.analyte, part.limits, EARLIEST, scope.today)):
        if kind is c.MarkerClass.LOW_GRADE:
            first = result.first
        elif kind is not c.MarkerClass.INDETERMINATE and first is not None:
            break
    return first


def _acute_start(scope: Scope, part: AcuteEpisode) -> int | None:
    first: int | None = None
    for result, kind in reversed(classified(scope, part.analyte, part.limits, EARLIEST, scope.today)):
        low_grade = kind is c.MarkerClass.LOW_GRADE
        if kind is c.MarkerClass.HIGH or (
            low_grade and scope.check(part.acute, At(result.first, result.first)).verdict is MET
        ):
            first = result.first
        elif low_grade or kind is c.MarkerClass.LOW:
            break
    return first


def _run_start(scope: Scope, part: FirstOfRun, outcome: Outcome) -> int | None:
    first = outcome.day
    for instrument in part.domain.series:
        series = scope.timeline.series.get(instrument)
        if series is None or first is None or first not in series.days:
            continue
        for i in reversed(series.between(EARLIEST, first - 1)):
            if part.complete is instrument and (not series.scores[i].items or None in series.scores[i].items):
                continue
            earlier = scope.on_day(series.days[i])
            if earlier.check(part.criterion, earlier.now()).verdict is not MET:
                break
            first = series.days[i]
        break
    return first


def _lapse(scope: Scope, part: ScreeningLapse) -> int | None:
    start = newest_screen(scope, part.due)
    if start is None:
        return None
    scored = any(instrument in scope.timeline.series for instrument in part.due.domain.series)
    return start.day + part.due.checks[0].days if scored else start.day
