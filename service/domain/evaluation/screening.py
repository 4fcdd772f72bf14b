"""Words about screening: is the history known, and which check is overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain import criteria as c
from service.domain.concepts import Concept, record_types
from service.domain.days import EARLIEST, LATEST, Days, in_window, iso, up_to
from service.domain.evaluation.medicines import not_known_to_be_new
from service.domain.evaluation.mood import lacking_score
from service.domain.evaluation.records import active_diagnoses
from service.domain.evaluation.scope import MET, NOT_MET, PRESCRIBED, SCORED, UNKNOWN, At, Scope, absent, undated
from service.domain.instruments import standard
from service.domain.outcome import Lack, Outcome, Want
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.domain.instruments import MoodDomain
    from service.domain.stretches import Stretch

EVENTS = (*record_types((Concept.RELAPSE,)), *PRESCRIBED)
SCREENED = (*SCORED, *record_types((Concept.MOOD_SCREENING,)))


class _Screen(NamedTuple):
    """The first and the last day that a screen may be of, and the most that it says of a window it lies in."""

    first: int
    last: int
    most: Verdict = MET


class Dated(NamedTuple):
    """A day that checks count from or are due on, and what it rests on; `slack` days earlier where it is not exact."""

    day: int
    sources: tuple[Source, ...]
    slack: int = 0


def check_history_known(scope: Scope, word: c.HistoryKnown, _at: At) -> Outcome:
    """Without any earlier score, an empty history and a cut-off one look the same."""
    gap = scope.uncovered(SCORED)
    scales = word.domain.series
    scored = any(i in scope.timeline.series for i in scales) or any(
        score.instrument in scales for score in scope.timeline.partial_scores
    )
    if (scope.timeline.chart.history_complete or scored) and not gap:
        newest = newest_score(scope, word.domain)
        return Outcome(word, MET, used=() if newest is None else newest.sources)
    return lacking_score(scope, word, f"whether the whole history of {word.domain.name} scores was sent is not known")


def check_due(scope: Scope, word: c.Due, _at: At) -> Outcome:
    """The earliest unmet check that T is more than the grace past; the others are listed."""
    if any(0 <= scope.today - day <= word.unless_declined.days for day in scope.timeline.chart.declined_screening):
        return Outcome(word, NOT_MET)
    screens = _screens(scope, word)
    due = [check for schedule in word.schedules for check in _checks(scope, word.domain, schedule)]
    unmet = [(check, _unmet(scope, word, check, screens)) for check in due]
    overdue = sorted([check for check, verdict in unmet if verdict is MET], key=lambda check: check.day)
    if not overdue:
        if any(verdict is UNKNOWN for _, verdict in unmet):
            return undated(word, "whether a mood check was in time depends on a score that could not be read or placed")
        return _doubtful_start(scope, word, screens) or absent(scope, word, EVENTS, "an overdue check")
    gap = scope.uncovered(SCREENED)
    if gap:
        return Outcome(word, UNKNOWN, lacks=(Lack(Want.NOT_COVERED, f"a mood check cannot be ruled out ({gap})"),))
    first = overdue[0]
    dates = ", ".join(dict.fromkeys(iso(check.day) for check in overdue))
    values = {"due_dates": dates, "overdue_days": Days(scope.today - first.day)}
    return Outcome(word, MET, first.day, first.sources, values)


def _unmet(scope: Scope, word: c.Due, check: Dated, screens: list[_Screen]) -> Verdict:
    """Whether a check is overdue on any day that it may be due."""
    grace = word.grace.days

    def overdue(due: int) -> Verdict:
        if scope.today <= due + grace:
            return NOT_MET
        placed = [min(one.most, in_window(one.first, one.last, due - grace, scope.today)) for one in screens]
        return max(placed, default=NOT_MET).negated

    last, first = overdue(check.day), overdue(check.day - check.slack)
    return last if last is first else UNKNOWN


def _screens(scope: Scope, word: c.Due) -> list[_Screen]:
    """Every screen with the days that it may be of; one that could not be read only may have been one."""
    timeline, scales = scope.timeline, (*word.domain.series, *word.also_screens)
    days = [_Screen(day, day) for i in scales if i in timeline.series for day in timeline.series[i].days]
    other = [score for score in timeline.partial_scores if score.instrument in scales]
    for made in (*other, *timeline.records.get(Concept.MOOD_SCREENING, ())):
        days.append(_Screen(made.first, up_to(scope.today, made.first, made.last)))
    usual = set(map(standard, scales))
    unread = [one for one in timeline.unread_scores if one.instrument in usual and one.first != EARLIEST]
    return days + [_Screen(one.first, one.last, UNKNOWN) for one in unread]


def _checks(scope: Scope, domain: MoodDomain, schedule: c.Routine | c.AfterRelapse | c.AfterStart) -> list[Dated]:
    if isinstance(schedule, c.AfterStart):
        starts = [Dated(s.start, s.shown_by) for s in _begun(scope, schedule) if s.new]
        return _each(starts, schedule)
    if not active_diagnoses(scope, schedule.disease):
        return []
    if isinstance(schedule, c.AfterRelapse):
        earliest = scope.today - schedule.over.days
        onsets = [r for r in scope.timeline.relapses if r.onset >= earliest]
        return _each([Dated(r.onset, tuple(record.source for record in r.records)) for r in onsets], schedule)
    start = newest_score(scope, domain) or disease_start(scope, schedule.disease)
    return [] if start is None else [start._replace(day=start.day + schedule.after.days)]


def _each(starts: list[Dated], schedule: c.AfterRelapse | c.AfterStart) -> list[Dated]:
    return [start._replace(day=start.day + check.days) for start in starts for check in schedule.checks]


def _begun(scope: Scope, schedule: c.AfterStart) -> list[Stretch]:
    earliest = scope.today - schedule.over.days
    return [s for group in schedule.groups for s in scope.timeline.spans.get(group, ()) if s.start >= earliest]


def _doubtful_start(scope: Scope, word: c.Due, screens: list[_Screen]) -> Outcome | None:
    """UNKNOWN where a check may be overdue after a medicine, but when that was begun cannot be told."""
    for schedule in word.schedules:
        if isinstance(schedule, c.AfterStart):
            for group in schedule.groups:
                for exposure in scope.timeline.undated_drugs.get(group, ()):
                    return undated(word, f"{exposure.ingredient} is recorded without a start date", (exposure.source,))
            for stretch in _begun(scope, schedule):
                due = _each([Dated(stretch.start, ())], schedule)
                if stretch.new is None and any(_unmet(scope, word, check, screens) is not NOT_MET for check in due):
                    return undated(word, not_known_to_be_new(stretch))
    return None


def newest_score(scope: Scope, domain: MoodDomain) -> Dated | None:
    """The newest score of the domain up to the as-of day: of one without an exact date, its last possible day."""
    newest: Dated | None = None
    for instrument in domain.series:
        series = scope.timeline.series.get(instrument)
        index = None if series is None else series.latest(0, scope.today)
        if series is not None and index is not None and (newest is None or series.days[index] > newest.day):
            newest = Dated(series.days[index], (series.scores[index].source,))
    for score in scope.timeline.partial_scores:
        last = up_to(scope.today, score.first, score.last)
        if score.instrument in domain.series and (newest is None or last > newest.day):
            earliest = score.first if newest is None else max(score.first, newest.day - newest.slack)
            newest = Dated(last, (score.source,), last - earliest)
    return newest


def disease_start(scope: Scope, disease: Concept) -> Dated | None:
    """The earliest onset of an active diagnosis (its last possible day), else the earliest recorded date."""
    active = active_diagnoses(scope, disease)
    onsets = [Dated(record.last, (record.source,)) for record in active if record.last != LATEST]
    recorded = [Dated(record.recorded_last, (record.source,)) for record in active if record.recorded_last != LATEST]
    return min(onsets or recorded, key=lambda start: start.day, default=None)
