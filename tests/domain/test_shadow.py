"""Is a rule in shadow judged and recorded, and nothing else of the answer knows of it?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.examples import read_example
from service.domain.facts import PriorPlan, Source
from service.domain.findings import Assessment, FlagState
from service.domain.ruleset import RuleSet
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.charts import EVERY_RULE, all_sent_back, answer, flag, flags, result, sent_back

ON = [rule.name for rule in RULES if not rule.on_by_default]
FREE = [rule.name for rule in RULES if not rule.safety]
R03, R04, R05, R06 = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
    "acute-inflammation-confounds-mood",
)
R07, R14, R16 = (
    "depression-persisting-on-treatment-with-inflammation",
    "mood-worsening-without-immune-activity",
    "mood-worsening-immune-status-unknown",
)
Hiding = Callable[..., RuleSet]
TWICE = "CRP 4 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago"


def with_what_rests_on(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, and those of the rules that may not be shown without them."""
    return names + tuple(r.name for r in RULES if r.name not in names and {*names} & {*r.rests_on_absence_of})


def shadowed(*names: str) -> RuleSet:
    return RuleSet(RULES, on=[name for name in ON if name not in names], shadow=names)


def without(*names: str) -> RuleSet:
    return RuleSet(RULES, on=[name for name in ON if name not in names], off=names)


def said(found: Assessment) -> list[tuple[str, Verdict, str, str]]:
    return [(one.rule.name, one.verdict, one.because, one.reason) for one in found.results]


def verdicts(found: Assessment) -> dict[str, Verdict]:
    return {one.rule.name: one.verdict for one in found.shadow}


def test_it_is_judged_and_raises_nothing() -> None:
    found = answer("PHQ-9 12, 5 days ago; CRP 20 mg/L, 5 days ago", rule_set=shadowed(R06))
    assert verdicts(found) == {R06: Verdict.MET}
    assert R06 not in {one.rule.name for one in found.results}
    assert (found.flags, found.plan, found.urgent) == ((), None, False)


def test_it_blocks_no_rule_that_is_shown() -> None:
    given = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; infection, 7 days ago"
    assert result(answer(given), R04).because == "blocked"
    blocked = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; tocilizumab from 100 days ago"
    assert result(answer(blocked), R04).because == "blocked"
    found = answer(blocked, rule_set=shadowed("crp-unreadable"))
    assert verdicts(found) == {"crp-unreadable": Verdict.MET}
    assert result(found, R04).because != "blocked"


def test_another_in_shadow_sees_it() -> None:
    found = answer("PHQ-9 12, 5 days ago; CRP 20 mg/L, 5 days ago", rule_set=shadowed(R06, R04))
    assert verdicts(found) == {R06: Verdict.MET, R04: Verdict.NOT_MET}
    assert next(one for one in found.shadow if one.rule.name == R04).because == "blocked"


def test_it_gives_way_to_what_is_shown() -> None:
    given = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; infection, 7 days ago"
    found = answer(given, rule_set=shadowed(R04))
    assert flag(found, R06).rule.name == R06
    assert next(one for one in found.shadow if one.rule.name == R04).because == "blocked"


def test_what_would_be_part_of_it_is_raised_itself() -> None:
    given = f"PHQ-9 12, 5 days ago; {TWICE}"
    assert flag(answer(given), R05).contributing == (R04,)
    found = answer(given, rule_set=shadowed(R05))
    assert flag(found, R04).contributing == ()
    assert verdicts(found) == {R05: Verdict.MET}


def test_it_is_part_of_nothing_and_adds_nothing_to_the_plan() -> None:
    given = f"PHQ-9 12, 5 days ago; {TWICE}"
    found = answer(given, rule_set=shadowed(R04))
    assert flag(found, R05).contributing == ()
    assert found.plan is not None
    assert R04 not in {rule.name for activity in found.plan.activities for rule in activity.rules}
    assert found.plan == answer(given, rule_set=without(R04)).plan


def test_what_would_rest_on_it_is_tried_out_with_it() -> None:
    given = (
        "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; MoCA 28, 60 days ago; MoCA 25, 5 days ago; "
        "CRP 2 mg/L, 5 days ago; no relapse, 5 days ago"
    )
    usual, found = answer(given), answer(given, rule_set=shadowed("cognitive-decline-with-activity", R14))
    assert result(usual, "cognitive-decline-with-activity").verdict is Verdict.MET
    assert result(usual, R14).verdict is Verdict.NOT_MET
    assert verdicts(found) == {"cognitive-decline-with-activity": Verdict.MET, R14: Verdict.NOT_MET}


LOW_MOOD = "PHQ-9 12, 5 days ago; CRP 20 mg/L, 5 days ago"
HIDING = pytest.mark.parametrize("hiding", [shadowed, without])


@HIDING
@pytest.mark.parametrize("later", [LOW_MOOD, "PHQ-9 12, 5 days ago"])
def test_an_open_flag_of_it_stays_as_it_is(later: str, hiding: Hiding) -> None:
    open_flag = sent_back(flag(answer(LOW_MOOD), R06))
    found = answer(later, rule_set=hiding(R06), flags=(open_flag,))
    (kept,) = flags(found, R06, None)
    assert (kept.state, kept.prior, kept.cleared_by) == (FlagState.UNCHANGED, open_flag, "")


