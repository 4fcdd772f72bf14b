"""`moodmarker rules`: what this site runs, and one rule's page."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import typer

from service.assessment import Context
from service.domain.pages import page
from service.domain.thresholds import settable, shown
from service.rules import RULES
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet
    from service.settings import Settings


def list_rules(settings: Settings) -> None:
    """Prints one line a rule, in order of evaluation, and what the file of rules changes."""
    rule_set = Context.load(settings).rule_set
    rows = [("Rule", "Version", "Priority", "Here", "Title")]
    rows += (
        (rule.name, rule.version, rule.priority.value, _standing(rule, rule_set), rule.title) for rule in rule_set.rules
    )
    print_table(rows)
    if settings.site_rules is not None:
        _print_changes(list(_changes(rule_set)))
    typer.echo(f"\nRule set {rule_set.version}, digest {rule_set.digest}")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows in columns, the last as long as it is.

    No table of rich's: it would cut names, and a name is what the other commands and the settings take.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for *cells, last in rows:
        typer.echo("  ".join([*map(str.ljust, cells, widths), last]).rstrip())


def _standing(rule: Rule, rule_set: RuleSet) -> str:
    if rule.name in rule_set.off:
        return "off"
    return "shadow" if rule.name in rule_set.shadow else "on"


def _changes(rule_set: RuleSet) -> Iterator[tuple[str, str, str]]:
    """Each rule that stands otherwise than by default, and each number that is another."""
    for rule in rule_set.rules:
        usual, here = "on" if rule.on_by_default else "off", _standing(rule, rule_set)
        if here != usual:
            yield rule.name, usual, here
    here_set = settable(rule_set.rules)
    for key, one in settable(RULES).items():
        if here_set[key].usual != one.usual:
            yield key, f"{shown(one.usual)} {one.unit}", f"{shown(here_set[key].usual)} {one.unit}"


def _print_changes(changes: Sequence[tuple[str, str, str]]) -> None:
    typer.echo("\nThe file of rules changes:" if changes else "\nThe file of rules changes nothing.")
    if changes:
        print_table([("What", "Default", "Here"), *changes])


def show_rule(name: str, settings: Settings) -> None:
    """Prints one rule's page."""
    context = Context.load(settings)
    usual = next((rule for rule in RULES if rule.name == name), None)
    typer.echo(page(rule_named(name, context.rule_set), context.terminology.codes_of, usual))


def rule_named(name: str, rule_set: RuleSet) -> Rule:
    """The rule of this name; raises `SettingsError` with a hint when there is none."""
    rules = {rule.name: rule for rule in rule_set.rules}
    rule = rules.get(name)
    if rule is None:
        near = difflib.get_close_matches(name, rules, n=1)
        hint = f"Did you mean {near[0]}?" if near else "moodmarker rules lists them."
        raise SettingsError(f"There is no rule {name}. {hint}")
    return rule
