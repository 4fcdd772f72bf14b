"""A rule that gave way to a finding which then raised no flag is judged after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.days import EARLIEST
from service.domain.evaluation import scope_of
from service.domain.evaluation.scope import MET, Scope
from service.domain.findings import FlagState, RuleResult
from service.domain.judging import AgeGroup, judge
from service.domain.timeline import Timeline

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.domain.lifecycle import Ledger
    from service.domain.outcome import Entry
    from service.domain.ruleset import RuleSet


def release(
    ledger: Ledger, scope: Scope, rule_set: RuleSet, age: AgeGroup, results: list[RuleResult]
) -> list[RuleResult]:
    """The results of the safety rules that gave way only to what a clinician has closed, judged anew in place."""
    closed = frozenset(source for one in ledger.closed for source in one.evidence)
    if not closed:
        return []
    raised = {flag.rule.name for flag in ledger.findings if flag.state is FlagState.ACTIVE}
    released = []
    for result in results:
        if result.because == "blocked" and result.rule.safety and raised.isdisjoint(result.rule.blocked_by):
            _replace(result, _judge_beside(result, scope, rule_set, age, closed))
            released.append(result)
    return released


def _judge_beside(
    result: RuleResult, scope: Scope, rule_set: RuleSet, age: AgeGroup, closed: frozenset[Source]
) -> RuleResult:
    """The rule as if nothing were in its way.

    What was closed still answers for its own date. It does not answer for what has no date: that is asked of the rest.
    """
    whole = judge(result.rule, scope.on_day(scope.today), rule_set, age)
    rest = judge(result.rule, scope_of(_without(scope.timeline, closed), traced=scope.traced), rule_set, age)
    undated = [entry for entry in _entries(rest) if entry.day == EARLIEST]
    found = dict.fromkeys((*_entries(whole), *undated))
    base = whole if whole.verdict is MET else rest
    if not found or base.outcome is None:
        return whole
    values = base.outcome.values | {"entries": tuple(found)}
    used = tuple(dict.fromkeys(entry.source for entry in found))
    outcome = base.outcome._replace(values=values, used=used)
    return RuleResult(result.rule, MET, "met", result.rule.title, outcome)


def _without(timeline: Timeline, closed: frozenset[Source]) -> Timeline:
    chart = timeline.chart
    rest = chart._replace(
        scores=tuple(score for score in chart.scores if score.source not in closed),
        answers=tuple(answer for answer in chart.answers if answer.source not in closed),
        records=tuple(record for record in chart.records if record.source not in closed),
    )
    return Timeline(rest, timeline.as_of)


def _entries(result: RuleResult) -> tuple[Entry, ...]:
    if result.verdict is not MET or result.outcome is None:
        return ()
    return tuple(result.outcome.values.get("entries", ()))


def _replace(result: RuleResult, by: RuleResult) -> None:
    result.verdict, result.because, result.reason = by.verdict, by.because, by.reason
    result.outcome, result.lacks = by.outcome, by.lacks
