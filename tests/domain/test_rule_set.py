"""Does every choice and every number name another set of rules?"""

import dataclasses
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from service.domain.analytes import ANALYTES, Analyte
from service.domain.criteria import CRP_LIMITS, MarkerLimits
from service.domain.days import Span
from service.domain.instruments import INSTRUMENTS, Instrument
from service.domain.rule import Rule, Status
from service.domain.ruleset import RuleSet, UnknownRule, canonical
from service.rules import RULES
from tests.domain.charts import rule_named

STEPS: dict[type, Any] = {timedelta: timedelta(days=1), Decimal: Decimal("0.01"), int: 1}


def changes(value: Any) -> list[Any]:
    """The value with each of its numbers changed in turn, however deep it stands."""
    if isinstance(value, bool | str | Enum | Instrument | Analyte) or value is None:
        return []
    return _inside(value)


def _inside(value: Any) -> list[Any]:
    if type(value) in STEPS:
        return [value + STEPS[type(value)]]
    if isinstance(value, tuple):
        return [(*value[:i], new, *value[i + 1 :]) for i, part in enumerate(value) for new in changes(part)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            dataclasses.replace(value, **{field.name: new})
            for field in dataclasses.fields(value)
            for new in changes(getattr(value, field.name))
        ]
    return []


@pytest.mark.parametrize("row", [*INSTRUMENTS, *ANALYTES], ids=lambda row: row.key)
def test_any_number_of_a_table_changes_its_spelling(row: Instrument | Analyte) -> None:
    assert canonical(row) not in [canonical(variant) for variant in _inside(row)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.no_cover  # the same spelling, some thousand times
def test_any_number_of_a_rule_changes_its_spelling(rule: Rule) -> None:
    spelled = canonical(rule)
    variants = changes(rule)
    assert variants
    same = [number for number, variant in enumerate(variants) if canonical(variant) == spelled]
    assert not same


def test_the_numbers_of_scales_limits_and_spans_are_in_the_spelling() -> None:
    spelled = canonical(rule_named("depression-with-low-grade-inflammation"))
    for part in ("elevated=Decimal('10')", "low=Decimal('3.0')", "name='pair-window',days=30", "worse_by=Decimal('5')"):
        assert part in spelled


def test_a_changed_number_changes_the_digest() -> None:
    first, *rest = RULES
    looser = dataclasses.replace(first, version="9.9.9")
    assert RuleSet(RULES).digest != RuleSet((looser, *rest)).digest
    assert canonical(Span("a", 1, 0, 2)) != canonical(Span("a", 2, 0, 2))
    assert canonical(CRP_LIMITS) != canonical(MarkerLimits(Decimal("3.1"), Decimal("10.0")))


@pytest.mark.parametrize(
    "choice",
    [
        {"on": ("mood-screening-in-immune-disease",)},
        {"shadow": ("crp-unreadable",)},
        {"off": ("crp-unreadable",)},
        {"time_zone": "Europe/Berlin"},
        {"locale": "en-US"},
        {"site_codes": b"one more code"},
    ],
)
def test_a_sites_choice_changes_the_digest(choice: dict[str, Any]) -> None:
    assert RuleSet(RULES, **choice).digest != RuleSet(RULES).digest


def test_the_same_choices_have_the_same_digest() -> None:
    one = RuleSet(RULES, shadow=("crp-unreadable", "mood-screening-overdue"))
    other = RuleSet(RULES, shadow=("mood-screening-overdue", "crp-unreadable"))
    assert one.digest == other.digest == one.digest
    assert len(one.digest) == 16


def test_the_order_of_rules_is_part_of_the_set() -> None:
    assert RuleSet(RULES).digest != RuleSet(RULES[::-1]).digest


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownRule, match="there is no rule odd; rules are: suicidality-recorded"):
        RuleSet(RULES, shadow=("odd",))
    with pytest.raises(UnknownRule, match=r"there is no rule crp-unreadible; did you mean crp-unreadable\?"):
        RuleSet(RULES, off=("crp-unreadible",))
    with pytest.raises(UnknownRule, match="there is no rule odd"):
        RuleSet(RULES, on=("odd",))


@pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.safety])
@pytest.mark.parametrize("choice", ["off", "shadow"])
def test_a_safety_rule_can_be_neither_off_nor_in_shadow(name: str, choice: str) -> None:
    with pytest.raises(UnknownRule, match="can be neither off nor in shadow"):
        RuleSet(RULES, **{choice: (name,)})  # type: ignore[arg-type]


@pytest.mark.parametrize("lists", [("on", "off"), ("on", "shadow"), ("off", "shadow")])
def test_a_rule_is_in_one_list_alone(lists: tuple[str, str]) -> None:
    with pytest.raises(UnknownRule, match=f"crp-unreadable is in two lists, {lists[0]} and {lists[1]}"):
        RuleSet(RULES, **dict.fromkeys(lists, ("crp-unreadable",)))  # type: ignore[arg-type]


def test_what_is_off_by_default_can_be_switched_on() -> None:
    off = {rule.name for rule in RULES if not rule.on_by_default}
    assert off == {"mood-screening-in-immune-disease"}
    assert RuleSet(RULES).off == off
    assert not RuleSet(RULES, on=off).off
    assert not RuleSet(RULES, shadow=off).off
    assert RuleSet(RULES, off=("crp-unreadable",)).off == off | {"crp-unreadable"}


def test_every_rule_is_described() -> None:
    for rule in RULES:
        assert rule.evidence, rule.name
        assert rule.status in (Status.ACTIVE, Status.DRAFT)
        assert rule.version.count(".") == 2
