"""Does anything clear a flag while the newest of what it looks at could not be read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.domain.facts import UnreadScore
from service.domain.findings import FlagState
from service.domain.instruments import GAD7, PHQ9
from service.domain.verdict import Verdict
from tests.domain.asking import ago
from tests.domain.charts import answer, flag, result, with_flags
from tests.domain.facts import flagged

if TYPE_CHECKING:
    from service.domain.instruments import Instrument

R03, R06 = "mood-worsening-near-relapse", "acute-inflammation-confounds-mood"
R11 = "fatigue-dominant-depression-score"
EVERY_STATE = None
LOWER = "PHQ-9 5, 100 days ago; PHQ-9 16, 60 days ago; PHQ-9 8, 40 days ago; PHQ-9 9, 20 days ago"
CRPS = "PHQ-9 12, 20 days ago; CRP 40 mg/L, 20 days ago; CRP 2 mg/L, 5 days ago"


@pytest.mark.parametrize(
    ("unread", "state"),
    [
        ((PHQ9, ago(2), ago(2)), FlagState.UNCHANGED),
        ((PHQ9, ago(30), ago(-5)), FlagState.UNCHANGED),
        ((PHQ9, ago(20), ago(20)), FlagState.INACTIVE),
        ((PHQ9, ago(30), ago(30)), FlagState.INACTIVE),
        ((GAD7, ago(2), ago(2)), FlagState.INACTIVE),
    ],
)
def test_a_score_that_could_not_be_read_holds_a_flag_open(
    unread: tuple[Instrument, int, int], state: FlagState
) -> None:
    chart = with_flags(LOWER, flagged(R03, ago(60)), unread_scores=(UnreadScore(*unread),))
    assert flag(answer(chart), R03, EVERY_STATE).state is state


@pytest.mark.parametrize(
    ("later", "state"),
    [("", FlagState.INACTIVE), ("; CRP refused: unit, 2 days ago", FlagState.UNCHANGED)],
)
def test_a_result_that_could_not_be_read_holds_a_flag_open(later: str, state: FlagState) -> None:
    chart = with_flags(CRPS + later, flagged(R06, ago(20)))
    assert flag(answer(chart), R06, EVERY_STATE).state is state


def test_a_later_result_that_could_not_be_read_leaves_open_what_an_earlier_one_denies() -> None:
    given = "PHQ-9 12, 20 days ago; CRP 2 mg/L, 5 days ago"
    assert result(answer(given), R06).verdict is Verdict.NOT_MET
    assert result(answer(f"{given}; CRP refused: unit, 2 days ago"), R06).verdict is Verdict.UNKNOWN
    assert result(answer(f"{given}; CRP refused: unit, 9 days ago"), R06).verdict is Verdict.NOT_MET


@pytest.mark.parametrize(
    ("unread", "state"),
    [((), FlagState.INACTIVE), ((UnreadScore(PHQ9, ago(2), ago(2)),), FlagState.UNCHANGED)],
)
def test_a_later_score_that_could_not_be_read_may_have_the_pattern_still(
    unread: tuple[UnreadScore, ...], state: FlagState
) -> None:
    given = "PHQ-9 items 3 3 0 0 0 3 0 0 0, 5 days ago"
    chart = with_flags(given, flagged(R11, ago(60)), unread_scores=unread)
    assert flag(answer(chart), R11, EVERY_STATE).state is state
