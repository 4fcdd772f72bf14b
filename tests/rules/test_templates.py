"""What the rules may say: no cause, no advice on medicines, nothing left unfilled, and only of rules judged before."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest

from service.domain import criteria as c
from service.domain import wording
from service.domain.assessing import assess
from service.domain.days import Span
from service.domain.examples import AS_OF, read_example
from service.domain.explain import narrate, what_clears
from service.domain.findings import FlagState
from service.domain.ruleset import RuleSet
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.rules.numbers import TOLD, definitions_of, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.findings import FlagFinding
    from service.domain.rule import Rule

BANNED = re.compile(
    r"\b(caused by|due to|start(s|ed|ing)?|stop(s|ped|ping)?|switch(es|ed|ing)?|increas(e|es|ed|ing)|reduc(e|es|ed|ing)"
    r"|discontinu(e|es|ed|ing)|prescrib(e|es|ed|ing))\b",
    re.IGNORECASE,
)
# The footer names what is not proposed; one rule warns against acting on its own; a past beginning may be told.
ALLOWED = re.compile(
    rf"{re.escape(wording.FOOTER)}|Do not stop or change it on the strength of this alert"
    r"|\{(note_)?drugs?\} (was |were )?started|started \{(note_)?drugs?\}"
)
ORDER = {rule.name: place for place, rule in enumerate(RULES)}
OFF_BY_DEFAULT = tuple(rule.name for rule in RULES if not rule.on_by_default)
FIXED = {name: text for name, text in vars(wording).items() if name.isupper() and isinstance(text, str)}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def templates(rule: Rule) -> dict[str, str]:
    """Every text of a rule that a clinician may read, by where it stands."""
    texts = {"title": rule.title, "question": rule.question, "sentence": rule.sentence, "limits": rule.limits}
    texts |= {f"note {i}": note.text for i, note in enumerate(rule.notes)}
    texts |= {f"opening {i}": opening.text for i, opening in enumerate(rule.openings)}
    texts |= {f"plan {i}": action.description for i, action in enumerate(rule.plan)}
    return texts | {"criterion": narrate(rule.when), "what clears it": what_clears(rule)}


def banned_in(text: str) -> list[str]:
    """The banned words in a text, outside the phrases that are allowed."""
    return [found[0] for found in BANNED.finditer(ALLOWED.sub("", text))]


@each_rule
def test_no_text_names_a_cause_or_advises_on_a_medicine(rule: Rule) -> None:
    assert not {where: found for where, text in templates(rule).items() if (found := banned_in(text))}


@each_rule
def test_what_is_not_recorded_is_said_of_the_data_and_not_of_the_patient(rule: Rule) -> None:
    said = [text for where, text in templates(rule).items() if where.startswith(("sentence", "note", "limits", "plan"))]
    sentences = [sentence for text in said for sentence in re.split(r"(?<=[.;:]) ", text)]
    claims = [sentence for sentence in sentences if re.search(r"\b(no|none|not)\b.*\brecorded\b", sentence)]
    assert not [claim for claim in claims if "in the data supplied" not in claim]
    assert not [sentence for sentence in sentences if "the patient has no" in sentence.lower()]


@pytest.mark.parametrize("name", [*FIXED, "CRISIS_CONTACTS"])
def test_no_fixed_wording_names_a_cause_or_advises_on_a_medicine(name: str) -> None:
    texts = wording.CRISIS_CONTACTS.values() if name == "CRISIS_CONTACTS" else (FIXED[name],)
    assert not [found for text in texts for found in banned_in(text)]


@pytest.mark.parametrize(
    "text", ["Mood fell due to it.", "STOP it", "Reduce the dose", "switched to {drug}", "started it"]
)
def test_a_banned_word_is_seen(text: str) -> None:
    assert banned_in(text)


@pytest.mark.parametrize("text", ["{drug} was started", "started {drug}", wording.FOOTER, "the prescriber", "restart"])
def test_an_allowed_phrase_is_let_through(text: str) -> None:
    assert not banned_in(text)


@each_rule
def test_a_rule_reads_only_rules_judged_before_it(rule: Rule) -> None:
    named = {*rule.blocked_by, *rule.part_of, *_rules_in(rule)}
    assert not {name for name in named if name not in ORDER or ORDER[name] >= ORDER[rule.name]}


def _rules_in(value: Any) -> Iterator[str]:
    """The rules that words inside a value name."""
    if isinstance(value, c.NoneMet):
        yield from value.rules
    elif isinstance(value, c.StalePositive):
        yield value.rule
    elif isinstance(value, tuple):
        for part in value:
            yield from _rules_in(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _rules_in(getattr(value, field.name))


# Numbers that are not of this rule: what a study found, and how people divide a year.
QUOTED = {
    ("depression-with-low-grade-inflammation", "sentence"): {"1", "4"},  # 1 in 4: Osimo 2019
    ("mood-worsening-before-relapse", "sentence"): {"6"},  # within 6 months: Rossi 2017
    ("mood-worsening-immune-status-unknown", "note 1"): {"2", "4"},  # free of infection for 2 to 4 weeks: Mayo
    ("suicidality-recorded", "note 2"): {"3"},  # the question itself asks of 3 months
    ("suicidality-recorded", "note 3"): {"3"},
}
CRP = {f"{limit.normalize():f}" for limit in (c.CRP_LIMITS.low, c.CRP_LIMITS.high)}
# The names of forms, of a test and of a question hold numbers too.
NAMED = re.compile(r"\bPHQ-9\b|\bIL-6\b|\bitem 9\b|\{\w+\}")


@each_rule
def test_every_number_that_is_told_is_one_of_the_rule(rule: Rule) -> None:
    everywhere = frozenset(definitions_of(tuple(getattr(rule, part) for part in TOLD)))
    own = {_spelled(number.value) for number in numbers(rule, everywhere, TOLD)}
    strange = {}
    for where, text in templates(rule).items():
        if where not in ("criterion", "what clears it"):
            told = set(re.findall(r"\d+(?:\.\d+)?", NAMED.sub("", text)))
            strange[where] = told - own - CRP - QUOTED.get((rule.name, where), set())
    assert not {where: found for where, found in strange.items() if found}


def _spelled(value: Any) -> str:
    days = abs(value.days) if isinstance(value, Span | timedelta) else value
    return f"{days.normalize():f}" if isinstance(days, Decimal) else str(days)


def test_what_is_quoted_is_quoted_still() -> None:
    for (name, where), quoted in QUOTED.items():
        assert quoted <= set(re.findall(r"\d+", templates(RULES[ORDER[name]])[where])), name


@each_rule
def test_only_sentences_and_notes_have_gaps(rule: Rule) -> None:
    may_have = ("sentence", "note")
    full = [where for where, text in templates(rule).items() if _gaps(text) and not where.startswith(may_have)]
    assert not full


def _gaps(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


@cache
def findings(rule_name: str) -> tuple[FlagFinding, ...]:
    """The flags that a rule raises over all its examples."""
    rule = RULES[ORDER[rule_name]]
    rule_set = RuleSet(RULES, on=OFF_BY_DEFAULT)
    met = [example for example in rule.examples if example.verdict is Verdict.MET]
    flags = [flag for example in met for flag in assess(read_example(example.given), rule_set, AS_OF).flags]
    return tuple(flag for flag in flags if flag.rule.name == rule_name and flag.state is FlagState.ACTIVE)


@each_rule
def test_every_gap_is_filled(rule: Rule) -> None:
    assert findings(rule.name)
    left = [flag.sentence for flag in findings(rule.name) if re.search(r"[{}]|\bNone\b|\(\)|  ", flag.sentence)]
    assert not left


@each_rule
def test_every_sentence_note_and_opening_is_shown_by_an_example(rule: Rule) -> None:
    said = "\n".join(flag.sentence for flag in findings(rule.name))
    texts = {
        where: text for where, text in templates(rule).items() if where.startswith(("sentence", "note", "opening"))
    }
    assert not {where: text for where, text in texts.items() if not re.search(_filled(text), said)}


def _filled(text: str) -> str:
    """A pattern of the text with something in each of its gaps."""
    parts = Formatter().parse(text)
    return "".join(re.escape(literal) + ("" if gap is None else "[^\n]*?") for literal, gap, _, _ in parts)
