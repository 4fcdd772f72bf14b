"""Words about scores over time: worsened, elevated, persistent, fallen."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from service.domain import criteria as c
from service.domain.criteria import Band
from service.domain.days import Days, in_window, iso, spelled, up_to
from service.domain.evaluation.scope import (
    MET,
    NOT_MET,
    SCORED,
    UNKNOWN,
    At,
    Scope,
    absent,
    lack_of,
    not_met,
    undated,
    unreadable,
)
from service.domain.evaluation.unread import any_value, elevated_value, first_fault, unread_between
from service.domain.instruments import standard
from service.domain.outcome import Outcome
from service.domain.timeline import Series

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from service.domain.evaluation.unread import Limits
    from service.domain.facts import Score, Source
    from service.domain.instruments import Instrument, MoodDomain


AnyNow: TypeAlias = "c.Elevated | c.Worsened | c.Persistent | c.Fell | c.ItemSum"


class Baseline(NamedTuple):
    """The value a score is compared with; `stale` when it is older than the look-back window."""

    at: int
    stale: bool


def sources_of(score: Score) -> tuple[Source, ...]:
    """The resources a score rests on."""
    return (score.source, *score.evidence)


def _with_late(scope: Scope, instrument: Instrument) -> Series | None:
    """The values of one instrument with those up to 24 hours after the as-of instant, as dated."""
    held = scope.timeline.series.get(instrument)
    late = [s for s in scope.timeline.late_scores if s.instrument is instrument and s.first == s.last]
    known = [] if held is None else held.scores
    return scope.remembered((instrument, "late"), lambda: Series(instrument, [*known, *late])) if late else held


def held_series(scope: Scope, domain: MoodDomain, *, safety: bool = False) -> list[Series]:
    """The series of a domain, in its order; with `safety` also of values up to 24 hours after the as-of instant."""
    known = scope.timeline.series
    if safety and scope.timeline.late_scores:
        every = [_with_late(scope, instrument) for instrument in domain.series]
        return [series for series in every if series is not None]
    return [known[instrument] for instrument in domain.series if instrument in known]


def _last_day(scope: Scope, *, safety: bool) -> int:
    return scope.safety_limit if safety else scope.today


def now_days(scope: Scope, word: AnyNow, *, safety: bool = False) -> tuple[int, int]:
    """The days of which a score is a current one."""
    return scope.today - word.fresh.days, _last_day(scope, safety=safety)


def current(scope: Scope, domain: MoodDomain, fresh: int, *, safety: bool = False) -> list[tuple[Series, int]]:
    """The series of a domain that have a value within `fresh` days of the as-of day, with its index."""
    found = []
    earliest, limit = scope.today - fresh, _last_day(scope, safety=safety)
    for series in held_series(scope, domain, safety=safety):
        index = series.latest(earliest, limit)
        if index is not None:
            found.append((series, index))
    return found


def no_current(scope: Scope, criterion: Any, domain: MoodDomain, fresh: int) -> Outcome:
    """UNKNOWN: there is no score to read now."""
    unread = first_fault(unread_between(scope, any_value(domain.series), scope.today - fresh - 1, scope.today))
    return lacking_score(scope, criterion, f"no usable {domain.name} score in the last {fresh} days", unread=unread)


def lacking_score(
    scope: Scope,
    criterion: Any,
    text: str,
    day: int | None = None,
    used: tuple[Source, ...] = (),
    values: dict[str, Any] | None = None,
    unread: str = "",
) -> Outcome:
    """UNKNOWN for want of a score: not measured, not read, or where scores were not all sent, not known to be so."""
    lack = lack_of(scope, SCORED, text, [unread] if unread else [])
    return Outcome(criterion, UNKNOWN, day, used, values or {}, lacks=(lack,))


def baseline(series: Series, index: int, word: c.Worsened | c.Fell) -> Baseline | None:
    """The best value in the look-back window (ties: latest), else the most recent before it."""
    day = series.days[index]
    lookback, higher_is_worse = word.lookback.days, series.instrument.higher_is_worse
    best: int | None = None
    values = series.values
    for i in series.telling(day - lookback, day - word.gap.days):
        if best is None or (values[i] <= values[best] if higher_is_worse else values[i] >= values[best]):
            best = i
    if best is not None:
        return Baseline(best, stale=False)
    before = series.telling(day - word.stale.days, day - lookback - 1)
    return Baseline(before[-1], stale=True) if before else None


def is_elevated(series: Series, index: int) -> bool:
    """Whether a value reaches the instrument's limit."""
    limit = series.instrument.elevated
    return limit is not None and series.values[index] >= limit


