"""Is a rule's page whole: every example, every piece of evidence, every number, and nothing that is not the rule's?"""

from __future__ import annotations

import re
from datetime import timedelta
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from service.domain import wording
from service.domain.days import Span
from service.domain.pages import index, page
from service.rules import RULES
from service.terminology import Terminology
from tests.rules.numbers import definitions_of, numbers

if TYPE_CHECKING:
    from service.domain.rule import Rule

CODES = Terminology.default().codes_of
PAGES = {rule.name: page(rule, CODES) for rule in RULES}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def section(rule: Rule, title: str) -> str:
    """One section of a rule's page."""
    return PAGES[rule.name].split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


@each_rule
def test_names_the_rule_its_question_version_and_status(rule: Rule) -> None:
    head = PAGES[rule.name].split("\n## ", 1)[0]
    assert head.startswith(f"# {rule.title}\n")
    for said in (rule.question, f"`{rule.name}`", rule.version, rule.status.value):
        assert said in head


@each_rule
def test_shows_every_example_with_its_answer(rule: Rule) -> None:
    rows = section(rule, "Examples").splitlines()
    for example in rule.examples:
        answer = example.verdict.name.replace("_", " ").lower()
        row = next(row for row in rows if row.startswith(f"| {example.name} |"))
        assert f"| {example.given.strip('; ')} | {answer} |" in row
        assert (f"({example.priority.value})" in row) is (example.priority is not None) if example.priority else True


@each_rule
def test_shows_every_piece_of_evidence_with_its_strength(rule: Rule) -> None:
    shown = section(rule, "Evidence")
    for piece in rule.evidence:
        assert f"| {piece.claim} | {piece.citation} | {piece.grade.value} |" in shown


@each_rule
def test_says_every_number_of_the_criterion_and_of_the_priority(rule: Rule) -> None:
    said = set(re.findall(r"\d+(?:\.\d+)?", section(rule, "When it is met") + section(rule, "Priority")))
    everywhere = frozenset(definitions_of((rule.when, rule.cases)))
    silent = [n.where for n in numbers(rule, everywhere) if _spelled(n.value) not in {*said, "0"}]
    assert not silent


def _spelled(value: object) -> str:
    return str(abs(value.days)) if isinstance(value, Span | timedelta) else str(value)


@each_rule
def test_says_what_the_flag_says_with_its_limits(rule: Rule) -> None:
    for template in (rule.sentence, *(note.text for note in rule.notes)):
        for literal, _, _, _ in Formatter().parse(template):
            assert literal.strip(" (,.") in section(rule, "What the flag says")
    assert rule.limits in section(rule, "Limits")
    assert wording.FOOTER in section(rule, "Limits")
    assert not re.search(r"[{}]", PAGES[rule.name])


@each_rule
def test_links_the_rules_that_it_yields_to_and_is_part_of(rule: Rule) -> None:
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", PAGES[rule.name]))
    assert linked == {*rule.blocked_by, *rule.part_of}


@each_rule
def test_suggests_every_activity_with_its_code(rule: Rule) -> None:
    for action in rule.plan:
        shown = section(rule, "Suggested care plan activities")
        assert action.description in shown
        assert f"`{action.code.code}`" in shown


@each_rule
def test_says_what_closes_the_flag(rule: Rule) -> None:
    shown = section(rule, "What closes the flag")
    assert ("Only a clinician" in shown) is (rule.clears is None)


@each_rule
def test_is_the_same_every_time(rule: Rule) -> None:
    assert page(rule, CODES) == PAGES[rule.name]


@each_rule
def test_tables_are_whole(rule: Rule) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", PAGES[rule.name], re.MULTILINE):
        assert len({row.replace("\\|", "").count("|") for row in table.splitlines()}) == 1


def test_the_index_lists_every_rule_in_order() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", index(RULES))
    assert listed == [rule.name for rule in RULES]
