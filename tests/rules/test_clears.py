"""What closes an open flag of each rule, and what leaves it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.domain.assessing import assess
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.facts import PriorFlag, Source
from service.domain.findings import FlagState
from service.domain.ruleset import RuleSet
from service.rules import RULES
from tests.domain.asking import ago
from tests.domain.charts import answer
from tests.domain.charts import flag as only
from tests.domain.facts import flagged
from tests.rules.numbers import CLEARING, definitions_of, nudged, numbers

if TYPE_CHECKING:
    from service.domain.rule import Rule
    from tests.rules.numbers import Place

CLEARED, OPEN, KEPT = FlagState.INACTIVE, FlagState.UNCHANGED, FlagState.ACTIVE
MS = "multiple sclerosis; "
HIGH = "PHQ-9 12, 100 days ago; "
ANXIOUS = "GAD-7 12, 100 days ago; "
TREATMENT = "PHQ-9 20, 160 days ago; PHQ-9 18, 100 days ago; "
NEAR_RELAPSE, GRADE, SUSTAINED = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
)
ANXIETY, QUIET, AFTER_THERAPY, STEROIDS, BEFORE_RELAPSE, STATUS = (
    "anxiety-worsening-with-immune-activity",
    "mood-worsening-without-immune-activity",
    "mood-worsening-after-immune-therapy",
    "mood-change-with-corticosteroids",
    "mood-worsening-before-relapse",
    "mood-worsening-immune-status-unknown",
)
ACUTE, TREATED, BLOCKED, NOT_READABLE = (
    "acute-inflammation-confounds-mood",
    "depression-persisting-on-treatment-with-inflammation",
    "crp-unreadable",
    "suicidality-not-readable",
)

# rule, days since the flag began, what has come since, what becomes of the flag
SINCE = [
    ("anxiety-worsening-with-immune-activity", 100, MS + ANXIOUS + "GAD-7 4, 5 days ago", CLEARED),
    ("anxiety-worsening-with-immune-activity", 100, MS + ANXIOUS + "GAD-7 5, 5 days ago", OPEN),
    (
        "anxiety-worsening-with-immune-activity",
        100,
        MS + ANXIOUS + "GAD-7 9, 19 days ago; GAD-7 9, 5 days ago",
        CLEARED,
    ),
    ("anxiety-worsening-with-immune-activity", 100, MS + ANXIOUS + "GAD-7 9, 18 days ago; GAD-7 9, 5 days ago", OPEN),
    ("anxiety-worsening-with-immune-activity", 100, MS + HIGH + "PHQ-9 4, 5 days ago", OPEN),
    ("anxiety-worsening-with-low-grade-inflammation", 100, ANXIOUS + "GAD-7 4, 5 days ago", CLEARED),
    ("anxiety-worsening-with-low-grade-inflammation", 100, ANXIOUS + "CRP 2 mg/L, 5 days ago", OPEN),
    ("mood-worsening-after-immune-therapy", 140, HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 9, 5 days ago; fingolimod from 140 to 91 days ago",
        CLEARED,
    ),
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 9, 5 days ago; fingolimod from 140 to 90 days ago",
        OPEN,
    ),
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 10, 5 days ago; fingolimod from 140 to 91 days ago",
        OPEN,
    ),
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 9, 5 days ago; GAD-7 10, 5 days ago; fingolimod from 140 to 91 days ago",
        OPEN,
    ),
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 9, 5 days ago; fingolimod from 140 to 91 days ago; levetiracetam from 400 days ago",
        CLEARED,
    ),
    (
        "mood-change-with-corticosteroids",
        110,
        HIGH + "prednisone from 110 to 29 days ago; PHQ-9 9, 28 days ago",
        CLEARED,
    ),
    ("mood-change-with-corticosteroids", 110, HIGH + "prednisone from 110 to 28 days ago; PHQ-9 9, 5 days ago", OPEN),
    ("mood-change-with-corticosteroids", 110, HIGH + "prednisone from 110 to 29 days ago; PHQ-9 9, 29 days ago", OPEN),
    ("mood-change-with-corticosteroids", 110, HIGH + "prednisone from 110 to 29 days ago; PHQ-9 10, 5 days ago", OPEN),
    (
        "cognitive-decline-with-activity",
        60,
        MS + "SDMT 50, 80 days ago; SDMT 42, 60 days ago; SDMT 47, 5 days ago",
        CLEARED,
    ),
    (
        "cognitive-decline-with-activity",
        60,
        MS + "SDMT 50, 80 days ago; SDMT 42, 60 days ago; SDMT 42, 5 days ago",
        OPEN,
    ),
    ("cognitive-decline-with-activity", 60, MS + "SDMT 50, 80 days ago; SDMT 42, 60 days ago", OPEN),
    (
        "fatigue-dominant-depression-score",
        40,
        "PHQ-9 items 1 0 3 3 2 0 1 2 0, 40 days ago; PHQ-9 items 2 2 1 1 1 1 1 1 0, 5 days ago",
        CLEARED,
    ),
    (
        "fatigue-dominant-depression-score",
        40,
        "PHQ-9 items 1 0 3 3 2 0 1 2 0, 40 days ago; PHQ-9 9, 5 days ago",
        OPEN,
    ),
    (
        "fatigue-dominant-depression-score",
        40,
        "PHQ-9 items 1 0 3 3 2 0 1 2 0, 40 days ago; PHQ-9 items 1 0 3 3 2 0 1 2 0, 5 days ago",
        KEPT,
    ),
    ("mood-worsening-before-relapse", 91, MS + "PHQ-9 5, 120 days ago; PHQ-9 12, 91 days ago", CLEARED),
    ("mood-worsening-before-relapse", 90, MS + "PHQ-9 5, 120 days ago; PHQ-9 12, 90 days ago", OPEN),
    (
        "mood-worsening-before-relapse",
        60,
        MS + "PHQ-9 5, 80 days ago; PHQ-9 12, 60 days ago; relapse, 20 days ago",
        CLEARED,
    ),
    (
        "mood-worsening-before-relapse",
        60,
        MS + "PHQ-9 5, 80 days ago; PHQ-9 12, 60 days ago; PHQ-9 4, 20 days ago",
        CLEARED,
    ),
    ("mood-worsening-without-immune-activity", 100, MS + HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    ("mood-worsening-without-immune-activity", 100, MS + HIGH + "CRP 4 mg/L, 5 days ago", OPEN),
    ("mood-worsening-without-immune-activity", 100, MS + HIGH + "PHQ-9 4, 5 days ago; GAD-7 12, 5 days ago", OPEN),
    ("mood-worsening-immune-status-unknown", 100, "rheumatoid arthritis; " + HIGH + "CRP 2 mg/L, 5 days ago", CLEARED),
    ("mood-worsening-immune-status-unknown", 100, "rheumatoid arthritis; " + HIGH + "CRP <5 mg/L, 5 days ago", OPEN),
    ("mood-worsening-immune-status-unknown", 100, MS + HIGH + "CRP 2 mg/L, 5 days ago", OPEN),
    (
        "mood-worsening-immune-status-unknown",
        100,
        MS + HIGH + "CRP 2 mg/L, 5 days ago; no relapse, 5 days ago",
        CLEARED,
    ),
    ("mood-worsening-immune-status-unknown", 100, MS + HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    ("mood-screening-in-immune-disease", 35, MS + "depression; PHQ-9 6, 400 days ago; PHQ-9 6, 5 days ago", CLEARED),
    ("mood-screening-in-immune-disease", 35, MS + "depression; PHQ-9 6, 400 days ago; PHQ-2 1, 5 days ago", CLEARED),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; PHQ-9 6, 5 days ago", CLEARED),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; mood screening, 49 days ago", CLEARED),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; declined screening, 5 days ago", OPEN),
    # two scores below elevated fourteen days apart, or one minimal score after a fall
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 9, 19 days ago; PHQ-9 9, 5 days ago", CLEARED),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 9, 18 days ago; PHQ-9 9, 5 days ago", OPEN),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 5, 5 days ago", OPEN),
    (NEAR_RELAPSE, 100, HIGH + "GAD-7 4, 5 days ago", OPEN),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 4, 5 days ago; GAD-7 14, 5 days ago", CLEARED),
    # a later low CRP, or mood
    (GRADE, 100, HIGH + "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (GRADE, 100, HIGH + "CRP 3.01 mg/L, 5 days ago", OPEN),
    (GRADE, 100, HIGH + "CRP <5 mg/L, 5 days ago", OPEN),
    (GRADE, 100, HIGH + "CRP 20 mg/L, 5 days ago", OPEN),
    (GRADE, 100, HIGH + "CRP 3.0 mg/L, 100 days ago", OPEN),
    (GRADE, 100, HIGH + "CRP 3.0 mg/L, 99 days ago", CLEARED),
    (GRADE, 100, HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    (GRADE, 100, HIGH + "PHQ-9 5, 5 days ago", OPEN),
    # two low CRPs in a row, or a high one; mood does not clear it
    (SUSTAINED, 100, "CRP 3 mg/L, 50 days ago; CRP 3 mg/L, 5 days ago", CLEARED),
    (SUSTAINED, 100, "CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, 100, "CRP 3 mg/L, 100 days ago; CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, 100, "CRP 3 mg/L, 50 days ago; CRP 4 mg/L, 20 days ago; CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, 100, "CRP 10.01 mg/L, 5 days ago", CLEARED),
    (SUSTAINED, 100, "CRP 10.0 mg/L, 5 days ago", OPEN),
    (SUSTAINED, 100, HIGH + "PHQ-9 2, 5 days ago", OPEN),
    # the latest CRP low, or low-grade without an acute cause
    (ACUTE, 100, "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (ACUTE, 100, "CRP 10.0 mg/L, 5 days ago", CLEARED),
    (ACUTE, 100, "CRP 10.01 mg/L, 5 days ago", OPEN),
    (ACUTE, 100, "CRP 5 mg/L, 5 days ago; infection, 33 days ago", OPEN),
    (ACUTE, 100, "CRP 5 mg/L, 5 days ago; infection, 34 days ago", CLEARED),
    (ACUTE, 100, "CRP 40 mg/L, 33 days ago; CRP 5 mg/L, 5 days ago", OPEN),
    (ACUTE, 100, "CRP 40 mg/L, 34 days ago; CRP 5 mg/L, 5 days ago", CLEARED),
    (ACUTE, 100, "CRP <5 mg/L, 5 days ago", OPEN),
    (ACUTE, 100, "CRP 3 mg/L, 9 days ago; CRP 40 mg/L, 5 days ago", OPEN),
    (ACUTE, 100, "PHQ-9 2, 5 days ago", OPEN),
    # half the first score, another treatment, a low CRP, or mood
    (TREATED, 100, TREATMENT + "PHQ-9 10, 5 days ago", CLEARED),
    (TREATED, 100, TREATMENT + "PHQ-9 11, 5 days ago", OPEN),
    (TREATED, 100, TREATMENT + "sertraline from 300 to 50 days ago", CLEARED),
    (TREATED, 100, TREATMENT + "sertraline from 300 days ago", OPEN),
    (TREATED, 100, TREATMENT + "sertraline from 300 days ago; fluoxetine from 99 days ago", CLEARED),
    (TREATED, 100, TREATMENT + "sertraline from 300 days ago; fluoxetine from 100 days ago", OPEN),
    (TREATED, 100, TREATMENT + "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (TREATED, 100, TREATMENT + "CRP 3.01 mg/L, 5 days ago", OPEN),
    # no blockade for more than ninety days, or mood
    (BLOCKED, 100, HIGH + "tocilizumab from 300 to 91 days ago", CLEARED),
    (BLOCKED, 100, HIGH + "tocilizumab from 300 to 90 days ago", OPEN),
    (BLOCKED, 100, HIGH + "tocilizumab from 300 days ago; PHQ-9 4, 5 days ago", CLEARED),
    (BLOCKED, 100, HIGH + "tocilizumab from 300 days ago; PHQ-9 5, 5 days ago", OPEN),
    (BLOCKED, 100, HIGH + "tocilizumab undated", OPEN),
    # a readable answer of the same date or later
    (NOT_READABLE, 100, "PHQ-9 item 9 = 0, 100 days ago", CLEARED),
    (NOT_READABLE, 100, "C-SSRS 1 = no, 5 days ago", CLEARED),
    (NOT_READABLE, 100, "PHQ-9 item 9 = 0, 101 days ago", OPEN),
    (NOT_READABLE, 100, "PHQ-9 item 9 unreadable, 50 days ago", OPEN),
    (NOT_READABLE, 100, "PHQ-9 2, 5 days ago", OPEN),
    # a CRP that an IL-6 medicine lowers is never low, and one that it may lower clears nothing either
    (GRADE, 100, HIGH + "CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", OPEN),
    (GRADE, 100, HIGH + "CRP 2 mg/L, 5 days ago; tocilizumab undated", OPEN),
    (GRADE, 100, HIGH + "CRP 2 mg/L, 30 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", CLEARED),
    (TREATED, 100, TREATMENT + "CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", OPEN),
    (SUSTAINED, 100, "CRP 2 mg/L, 50 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 60 days ago", OPEN),
    (SUSTAINED, 100, "CRP 2 mg/L, 50 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", OPEN),
    (SUSTAINED, 100, "CRP 2 mg/L, 50 days ago; CRP 2 mg/L, 5 days ago; tocilizumab undated", OPEN),
    (SUSTAINED, 100, "CRP 20 mg/L, 5 days ago; tocilizumab from 20 days ago", CLEARED),
    (ACUTE, 100, "CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", OPEN),
    (ACUTE, 100, "CRP 5 mg/L, 5 days ago; tocilizumab from 20 days ago", OPEN),
    (ACUTE, 100, "CRP 2 mg/L, 5 days ago; tocilizumab from 300 to 96 days ago", CLEARED),
    (
        "mood-worsening-immune-status-unknown",
        100,
        "rheumatoid arthritis; " + HIGH + "CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago",
        OPEN,
    ),
    # a scale that fell silent more than ninety days before the newest score holds nothing open
    (QUIET, 100, MS + HIGH + "PHQ-9 9, 19 days ago; PHQ-9 9, 5 days ago", CLEARED),
    (QUIET, 100, MS + HIGH + "PHQ-9 9, 18 days ago; PHQ-9 9, 5 days ago", OPEN),
    (QUIET, 100, MS + HIGH + "PHQ-9 4, 10 days ago; GAD-7 10, 100 days ago", OPEN),
    (QUIET, 100, MS + HIGH + "PHQ-9 4, 9 days ago; GAD-7 10, 100 days ago", CLEARED),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 4, 10 days ago; HADS-D 12, 100 days ago", OPEN),
    (NEAR_RELAPSE, 100, HIGH + "PHQ-9 4, 9 days ago; HADS-D 12, 100 days ago", CLEARED),
    (ANXIETY, 100, ANXIOUS + "GAD-7 4, 10 days ago; HADS-A 12, 100 days ago", OPEN),
    (ANXIETY, 100, ANXIOUS + "GAD-7 4, 9 days ago; HADS-A 12, 100 days ago", CLEARED),
    (AFTER_THERAPY, 140, HIGH + "PHQ-9 9, 5 days ago; GAD-7 10, 95 days ago; fingolimod from 140 to 91 days ago", OPEN),
    (
        AFTER_THERAPY,
        140,
        HIGH + "PHQ-9 9, 5 days ago; GAD-7 10, 96 days ago; fingolimod from 140 to 91 days ago",
        CLEARED,
    ),
    (STEROIDS, 300, "GAD-7 10, 95 days ago; PHQ-9 9, 5 days ago; prednisone from 300 to 130 days ago", OPEN),
    (STEROIDS, 300, "GAD-7 10, 96 days ago; PHQ-9 9, 5 days ago; prednisone from 300 to 130 days ago", CLEARED),
    # from which day on something counts
    (SUSTAINED, 100, "CRP 3 mg/L, 99 days ago; CRP 3 mg/L, 5 days ago", CLEARED),
    (SUSTAINED, 100, "CRP 20 mg/L, 99 days ago", CLEARED),
    (SUSTAINED, 100, "CRP 20 mg/L, 100 days ago", OPEN),
    (BEFORE_RELAPSE, 60, MS + "PHQ-9 12, 60 days ago; relapse, 150 days ago", CLEARED),
    (BEFORE_RELAPSE, 60, MS + "PHQ-9 12, 60 days ago; relapse, 151 days ago", OPEN),
    (STATUS, 100, "rheumatoid arthritis; " + HIGH + "CRP 2 mg/L, 190 days ago", CLEARED),
    (STATUS, 100, "rheumatoid arthritis; " + HIGH + "CRP 2 mg/L, 191 days ago", OPEN),
    ("mood-screening-in-immune-disease", 35, MS + "depression; PHQ-9 6, 400 days ago; PHQ-9 6, 35 days ago", CLEARED),
    ("mood-screening-in-immune-disease", 35, MS + "depression; PHQ-9 6, 400 days ago; PHQ-9 6, 36 days ago", OPEN),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; PHQ-2 1, 49 days ago", CLEARED),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; PHQ-2 1, 50 days ago", OPEN),
    ("mood-screening-overdue", 35, MS + "PHQ-9 6, 400 days ago; mood screening, 50 days ago", OPEN),
    # a medicine without a start may be in use still
    (
        "mood-worsening-after-immune-therapy",
        140,
        HIGH + "PHQ-9 9, 5 days ago; fingolimod from 140 to 91 days ago; fingolimod undated",
        OPEN,
    ),
    (
        "mood-change-with-corticosteroids",
        110,
        HIGH + "prednisone from 110 to 29 days ago; PHQ-9 9, 28 days ago; prednisone undated",
        OPEN,
    ),
    (TREATED, 100, TREATMENT + "sertraline from 300 days ago; fluoxetine undated", OPEN),
]


def becomes(rule: str, began: int, given: str, rules: tuple[Rule, ...] = RULES) -> tuple[FlagState, str]:
    """What becomes of a flag that began so many days ago, and why it is closed."""
    flag = PriorFlag(
        rule,
        "earlier",
        "active",
        TODAY - began,
        None,
        None,
        (),
        False,
        "PL",
        Source("Flag/earlier", "", "Flag"),
        0,
    )
    chart = read_example(given)._replace(flags=(flag,))
    found = [
        f
        for f in assess(chart, RuleSet(rules, on=("mood-screening-in-immune-disease",)), AS_OF).flags
        if f.prior is flag
    ]
    return found[0].state, found[0].closed_reason


@pytest.mark.parametrize(("rule", "began", "given", "state"), SINCE)
def test_what_becomes_of_an_open_flag(rule: str, began: int, given: str, state: FlagState) -> None:
    assert becomes(rule, began, given) == (state, "cleared" if state is CLEARED else "")


# Scores that lie fourteen days apart are two in any case.
WITHOUT_EFFECT = "MoodCleared.runs 2 -> 1"


@pytest.mark.no_cover  # the same patients, some hundred times
def test_every_number_of_clearing_is_pinned() -> None:
    """On both sides, by a row of some rule that has it; what a criterion has too is pinned by the examples."""
    pinned_by_examples = {n.place for rule in RULES for n in numbers(rule, frozenset(definitions_of(rule)))}
    noticed: dict[tuple[Place, int], bool] = {}
    named: dict[tuple[Place, int], str] = {}
    for rule in RULES:
        rows = [row for row in SINCE if row[0] == rule.name]
        for number in numbers(rule, frozenset(), CLEARING):
            if number.place not in pinned_by_examples:
                for side, nudge in enumerate(nudged(rule, number, CLEARING)):
                    rules = tuple(nudge.rule if one is rule else one for one in RULES)
                    seen = any(becomes(*row[:3], rules)[0] is not row[3] for row in rows)
                    noticed[number.place, side] = noticed.get((number.place, side), False) or seen
                    named[number.place, side] = f"{rule.name} {nudge.where}"
    assert sorted(where for key, where in named.items() if not (noticed[key] or where.endswith(WITHOUT_EFFECT))) == []


def test_two_flags_of_one_rule_are_cleared_each_by_its_own_start() -> None:
    flags = tuple(
        PriorFlag(
            "mood-worsening-before-relapse",
            f"flag-{began}",
            "active",
            TODAY - began,
            None,
            None,
            (),
            False,
            "PL",
            Source(f"Flag/{began}", "", "Flag"),
            began,
        )
        for began in (91, 90)
    )
    chart = read_example(MS + "PHQ-9 5, 120 days ago; PHQ-9 12, 91 days ago")._replace(flags=flags)
    states = {f.identifier: f.state for f in assess(chart, RuleSet(RULES), AS_OF).flags}
    assert states == {"flag-91": CLEARED, "flag-90": OPEN}


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        (GRADE, "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"),
        (ACUTE, "PHQ-9 12, 5 days ago; CRP 50 mg/L, 5 days ago"),
        (BLOCKED, "PHQ-9 12, 5 days ago; CRP 1 mg/L, 5 days ago; tocilizumab from 300 days ago"),
        (NOT_READABLE, "PHQ-9 item 9 unreadable, 5 days ago"),
    ],
)
def test_what_holds_is_not_cleared(rule: str, given: str) -> None:
    prior = flagged(rule, ago(5), identifier=only(answer(given), rule).identifier)
    assert only(answer(given, flags=(prior,)), rule, None).state is KEPT


def test_a_state_that_returns_after_clearing_has_a_new_flag() -> None:
    given = "PHQ-9 12, 100 days ago; CRP 5 mg/L, 100 days ago; CRP 2 mg/L, 50 days ago; PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"
    prior = flagged(GRADE, ago(100))
    found = answer(given, flags=(prior,))
    assert only(found, GRADE, CLEARED).identifier == prior.identifier
    assert only(found, GRADE, KEPT).start == ago(5)


def test_where_clearing_does_not_move_the_anchor_the_same_flag_returns() -> None:
    given = (
        "PHQ-9 20, 160 days ago; PHQ-9 18, 100 days ago; PHQ-9 18, 5 days ago; CRP 5 mg/L, 100 days ago; CRP 5 mg/L, 5 days ago; "
        "sertraline from 300 to 70 days ago; fluoxetine from 69 days ago"
    )
    first = only(answer(given), TREATED)
    ours = flagged(TREATED, first.start, identifier=first.identifier, status="inactive", closed_by_rule=True)
    assert only(answer(given, flags=(ours,)), TREATED, None).identifier == first.identifier
