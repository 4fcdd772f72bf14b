"""One draft plan from the active findings: each action once, with every rule that asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.domain.evaluation.scope import MET, At, Scope
from service.domain.findings import FlagFinding, PlannedActivity, PlanProposal
from service.domain.identity import next_identifier, plan_identifier
from service.domain.raising import unique
from service.domain.rule import Action, From, Rule

if TYPE_CHECKING:
    from service.domain.facts import PriorPlan, Source
    from service.domain.findings import RuleResult


# The value of a finding that a due date counts from; without one it counts from the as-of day.
_BASES = {From.EVENT: "event_day", From.LAST_DOSE: "last_dose_day"}


@dataclass(slots=True)
class _Gathered:
    action: Action
    rules: dict[str, Rule] = field(default_factory=dict)
    flags: list[FlagFinding] = field(default_factory=list)
    due: set[int] = field(default_factory=set)
    descriptions: list[str] = field(default_factory=list)


def propose(
    scope: Scope,
    flags: list[FlagFinding],
    results: dict[str, RuleResult],
    subject: str,
    *,
    open_still: bool = False,
    standing: frozenset[str] = frozenset(),
) -> tuple[PlanProposal | None, tuple[PriorPlan, ...]]:
    """The plan, and our earlier drafts to withdraw; no plan when a clinician already took the same one further.

    `open_still` says that flags stay open which nothing of this evaluation raises. `standing` are rules that raise none
    here and have an open one: the drafts that answer it stay.
    """
    plans = scope.timeline.chart.plans
    gathered: dict[tuple[str, str], _Gathered] = {}
    for flag in flags:
        for name in (flag.rule.name, *flag.contributing):
            _gather(scope, flag, results[name], gathered)
    identifier = _identifier(plan_identifier(subject, tuple(flag.identifier for flag in flags)), plans)
    drafts = tuple(
        plan
        for plan in plans
        if plan.status == "draft" and (not gathered or plan.identifier != identifier) and not _answers(plan, standing)
    )
    if open_still and not gathered and scope.gaps:
        # The flags that a draft answers are open, and what they rest on was not all received.
        return None, ()
    if not gathered or any(plan.identifier == identifier and _is_taken_further(plan) for plan in plans):
        return None, drafts
    activities = tuple(_activity(entry) for entry in gathered.values())
    return PlanProposal(identifier, activities, tuple(flags), _evidence(flags), drafts), drafts


def _answers(plan: PriorPlan, standing: frozenset[str]) -> bool:
    """Whether a plan may answer flags of these rules; one that does not say of which rules it is may answer any."""
    return bool(standing) and (not plan.rules or not standing.isdisjoint(plan.rules))


def _is_taken_further(plan: PriorPlan) -> bool:
    return plan.status != "draft" and not plan.closed_by_rule


def _identifier(first: str, plans: tuple[PriorPlan, ...]) -> str:
    """The identifier of the plan: what we ended ourselves stays as it is, and the plan is proposed again beside it."""
    identifier = first
    while (same := [plan for plan in plans if plan.identifier == identifier]) and all(p.closed_by_rule for p in same):
        identifier = next_identifier(identifier)
    return identifier


def _evidence(flags: list[FlagFinding]) -> tuple[Source, ...]:
    """What the flags rest on; that of each flag is without repeats already."""
    if len(flags) == 1:
        return flags[0].evidence
    return unique([source for flag in flags for source in flag.evidence])


def _gather(scope: Scope, flag: FlagFinding, result: RuleResult, gathered: dict[tuple[str, str], _Gathered]) -> None:
    values: dict[str, Any] = result.outcome.values if result.outcome is not None else {}
    day = result.outcome.day if result.outcome is not None and result.outcome.day is not None else scope.today
    for action in result.rule.plan:
        if action.when is not None and scope.check(action.when, At(day, day)).verdict is not MET:
            continue
        key = (action.code.system, action.code.code)
        entry = gathered.get(key)
        if entry is None:
            entry = gathered[key] = _Gathered(action)
        entry.rules[result.rule.name] = result.rule
        if not entry.flags or entry.flags[-1] is not flag:
            entry.flags.append(flag)
        if action.description not in entry.descriptions:
            entry.descriptions.append(action.description)
        entry.due.update(_due_days(scope, action, values))


def _due_days(scope: Scope, action: Action, values: dict[str, Any]) -> set[int]:
    """The days an action is due; those that were missed fold into one today."""
    today = scope.today
    if not action.due:
        return {today}
    base = values.get(_BASES.get(action.due_from, ""), today)
    return {max(base + span.days, today) for span in action.due}


def _activity(entry: _Gathered) -> PlannedActivity:
    days = sorted(entry.due)
    end = days[-1] if len(days) > 1 else None
    return PlannedActivity(
        entry.action.code,
        entry.action.kind,
        " ".join(entry.descriptions),
        days[0],
        end,
        tuple(entry.rules.values()),
        _evidence(entry.flags),
    )
