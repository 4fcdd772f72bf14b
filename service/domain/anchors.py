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
from service.domain.evaluation.screening import disease_start, newest_score
from service.domain.instruments import standard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.domain.analytes import Analyte
    from service.domain.facts import Result, Score
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
    """The date of the earliest presentation: of the record, or where that is a score, the start of the mood episode."""

    recorded: c.Criterion
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
    """When screening lapsed: so long after the newest score, else the disease's onset or recorded date."""

    domain: MoodDomain
    routine: c.Routine


Part = (
    EpisodeOf
    | FirstLowGrade
    | AcuteEpisode
    | FirstOfRun
    | RecordOrEpisode
    | EventDay
    | OutcomeDay
    | EachEntry
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


def _part_day(scope: Scope, part: Part, outcome: Outcome) -> int | None:
    match part:
        case EpisodeOf():
            return _episode_start(scope, part.mood)
        case FirstLowGrade():
            return _as_written(scope, _results_of(scope, part.analyte), _first_low_grade(scope, part))
        case AcuteEpisode():
            return _as_written(scope, _results_of(scope, part.analyte), _acute_start(scope, part))
        case FirstOfRun():
            return _as_written(scope, _scores_of(scope, part.domain), _run_start(scope, part, outcome))
        case RecordOrEpisode():
            return _presented(scope, part, outcome)
        case EventDay():
            day = outcome.values.get("event_written", outcome.values.get("event_day"))
            return day if isinstance(day, int) else None
        case OutcomeDay() | EachEntry():
            return outcome.day
        case ScreeningLapse():
            return _lapse(scope, part)
        case _:
            assert_never(part)


def _presented(scope: Scope, part: RecordOrEpisode, outcome: Outcome) -> int | None:
    entries = scope.check(part.recorded, scope.now()).values.get("entries", ())
    if any(entry.day == outcome.day for entry in entries):
        return outcome.day
    return _episode_start(scope, part.mood)


def _episode_start(scope: Scope, mood: c.Worsened | c.Elevated) -> int | None:
    start = episode_start(scope, mood, c.MoodCleared(mood.domain))
    return _as_written(scope, _scores_of(scope, mood.domain), start)


def _scores_of(scope: Scope, domain: MoodDomain) -> list[Score]:
    scales = set(map(standard, domain.series))
    return [score for score in scope.timeline.scores if score.instrument in scales] if scope.timeline.ahead else []


def _results_of(scope: Scope, analyte: Analyte) -> Sequence[Result]:
    return scope.timeline.results.get(analyte, ())


def _as_written(scope: Scope, facts: Sequence[Score | Result], day: int | None) -> int | None:
    return None if day is None else scope.written(day, [fact.source for fact in facts if fact.first == day])


def _days_back(scope: Scope, part: FirstLowGrade | AcuteEpisode) -> list[tuple[int, set[c.MarkerClass]]]:
    """The classes of each day with a result that can be read, newest first: two assays of one day are no sequence."""
    days: list[tuple[int, set[c.MarkerClass]]] = []
    unclear, newer = c.MarkerClass.INDETERMINATE, None
    for result, kind in reversed(classified(scope, part.analyte, part.limits, EARLIEST, scope.today)):
        if kind is unclear:
            continue
        if result.first == newer:
            days[-1][1].add(kind)
        else:
            newer = result.first
            days.append((newer, {kind}))
    return days


def _first_low_grade(scope: Scope, part: FirstLowGrade) -> int | None:
    first: int | None = None
    wanted = c.MarkerClass.LOW_GRADE
    for day, kinds in _days_back(scope, part):
        if wanted in kinds:
            first = day
        elif first is not None:
            break
    return first


def _acute_start(scope: Scope, part: AcuteEpisode) -> int | None:
    first: int | None = None
    for day, kinds in _days_back(scope, part):
        low_grade = c.MarkerClass.LOW_GRADE in kinds
        if c.MarkerClass.HIGH not in kinds and not (low_grade and scope.check(part.acute, At(day, day)).verdict is MET):
            break
        first = day
    return first


def _run_start(scope: Scope, part: FirstOfRun, outcome: Outcome) -> int:
    first = scope.today if outcome.day is None else outcome.day
    held = [scope.timeline.series[scale] for scale in part.domain.series if scale in scope.timeline.series]
    for series in [one for one in held if first in one.days][:1]:
        for i in reversed(series.between(EARLIEST, first - 1)):
            items = series.scores[i].items
            if part.complete is series.instrument and (not items or None in items):
                continue
            earlier = scope.on_day(series.days[i])
            if earlier.check(part.criterion, earlier.now()).verdict is not MET:
                break
            first = series.days[i]
    return first


def _lapse(scope: Scope, part: ScreeningLapse) -> int | None:
    newest = newest_score(scope, part.domain)
    if newest is not None:
        return newest.day + part.routine.after.days
    start = disease_start(scope, part.routine.disease)
    return None if start is None else start.day