def has_worsened(series: Series, index: int, base: Baseline) -> bool:
    """Whether a value is elevated and worse than the baseline by the instrument's step."""
    step = series.instrument.worse_by
    rise = series.values[index] - series.values[base.at]
    return step is not None and rise >= step and (is_elevated(series, index) or series.instrument.elevated is None)


def holds_at(series: Series, index: int, word: c.Worsened | c.Elevated) -> bool:
    """Whether a mood word held on the day of this value (for the date an episode began)."""
    if not is_elevated(series, index):
        return False
    if isinstance(word, c.Elevated):
        return True
    base = baseline(series, index, word)
    return word.or_first_elevated if base is None else has_worsened(series, index, base)


def _across(
    scope: Scope,
    word: c.Elevated | c.Worsened,
    judge: Callable[[Series, int], Outcome],
    within: tuple[int, int],
    *,
    safety: bool = False,
) -> Outcome:
    """A domain criterion: true in any series that has a value now, else unknown in any, else false.

    Unknown too where a newer value `within` these days could not be read.
    """
    held = current(scope, word.domain, word.fresh.days, safety=safety)
    if not held:
        return no_current(scope, word, word.domain, word.fresh.days)
    outcomes = []
    for series, index in held:
        outcome = judge(series, index)
        if outcome.verdict is MET:
            return outcome
        outcomes.append(outcome)
    best = max(outcomes, key=attrgetter("verdict"))
    if best.verdict is UNKNOWN:
        return best
    return unless_newer(scope, word, best, held, elevated_value(word.domain.series), within)


def unless_newer(
    scope: Scope,
    word: AnyNow,
    denied: Outcome,
    held: list[tuple[Series, int]],
    limits: Limits,
    within: tuple[int, int],
) -> Outcome:
    """What the newest scores deny, unless a newer one of its scale and of these days was sent and could not be read."""
    if not scope.timeline.unread_scores:
        return denied
    newest = {standard(series.instrument): series.days[index] for series, index in held}
    unread = first_fault(unread_between(scope, limits, within[0] - 1, within[1], newest))
    return unreadable(word, unread) if unread else denied


def check_elevated(scope: Scope, word: c.Elevated, at: At) -> Outcome:
    """ELEVATED: the current value reaches the limit in any series of the domain."""

    def judge(series: Series, index: int) -> Outcome:
        day = series.days[index]
        far = word.within is not None and at.is_exact and abs(day - at.low) > word.within.days
        verdict = NOT_MET if far or not is_elevated(series, index) else MET
        if verdict is NOT_MET and not scope.traced:
            return not_met(word)
        return Outcome(word, verdict, day, sources_of(series.scores[index]), _now_values(scope, series, index))

    first, last = now_days(scope, word)
    if word.within is not None and at.is_exact:
        first, last = max(first, at.low - word.within.days), min(last, at.low + word.within.days)
    return _across(scope, word, judge, (first, last))


