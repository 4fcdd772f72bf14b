"""The examples in the rules: each gives its verdict, each rule shows all three, each number is pinned on both sides."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from service.domain.assessing import assess
from service.domain.examples import AS_OF, read_example
from service.domain.findings import FlagState
from service.domain.ruleset import RuleSet
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.rules.numbers import PARTS, definitions_of, nudges

if TYPE_CHECKING:
    from service.domain.rule import Example, Priority, Rule

# Each shared definition is pinned by the examples of one rule.
PINNED_BY = {
    "suicidality-recorded": ("a positive entry about suicide",),
    "crp-unreadable": ("CRP is lowered by an IL-6 medicine",),
    "acute-inflammation-confounds-mood": ("a high CRP near it",),
    "depression-with-low-grade-inflammation": (
        "inflammation has another explanation",
        "acute inflammation",
        "a recorded cause of acute inflammation",
        "an acute infection",
        "a standing cause of inflammation",
    ),
    "mood-worsening-near-relapse": ("near a relapse",),
    "mood-worsening-before-relapse": ("systemic steroids lately",),
}
OFF_BY_DEFAULT = tuple(rule.name for rule in RULES if not rule.on_by_default)

cases = pytest.mark.parametrize(
    ("rule", "example"),
    [(r, e) for r in RULES for e in r.examples],
    ids=lambda v: getattr(v, "name", v),
)
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def answer(rule: Rule, example: Example) -> tuple[Verdict, Priority | None, int | None]:
    """Verdict, priority and anchor of the rule for the example's patient, among all the other rules."""
    rules = tuple(rule if other.name == rule.name else other for other in RULES)
    assessment = assess(read_example(example.given), RuleSet(rules, on=OFF_BY_DEFAULT), AS_OF)
    verdict = next(result.verdict for result in assessment.results if result.rule.name == rule.name)
    own = [f for f in assessment.flags if f.rule.name == rule.name and f.state is FlagState.ACTIVE]
    return verdict, own[0].priority if own else None, own[0].start if own else None


@cache
def known_answer(name: str, index: int) -> tuple[Verdict, Priority | None, int | None]:
    """The answer of the rule as it is."""
    rule = next(rule for rule in RULES if rule.name == name)
    return answer(rule, rule.examples[index])


@cases
def test_example_gives_its_verdict(rule: Rule, example: Example) -> None:
    verdict, priority, _ = answer(rule, example)
    assert verdict is example.verdict
    if example.priority is not None:
        assert priority is example.priority


@each_rule
def test_every_verdict_is_shown(rule: Rule) -> None:
    assert {example.verdict for example in rule.examples} == set(Verdict)


@each_rule
@pytest.mark.no_cover  # the same examples, some thousand times
def test_every_number_is_pinned_on_both_sides(rule: Rule) -> None:
    loose = [
        nudge.where
        for nudge in nudges(rule, definitions=frozenset(PINNED_BY.get(rule.name, ())))
        if all(
            answer(nudge.rule, example) == known_answer(rule.name, index) for index, example in enumerate(rule.examples)
        )
    ]
    assert not loose, "no example notices: " + "; ".join(loose)


def test_every_shared_definition_is_pinned_by_one_rule() -> None:
    used = set().union(*(definitions_of(getattr(rule, part)) for rule in RULES for part in PARTS))
    pinned = [name for names in PINNED_BY.values() for name in names]
    assert sorted(used) == sorted(pinned)


@each_rule
def test_names_of_examples_are_unique(rule: Rule) -> None:
    names = [example.name for example in rule.examples]
    assert len(set(names)) == len(names)
