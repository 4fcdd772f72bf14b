"""Are the rules listed as the site runs them?"""

import pytest

from service.assessment import Context
from service.domain.pages import page
from tests.cli.calling import call


def test_every_rule_is_listed(context: Context) -> None:
    listed = call("rules").out
    for rule in context.rule_set.rules:
        line = next(line for line in listed.splitlines() if line.split()[:1] == [rule.name])
        assert (" on " in line) == rule.on_by_default
    assert context.rule_set.digest in listed


def test_what_a_site_has_chosen_is_shown(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = next(rule for rule in context.rule_set.rules if not rule.safety and rule.on_by_default)
    monkeypatch.setenv("MOODMARKER_MUTED", quiet.name)
    line = next(line for line in call("rules").out.splitlines() if line.split()[:1] == [quiet.name])
    assert " muted " in line


def test_one_rule_is_told_on_its_page(context: Context) -> None:
    rule = context.rule_set.rules[0]
    assert call("rules", rule.name).out.strip() == page(rule, context.terminology.codes_of).strip()


def test_an_unknown_rule_is_told() -> None:
    called = call("rules", "suicidality-record")
    assert called.code == 2
    assert "Did you mean suicidality-recorded?" in called.err
    assert "lists them" in call("rules", "zzz").err
