"""Words that say when an open flag has cleared: since its start, up to the as-of day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain import criteria as c
from service.domain.days import EARLIEST
from service.domain.evaluation.mood import held_series, holds_at, is_elevated, sources_of
from service.domain.evaluation.scope import MET, NOT_MET, At, Scope, missing, unreadable
from service.domain.evaluation.unread import any_value, first_fault, unread_between
from service.domain.outcome import Outcome

if TYPE_CHECKING:
    from decimal import Decimal

    from service.domain.instruments import Instrument, MoodDomain
    from service.domain.timeline import Series


class _Run:
    """What is remembered of one series since a flag began."""

    __slots__ = ("count", "day", "first", "highest", "instrument", "latest")

    def __init__(self, instrument: Instrument, day: int, value: Decimal) -> None:
        self.instrument = instrument
        self.count = self.first = 0
        self.highest = value
        self.add(day, value)

    def add(self, day: int, value: Decimal) -> None:
        limit = self.instrument.elevated
        if limit is not None and value < limit:
            self.first = self.first if self.count else day
            self.count += 1
        else:
            self.count = 0
        self.day, self.latest = day, value
        self.highest = max(self.highest, value)

    def is_low(self, word: c.MoodCleared) -> bool:
        """Enough low scores far enough apart, or one minimal score after a clear fall."""
        if self.count >= word.runs and self.day - self.first >= word.apart.days:
            return True
        minimal, step = self.instrument.minimal, self.instrument.worse_by
        return (
            minimal is not None and step is not None and self.latest <= minimal and self.highest - self.latest >= step
        )

    def blocks(self, newest: int, word: c.MoodCleared) -> bool:
        """An elevated latest score holds the flag open, unless the series fell silent long ago."""
        limit = self.instrument.elevated
        return limit is not None and self.latest >= limit and newest - self.day <= word.quiet.days


def _says_low(series: Series, index: int) -> bool:
    return series.counts_as_low(index) and not series.scores[index].prorated


class MoodTracker:
    """Follows the scores of a domain in order of day and says when mood has cleared."""

    __slots__ = ("_newest", "_runs", "_word")

    def __init__(self, word: c.MoodCleared) -> None:
        """`word` gives the numbers."""
        self._word = word
        self._runs: dict[Instrument, _Run] = {}
        self._newest = 0

    def add(self, series: Series, index: int) -> None:
        """Takes the next score; prorated ones and low ones that say nothing cannot clear, but a high one holds open."""
        if not (is_elevated(series, index) or _says_low(series, index)):
            return
        self._newest = series.days[index]
        run = self._runs.get(series.instrument)
        if run is None:
            self._runs[series.instrument] = _Run(series.instrument, self._newest, series.values[index])
        else:
            run.add(self._newest, series.values[index])

    @property
    def is_clear(self) -> bool:
        """Whether mood has cleared on the scores so far."""
        runs = self._runs.values()
        return any(run.is_low(self._word) for run in runs) and not any(
            run.blocks(self._newest, self._word) for run in runs
        )


def in_order(scope: Scope, domain: MoodDomain, low: int, *, safety: bool = False) -> list[tuple[int, Series, int]]:
    """Every score of a domain from a day on, oldest first; with `safety` those up to 24 hours after T too."""
    found = []
    high = scope.safety_limit if safety else scope.today
    for series in held_series(scope, domain, safety=safety):
        found += [(series.days[i], series, i) for i in series.between(low, high)]
    if len(domain.series) > 1:
        found.sort(key=lambda entry: entry[0])
    return found


def _overtaken(scope: Scope, word: c.MoodCleared | c.BackBelow | c.AtNewest, day: int) -> Outcome | None:
    """UNKNOWN where a score that could not be read, or has no exact day, may be later than the last that was read."""
    unread = first_fault(unread_between(scope, any_value(word.domain.series), day, scope.today, preliminary=True))
    return unreadable(word, unread) if unread else None


def check_mood_cleared(scope: Scope, word: c.MoodCleared, at: At) -> Outcome:
    """MOODCLEAR on the scores since t0."""
    tracker = MoodTracker(word)
    last: tuple[Series, int] | None = None
    for _, series, index in in_order(scope, word.domain, at.low):
        tracker.add(series, index)
        last = (series, index)
    if last is None or not tracker.is_clear:
        return Outcome(word, NOT_MET)
    series, index = last
    day = series.days[index]
    return _overtaken(scope, word, day) or Outcome(word, MET, day, sources_of(series.scores[index]))


def episode_start(scope: Scope, mood: c.Worsened | c.Elevated, word: c.MoodCleared) -> int | None:
    """The first day on which `mood` held since it last cleared; None when no episode is open."""
    start: int | None = None
    tracker = MoodTracker(word)
    for day, series, index in in_order(scope, mood.domain, EARLIEST, safety=getattr(mood, "safety", False)):
        if start is None and holds_at(series, index, mood):
            start, tracker = day, MoodTracker(word)
        if start is not None:
            tracker.add(series, index)
            if tracker.is_clear:
                start = None
    return start


def check_began_within(scope: Scope, word: c.BeganWithin, at: At) -> Outcome:
    """What the mood word says; not met where the open episode is older than the limit."""
    mood = scope.check(word.mood, at)
    outcome = mood._replace(criterion=word, inner=(mood,))
    if mood.verdict is not MET:
        return outcome
    start = episode_start(scope, word.mood, c.MoodCleared(word.mood.domain))
    recent = start is not None and scope.today - start <= word.days.days
    return outcome if recent else outcome._replace(verdict=NOT_MET)


def check_back_below(scope: Scope, word: c.BackBelow, at: At) -> Outcome:
    """The latest score is complete and below elevated, and no other series is still elevated."""
    latest = {series.instrument: (day, series, index) for day, series, index in in_order(scope, word.domain, at.low)}
    if not latest:
        return Outcome(word, NOT_MET)
    newest = max(day for day, _, _ in latest.values())
    for day, series, index in latest.values():
        held = is_elevated(series, index) and newest - day <= word.quiet.days
        if held or (day == newest and not _says_low(series, index)):
            return Outcome(word, NOT_MET)
    series, index = next((series, index) for day, series, index in latest.values() if day == newest)
    return _overtaken(scope, word, newest) or Outcome(word, MET, newest, sources_of(series.scores[index]))


def check_halved(scope: Scope, word: c.Halved, at: At) -> Outcome:
    """The lowest score since t0 against the first elevated score of the run open then."""
    for instrument in word.domain.series:
        series = scope.timeline.series.get(instrument)
        if series is None:
            continue
        index = series.latest(EARLIEST, at.low)
        if index is None or not is_elevated(series, index):
            continue
        first = index
        while first > 0 and is_elevated(series, first - 1):
            first -= 1
        since = [i for i in series.between(at.low, scope.today) if _says_low(series, i)]
        lowest = min(since, key=lambda i: series.values[i], default=None)
        if lowest is not None and series.values[lowest] <= series.values[first] * word.share:
            return Outcome(word, MET, series.days[lowest], sources_of(series.scores[lowest]))
    return Outcome(word, NOT_MET)


def check_elapsed(scope: Scope, word: c.Elapsed, at: At) -> Outcome:
    """Whether enough days have passed since t0."""
    return Outcome(word, MET if scope.today - at.low > word.days.days else NOT_MET)


def check_at_newest(scope: Scope, word: c.AtNewest, at: At) -> Outcome:
    """Asks the criterion on the day of the newest score since t0; unknown where there is none."""
    for day, series, index in reversed(in_order(scope, word.domain, at.low)):
        items = series.scores[index].items
        if not word.complete or (items and None not in items):
            overtaken = _overtaken(scope, word, day)
            if overtaken is not None:
                return overtaken
            then = scope if day == scope.today else scope.on_day(day)
            part = then.check(word.criterion, then.now())
            return part._replace(criterion=word, inner=(part,))
    return missing(word, f"no {word.domain.name} score since then")
