"""Words about results beside a marker: companions that pass a test, and whether anything was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.days import EARLIEST, in_window, iso
from service.domain.evaluation.scope import MET, NOT_MET, OBSERVED, UNKNOWN, At, Scope, absent
from service.domain.outcome import Lack, Outcome, Want

if TYPE_CHECKING:
    from service.domain import criteria as c
    from service.domain.facts import Result


def check_result_near(scope: Scope, word: c.ResultNear, at: At) -> Outcome:
    """A companion result that passes the test; one that was not made counts as not met."""
    low = EARLIEST if word.before is None else at.low - word.before.days
    limit = scope.safety_limit if word.safety else scope.today
    high = limit if word.after is None else min(at.high + word.after.days, limit)
    late = scope.timeline.late_results if word.safety else ()
    hits: list[Result] = []
    doubt: tuple[Lack, ...] = ()
    for analyte in word.analytes:
        results = [
            *scope.timeline.results.get(analyte, ()),
            *(_of_today(scope, r) for r in late if r.analyte is analyte),
        ]
        inside = [r for r in results if low <= r.last and r.first <= high]
        for result in inside[-1:] if word.newest_only else inside:
            passes = _passes(word, result)
            if passes and result.first >= low and result.last <= high:
                hits.append(result)
            elif passes or passes is None:
                doubt += (Lack(Want.UNREADABLE, f"a {analyte.name} could not be read or placed in time"),)
    if hits:
        hit = hits[-1]
        return Outcome(
            word,
            MET,
            hit.last,
            (hit.source,),
            {
                "companion": hit.analyte.name,
                "companion_value": hit.received,
                "companion_date": iso(hit.last),
            },
        )
    if doubt:
        return Outcome(word, UNKNOWN, lacks=doubt)
    return absent(scope, word, OBSERVED, f"a {word.analytes[0].name}")


def _of_today(scope: Scope, late: Result) -> Result:
    first, last = scope.dated(late.first, late.last)
    return late._replace(first=first, last=last)


def _passes(word: c.ResultNear, result: Result) -> bool | None:
    """True, False, or None when the result could not be read."""
    if word.beyond_reference:
        beyond = result.above_reference or result.marked or result.positive
        return None if not beyond and result.value is None and result.positive is None else bool(beyond)
    if word.positive:
        return result.positive
    if result.value is None:
        return None
    if word.at_least is not None:
        return _settled(result.value.all_at_least(word.at_least), result.value.all_below(word.at_least))
    if word.above is not None:
        return _settled(result.value.all_above(word.above), result.value.all_at_most(word.above))
    return word.below is not None and _settled(
        result.value.all_below(word.below), result.value.all_at_least(word.below)
    )


def _settled(passes: bool, fails: bool) -> bool | None:
    return True if passes else False if fails else None


def check_supplied(scope: Scope, word: c.Supplied, at: At) -> Outcome:
    """Whether anything of these was sent in the window."""
    low, high = at.low - word.before.days, scope.today
    for analyte in word.analytes:
        for result in scope.timeline.results.get(analyte, ()):
            if in_window(result.first, result.last, low, high) is MET and result.value is not None:
                return Outcome(word, MET, result.first, (result.source,))
    for instrument in word.instruments:
        series = scope.timeline.series.get(instrument)
        if series is not None and series.between(low, high):
            return Outcome(word, MET)
    names = [analyte.name for analyte in word.analytes] + [instrument.name for instrument in word.instruments]
    return Outcome(word, NOT_MET, lacks=(Lack(Want.MISSING, f"none of {', '.join(names)} was sent"),))