@HIDING
def test_an_open_flag_of_it_that_has_cleared_is_closed(hiding: Hiding) -> None:
    open_flag = sent_back(flag(answer(LOW_MOOD), R06))
    found = answer(f"{LOW_MOOD}; CRP 1 mg/L, 1 days ago", rule_set=hiding(R06), flags=(open_flag,))
    (closed,) = flags(found, R06, None)
    assert (closed.state, closed.closed_reason) == (FlagState.INACTIVE, "cleared")


@HIDING
def test_an_open_flag_of_it_whose_evidence_was_an_error_is_withdrawn(hiding: Hiding) -> None:
    open_flag = sent_back(flag(answer(LOW_MOOD), R06))
    gone = frozenset(open_flag.evidence[:1])
    found = answer("PHQ-9 12, 5 days ago", rule_set=hiding(R06), flags=(open_flag,), retracted=gone)
    (withdrawn,) = flags(found, R06, None)
    assert (withdrawn.state, withdrawn.closed_reason) == (FlagState.RETRACTED, "withdrawn")


@HIDING
@pytest.mark.parametrize(
    "others", ["", "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 22 days ago; "]
)
def test_the_draft_that_answers_an_open_flag_of_it_stays(others: str, hiding: Hiding) -> None:
    open_flag = sent_back(flag(answer(LOW_MOOD), R06))
    drafts = tuple(
        PriorPlan(name, "draft", Source(f"CarePlan/{name}", "", "CarePlan"), number, rules=rules)
        for number, (name, rules) in enumerate({"its": (R03, R06), "any": (), "of-another": (R03,)}.items())
    )
    found = answer(f"{others}{LOW_MOOD}", rule_set=hiding(R06), flags=(open_flag,), plans=drafts)
    assert [plan.identifier for plan in found.revoked] == ["of-another"]
    assert found.plan is None or found.plan.replaces == found.revoked
    assert bool(found.plan) is bool(others)
    cleared = answer(
        f"{others}{LOW_MOOD}; CRP 1 mg/L, 1 days ago", rule_set=hiding(R06), flags=(open_flag,), plans=drafts
    )
    assert len(cleared.revoked) == 3


def test_an_open_flag_of_what_would_be_part_of_it_is_not_taken_over() -> None:
    given = f"PHQ-9 12, 5 days ago; {TWICE}"
    open_flag = sent_back(flag(answer(given, rule_set=shadowed(R05)), R04))
    found = answer(given, rule_set=shadowed(R05), flags=(open_flag,))
    assert flag(found, R04).identifier == open_flag.identifier


def test_what_is_off_by_default_can_be_tried_out() -> None:
    (name,) = ON
    given = "multiple sclerosis; depression; PHQ-9 6, 400 days ago"
    found = answer(given, rule_set=RuleSet(RULES, shadow=ON))
    assert verdicts(found) == {name: Verdict.MET}
    assert not flags(found, name, None)


@settings(max_examples=30)
@given(
    st.sampled_from([example.given for rule in RULES for example in rule.examples]),
    st.lists(st.sampled_from(FREE), min_size=1, max_size=4, unique=True),
    st.booleans(),
)
def test_the_answer_is_that_of_a_site_where_the_rule_is_off(given_: str, names: list[str], withdrawn: bool) -> None:
    names = list(with_what_rests_on(tuple(names)))
    chart = read_example(given_)
    shown = answer(chart)
    # What was raised before is sent along, with one piece of what it rests on withdrawn in one case of two.
    gone = [name for one in shown.flags[::2] for name in sent_back(one).evidence[:1]] if withdrawn else []
    chart = chart._replace(flags=all_sent_back(shown.flags), retracted=frozenset(gone))
    if shown.plan is not None:
        rules = tuple(one.rule.name for one in shown.plan.flags)
        draft = PriorPlan(shown.plan.identifier, "draft", Source("CarePlan/d", "", "CarePlan"), 800, rules=rules)
        chart = chart._replace(plans=(draft,))
    tried, off = answer(chart, rule_set=shadowed(*names)), answer(chart, rule_set=without(*names))
    assert (tried.flags, tried.plan, tried.urgent, tried.notices) == (off.flags, off.plan, off.urgent, off.notices)
    assert tried.revoked == off.revoked
    assert said(tried) == [one for one in said(off) if one[0] not in names]
    assert {one.rule.name for one in tried.shadow} == set(names)
    assert off.shadow == ()


@settings(max_examples=30)
@given(st.sampled_from([(rule.name, example) for rule in RULES if not rule.safety for example in rule.examples]))
def test_a_rule_alone_in_shadow_says_what_it_says_when_it_is_shown(example: tuple[str, object]) -> None:
    name, of = example
    chart = read_example(of.given)  # type: ignore[attr-defined]
    shown = result(answer(chart, rule_set=EVERY_RULE), name)
    tried = verdicts(answer(chart, rule_set=shadowed(*with_what_rests_on((name,)))))
    assert tried[name] is shown.verdict
