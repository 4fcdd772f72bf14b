"""Each rule against one patient: a verdict with its reason."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.days import EARLIEST
from service.domain.evaluation.scope import MET, NOT_MET, UNKNOWN, Scope
from service.domain.findings import RuleResult
from service.domain.instruments import PHQA

if TYPE_CHECKING:
    from service.domain.days import AsOf
    from service.domain.outcome import Outcome
    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet
    from service.domain.timeline import Timeline
    from service.domain.verdict import Verdict

ADULT = 18
_NOT_MET = "The criteria are not met by the data supplied."


class AgeGroup(StrEnum):
    """Which rules run."""

    ADULT = "adult"
    CHILD = "child"
    UNKNOWN = "unknown"


# Members are slow to reach through their class, and every rule asks for this one.
_CHILD = AgeGroup.CHILD


def age_group(timeline: Timeline) -> AgeGroup:
    """Whole years on the as-of date; a partial birth date settles it only when all its days agree."""
    patient, as_of = timeline.chart.patient, timeline.as_of
    if patient.birth_first == EARLIEST:
        settled: set[bool] = {True, False}
    else:
        settled = {years(patient.birth_first, as_of) >= ADULT, years(patient.birth_last, as_of) >= ADULT}
    if settled == {True}:
        return AgeGroup.ADULT
    if settled == {False} or any(score.instrument is PHQA for score in timeline.scores):
        return AgeGroup.CHILD
    return AgeGroup.UNKNOWN


def years(birth: int, as_of: AsOf) -> int:
    """Whole years from a birth day to the as-of day."""
    born, today = date.fromordinal(birth), date.fromordinal(as_of.day)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def judge(rule: Rule, scope: Scope, rule_set: RuleSet, age: AgeGroup) -> RuleResult:
    """The verdict of one rule; rules it yields to must have been judged before."""
    if rule.name in rule_set.off:
        return RuleResult(rule, NOT_MET, "off", "This rule is switched off here.")
    if age is _CHILD and not rule.children:
        return RuleResult(rule, NOT_MET, "age", "This is a rule for adults; the patient is under 18.")
    population = None
    if rule.population is not None:
        population = scope.check(rule.population, scope.now())
        if population.verdict is NOT_MET:
            text = "No diagnosis that this rule is for is recorded in the data supplied."
            return RuleResult(rule, NOT_MET, "population-not-met", text, population)
    for name in rule.blocked_by:
        if name in scope.met_rules:
            return RuleResult(rule, NOT_MET, "blocked", f"Withheld, since {name} is met.")
    outcome = scope.check(rule.when, scope.now())
    if outcome.verdict is NOT_MET and not scope.traced:
        return RuleResult(rule, NOT_MET, "not-met", _NOT_MET, outcome)
    return _result(rule, outcome, population)


def _result(rule: Rule, outcome: Outcome, population: Outcome | None) -> RuleResult:
    verdict: Verdict = outcome.verdict
    if population is not None:
        verdict = min(verdict, population.verdict)
        # Who counts why rules are undecided reads the lacks of the outcome: those of the population are among them.
        outcome = outcome._replace(
            used=outcome.used + population.used,
            values=outcome.values | population.values,
            lacks=outcome.lacks + population.lacks,
        )
    if verdict is MET:
        return RuleResult(rule, MET, "met", rule.title, outcome)
    if verdict is NOT_MET:
        return RuleResult(rule, NOT_MET, "not-met", _NOT_MET, outcome)
    texts = tuple(dict.fromkeys(lack.text for lack in outcome.lacks))
    return RuleResult(rule, UNKNOWN, "unknown", f"Cannot tell: {'; '.join(texts)}.", outcome, texts)
