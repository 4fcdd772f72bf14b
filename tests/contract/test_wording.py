"""Does no template of ours claim a cause, or tell anybody to begin, end or change a medicine?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from service.domain import lifecycle, wording
from service.domain.explain import narrate, what_clears
from service.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.rule import Rule

BANNED = ("caused by", "due to", "start", "stop", "switch", "increase", "reduce", "discontinue", "prescribe")
ALLOWED = (wording.FOOTER, "Do not stop or change it on the strength of this alert")
_BANNED = re.compile("|".join(rf"\b{word}\b" for word in BANNED), re.IGNORECASE)


def found_in(text: str) -> list[str]:
    """The banned words of a template, without the sentences that may hold them."""
    for sentence in ALLOWED:
        text = text.replace(sentence, "")
    return _BANNED.findall(text)


def _templates(rule: Rule) -> Iterator[str]:
    yield from (rule.title, rule.question, rule.sentence, rule.limits)
    yield from (note.text for note in rule.notes)
    yield from (opening.text for opening in rule.openings)
    yield from (action.description for action in rule.plan)
    yield from (piece.claim for piece in rule.evidence)
    yield from (narrate(rule.when), what_clears(rule))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_template_of_a_rule_holds_a_banned_word(rule: Rule) -> None:
    assert not [(word, text) for text in _templates(rule) for word in found_in(text)]


def test_no_fixed_sentence_holds_a_banned_word() -> None:
    fixed = [text for text in vars(wording).values() if isinstance(text, str) and not text.startswith("service")]
    assert wording.FOOTER in fixed
    fixed += [*wording.CRISIS_CONTACTS.values(), lifecycle.NO_LONGER_OPEN, lifecycle.WITHDRAWN_TEXT]
    assert not [(word, text) for text in fixed for word in found_in(text)]


def test_the_past_may_be_told_only_beside_the_medicine() -> None:
    beside = re.compile(r"\{(note_)?drug\}.{0,8}\bstarted\b|\bstarted.{0,8}\{(note_)?drug\}")
    said = [text for rule in RULES for text in _templates(rule) if "started" in text]
    assert said
    assert [text for text in said if len(beside.findall(text)) != text.count("started")] == []


def test_no_template_names_a_medicine_to_be_given() -> None:
    drugs = ("antidepressant", "sertraline", "ketamine", "infliximab", "omega", "anti-inflammatory")
    spoken = [
        text
        for rule in RULES
        for text in (rule.sentence, *(a.description for a in rule.plan), *(n.text for n in rule.notes))
    ]
    assert not [(drug, text) for text in spoken for drug in drugs if drug in text.lower()]


@pytest.mark.parametrize("text", ["Caused by CRP.", "stop it", "This is DUE TO a relapse", "switch to another"])
def test_the_search_finds_them(text: str) -> None:
    assert found_in(text)
