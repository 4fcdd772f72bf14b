"""What does a number do that a site has set, and which numbers may it set?"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.criteria import CRP_LIMITS
from service.domain.days import Span
from service.domain.examples import read_example
from service.domain.explain import what_clears
from service.domain.instruments import ANXIETY, COGNITION, DEPRESSION, EDSS, FATIGUE, INSTRUMENTS, Instrument
from service.domain.needs import needs
from service.domain.pages import page
from service.domain.reads import found_in
from service.domain.ruleset import RuleSet
from service.domain.thresholds import Settable, Thresholds, WrongThreshold, settable, shown
from service.domain.verdict import Verdict
from service.rules import RULES
from service.terminology import Terminology
from tests.domain.charts import EVERY_RULE, answer, flag, result, rule_named

if TYPE_CHECKING:
    from service.domain.rule import Rule

ON = tuple(rule.name for rule in RULES if not rule.on_by_default)
R03, R04, R05, R06 = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
    "acute-inflammation-confounds-mood",
)
R10, R12, R13, R14 = (
    "mood-worsening-before-relapse",
    "cognitive-decline-with-activity",
    "autoimmune-encephalitis-red-flags",
    "mood-worsening-without-immune-activity",
)
R16 = "mood-worsening-immune-status-unknown"
R17, R17_CRP = "anxiety-worsening-with-immune-activity", "anxiety-worsening-with-low-grade-inflammation"
MS = "multiple sclerosis; "
SETTABLE = settable(RULES)
OF_RULE = {rule.name: settable((rule,)) for rule in RULES}
SPANS = {key.removeprefix("spans."): one for key, one in SETTABLE.items() if key.startswith("spans.")}
OF_INSTRUMENTS = {key: one for key, one in SETTABLE.items() if key.startswith("instruments.")}
BY_KEY = {scale.key: scale for scale in INSTRUMENTS}


def chosen(key: str, value: Decimal | int | str) -> Thresholds:
    """One number set, by its key in the file of rules."""
    head, *rest = key.split(".")
    if head == "spans":
        return Thresholds(spans={rest[0]: int(value)})
    if head == "low_crp_limit":
        return Thresholds(low_crp_limit=Decimal(value))
    return Thresholds(instruments={rest[0]: {rest[1]: Decimal(value)}})


@cache
def with_(key: str, value: Decimal | int | str) -> RuleSet:
    """Every rule, with one number set."""
    return RuleSet(RULES, on=ON, thresholds=chosen(key, value))


def verdict(given: str, rule: str, rule_set: RuleSet = EVERY_RULE) -> Verdict:
    return result(answer(given, rule_set=rule_set), rule).verdict


def named(rule_set: RuleSet, name: str) -> Rule:
    return next(rule for rule in rule_set.rules if rule.name == name)


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
        ("relapse-before", 24, R03, "PHQ-9 5, 60 days ago; PHQ-9 12, 25 days ago; relapse, 0 days ago"),
        ("relapse-after", 44, R03, "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 50 days ago"),
        (
            "baseline-lookback",
            89,
            R03,
            "PHQ-9 5, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 12, 5 days ago; relapse, 9 days ago",
        ),
        (
            "baseline-gap",
            21,
            R03,
            "PHQ-9 12, 60 days ago; PHQ-9 5, 25 days ago; PHQ-9 12, 5 days ago; relapse, 9 days ago",
        ),
        ("pair-window", 19, R04, "PHQ-9 12, 5 days ago; CRP 5 mg/L, 25 days ago"),
        ("screening-interval", 386, "mood-screening-overdue", "PHQ-9 4, 400 days ago"),
    ],
)
def test_a_span_that_is_set_moves_its_boundary_to_the_day(name: str, days: int, rule: str, given: str) -> None:
    inside = days - 1 if name in ("baseline-gap", "screening-interval") else days + 1
    assert verdict(MS + given, rule) is Verdict.MET
    assert verdict(MS + given, rule, with_(f"spans.{name}", inside)) is Verdict.MET
    assert verdict(MS + given, rule, with_(f"spans.{name}", days)) is not Verdict.MET


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        (R04, "PHQ-9 12, 5 days ago; CRP {crp} mg/L, 5 days ago"),
        (R05, "PHQ-9 12, 5 days ago; CRP {crp} mg/L, 25 days ago; CRP {crp} mg/L, 5 days ago"),
        (R17_CRP, "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; CRP {crp} mg/L, 5 days ago"),
        (R06, "PHQ-9 12, 5 days ago; CRP {crp} mg/L, 5 days ago; infection, 7 days ago"),
    ],
)
@pytest.mark.parametrize("limit", ["1.0", "2.5", "4.0", "5.0"])
def test_the_low_limit_of_crp_moves_its_boundary(rule: str, given: str, limit: str) -> None:
    site = with_("low_crp_limit", limit)
    assert verdict(given.format(crp=Decimal(limit) + Decimal("0.01")), rule, site) is Verdict.MET
    assert verdict(given.format(crp=limit), rule, site) is Verdict.NOT_MET


def test_a_crp_below_a_higher_limit_is_quiet() -> None:
    given = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 4 mg/L, 5 days ago"
    assert verdict(given, R14) is Verdict.NOT_MET
    assert verdict(MS + given + "; no relapse, 5 days ago", R14, with_("low_crp_limit", "4")) is Verdict.MET


def test_the_high_limit_of_crp_stays() -> None:
    given = "PHQ-9 12, 5 days ago; CRP {crp} mg/L, 5 days ago"
    site = with_("low_crp_limit", "5")
    assert verdict(given.format(crp="10.0"), R04, site) is Verdict.MET
    assert verdict(given.format(crp="10.01"), R04, site) is Verdict.NOT_MET


def _scored(scale: Instrument) -> tuple[str, str]:
    """A patient whom a rule finds by the scores of a scale, which stand for `{}`, and that rule."""
    if scale is EDSS:
        return R10, MS + "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; {}"
    if scale in COGNITION.series:
        return R12, MS + "{}; relapse, 25 days ago"
    if scale in FATIGUE.series:
        return R12, MS + "MoCA 28, 60 days ago; MoCA 25, 5 days ago; {}"
    return (R17 if scale in ANXIETY.series else R03), MS + "{}; relapse, 9 days ago"


def _name(scale: Instrument) -> str:
    return {
        "promis-depression": "PROMIS depression",
        "promis-29-depression": "PROMIS-29 depression",
        "promis-29-anxiety": "PROMIS-29 anxiety",
        "promis-29-fatigue": "PROMIS-29 fatigue",
        "promis-cognitive": "PROMIS cognitive",
        "fss": "FSS",
        "phq-9-cms": "PHQ-9 CMS",
    }.get(scale.key, scale.name)


def _change(scale: Instrument, now: Decimal, by: Decimal) -> tuple[str, str]:
    rule, given = _scored(scale)
    before = now - by if scale.higher_is_worse else now + by
    return given.format(f"{_name(scale)} {before}, 60 days ago; {_name(scale)} {now}, 5 days ago"), rule


def _now(scale: Instrument) -> Decimal:
    """A score that is elevated and leaves room below it for every change that may be set."""
    if not scale.higher_is_worse:
        return scale.low + 10
    return scale.high - 1 if scale.elevated is None or scale.key == "fss" else min(scale.elevated + 8, scale.high)


@pytest.mark.parametrize("key", [key for key in OF_INSTRUMENTS if key.endswith(".change")])
def test_the_change_that_counts_moves_its_boundary(key: str) -> None:
    one, scale = OF_INSTRUMENTS[key], BY_KEY[key.split(".")[1]]
    step = Decimal(1) if scale.whole else Decimal("0.1")
    just, less = _change(scale, _now(scale), one.usual), _change(scale, _now(scale), one.usual - step)
    assert (verdict(*just), verdict(*less)) == (Verdict.MET, Verdict.NOT_MET)
    assert verdict(*just, with_(key, one.usual + step)) is Verdict.NOT_MET
    assert verdict(*less, with_(key, one.usual - step)) is Verdict.MET


@pytest.mark.parametrize("key", [key for key in OF_INSTRUMENTS if key.endswith(".elevated")])
def test_where_elevated_begins_moves_its_boundary(key: str) -> None:
    one, scale = OF_INSTRUMENTS[key], BY_KEY[key.split(".")[1]]
    step = Decimal(1) if scale.whole else Decimal("0.1")

    def of(score: Decimal) -> tuple[str, str]:
        if scale in DEPRESSION.series:
            return f"{_name(scale)} {score}, 5 days ago; CRP 5 mg/L, 5 days ago", R04
        if scale in ANXIETY.series:
            return f"{MS}{_name(scale)} {score}, 5 days ago; relapse, 9 days ago", R17
        return _change(scale, score, score - scale.low)

    just, less = of(one.usual), of(one.usual - step)
    assert (verdict(*just), verdict(*less)) == (Verdict.MET, Verdict.NOT_MET)
    assert verdict(*just, with_(key, one.usual + step)) is Verdict.NOT_MET
    assert verdict(*less, with_(key, one.usual - step)) is Verdict.MET


def test_the_bands_below_a_limit_stay_below_it() -> None:
    rules = with_("instruments.hads-d.elevated", 5).rules
    scales = {scale for rule in rules if not rule.safety for scale in found_in(rule, Instrument)}
    (own,) = [scale for scale in scales if scale.key == "hads-d"]
    assert [own.elevated, own.mild, own.minimal, own.worse_by] == [5, 5, 4, 3]
    higher = with_("instruments.hads-d.elevated", 11)
    given = "HADS-D 8, 5 days ago; CRP 20 mg/L, 5 days ago"
    assert verdict(given, R06, higher) is verdict(given, R06) is Verdict.MET


def test_what_closes_a_flag_follows_the_limit() -> None:
    near = "PHQ-9 5, 120 days ago; PHQ-9 12, 60 days ago; relapse, 62 days ago"
    low = f"{MS}{near}; PHQ-9 9, 20 days ago; PHQ-9 9, 5 days ago"
    site = with_("instruments.phq-9.elevated", 9)
    assert verdict(low, "mood-worsening-without-immune-activity") is not Verdict.MET
    clears = named(site, R04).clears
    assert clears is not None
    kept = f"PHQ-9 12, 60 days ago; CRP 5 mg/L, 58 days ago; PHQ-9 9, 20 days ago; PHQ-9 9, 5 days ago; {MS}"
    chart = read_example(kept)
    assert not answer(chart, rule_set=site).issues


def test_scores_whose_day_is_not_known_are_read_with_the_limits_of_the_site() -> None:
    hads = "HADS-D 5, in 2026-06; CRP 20 mg/L, 5 days ago"
    assert verdict(hads, R06) is not Verdict.MET
    assert verdict(hads, R06, with_("instruments.hads-d.elevated", 6)) is not Verdict.MET
    assert verdict(hads, R06, with_("instruments.hads-d.elevated", 5)) is Verdict.MET


def test_a_low_total_of_the_cms_form_still_says_nothing() -> None:
    site = with_("instruments.phq-9-cms.elevated", 9)
    given = MS + "PHQ-9 CMS {}, 60 days ago; PHQ-9 CMS 16, 5 days ago"
    assert verdict(given.format(3), R16, site) is verdict(given.format(3), R16) is Verdict.UNKNOWN
    assert verdict(given.format(9), R16) is Verdict.UNKNOWN
    assert verdict(given.format(9), R16, site) is Verdict.MET


@pytest.mark.parametrize(
    ("key", "value", "given", "rule", "usual", "here"),
    [
        (
            "spans.screening-interval",
            400,
            "multiple sclerosis; depression; PHQ-9 6, 800 days ago",
            "mood-screening-in-immune-disease",
            "score of the last 365 days is",
            "score of the last 400 days is",
        ),
        (
            "low_crp_limit",
            "2.5",
            "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            R04,
            "above 3 and not above 10.",
            "above 2.5 and not above 10.",
        ),
        (
            "low_crp_limit",
            "4.0",
            "PHQ-9 12, 5 days ago; CRP 5 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago",
            R05,
            "CRP above 3 and not above 10 mg/L",
            "CRP above 4 and not above 10 mg/L",
        ),
        (
            "low_crp_limit",
            "1",
            "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            R17_CRP,
            "above 3 and not above 10.",
            "above 1 and not above 10.",
        ),
        (
            "instruments.phq-9.elevated",
            12,
            "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; sertraline from 100 days ago; CRP 5 mg/L, 5 days ago",
            "depression-persisting-on-treatment-with-inflammation",
            "PHQ-9 stayed at 10 or more",
            "PHQ-9 stayed at 12 or more",
        ),
    ],
)
def test_sentences_and_pages_name_the_number_that_holds(
    key: str, value: int | str, given: str, rule: str, usual: str, here: str
) -> None:
    site = with_(key, value)
    assert usual in flag(answer(given), rule).sentence
    assert here in flag(answer(given, rule_set=site), rule).sentence
    told = page(named(site, rule), Terminology.default().codes_of, rule_named(rule))
    assert f"{shown(Decimal(value))} " in told
    assert f"| {key} | {shown(SETTABLE[key].usual)} " in told


def test_the_counterfactual_names_the_limit() -> None:
    assert "at most 3.0" in what_clears(rule_named(R04))
    assert "at most 4 " in what_clears(named(with_("low_crp_limit", "4"), R04)) + " "


def test_more_is_fetched_for_a_longer_span_and_never_less_than_a_safety_rule_reads() -> None:
    def days(rule_set: RuleSet) -> int:
        found = [need.days for rule in rule_set.rules if rule.name == R04 for need in needs(rule)]
        return max(day for day in found if day is not None)

    assert days(with_("spans.pair-window", 60)) > days(EVERY_RULE)
    assert [needs(rule) for rule in with_("instruments.phq-9.elevated", 9).rules] == [needs(rule) for rule in RULES]


@pytest.mark.parametrize("key", sorted(SETTABLE))
@pytest.mark.no_cover  # every rule again for each number
def test_a_number_that_is_set_changes_the_digest_and_no_safety_rule(key: str) -> None:
    site = with_(key, SETTABLE[key].at_most)
    assert site.digest != EVERY_RULE.digest
    assert with_(key, SETTABLE[key].usual).rules is RULES
    for old, new in zip(RULES, site.rules, strict=True):
        assert (new is old) is (key not in OF_RULE[old.name])
        if new is not old:
            assert settable((new,))[key].usual == SETTABLE[key].at_most


@pytest.mark.parametrize("key", sorted(SETTABLE))
@pytest.mark.no_cover  # every rule again for each number
def test_numbers_outside_their_range_are_refused_with_the_range(key: str) -> None:
    one: Settable = SETTABLE[key]
    finest = Decimal(1) if one.whole else Decimal("0.01")
    for value in (one.at_least - finest, one.at_most + finest):
        with pytest.raises(WrongThreshold, match=f"{key} may be {one.range}, not {value}"):
            with_(key, value)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(WrongThreshold, match="low_crp_limit may be 1 to 5 mg/L"):
        with_("low_crp_limit", value)


def test_a_fraction_of_a_point_is_refused_where_scores_are_whole() -> None:
    with pytest.raises(WrongThreshold, match=r"instruments.phq-9.elevated is a whole number"):
        with_("instruments.phq-9.elevated", "9.5")
    assert with_("instruments.fss.elevated", "4.5").digest != EVERY_RULE.digest


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("spans.pair-windw", "did you mean spans.pair-window"),
        ("spans.qqqqqqqqqqqqqqqq", "there are: spans.baseline-gap, spans.baseline-lookback"),
        ("instruments.phq9.elevated", "did you mean instruments.phq-9.elevated"),
        ("instruments.phq-a.elevated", "did you mean"),
        ("instruments.moca.elevated", "did you mean"),
    ],
)
def test_a_number_that_cannot_be_set_is_refused_with_those_that_can(key: str, hint: str) -> None:
    with pytest.raises(WrongThreshold, match=f"a site cannot set {key}; {hint}"):
        with_(key, 9)


def test_the_rules_read_scores_as_before_beside_a_safety_rule_that_reads_the_same() -> None:
    example = next(e for e in rule_named(R13).examples if e.verdict is Verdict.MET and "PHQ-9 12, 5" in e.given)
    given = f"{MS}{example.given}; relapse, 9 days ago"
    usual, strict = answer(given), answer(given, rule_set=with_("instruments.phq-9.elevated", 13))
    assert result(strict, R13).verdict is result(usual, R13).verdict
    assert flag(strict, R13).sentence == flag(usual, R13).sentence
    assert (result(usual, R03).verdict, result(strict, R03).verdict) == (Verdict.MET, Verdict.NOT_MET)


def test_words_that_were_one_stay_one() -> None:
    rule = named(with_("spans.pair-window", 20), R04)
    assert rule.cases[0].when is rule.notes[0].when
    near: Any = named(with_("spans.relapse-after", 90), R03)
    assert near.when.criteria[1] is near.notes[1].when
    rules = with_("low_crp_limit", "4").rules
    limits = {id(one) for rule in rules for one in found_in(rule, type(CRP_LIMITS))}
    assert len(limits) == 1
    assert {s.days for rule in rules for s in found_in(rule, Span) if s.name == "pair-window"} == {30}


USUAL = Thresholds(
    {name: int(one.usual) for name, one in SPANS.items()},
    CRP_LIMITS.low,
    {
        scale: {
            part: OF_INSTRUMENTS[f"instruments.{scale}.{part}"].usual
            for part in ("elevated", "change")
            if f"instruments.{scale}.{part}" in OF_INSTRUMENTS
        }
        for scale in {key.split(".")[1] for key in OF_INSTRUMENTS}
    },
)
AS_USUAL = RuleSet(RULES, on=ON, thresholds=USUAL)


@settings(max_examples=30)
@given(st.sampled_from([(rule.name, example.given) for rule in RULES for example in rule.examples]))
def test_a_site_that_sets_the_defaults_answers_as_one_that_sets_nothing(example: tuple[str, str]) -> None:
    assert AS_USUAL.digest == EVERY_RULE.digest
    chart = read_example(example[1])
    here, usual = answer(chart, rule_set=AS_USUAL), answer(chart)
    assert (here.flags, here.plan, here.urgent, here.notices) == (usual.flags, usual.plan, usual.urgent, usual.notices)
    assert [(one.verdict, one.reason) for one in here.results] == [(one.verdict, one.reason) for one in usual.results]


@settings(max_examples=15)
@given(
    st.sampled_from([(rule.name, example.given) for rule in RULES if rule.safety for example in rule.examples]),
    st.sampled_from(sorted(SETTABLE)),
    st.booleans(),
)
def test_no_number_reaches_a_safety_rule(example: tuple[str, str], key: str, most: bool) -> None:
    name, given_ = example
    site = with_(key, SETTABLE[key].at_most if most else SETTABLE[key].at_least)
    usual, here = answer(given_), answer(given_, rule_set=site)
    assert (result(here, name).verdict, result(here, name).reason) == (
        result(usual, name).verdict,
        result(usual, name).reason,
    )
    assert [f.sentence for f in here.flags if f.rule.name == name] == [
        f.sentence for f in usual.flags if f.rule.name == name
    ]
