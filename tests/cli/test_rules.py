"""Are the rules listed as the site runs them?"""

from pathlib import Path

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


def _file(folder: Path, rules: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(rules)
    return file


def test_what_a_site_has_chosen_is_shown(context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quiet = next(rule for rule in context.rule_set.rules if not rule.safety and rule.on_by_default)
    monkeypatch.setenv("MOODMARKER_SITE_RULES", str(_file(tmp_path, f'shadow = ["{quiet.name}"]')))
    line = next(line for line in call("rules").out.splitlines() if line.split()[:1] == [quiet.name])
    assert " shadow " in line


def test_one_rule_is_told_on_its_page(context: Context) -> None:
    rule = context.rule_set.rules[0]
    assert call("rules", rule.name).out.strip() == page(rule, context.terminology.codes_of).strip()


def test_an_unknown_rule_is_told() -> None:
    called = call("rules", "suicidality-record")
    assert called.code == 2
    assert "Did you mean suicidality-recorded?" in called.err
    assert "lists them" in call("rules", "zzz").err


CHOSEN = """
off = ["mood-screening-overdue"]
shadow = ["crp-unreadable"]
on = ["mood-screening-in-immune-disease"]
low_crp_limit = 2.5
spans.pair-window = 20
instruments.phq-9.elevated = 9
"""


def test_a_file_of_rules_is_checked_and_what_it_changes_is_shown(context: Context, tmp_path: Path) -> None:
    listed = call("rules", "--site", str(_file(tmp_path, CHOSEN)))
    assert listed.code == 0
    told = [line.split("  ") for line in listed.out.partition("The file of rules changes:\n")[2].splitlines()]
    assert [tuple(cell.strip() for cell in line if cell) for line in told[1:7]] == [
        ("crp-unreadable", "on", "shadow"),
        ("mood-screening-in-immune-disease", "off", "on"),
        ("mood-screening-overdue", "on", "off"),
        ("spans.pair-window", "30 days", "20 days"),
        ("low_crp_limit", "3 mg/L", "2.5 mg/L"),
        ("instruments.phq-9.elevated", "10 points", "9 points"),
    ]
    assert context.rule_set.digest not in listed.out


def test_a_file_that_says_what_holds_anyway_changes_nothing(context: Context, tmp_path: Path) -> None:
    listed = call("rules", "--site", str(_file(tmp_path, "low_crp_limit = 3.00"))).out
    assert "The file of rules changes nothing." in listed
    assert context.rule_set.digest in listed


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    called = call("rules", "--site", str(_file(tmp_path, "low_crp_limit = 6")))
    assert called.code == 2
    assert "low_crp_limit may be 1 to 5 mg/L, not 6" in called.err
    assert "no such file" in call("rules", "--site", str(tmp_path / "none.toml")).err


def test_the_page_of_a_rule_tells_what_the_site_has_set(tmp_path: Path) -> None:
    name = "depression-with-low-grade-inflammation"
    told = call("rules", name, "--site", str(_file(tmp_path, CHOSEN))).out
    for part in (
        "above 2.5 and not above 10",
        "within 20 days",
        "| PHQ-9 | 0 to 27 | 9 | 5 |",
        "| low_crp_limit | 3 mg/L | 1 to 5 mg/L | 2.5 mg/L |",
        "| spans.pair-window | 30 days | 7 to 60 days | 20 days |",
        "| instruments.phq-9.elevated | 10 points | 7 to 13 points | 9 points |",
        "With the defaults",
    ):
        assert part in told, part
    other = call("rules", "suicidality-recorded", "--site", str(_file(tmp_path, CHOSEN))).out
    assert other == call("rules", "suicidality-recorded").out