def check_worsened(scope: Scope, word: c.Worsened, _at: At) -> Outcome:
    """WORSE: the current value against its baseline in any series of the domain."""

    def judge(series: Series, index: int) -> Outcome:
        base = baseline(series, index, word)
        if base is None:
            return _without_baseline(scope, word, series, index)
        verdict = MET if has_worsened(series, index, base) else NOT_MET
        if verdict is NOT_MET and not scope.traced:
            return not_met(word)
        values = _now_values(scope, series, index)
        values |= _base_values(series, base)
        used = sources_of(series.scores[base.at]) + sources_of(series.scores[index])
        return Outcome(word, verdict, series.days[index], used, values, weak=base.stale)

    return _across(scope, word, judge, now_days(scope, word, safety=word.safety), safety=word.safety)


def _without_baseline(scope: Scope, word: c.Worsened, series: Series, index: int) -> Outcome:
    score, day = series.scores[index], series.days[index]
    values = _now_values(scope, series, index)
    if word.or_first_elevated:
        verdict = MET if is_elevated(series, index) else NOT_MET
        return Outcome(word, verdict, day, sources_of(score), values, weak=True)
    name = series.instrument.name
    text = f"no earlier {name} to compare with ({word.gap.days} to {word.stale.days} days before {values['now_date']})"
    text += _too_close(series, index, word)
    if _has_other_series(scope, word.domain, series.instrument):
        text += "; the instrument changed, so a change cannot be computed"
    return lacking_score(scope, word, text, day, sources_of(score), values)


def _too_close(series: Series, index: int, word: c.Worsened) -> str:
    day = series.days[index]
    near = series.between(day - word.gap.days + 1, day - 1)
    if not near:
        return ""
    rise = series.values[index] - series.values[near[0]]
    return f"; rise of {rise} in {Days(day - series.days[near[0]])}: too close together to compute"


def _has_other_series(scope: Scope, domain: MoodDomain, instrument: Instrument) -> bool:
    return any(other in scope.timeline.series for other in domain.series if other is not instrument)


def _now_values(scope: Scope, series: Series, index: int) -> dict[str, Any]:
    return _score_values(scope, series.scores[index])


def _score_values(scope: Scope, score: Score) -> dict[str, Any]:
    return {
        "instrument": score.instrument.name,
        "now": score.value,
        "now_date": spelled(score.first, score.last),
        "now_age": Days(scope.today - score.first),
        "prorated": score.prorated,
        "limit": score.instrument.elevated,
    }


def _base_values(series: Series, base: Baseline) -> dict[str, Any]:
    day = series.days[base.at]
    return {
        "before": series.values[base.at],
        "before_day": day,
        "before_date": iso(day),
    }


def check_scored_at_least(scope: Scope, word: c.ScoredAtLeast, at: At) -> Outcome:
    """Whether any value in the window reaches the band; one whose date is not exact leaves open what it may settle."""
    low, any_score = at.low - word.before.days, False
    limits = _band_limits(word)
    for instrument, limit in limits.items():
        series = scope.timeline.series.get(instrument)
        if series is None:
            continue
        for i in reversed(series.between(low, scope.today)):
            any_score = True
            if series.values[i] >= limit:
                return Outcome(word, MET, series.days[i], sources_of(series.scores[i]), _now_values(scope, series, i))
    partial = scope.timeline.partial_scores
    not_exact = [score for score in partial if score.instrument in limits and score.value >= limits[score.instrument]]
    for score in not_exact:
        if in_window(score.first, up_to(scope.today, score.first, score.last), low, scope.today) is MET:
            return Outcome(word, MET, score.first, sources_of(score), _score_values(scope, score))
    if any(score.last >= low for score in not_exact):
        return undated(word, f"a {word.domain.name} score has no date that can be placed")
    unread = first_fault(
        unread_between(scope, {standard(scale): limit for scale, limit in limits.items()}, low - 1, scope.today)
    )
    if unread:
        return unreadable(word, unread)
    if any_score or word.none_is is NOT_MET:
        return absent(scope, word, SCORED, f"a {word.domain.name} score")
    return lacking_score(scope, word, f"no {word.domain.name} score from {word.before.days} days before the result")


