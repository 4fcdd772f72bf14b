"""How criteria combine: Kleene logic, pairing at a day, and what counts as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.criteria import FRESH
from service.domain.days import LATEST
from service.domain.evaluation.scope import MET, NOT_MET, UNKNOWN, At, Scope
from service.domain.outcome import NO_VALUES, Outcome, Want
from service.domain.verdict import at_least_n_of

if TYPE_CHECKING:
    from service.domain import criteria as c
    from service.domain.facts import Source
    from service.domain.outcome import Lack
    from service.domain.verdict import Verdict


def _gather(criterion: Any, verdict: Verdict, inner: tuple[Outcome, ...], day: int | None) -> Outcome:
    """One outcome from several: MET carries the evidence of what is met, UNKNOWN what its unknown parts lacked."""
    telling = [part for part in inner if part.verdict is MET or part.verdict is verdict]
    used: tuple[Source, ...] = ()
    values, weak = NO_VALUES, False
    for part in telling:
        used += part.used
        weak = weak or part.weak
        if "entries" in values and "entries" in part.values:
            values = part.values | values | {"entries": values["entries"] + part.values["entries"]}
        else:
            values = part.values | values if values else part.values
    return Outcome(criterion, verdict, day, used, values, inner, _lacks(verdict, inner), weak)


def _lacks(verdict: Verdict, inner: tuple[Outcome, ...]) -> tuple[Lack, ...]:
    if verdict is not UNKNOWN:
        return ()
    return tuple([lack for part in inner if part.verdict is UNKNOWN for lack in part.lacks])


def _first_day(inner: tuple[Outcome, ...], verdict: Verdict) -> int | None:
    for part in inner:
        if part.verdict is verdict and part.day is not None:
            return part.day
    return None


def check_all_of(scope: Scope, word: c.AllOf, at: At) -> Outcome:
    """The worst verdict of its parts; stops at the first that is not met."""
    inner: list[Outcome] = []
    verdict = MET
    for part in word.criteria:
        outcome = scope.check(part, at)
        inner.append(outcome)
        if outcome.verdict is not MET:
            if outcome.verdict is NOT_MET:
                return scope.refuted(word, tuple(inner))
            verdict = UNKNOWN
    parts = tuple(inner)
    return _gather(word, verdict, parts, _first_day(parts, verdict))


def check_any_of(scope: Scope, word: c.AnyOf, at: At) -> Outcome:
    """The best verdict of its parts; every part is asked, so that all evidence is told."""
    check = scope.check
    inner = tuple([check(part, at) for part in word.criteria])
    verdict = NOT_MET
    for part in inner:
        if part.verdict > verdict:
            verdict = part.verdict
    if verdict is NOT_MET:
        return scope.refuted(word, inner)
    if word.earliest:
        inner = tuple(sorted(inner, key=lambda part: LATEST if part.day is None else part.day))
    gathered = _gather(word, verdict, inner, _first_day(inner, verdict))
    # What holds by one part on firm ground is not made weak by another that holds too.
    return (
        gathered._replace(weak=all(part.weak for part in inner if part.verdict is MET)) if gathered.weak else gathered
    )


def check_at_least(scope: Scope, word: c.AtLeast, at: At) -> Outcome:
    """MET when enough parts are met."""
    inner = tuple(scope.check(part, at) for part in word.criteria)
    verdict = at_least_n_of((part.verdict for part in inner), word.n)
    if verdict is NOT_MET:
        return scope.refuted(word, inner)
    return _gather(word, verdict, inner, _first_day(inner, verdict))


def check_not(scope: Scope, word: c.Not, at: At) -> Outcome:
    """The opposite of its part; what was missing stays missing."""
    part = scope.check(word.criterion, at)
    return Outcome(word, part.verdict.negated, None, (), part.values, (part,), part.lacks)


def check_paired(scope: Scope, word: c.Paired, at: At) -> Outcome:
    """`then` at the day of `first`; for an unknown day, at every day it could be."""
    first = scope.check(word.first, at)
    if first.verdict is NOT_MET:
        return scope.refuted(word, (first,), first.day)
    if first.verdict is UNKNOWN and word.first_decides:
        return Outcome(word, UNKNOWN, first.day, inner=(first,), lacks=first.lacks)
    day = first.day
    then = scope.check(word.then, _that_day(scope, day, first, at))
    if word.each:
        day, then = _best_day(scope, word, first, at)
    if then.verdict is NOT_MET:
        return scope.refuted(word, (first, then), day)
    verdict = MET if first.verdict is then.verdict is MET else UNKNOWN
    return _gather(word, verdict, (first, then), then.day if day is None and verdict is MET else day)


def _that_day(scope: Scope, day: int | None, first: Outcome, at: At) -> At:
    """A day that is not known may be any that `first` leaves open, else any on which a current score could lie."""
    if day is not None:
        return At(day, day, first.values.get("first_day"))
    if first.verdict is MET and "days" not in first.values:
        return at
    return At(*first.values.get("days", (scope.today - FRESH.days, scope.today)))


def _best_day(scope: Scope, word: c.Paired, first: Outcome, at: At) -> tuple[int | None, Outcome]:
    days: list[int | None] = sorted({entry.day for entry in first.values.get("entries", ())}) or [first.day]
    pairs = [(day, scope.check(word.then, _that_day(scope, day, first, at))) for day in days]
    return max(pairs, key=lambda pair: pair[1].verdict)


def check_defined(scope: Scope, word: c.Defined, at: At) -> Outcome:
    """What its criterion says, under its own name."""
    part = scope.check(word.criterion, at)
    if part.verdict is NOT_MET and not part.values and not part.lacks:
        return scope.refuted(word, (part,), part.day, part.used)
    return _renamed(word, part)


def _renamed(word: Any, part: Outcome) -> Outcome:
    return Outcome(word, part.verdict, part.day, part.used, part.values, (part,), part.lacks, part.weak)


def check_now(scope: Scope, word: c.Now, _at: At) -> Outcome:
    """What its criterion says at the as-of day."""
    return _renamed(word, scope.check(word.criterion, scope.now()))


def check_documented(scope: Scope, word: c.Documented, at: At) -> Outcome:
    """MET on a positive, NOT_MET only on a documented negative, otherwise UNKNOWN."""
    positive = scope.check(word.positive, at)
    if positive.verdict is MET:
        return _renamed(word, positive)
    negative = None if word.negative is None else scope.check(word.negative, at)
    silent = all(lack.want is Want.MISSING for lack in positive.lacks)
    if negative is not None and negative.verdict is MET and silent:
        return Outcome(word, NOT_MET, inner=(positive, negative), used=negative.used)
    inner = (positive,) if negative is None else (positive, negative)
    lacks = positive.lacks + (negative.lacks if negative is not None else ())
    return Outcome(word, UNKNOWN, positive.day, positive.used, inner=inner, lacks=lacks)


def check_when_measured(scope: Scope, word: c.WhenMeasured, at: At) -> Outcome:
    """An unknown for want of a measurement counts as not met; any other unknown stays."""
    part = scope.check(word.criterion, at)
    verdict = part.verdict
    if verdict is UNKNOWN and all(lack.want is Want.MISSING for lack in part.lacks):
        verdict = NOT_MET
    return Outcome(word, verdict, part.day, part.used, part.values, (part,), part.lacks, part.weak)


def check_baseline_after(scope: Scope, word: c.BaselineAfter, at: At) -> Outcome:
    """Compares the baseline's day with the event's."""
    before = scope.check(word.mood, at).values.get("before_day")
    event = scope.check(word.event, at).values.get("event_day")
    later = isinstance(before, int) and isinstance(event, int) and before >= event
    return Outcome(word, MET if later else NOT_MET)


def check_none_met(scope: Scope, word: c.NoneMet, _at: At) -> Outcome:
    """NOT_MET as soon as one of the rules was met."""
    return Outcome(word, NOT_MET if scope.met_rules.intersection(word.rules) else MET)
