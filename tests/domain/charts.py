"""The whole answer about a patient in words, and flags sent back with the next request."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from service.domain.assessing import assess
from service.domain.examples import AS_OF, read_example
from service.domain.facts import PriorFlag, Source
from service.domain.findings import FlagState
from service.domain.ruleset import RuleSet
from service.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.days import AsOf
    from service.domain.facts import Chart
    from service.domain.findings import Assessment, FlagFinding, RuleResult
    from service.domain.rule import Rule

EVERY_RULE = RuleSet(RULES, on=tuple(rule.name for rule in RULES if not rule.on_by_default))


def answer(given: Chart | str, as_of: AsOf = AS_OF, rule_set: RuleSet = EVERY_RULE, **changes: Any) -> Assessment:
    """The whole answer about a patient; `changes` replace parts of the chart."""
    chart = read_example(given) if isinstance(given, str) else given
    return assess(chart._replace(**changes), rule_set, as_of)


@cache
def rule_named(name: str) -> Rule:
    """The rule of that name."""
    return next(rule for rule in RULES if rule.name == name)


@cache
def alone(rule: Rule) -> RuleSet:
    """A rule set of one rule, switched on."""
    return RuleSet((rule,), on=() if rule.on_by_default else (rule.name,))


def result(assessment: Assessment, name: str) -> RuleResult:
    """What the assessment says of one rule."""
    return next(found for found in assessment.results if found.rule.name == name)


def flags(assessment: Assessment, name: str, state: FlagState | None = FlagState.ACTIVE) -> list[FlagFinding]:
    """The flags of one rule in one state (None: in any)."""
    return [flag for flag in assessment.flags if flag.rule.name == name and state in (None, flag.state)]


def flag(assessment: Assessment, name: str, state: FlagState | None = FlagState.ACTIVE) -> FlagFinding:
    """The only flag of one rule in one state."""
    (found,) = flags(assessment, name, state)
    return found


def sent_back(finding: FlagFinding, entry: int = 900, **changes: Any) -> PriorFlag:
    """A flag as the caller keeps it and sends it with the next request."""
    if finding.state is FlagState.UNCHANGED and finding.prior is not None:
        return finding.prior._replace(**changes)
    closed = finding.state is not FlagState.ACTIVE
    kept = PriorFlag(
        finding.rule.name,
        finding.identifier,
        finding.state.value,
        finding.start,
        finding.end,
        None,
        tuple(source.reference for source in finding.evidence)
        if not closed or finding.prior is None
        else finding.prior.evidence,
        closed,
        finding.priority,
        Source(f"Flag/{entry}", f"Bundle.entry[{entry}].resource", "Flag"),
        entry,
    )
    return kept._replace(**changes)


def all_sent_back(findings: Iterable[FlagFinding]) -> tuple[PriorFlag, ...]:
    """Every flag of an answer as the caller keeps it: the newest state of each identifier."""
    kept = {finding.identifier: finding for finding in findings}
    return tuple(sent_back(finding, 900 + n) for n, finding in enumerate(kept.values()))


def with_flags(given: str, *prior: PriorFlag, **more: Any) -> Chart:
    """The patient of an example with flags that are sent along, and other facts of the chart changed."""
    return read_example(given)._replace(flags=prior, **more)