def _band_limits(word: c.ScoredAtLeast) -> dict[Instrument, Decimal]:
    """The least value of the band, of the scales that have one."""
    limits = {scale: _band_limit(scale, word.band) for scale in (*word.domain.series, *word.also)}
    return {scale: limit for scale, limit in limits.items() if limit is not None}


def _band_limit(instrument: Instrument, band: Band) -> Decimal | None:
    if band is Band.MILD:
        return instrument.mild
    return instrument.elevated if band is Band.ELEVATED else instrument.low


def check_persistent(scope: Scope, word: c.Persistent, _at: At) -> Outcome:
    """PERSIST: the run of elevated values that ends with the current one."""
    held = current(scope, word.domain, word.fresh.days)
    if not held:
        return no_current(scope, word, word.domain, word.fresh.days)
    for series, index in held:
        first = _run_start(series, index, word)
        if first is not None and series.days[index] - series.days[first] >= word.at_least.days:
            run = range(first, index + 1)
            lowest = min(series.values[i] for i in run)
            if word.lowest_above is None or lowest > series.values[first] * word.lowest_above:
                return _persisting(scope, word, series, run)
    denied = scope.refuted(word, day=held[0][0].days[held[0][1]])
    return unless_newer(scope, word, denied, held, elevated_value(word.domain.series), now_days(scope, word))


def _persisting(scope: Scope, word: c.Persistent, series: Series, run: range) -> Outcome:
    first, last = run[0], run[-1]
    values = _now_values(scope, series, last)
    values |= {
        "first_day": series.days[first],
        "first_date": iso(series.days[first]),
        "first": series.values[first],
        "lasting": Days(series.days[last] - series.days[first]),
        "before": series.values[first],
        "before_date": iso(series.days[first]),
    }
    used = tuple(source for i in run for source in sources_of(series.scores[i]))
    return Outcome(word, MET, series.days[last], used, values)


def _run_start(series: Series, index: int, word: c.Persistent) -> int | None:
    if not is_elevated(series, index):
        return None
    first = index
    while first > 0 and is_elevated(series, first - 1):
        if series.days[first] - series.days[first - 1] > word.neighbours.days:
            break
        if word.over is not None and series.days[index] - series.days[first - 1] > word.over.days:
            break
        first -= 1
    return first


def check_fell(scope: Scope, word: c.Fell, _at: At) -> Outcome:
    """A cognitive fall against the baseline: one large, or two smaller ones far enough apart."""
    held = current(scope, word.domain, word.fresh.days, safety=word.safety)
    if not held:
        return no_current(scope, word, word.domain, word.fresh.days)
    unknown: Outcome | None = None
    for series, index in held:
        base = baseline(series, index, word)
        if base is None:
            text = f"no earlier {series.instrument.name} to compare with"
            unknown = unknown or lacking_score(scope, word, text, series.days[index])
            continue
        fall = _fall(series, index, base, word)
        if fall:
            values = _now_values(scope, series, index) | _base_values(series, base)
            used = tuple(source for i in (base.at, *fall) for source in sources_of(series.scores[i]))
            return Outcome(word, MET, series.days[index], used, values, weak=base.stale)
    if unknown is not None:
        return unknown
    denied = scope.refuted(word, day=held[0][0].days[held[0][1]])
    within = now_days(scope, word, safety=word.safety)
    return unless_newer(scope, word, denied, held, any_value(word.domain.series), within)


def _fall(series: Series, index: int, base: Baseline, word: c.Fell) -> tuple[int, ...]:
    """The values that make the fall from the baseline: one large, or two smaller ones far enough apart; else none."""
    instrument, reference = series.instrument, series.values[base.at]
    fall, before = reference - series.values[index], index - 1
    if instrument.fall is not None and fall >= instrument.fall:
        return (index,)
    if instrument.repeated_fall is None or word.apart is None or before <= base.at:
        return ()
    smallest = min(fall, reference - series.values[before])
    apart = series.days[index] - series.days[before]
    return (before, index) if smallest >= instrument.repeated_fall and apart >= word.apart.days else ()
