"""`moodmarker rules`: what this site runs, and one rule's page."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from service.assessment import Context
from service.domain.pages import page
from service.settings import SettingsError

if TYPE_CHECKING:
    from service.domain.rule import Rule
    from service.domain.ruleset import RuleSet
    from service.settings import Settings


def list_rules(settings: Settings) -> None:
    """Prints one line a rule, in order of evaluation."""
    rule_set = Context.load(settings).rule_set
    table = Table("Rule", "Version", "Priority", "Here", "Title", box=None, pad_edge=False, highlight=False)
    for rule in rule_set.rules:
        table.add_row(rule.name, rule.version, rule.priority.value, _standing(rule, rule_set), rule.title)
    Console(highlight=False, markup=False).print(table)
    typer.echo(f"\nRule set {rule_set.version}, digest {rule_set.digest}")


def _standing(rule: Rule, rule_set: RuleSet) -> str:
    if rule.name in rule_set.off:
        return "off"
    return "muted" if rule.name in rule_set.muted else "on"


def show_rule(name: str, settings: Settings) -> None:
    """Prints one rule's page."""
    rules = {rule.name: rule for rule in Context.load(settings).rule_set.rules}
    rule = rules.get(name)
    if rule is None:
        near = difflib.get_close_matches(name, rules, n=1)
        hint = f"Did you mean {near[0]}?" if near else "moodmarker rules lists them."
        raise SettingsError(f"There is no rule {name}. {hint}")
    typer.echo(page(rule))
