"""Does an open flag of a rule about CRP, relapse or an unreadable answer close exactly when its rule says so?"""

import pytest

from service.domain.examples import read_example
from service.domain.findings import FlagState
from tests.domain.asking import ago
from tests.domain.charts import answer, flag
from tests.domain.facts import flagged

CLEARED, OPEN, KEPT = FlagState.INACTIVE, FlagState.UNCHANGED, FlagState.ACTIVE
NEAR_RELAPSE, GRADE, SUSTAINED = (
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "sustained-low-grade-inflammation",
)
ACUTE, TREATED, BLOCKED, NOT_READABLE = (
    "acute-inflammation-confounds-mood",
    "depression-persisting-on-treatment-with-inflammation",
    "crp-unreadable",
    "suicidality-not-readable",
)
HIGH = "PHQ-9 12, 100 days ago; "
TREATMENT = "PHQ-9 20, 160 days ago; PHQ-9 18, 100 days ago; "

# rule, what has come since the flag began 100 days ago, what becomes of the flag
SINCE = [
    # two scores below elevated fourteen days apart, or one minimal score after a fall
    (NEAR_RELAPSE, HIGH + "PHQ-9 9, 19 days ago; PHQ-9 9, 5 days ago", CLEARED),
    (NEAR_RELAPSE, HIGH + "PHQ-9 9, 18 days ago; PHQ-9 9, 5 days ago", OPEN),
    (NEAR_RELAPSE, HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    (NEAR_RELAPSE, HIGH + "PHQ-9 5, 5 days ago", OPEN),
    (NEAR_RELAPSE, HIGH + "GAD-7 4, 5 days ago", OPEN),
    (NEAR_RELAPSE, HIGH + "PHQ-9 4, 5 days ago; GAD-7 14, 5 days ago", CLEARED),
    # a later low CRP, or mood
    (GRADE, HIGH + "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (GRADE, HIGH + "CRP 3.01 mg/L, 5 days ago", OPEN),
    (GRADE, HIGH + "CRP <5 mg/L, 5 days ago", OPEN),
    (GRADE, HIGH + "CRP 20 mg/L, 5 days ago", OPEN),
    (GRADE, HIGH + "CRP 3.0 mg/L, 100 days ago", OPEN),
    (GRADE, HIGH + "CRP 3.0 mg/L, 99 days ago", CLEARED),
    (GRADE, HIGH + "PHQ-9 4, 5 days ago", CLEARED),
    (GRADE, HIGH + "PHQ-9 5, 5 days ago", OPEN),
    # two low CRPs in a row, or a high one; mood does not clear it
    (SUSTAINED, "CRP 3 mg/L, 50 days ago; CRP 3 mg/L, 5 days ago", CLEARED),
    (SUSTAINED, "CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, "CRP 3 mg/L, 100 days ago; CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, "CRP 3 mg/L, 50 days ago; CRP 4 mg/L, 20 days ago; CRP 3 mg/L, 5 days ago", OPEN),
    (SUSTAINED, "CRP 10.01 mg/L, 5 days ago", CLEARED),
    (SUSTAINED, "CRP 10.0 mg/L, 5 days ago", OPEN),
    (SUSTAINED, HIGH + "PHQ-9 2, 5 days ago", OPEN),
    # the latest CRP low, or low-grade without an acute cause
    (ACUTE, "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (ACUTE, "CRP 10.0 mg/L, 5 days ago", CLEARED),
    (ACUTE, "CRP 10.01 mg/L, 5 days ago", OPEN),
    (ACUTE, "CRP 5 mg/L, 5 days ago; infection, 33 days ago", OPEN),
    (ACUTE, "CRP 5 mg/L, 5 days ago; infection, 34 days ago", CLEARED),
    (ACUTE, "CRP 40 mg/L, 33 days ago; CRP 5 mg/L, 5 days ago", OPEN),
    (ACUTE, "CRP 40 mg/L, 34 days ago; CRP 5 mg/L, 5 days ago", CLEARED),
    (ACUTE, "CRP <5 mg/L, 5 days ago", OPEN),
    (ACUTE, "CRP 3 mg/L, 9 days ago; CRP 40 mg/L, 5 days ago", OPEN),
    (ACUTE, "PHQ-9 2, 5 days ago", OPEN),
    # half the first score, another treatment, a low CRP, or mood
    (TREATED, TREATMENT + "PHQ-9 10, 5 days ago", CLEARED),
    (TREATED, TREATMENT + "PHQ-9 11, 5 days ago", OPEN),
    (TREATED, TREATMENT + "sertraline from 300 to 50 days ago", CLEARED),
    (TREATED, TREATMENT + "sertraline from 300 days ago", OPEN),
    (TREATED, TREATMENT + "sertraline from 300 days ago; fluoxetine from 99 days ago", CLEARED),
    (TREATED, TREATMENT + "sertraline from 300 days ago; fluoxetine from 100 days ago", OPEN),
    (TREATED, TREATMENT + "CRP 3.0 mg/L, 5 days ago", CLEARED),
    (TREATED, TREATMENT + "CRP 3.01 mg/L, 5 days ago", OPEN),
    # no blockade for more than ninety days, or mood
    (BLOCKED, HIGH + "tocilizumab from 300 to 91 days ago", CLEARED),
    (BLOCKED, HIGH + "tocilizumab from 300 to 90 days ago", OPEN),
    (BLOCKED, HIGH + "tocilizumab from 300 days ago; PHQ-9 4, 5 days ago", CLEARED),
    (BLOCKED, HIGH + "tocilizumab from 300 days ago; PHQ-9 5, 5 days ago", OPEN),
    (BLOCKED, HIGH + "tocilizumab undated", OPEN),
    # a readable answer of the same date or later
    (NOT_READABLE, "PHQ-9 item 9 = 0, 100 days ago", CLEARED),
    (NOT_READABLE, "C-SSRS 1 = no, 5 days ago", CLEARED),
    (NOT_READABLE, "PHQ-9 item 9 = 0, 101 days ago", OPEN),
    (NOT_READABLE, "PHQ-9 item 9 unreadable, 50 days ago", OPEN),
    (NOT_READABLE, "PHQ-9 2, 5 days ago", OPEN),
]


@pytest.mark.parametrize(("rule", "since", "becomes"), SINCE)
def test_what_becomes_of_a_flag_of_100_days_ago(rule: str, since: str, becomes: FlagState) -> None:
    prior = flagged(rule, ago(100))
    found = flag(answer(read_example(since)._replace(flags=(prior,))), rule, None)
    assert (found.state, found.prior) == (becomes, prior)
    assert found.closed_reason == ("cleared" if becomes is CLEARED else "")


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
    prior = flagged(rule, ago(5), identifier=flag(answer(given), rule).identifier)
    assert flag(answer(given, flags=(prior,)), rule, None).state is KEPT


def test_a_state_that_returns_after_clearing_has_a_new_flag() -> None:
    given = "PHQ-9 12, 100 days ago; CRP 5 mg/L, 100 days ago; CRP 2 mg/L, 50 days ago; PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"
    prior = flagged(GRADE, ago(100))
    found = answer(given, flags=(prior,))
    assert flag(found, GRADE, CLEARED).identifier == prior.identifier
    assert flag(found, GRADE, KEPT).start == ago(5)


def test_where_clearing_does_not_move_the_anchor_the_same_flag_returns() -> None:
    given = (
        "PHQ-9 20, 160 days ago; PHQ-9 18, 100 days ago; PHQ-9 18, 5 days ago; CRP 5 mg/L, 100 days ago; CRP 5 mg/L, 5 days ago; "
        "sertraline from 300 to 70 days ago; fluoxetine from 69 days ago"
    )
    first = flag(answer(given), TREATED)
    ours = flagged(TREATED, first.start, identifier=first.identifier, status="inactive", closed_by_rule=True)
    assert flag(answer(given, flags=(ours,)), TREATED, None).identifier == first.identifier
