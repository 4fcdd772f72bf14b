"""Words about laboratory results: CRP classes near a date, latest and sustained."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeAlias

from service.domain.criteria import READABLE, SUSTAINED_AGE, MarkerClass, MarkerLimits
from service.domain.days import EARLIEST, Days, in_window, iso, may_be_after, spelled, up_to
from service.domain.evaluation.scope import MET, NOT_MET, OBSERVED, UNKNOWN, At, Scope, absent, lack_of, not_met
from service.domain.outcome import Lack, Outcome, Want
from service.domain.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.domain import criteria as c
    from service.domain.analytes import Analyte
    from service.domain.facts import Result
    from service.domain.interval import Interval
    from service.domain.verdict import Verdict

Classified: TypeAlias = "tuple[Result, MarkerClass]"
# Members are slow to reach through their class.
LOW, LOW_GRADE, HIGH, UNCLEAR = MarkerClass.LOW, MarkerClass.LOW_GRADE, MarkerClass.HIGH, MarkerClass.INDETERMINATE


def class_of(value: Interval, limits: MarkerLimits) -> MarkerClass:
    """The class of an interval: every value of it must agree, else it is indeterminate."""
    if not value.all_above(limits.low):
        return LOW if value.all_at_most(limits.low) else UNCLEAR
    if value.all_at_most(limits.high):
        return LOW_GRADE
    return HIGH if value.all_above(limits.high) else UNCLEAR


def classified(scope: Scope, analyte: Analyte, limits: MarkerLimits, low: int, high: int) -> Sequence[Classified]:
    """The usable results with an exact day in [low, high], oldest first, with their classes."""
    days, found = scope.remembered((analyte, limits), lambda: _classified(scope, analyte, limits))
    return found[bisect_left(days, low) : bisect_right(days, min(high, scope.today))]


def _classified(scope: Scope, analyte: Analyte, limits: MarkerLimits) -> tuple[list[int], list[Classified]]:
    found = [
        (result, class_of(result.value, limits))
        for result in scope.timeline.results.get(analyte, ())
        if result.value is not None and result.first == result.last
    ]
    return [result.first for result, _ in found], found


def refusals(scope: Scope, analyte: Any, low: int, high: int, *, undated: bool = True) -> str:
    """Why results in the window, and those without a date, could not be used, in words; empty when there are none."""
    return _reasons(
        r
        for r in scope.timeline.results.get(analyte, ())
        if r.value is None and (undated or r.first != EARLIEST) and in_window(r.first, r.last, low, high) is not NOT_MET
    )


def _reasons(refused: Iterable[Result]) -> str:
    told = (f"{iso(r.first)}: {r.refusal}" if r.first != EARLIEST else r.refusal for r in refused)
    return "; ".join(dict.fromkeys(told))


def values_of(scope: Scope, result: Result, at: At) -> dict[str, Any]:
    """The raw values a sentence about a result may use."""
    value = result.value
    return {
        "marker": f"hs-{result.analyte.name}" if result.assay == "hs" else result.analyte.name,
        "marker_value": shown(value),
        "marker_date": spelled(result.first, result.last),
        "marker_age": Days(scope.today - result.first),
        "marker_apart": Days(abs(result.first - at.low)),
        "marker_unit": result.analyte.unit,
    }


def check_marker_near(scope: Scope, word: c.MarkerNear, at: At) -> Outcome:
    """The paired result: readable before indeterminate, then nearest, then hs, then later.

    One as near that could not be read leaves open what this one denies.
    """
    within = word.within.days
    found = classified(scope, word.analyte, word.limits, at.low - within, min(at.high + within, scope.today))
    readable = [pair for pair in found if pair[1] is not UNCLEAR]
    candidates = readable or (found if not word.classes else [])
    if not candidates:
        return _no_readable(scope, word, at, found)
    if not at.is_exact:
        return _on_an_open_day(scope, word, at, candidates)
    result, kind = min(
        candidates, key=lambda pair: (abs(pair[0].first - at.low), pair[0].assay != "hs", -pair[0].first)
    )
    if not _fits(word, result, kind):
        apart, denied = abs(result.first - at.low), _of_result(scope, word, NOT_MET, result, at)
        return _unless_refused(scope, word, denied, at.low - apart, at.low + apart)
    followed, lacks = _followed(scope, word, result)
    return _of_result(scope, word, followed.negated, result, at, lacks)


def _fits(word: c.MarkerNear, result: Result, kind: MarkerClass) -> bool:
    """Whether a result has one of the classes, and all of it lies above the number."""
    if word.classes and kind not in word.classes:
        return False
    return word.above is None or (result.value is not None and result.value.all_above(word.above))


def _of_result(
    scope: Scope, word: Any, verdict: Verdict, result: Result, at: At, lacks: tuple[Lack, ...] = ()
) -> Outcome:
    """What one result says; why it does not fit is told in a trace only."""
    if verdict is NOT_MET and not scope.traced:
        return not_met(word)
    return Outcome(word, verdict, result.first, (result.source,), values_of(scope, result, at), (), lacks)


def _unless_refused(scope: Scope, word: c.MarkerNear, denied: Outcome, low: int, high: int) -> Outcome:
    """What was read denies, unless another of these days could not be read; of an undated one nothing says that."""
    refused = refusals(scope, word.analyte, low, high, undated=False)
    return (
        _lacking(scope, word, f"a {word.analyte.name} near the score could not be read", [refused])
        if refused
        else denied
    )


def _on_an_open_day(scope: Scope, word: c.MarkerNear, at: At, candidates: Sequence[Classified]) -> Outcome:
    """While t0 is open any may be the nearest; not met only where none fits and one lies near whatever t0 is."""
    within = word.within.days
    fits = [result.first for result, kind in candidates if _fits(word, result, kind)]
    if not fits and any(at.high - within <= result.first <= at.low + within for result, _ in candidates):
        return _unless_refused(scope, word, Outcome(word, NOT_MET), at.low - within, at.high + within)
    days = {"days": (min(fits), max(fits))} if fits else {}
    lack = Lack(Want.MISSING, f"the date to pair a {word.analyte.name} with is not known")
    return Outcome(word, UNKNOWN, values=days, lacks=(lack,))


def _followed(scope: Scope, word: c.MarkerNear, result: Result) -> tuple[Verdict, tuple[Lack, ...]]:
    """Whether a later result has a class that none may have; while that depends on what is not known, why."""
    if not word.not_followed_by:
        return NOT_MET, ()
    later = classified(scope, word.analyte, word.limits, result.first + 1, scope.today)
    hits = [pair for pair in later if pair[1] in word.not_followed_by]
    certain, possible, lacks = _read(scope, word.unreadable_if, hits)
    if certain:
        return MET, ()
    return (UNKNOWN, lacks) if possible else (NOT_MET, ())


def _read(
    scope: Scope, unreadable_if: c.Criterion | None, pairs: list[Classified]
) -> tuple[list[Classified], list[Classified], tuple[Lack, ...]]:
    """Of some results those that say something at their date, those that may, and why that is not known of the rest."""
    if unreadable_if is None:
        return pairs, pairs, ()
    certain, possible = [], []
    lacks: dict[Lack, None] = {}
    for pair in pairs:
        found = scope.check(unreadable_if, At(pair[0].first, pair[0].last))
        if found.verdict is not MET:
            possible.append(pair)
            lacks.update(dict.fromkeys(found.lacks))
        if found.verdict is NOT_MET:
            certain.append(pair)
    return certain, possible, tuple(lacks)


def _no_readable(scope: Scope, word: c.MarkerNear, at: At, found: Sequence[Classified]) -> Outcome:
    within = word.within.days
    low, high = at.low - within, at.high + within
    if word.none_is is NOT_MET:
        return _unless_refused(scope, word, absent(scope, word, OBSERVED, f"a {word.analyte.name}"), low, high)
    refused = refusals(scope, word.analyte, low, high)
    text = f"no readable {word.analyte.name} within {within} days of the score"
    why = [f"{shown(result.value)} on {iso(result.first)} straddles a limit" for result, _ in found]
    why += [refused] if refused else []
    return _lacking(scope, word, text, why)


def _lacking(scope: Scope, word: Any, text: str, why: list[str]) -> Outcome:
    return Outcome(word, UNKNOWN, lacks=(lack_of(scope, OBSERVED, text, why),))


def check_marker_seen(scope: Scope, word: c.MarkerSeen, at: At) -> Outcome:
    """Any result (or the last `consecutive` readable ones) in the window with one of the classes."""
    low = at.low - word.before.days
    high = scope.today if word.after is None else min(at.high + word.after.days, scope.today)
    whole, doubts = _not_exact(scope, word, low, high)
    exact = classified(scope, word.analyte, word.limits, low, high)
    readable = [*whole, *[pair for pair in exact if pair[1] is not UNCLEAR]]
    certain, possible, lacks = _read(scope, word.unreadable_if, readable)
    sure = _hits(certain, word)
    maybe = sure if possible is certain else _hits(possible, word)
    if sure and maybe:
        return _of_result(scope, word, MET, sure[-1][0], at)
    if not certain and word.none_is is not NOT_MET:
        return _none_readable(scope, word, low, high, [pair for pair in readable if pair not in certain])
    doubts += lacks if sure or maybe else ()
    if doubts:
        return Outcome(word, UNKNOWN, lacks=doubts)
    if not certain:
        return _none_readable(scope, word, low, high, [])
    return absent(scope, word, OBSERVED, f"another {word.analyte.name}")


def _hits(readable: list[Classified], word: c.MarkerSeen) -> list[Classified]:
    if word.consecutive is not None:
        return _in_a_row(readable, word, word.consecutive)
    return [pair for pair in readable if pair[1] in word.classes]


def _not_exact(scope: Scope, word: c.MarkerSeen, low: int, high: int) -> tuple[list[Classified], tuple[Lack, ...]]:
    """Results without an exact day all of whose days lie in the window, and what might be a hit there and is not known.

    What could not be read may be low, low-grade or high, but is no readable result.
    """
    any_class = set(word.classes) == set(READABLE)
    inside: list[Classified] = []
    doubts: dict[Lack, None] = {}
    key = (word.analyte, word.limits, "not exact")
    for result, kind in scope.remembered(key, lambda: _unplaced(scope, word.analyte, word.limits)):
        placed = in_window(result.first, up_to(scope.today, result.first, result.last), low, high)
        if placed is MET and kind in READABLE and word.consecutive is None:
            inside.append((result, kind))
        elif placed is not NOT_MET and (kind in word.classes or (result.value is None and not any_class)):
            why = f" ({result.refusal})" if result.refusal else ""
            text = (
                f"a {word.analyte.name} ({spelled(result.first, result.last)}) could not be read or placed in time{why}"
            )
            doubts[Lack(Want.UNREADABLE, text)] = None
    return inside, tuple(doubts)


def _unplaced(scope: Scope, analyte: Analyte, limits: MarkerLimits) -> list[Classified]:
    """The results that could not be read, as of no certain class, and those without an exact day."""
    return [
        (result, UNCLEAR if result.value is None else class_of(result.value, limits))
        for result in scope.timeline.results.get(analyte, ())
        if result.value is None or result.first != result.last
    ]


def _none_readable(scope: Scope, word: c.MarkerSeen, low: int, high: int, unusable: list[Classified]) -> Outcome:
    why = [
        f"{shown(result.value)} on {iso(result.first)} straddles a limit"
        for result, _ in classified(scope, word.analyte, word.limits, low, high)
    ]
    why += [f"{shown(result.value)} on {iso(result.first)} cannot be used" for result, _ in unusable]
    refused = refusals(scope, word.analyte, low, high)
    why += [refused] if refused else []
    if word.none_is is not NOT_MET:
        return _lacking(scope, word, f"no readable {word.analyte.name} near the score", why)
    outcome = absent(scope, word, OBSERVED, f"a {word.analyte.name}")
    return outcome._replace(values={"unread": f" ({'; '.join(why)})" if why else ""})


def _in_a_row(readable: Sequence[Classified], word: c.MarkerSeen, enough: int) -> list[Classified]:
    """The last stretch of so many neighbours that all have one of the classes."""
    for end in range(len(readable), enough - 1, -1):
        row = readable[end - enough : end]
        if all(kind in word.classes for _, kind in row):
            return list(row)
    return []


def check_latest_marker(scope: Scope, word: c.LatestMarker, at: At) -> Outcome:
    """The latest result up to T, of any assay; the higher of one day.

    A later one that could not be read leaves open what this one denies, and where `over` is None whether it is latest.
    """
    low = EARLIEST if word.over is None else scope.today - word.over.days
    found = classified(scope, word.analyte, word.limits, low, scope.today)
    if not found:
        refused = refusals(scope, word.analyte, low, scope.today)
        over = "" if word.over is None else f" in the last {word.over.days} days"
        return _lacking(scope, word, f"no readable {word.analyte.name}{over}", [refused] if refused else [])
    outcome, later = _latest(scope, word, found, at), _refused_after(scope, word.analyte, found[-1][0].first)
    if later and (word.over is None or outcome.verdict is NOT_MET):
        return _lacking(scope, word, f"the latest {word.analyte.name} could not be read", [later])
    return outcome


def _refused_after(scope: Scope, analyte: Analyte, day: int) -> str:
    """Why later results could not be used, in words; of those without any date nothing says that they are later."""
    return _reasons(
        one
        for one in scope.timeline.results.get(analyte, ())
        if one.value is None and may_be_after(day, scope.today, one.first, one.last)
    )


def _latest(scope: Scope, word: c.LatestMarker, found: Sequence[Classified], at: At) -> Outcome:
    day = found[-1][0].first
    result, kind = max((pair for pair in found if pair[0].first == day), key=_lower_bound)
    if kind in word.classes:
        above = word.above is None or (result.value is not None and result.value.all_above(word.above))
        return _of_result(scope, word, MET if above else NOT_MET, result, at)
    if kind is UNCLEAR and result.value is not None and not result.value.all_at_most(word.limits.high):
        text = f"the latest {word.analyte.name} ({shown(result.value)}) may be above {word.limits.high}"
        return _of_result(scope, word, UNKNOWN, result, at, (Lack(Want.UNREADABLE, text),))
    return _of_result(scope, word, NOT_MET, result, at)


def _lower_bound(pair: Classified) -> tuple[Any, ...]:
    """`>10` lies above `10`."""
    value = pair[0].value
    return () if value is None else (value.low, value.low_open)


def check_sustained(scope: Scope, word: c.SustainedMarker, at: At) -> Outcome:
    """Two or more low-grade results of one family, far enough apart, with none low or high on or after the first."""
    earliest = scope.today - word.over.days - SUSTAINED_AGE.days
    every = [p for p in classified(scope, word.analyte, word.limits, earliest, scope.today) if p[1] in READABLE]
    low, _, doubts = _read(scope, word.unreadable_if, [pair for pair in every if pair[1] is LOW])
    every = [pair for pair in every if pair[1] is not LOW or pair in low]
    last_other = max([r.first for r, kind in every if kind is not LOW_GRADE], default=EARLIEST)
    after_break = [pair for pair in every if pair[0].first > last_other]
    unknown: Outcome | None = None
    for family in ("hs", "conventional"):
        outcome = _sustained_in(scope, word, [r for r, _ in after_break if r.assay == family], at)
        if outcome.verdict is MET:
            return outcome._replace(verdict=UNKNOWN, lacks=doubts) if doubts else outcome
        unknown = outcome if outcome.verdict is UNKNOWN else unknown
    if unknown is not None:
        return unknown
    if len(every) < 2 and all(kind is LOW_GRADE for _, kind in every):
        refused = refusals(scope, word.analyte, earliest, scope.today)
        return _lacking(
            scope, word, f"fewer than two readable {word.analyte.name} results", [refused] if refused else []
        )
    return Outcome(word, NOT_MET)


def _sustained_in(scope: Scope, word: c.SustainedMarker, results: list[Result], at: At) -> Outcome:
    """The latest usable result with the earliest usable one that is neither too near nor too far."""
    doubts: dict[Lack, None] = {}

    def is_usable(result: Result) -> bool:
        confounded = scope.check(word.unless, At(result.first, result.first))
        doubts.update(dict.fromkeys(confounded.lacks))
        return confounded.verdict is NOT_MET

    for last in reversed(results):
        newest = last.first - word.apart.days
        for first in takewhile(lambda result, newest=newest: result.first <= newest, results):  # type: ignore[misc]
            if last.first - first.first <= word.over.days and is_usable(last) and is_usable(first):
                values = values_of(scope, last, at)
                values |= {
                    "first_marker_date": iso(first.first),
                    "first_marker_value": shown(first.value),
                }
                return Outcome(word, MET, last.first, (first.source, last.source), values)
    return Outcome(word, UNKNOWN, lacks=tuple(doubts)) if doubts else not_met(word)
