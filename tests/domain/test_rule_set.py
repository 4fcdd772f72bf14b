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
from service.domain.reads import spans_of
from service.domain.rule import Rule, Status
from service.domain.ruleset import RuleSet, UnknownRule, WrongSpan, canonical
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.charts import answer, flag, result, rule_named

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
        {"muted": ("crp-unreadable",)},
        {"time_zone": "Europe/Berlin"},
        {"locale": "en-US"},
        {"site_codes": b"one more code"},
    ],
)
def test_a_sites_choice_changes_the_digest(choice: dict[str, Any]) -> None:
    assert RuleSet(RULES, **choice).digest != RuleSet(RULES).digest


def test_the_same_choices_have_the_same_digest() -> None:
    one = RuleSet(RULES, muted=("crp-unreadable", "mood-screening-overdue"))
    other = RuleSet(RULES, muted=("mood-screening-overdue", "crp-unreadable"))
    assert one.digest == other.digest == one.digest
    assert len(one.digest) == 16


def test_the_order_of_rules_is_part_of_the_set() -> None:
    assert RuleSet(RULES).digest != RuleSet(RULES[::-1]).digest


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownRule, match="there is no rule odd; rules are: suicidality-recorded"):
        RuleSet(RULES, muted=("odd",))
    with pytest.raises(UnknownRule, match="there is no rule odd"):
        RuleSet(RULES, on=("odd",))


@pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.safety])
def test_a_safety_rule_cannot_be_muted(name: str) -> None:
    with pytest.raises(UnknownRule, match="cannot be muted"):
        RuleSet(RULES, muted=(name,))


def test_what_is_off_by_default_can_be_switched_on() -> None:
    off = {rule.name for rule in RULES if not rule.on_by_default}
    assert off == {"mood-screening-in-immune-disease"}
    assert RuleSet(RULES).off == off
    assert not RuleSet(RULES, on=off).off


def test_every_rule_is_described() -> None:
    for rule in RULES:
        assert rule.evidence, rule.name
        assert rule.status in (Status.ACTIVE, Status.DRAFT)
        assert rule.version.count(".") == 2


SPANS = {span.name: span for rule in RULES if not rule.safety for span in spans_of(rule)}


def test_a_site_may_set_six_spans() -> None:
    names = (
        "baseline-gap",
        "baseline-lookback",
        "pair-window",
        "relapse-after",
        "relapse-before",
        "screening-interval",
    )
    assert tuple(sorted(SPANS)) == names


@pytest.mark.parametrize(
    ("name", "days", "rule", "given"),
    [
        (
            "relapse-before",
            20,
            "mood-worsening-near-relapse",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 25 days ago; relapse, 0 days ago",
        ),
        (
            "relapse-after",
            40,
            "mood-worsening-near-relapse",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 50 days ago",
        ),
        (
            "baseline-lookback",
            60,
            "mood-worsening-near-relapse",
            "PHQ-9 5, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 12, 5 days ago; relapse, 9 days ago",
        ),
        (
            "baseline-gap",
            28,
            "mood-worsening-near-relapse",
            "PHQ-9 12, 60 days ago; PHQ-9 5, 25 days ago; PHQ-9 12, 5 days ago; relapse, 9 days ago",
        ),
        ("pair-window", 7, "depression-with-low-grade-inflammation", "PHQ-9 12, 5 days ago; CRP 5 mg/L, 25 days ago"),
        ("screening-interval", 730, "mood-screening-overdue", "PHQ-9 4, 400 days ago"),
    ],
)
def test_what_a_site_sets_decides(name: str, days: int, rule: str, given: str) -> None:
    given = f"multiple sclerosis; {given}"
    assert result(answer(given, rule_set=RuleSet(RULES)), rule).verdict is Verdict.MET
    assert result(answer(given, rule_set=RuleSet(RULES, spans={name: days})), rule).verdict is not Verdict.MET


@pytest.mark.parametrize("name", sorted(SPANS))
@pytest.mark.no_cover  # every rule again for each span
def test_a_span_that_is_set_changes_every_rule_that_has_it_and_no_safety_rule(name: str) -> None:
    span = SPANS[name]
    set_ = RuleSet(RULES, spans={name: span.at_least})
    assert set_.digest != RuleSet(RULES).digest
    assert RuleSet(RULES, spans={name: span.days}).digest == RuleSet(RULES).digest
    for old, new in zip(RULES, set_.rules, strict=True):
        if old.safety:
            assert new is old
        else:
            assert {s.days for s in spans_of(new) if s.name == name} <= {span.at_least}
            assert (new is old) is (name not in {s.name for s in spans_of(old)})


def test_words_that_were_one_stay_one() -> None:
    rule = next(
        r for r in RuleSet(RULES, spans={"pair-window": 20}).rules if r.name == "depression-with-low-grade-inflammation"
    )
    assert rule.cases[0].when is rule.notes[0].when
    near = next(r for r in RuleSet(RULES, spans={"relapse-after": 90}).rules if r.name == "mood-worsening-near-relapse")
    assert near.when.criteria[1] is near.notes[1].when  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(SPANS))
def test_days_outside_the_range_are_refused_with_the_range(name: str) -> None:
    span = SPANS[name]
    for days in (span.at_least - 1, span.at_most + 1):
        with pytest.raises(WrongSpan, match=f"{name} may be {span.at_least} to {span.at_most} days, not {days}"):
            RuleSet(RULES, spans={name: days})


def test_an_unknown_span_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(WrongSpan, match="there is no span odd; spans are: baseline-gap, baseline-lookback"):
        RuleSet(RULES, spans={"odd": 3})


def test_a_sentence_names_the_span_that_holds() -> None:
    given = "multiple sclerosis; depression; PHQ-9 6, 800 days ago"
    name = "mood-screening-in-immune-disease"
    usual = flag(answer(given, rule_set=RuleSet(RULES, on=(name,))), name)
    other = flag(answer(given, rule_set=RuleSet(RULES, on=(name,), spans={"screening-interval": 400})), name)
    assert "score of the last 365 days is" in usual.sentence
    assert "score of the last 400 days is" in other.sentence
