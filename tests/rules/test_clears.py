"""What closes an open flag of each rule, and what leaves it open."""

from __future__ import annotations

import pytest

from service.domain.assessing import assess
from service.domain.examples import AS_OF, TODAY, read_example
from service.domain.facts import PriorFlag, Source
from service.domain.findings import FlagState
from service.domain.ruleset import RuleSet
from service.rules import RULES

CLEARED, OPEN, KEPT = FlagState.INACTIVE, FlagState.UNCHANGED, FlagState.ACTIVE
MS = "multiple sclerosis; "
HIGH = "PHQ-9 12, 100 days ago; "
ANXIOUS = "GAD-7 12, 100 days ago; "

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
]


@pytest.mark.parametrize(("rule", "began", "given", "state"), SINCE)
def test_what_becomes_of_an_open_flag(rule: str, began: int, given: str, state: FlagState) -> None:
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
    rules = RuleSet(RULES, on=("mood-screening-in-immune-disease",))
    found = [f.state for f in assess(chart, rules, AS_OF).flags if f.prior is flag]
    assert found == [state]


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
