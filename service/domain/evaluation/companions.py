"""Words about results beside a marker: companions that pass a test, and whether anything was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from service.domain.days import EARLIEST, in_window, iso
from service.domain.evaluation.scope import MET, NOT_MET, OBSERVED, UNKNOWN, At, Scope, absent
from service.domain.outcome import Lack, Outcome, Want

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain import criteria as c
    from service.domain.analytes import Analyte
    from service.domain.facts import Result

Tested: TypeAlias = "tuple[Result, bool | None]"


def check_result_near(scope: Scope, word: c.ResultNear, at: At) -> Outcome:
    """A companion result that passes the test; one that was not made counts as not met."""
    low = EARLIEST if word.before is None else at.low - word.before.days
    limit = scope.safety_limit if word.safety else scope.today
    high = limit if word.after is None else min(at.high + word.after.days, limit)
    hits: list[Result] = []
    doubt: tuple[Lack, ...] = ()
    for analyte in word.analytes:
        tested = scope.remembered((word, analyte), lambda analyte=analyte: _tested(scope, word, analyte))  # type: ignore[misc]
        if word.safety and scope.timeline.late_results:
            tested = [*tested, *_tested_late(scope, word, analyte)]
        inside = [pair for pair in tested if low <= pair[0].last and pair[0].first <= high]
        for result, passes in inside[-1:] if word.newest_only else inside:
            if passes and result.first >= low and result.last <= high:
                hits.append(result)
            elif passes is not False:
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


def _tested(scope: Scope, word: c.ResultNear, analyte: Analyte) -> list[Tested]:
    """The results that may say something, each with whether it passes; one that does not tells by being the newest."""
    tested = [(result, _passes(word, result)) for result in scope.timeline.results.get(analyte, ())]
    return tested if word.newest_only else [pair for pair in tested if pair[1] is not False]


def _tested_late(scope: Scope, word: c.ResultNear, analyte: Analyte) -> Iterator[Tested]:
    """The same of the results of the 24 hours after T."""
    for late in scope.timeline.late_results:
        if late.analyte is analyte:
            first, last = scope.dated(late.first, late.last)
            yield late._replace(first=first, last=last), _passes(word, late)


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
