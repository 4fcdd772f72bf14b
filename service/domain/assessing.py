"""The assessment of one patient: every rule judged, flags given their life, one plan proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain import wording
from service.domain.concepts import Concept
from service.domain.evaluation import scope_of
from service.domain.evaluation.scope import MET, Scope
from service.domain.explain import what_clears
from service.domain.findings import Assessment, FlagFinding, FlagState, RuleResult
from service.domain.judging import AgeGroup, age_group, judge
from service.domain.lifecycle import Ledger
from service.domain.planning import propose
from service.domain.raising import Manner, raised
from service.domain.releasing import release
from service.domain.rule import PRIORITY_ORDER, Priority
from service.domain.timeline import Timeline

if TYPE_CHECKING:
    from service.domain.days import AsOf
    from service.domain.facts import Chart
    from service.domain.ruleset import RuleSet

# Members are slow to reach through their class, and every flag is asked for its state.
_ACTIVE, _UNCHANGED, _PH = FlagState.ACTIVE, FlagState.UNCHANGED, Priority.PH
STATE_ORDER = {FlagState.ACTIVE: 0, FlagState.INACTIVE: 1, FlagState.RETRACTED: 2, FlagState.UNCHANGED: 3}


def assess(chart: Chart, rule_set: RuleSet, as_of: AsOf, *, traced: bool = True) -> Assessment:
    """Judges every rule on the chart as it stood at the as-of instant; the same input gives the same answer.

    `traced` False leaves out why a criterion was not met; verdicts, flags and plan are the same.
    """
    timeline = Timeline(chart, as_of, rule_set.scales)
    scope = scope_of(timeline, traced=traced)
    age = age_group(timeline)
    if chart.patient.deceased is not None and chart.patient.deceased <= as_of.day:
        return _deceased(chart, as_of)
    results = _judge_all(scope, rule_set, age)
    shadow = _judge_shadow(scope, rule_set, age, results) if rule_set.shadow else ()
    by_name = {result.rule.name: result for result in results}
    part_of = _contributing(results)
    ledger = Ledger(scope, {rule.name: rule for rule in rule_set.rules}, part_of)
    manner = Manner(scope, chart.patient.key, age, wording.crisis_contact(rule_set.locale))
    _raise_flags(ledger, manner, results, by_name, part_of)
    released = release(ledger, scope, rule_set, age, results)
    _raise_flags(ledger, manner, released, by_name, part_of)
    ledger.settle_rest()
    flags = sorted(ledger.findings, key=_order)
    active = [flag for flag in flags if flag.state is _ACTIVE]
    _tell_closed(ledger, active, by_name)
    open_still = any(flag.state is _UNCHANGED for flag in flags)
    standing = frozenset(flag.rule.name for flag in flags if flag.state is _UNCHANGED and rule_set.hides(flag.rule))
    plan, revoked = propose(scope, active, by_name, chart.patient.key, open_still=open_still, standing=standing)
    return Assessment(
        as_of,
        chart,
        tuple(results),
        tuple(flags),
        plan,
        revoked,
        _is_urgent(flags),
        _notices(timeline, age),
        chart.issues + tuple(timeline.issues),
        shadow,
    )


def _judge_all(scope: Scope, rule_set: RuleSet, age: AgeGroup) -> list[RuleResult]:
    results = []
    for rule in rule_set.rules:
        if rule.name in rule_set.shadow:
            continue
        result = judge(rule, scope, rule_set, age)
        if result.verdict is MET:
            scope.met_rules.add(rule.name)
        results.append(result)
    return results


def _judge_shadow(scope: Scope, rule_set: RuleSet, age: AgeGroup, results: list[RuleResult]) -> tuple[RuleResult, ...]:
    """The rules in shadow, as they would be judged if they were shown; in a scope of their own, so that no other sees.

    Of the others they see what was found without them.
    """
    aside, shown = scope_of(scope.timeline, traced=False), {result.rule.name: result for result in results}
    found = []
    for rule in rule_set.rules:
        result = shown.get(rule.name)
        if result is None:
            result = judge(rule, aside, rule_set, age)
            found.append(result)
        if result.verdict is MET:
            aside.met_rules.add(rule.name)
    return tuple(found)


def _contributing(results: list[RuleResult]) -> dict[str, str]:
    """Which met rules are part of another met rule."""
    met = {result.rule.name for result in results if result.because == "met"}
    part_of: dict[str, str] = {}
    for result in results:
        if result.because != "met":
            continue
        whole = next((name for name in result.rule.part_of if name in met), None)
        if whole is not None:
            part_of[result.rule.name] = whole
            result.because, result.reason = "part-of", f"Met, and part of {whole}."
    return {name: _whole(name, part_of) for name in part_of}


def _raise_flags(
    ledger: Ledger,
    manner: Manner,
    results: list[RuleResult],
    by_name: dict[str, RuleResult],
    part_of: dict[str, str],
) -> None:
    for result in results:
        if result.because != "met":
            continue
        parts = [by_name[name] for name, whole in part_of.items() if whole == result.rule.name]
        names = tuple(part.rule.name for part in parts)
        for finding in raised(result, manner, parts):
            ledger.raise_flag(finding, what_clears(result.rule), names)


def _tell_closed(ledger: Ledger, active: list[FlagFinding], by_name: dict[str, RuleResult]) -> None:
    for closed in ledger.closed:
        if all(flag.rule is not closed.rule for flag in active):
            result = by_name[closed.rule.name]
            result.because, result.reason = "closed-by-clinician", closed.text


def _whole(name: str, part_of: dict[str, str]) -> str:
    while name in part_of:
        name = part_of[name]
    return name


def _order(flag: FlagFinding) -> tuple[int, int, str, int, str]:
    return (STATE_ORDER[flag.state], PRIORITY_ORDER[flag.priority], flag.rule.name, flag.start or 0, flag.identifier)


def _is_urgent(flags: list[FlagFinding]) -> bool:
    return any(flag.priority is _PH and flag.is_open for flag in flags)


def _deceased(chart: Chart, as_of: AsOf) -> Assessment:
    text = "The patient is recorded as deceased; no rule was evaluated."
    return Assessment(as_of, chart, (), (), None, notices=(text,))


def _notices(timeline: Timeline, age: AgeGroup) -> tuple[str, ...]:
    chart = timeline.chart
    notices = [wording.NONE_RECORDED]
    if not chart.entries:
        notices = ["Nothing could be evaluated: the data hold no entries."]
    elif not (timeline.scores or timeline.answers or timeline.results or timeline.records or timeline.spans):
        notices = ["Nothing could be evaluated: no entry holds anything that a rule reads."]
    if not chart.flags:
        notices.append("No Flag of this service was in the data, so flags that were closed cannot be recognised.")
    if chart.conditions_sent and not timeline.records.get(Concept.IMD):
        notices.append(f"No immune-mediated disease was recognised among {chart.active_conditions} active conditions.")
    if chart.medicines_sent:
        notices.append(f"{chart.medicines_recognised} of {chart.medicines_sent} medicines were recognised.")
    notices += [f"Medicine not recognised: {text}." for text in chart.unrecognised_medicines]
    if timeline.future:
        notices.append(f"{timeline.future} entries dated after the as-of time were left out.")
    if age is AgeGroup.UNKNOWN:
        notices.append(wording.AGE_UNKNOWN)
    if age is AgeGroup.CHILD:
        notices.append("The patient is under 18: only the safety rules were evaluated.")
    return tuple(notices)
