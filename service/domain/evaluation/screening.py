"""Words about screening: is the history known, and which check is overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain.concepts import Concept
from service.domain.days import LATEST, iso
from service.domain.evaluation.scope import MET, NOT_MET, SCORED, UNKNOWN, At, Scope, absent
from service.domain.outcome import Lack, Outcome, Want

if TYPE_CHECKING:
    from service.domain import criteria as c
    from service.domain.facts import Source


class Start(NamedTuple):
    """What a check counts from."""

    day: int
    sources: tuple[Source, ...]


def check_history_known(scope: Scope, word: c.HistoryKnown, _at: At) -> Outcome:
    """Without any earlier score, an empty history and a cut-off one look the same."""
    gap = scope.uncovered(SCORED)
    known = scope.timeline.chart.history_complete or any(i in scope.timeline.series for i in word.domain.series)
    if known and not gap:
        return Outcome(word, MET)
    text = f"whether the whole history of {word.domain.name} scores was sent is not known"
    return Outcome(word, UNKNOWN, lacks=(Lack(Want.NOT_COVERED if gap else Want.MISSING, f"{text} {gap}".strip()),))


def check_due(scope: Scope, word: c.Due, _at: At) -> Outcome:
    """The earliest unmet check that T is more than the grace past; the others are listed."""
    declined = word.unless_declined
    if declined is not None and any(
        0 <= scope.today - day <= declined.days for day in scope.timeline.chart.declined_screening
    ):
        return Outcome(word, NOT_MET)
    screens = _screens(scope, word)
    overdue: list[tuple[int, Start]] = []
    for start in _starts(scope, word):
        for check in word.checks:
            due = start.day + check.days
            if scope.today > due + word.grace.days and not any(due - word.grace.days <= day <= scope.today for day in screens):
                overdue.append((due, start))
    if not overdue:
        return absent(scope, word, SCORED, "an overdue check") if word.event or word.groups else Outcome(word, NOT_MET)
    overdue.sort(key=lambda pair: pair[0])
    day, start = overdue[0]
    dates = ", ".join(iso(due) for due, _ in overdue)
    return Outcome(word, MET, day, start.sources, {"due_date": iso(day), "due_dates": dates, "overdue_days": scope.today - day})


def _screens(scope: Scope, word: c.Due) -> list[int]:
    series = scope.timeline.series
    days = [day for i in (*word.domain.series, *word.also_screens) if i in series for day in series[i].days]
    days += [r.first for r in scope.timeline.records.get(Concept.MOOD_SCREENING, ()) if r.first == r.last]
    return days


def _starts(scope: Scope, word: c.Due) -> list[Start]:
    earliest = scope.today - (word.over.days if word.over is not None else 0)
    if word.event is not None:
        return [
            Start(relapse.onset, tuple(r.source for r in relapse.records))
            for relapse in scope.timeline.relapses if relapse.onset >= earliest
        ]
    if word.groups:
        return [
            Start(s.start, tuple(e.source for e in s.records))
            for group in word.groups for s in scope.timeline.spans.get(group, ()) if s.new and s.start >= earliest
        ]
    newest = newest_screen(scope, word)
    return [newest] if newest is not None else []


def newest_screen(scope: Scope, word: c.Due) -> Start | None:
    """The newest score of the domain, else the disease's onset, else its recorded date."""
    newest: Start | None = None
    for instrument in word.domain.series:
        series = scope.timeline.series.get(instrument)
        index = None if series is None else series.latest(0, scope.today)
        if series is not None and index is not None and (newest is None or series.days[index] > newest.day):
            newest = Start(series.days[index], (series.scores[index].source,))
    return newest or _never_scored(scope)


def _never_scored(scope: Scope) -> Start | None:
    for record in scope.timeline.records.get(Concept.IMD, ()):
        for day, last in ((record.first, record.last), (record.recorded_first, record.recorded_last)):
            if last != LATEST and day == last:
                return Start(day, (record.source,))
    return None
