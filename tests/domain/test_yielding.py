"""Which rules give way to others, and which never do?"""

import pytest

from service.domain.ruleset import RuleSet
from service.domain.verdict import Verdict
from service.rules import RULES
from tests.domain.asking import ago
from tests.domain.charts import answer, flag, flags, result
from tests.domain.facts import flagged

R01, NOT_READABLE = "suicidality-recorded", "suicidality-not-readable"
R03, R04, R05 = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
)
R06, R07, R10 = (
    "acute-inflammation-confounds-mood",
    "depression-persisting-on-treatment-with-inflammation",
    "mood-worsening-before-relapse",
)
R14, R16, R20 = (
    "mood-worsening-without-immune-activity",
    "mood-worsening-immune-status-unknown",
    "crp-unreadable",
)
R17, R17_CRP = "anxiety-worsening-with-immune-activity", "anxiety-worsening-with-low-grade-inflammation"
MS = "multiple sclerosis; "
TREATED = "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; sertraline from 100 days ago; "
TWICE = "CRP 4 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago"


def test_no_rule_reads_a_later_one() -> None:
    place = {rule.name: number for number, rule in enumerate(RULES)}
    for rule in RULES:
        for name in rule.blocked_by:
            assert place[name] < place[rule.name], (rule.name, name)
        assert set(rule.part_of) <= set(place)


@pytest.mark.parametrize("name", [R01, "acute-psychosis-or-mania", "autoimmune-encephalitis-red-flags"])
def test_safety_rules_give_way_to_nothing(name: str) -> None:
    rule = next(rule for rule in RULES if rule.name == name)
    assert (rule.safety, rule.children, rule.blocked_by, rule.part_of, rule.clears) == (True, True, (), (), None)
    assert rule.on_by_default


def test_the_most_specific_flag_is_raised_and_the_others_are_listed() -> None:
    found = answer(TREATED + TWICE)
    assert flag(found, R07).contributing == (R05, R04)
    assert not flags(found, R04)
    assert not flags(found, R05)
    assert (result(found, R04).because, result(found, R05).because) == ("part-of", "part-of")
    assert result(found, R04).verdict is Verdict.MET
    assert "Also met and part of this" in flag(found, R07).sentence


def test_what_contributes_is_cited_and_planned() -> None:
    found = answer(TREATED + TWICE)
    cited = {source.reference for source in flag(found, R07).evidence}
    assert {"Example/4", "Example/5"} <= cited
    assert found.plan is not None
    asking = {rule.name for activity in found.plan.activities for rule in activity.rules}
    assert {R04, R05, R07} <= asking


def test_one_level_of_belonging() -> None:
    found = answer(f"PHQ-9 12, 5 days ago; {TWICE}")
    assert flag(found, R05).contributing == (R04,)


def test_what_belongs_to_a_part_belongs_to_the_whole() -> None:
    near = (
        "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago"
    )
    given = f"{near}; CRP 2 mg/L, 9 days ago; hs-CRP 5 mg/L, 5 days ago; CRP 2 mg/L, 1 days ago"
    found = answer(given, flags=(flagged(R17_CRP, ago(5)),))
    assert flag(found, R03).contributing == (R17, R17_CRP)
    assert flag(found, R17_CRP, None).closed_reason == f"now part of {R03}"


def test_anxiety_is_part_of_what_says_more() -> None:
    near = "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago"
    relapse = answer(f"{MS}{near}; relapse, 25 days ago")
    assert flag(relapse, R03).contributing == (R17,)
    crp = answer(f"{near}; CRP 5 mg/L, 5 days ago")
    assert flag(crp, R04).contributing == (R17_CRP,)


@pytest.mark.parametrize(
    ("given", "blocker"),
    [
        (TREATED + "CRP 5 mg/L, 5 days ago; infection, 7 days ago", R06),
        (TREATED + "CRP 5 mg/L, 5 days ago; tocilizumab from 100 days ago", R20),
    ],
)
def test_acute_inflammation_and_blocked_crp_withhold_the_others(given: str, blocker: str) -> None:
    found = answer(given)
    assert result(found, blocker).verdict is Verdict.MET
    for name in (R04, R05, R07, R17_CRP):
        told = result(found, name)
        assert (told.verdict, told.because) == (Verdict.NOT_MET, "blocked")
        assert blocker in told.reason or R06 in told.reason


def test_an_unknown_rule_excludes_nothing() -> None:
    given = f"{MS}PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago; no relapse, 5 days ago"
    found = answer(given)
    assert result(found, R10).verdict is Verdict.UNKNOWN
    assert flag(found, R14) is not None


def test_a_rule_that_is_off_says_so() -> None:
    name = "mood-screening-in-immune-disease"
    given = f"{MS}depression; PHQ-9 6, 400 days ago"
    off = result(answer(given, rule_set=RuleSet(RULES)), name)
    assert (off.verdict, off.because, off.outcome) == (Verdict.NOT_MET, "off", None)
    assert result(answer(given), name).verdict is Verdict.MET


def test_the_population_is_told_when_it_is_not_met_and_left_open_when_it_is_not_known() -> None:
    worse = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago"
    assert result(answer(worse), R16).because == "population-not-met"
    found = result(answer(f"{worse}; incomplete Condition"), R16)
    assert (found.verdict, found.because) == (Verdict.UNKNOWN, "unknown")
    assert "cannot be ruled out" in found.reason


def test_unreadable_suicidality_is_told_only_where_none_is_recorded() -> None:
    unreadable = "PHQ-9 item 9 unreadable, 3 days ago"
    assert flag(answer(unreadable), NOT_READABLE) is not None
    found = answer(f"{unreadable}; C-SSRS 2 = yes, 3 days ago")
    assert not flags(found, NOT_READABLE)
    assert result(found, NOT_READABLE).because == "blocked"


@pytest.mark.parametrize(
    ("given", "urgent"),
    [
        ("PHQ-9 item 9 = 1, 3 days ago", True),
        ("psychosis, 3 days ago", True),
        ("psychosis, 3 days ago; seizure, 3 days ago", True),
        ("PHQ-9 item 9 unreadable, 3 days ago", False),
        ("C-SSRS 6 = yes, 3 days ago; C-SSRS 6 within 3 months = no, 3 days ago", False),
        ("self harm, 3 days ago", False),
        ("PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago", False),
        ("", False),
    ],
)
def test_what_is_urgent(given: str, urgent: bool) -> None:
    assert answer(given).urgent is urgent
