"""Does a score persist, has a test fallen, and when did the episode begin?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.examples import TODAY
from service.domain.instruments import COGNITION, DEPRESSION, MOOD, SDMT, MoodDomain
from service.domain.verdict import Verdict
from tests.domain.asking import asked, verdict

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
PERSISTENT = c.Persistent(DEPRESSION, timedelta(days=56))
BOUNDED = c.Persistent(DEPRESSION, timedelta(days=56), over=timedelta(days=365), lowest_above=Decimal("0.5"))
FELL = c.Fell(COGNITION)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 12, 61 days ago; PHQ-9 10, 5 days ago", YES),
        ("PHQ-9 12, 60 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 12, 61 days ago; PHQ-9 9, 30 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 12, 61 days ago; PHQ-9 9, 5 days ago", NO),
        ("PHQ-9 12, 125 days ago; PHQ-9 10, 5 days ago", YES),
        ("PHQ-9 12, 126 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 12, 66 days ago; PHQ-9 12, 31 days ago", OPEN),
        ("PHQ-9 12, 61 days ago; HADS-D 10, 5 days ago", NO),
        ("PHQ-9 9, 5 days ago; HADS-D 10, 61 days ago; HADS-D 10, 5 days ago", YES),
        ("PHQ-9 12, 5 days ago", NO),
        ("", OPEN),
    ],
)
def test_a_run_of_elevated_scores_ends_with_the_current_one(given: str, expected: Verdict) -> None:
    assert verdict(PERSISTENT, given) is expected


def test_scores_eleven_months_apart_do_not_persist() -> None:
    assert verdict(PERSISTENT, "PHQ-9 15, 340 days ago; PHQ-9 15, 5 days ago") is NO


def test_the_run_is_told_with_all_its_scores() -> None:
    found = asked(
        PERSISTENT, "PHQ-9 8, 90 days ago; PHQ-9 16, 65 days ago; PHQ-9 14, 30 days ago; PHQ-9 12, 5 days ago"
    )
    assert (found.values["first"], found.values["first_day"], found.values["lasting"]) == (16, TODAY - 65, 60)
    assert [source.reference for source in found.used] == ["Example/2", "Example/3", "Example/4"]


@pytest.mark.parametrize(("lowest", "expected"), [(11, YES), (10, NO)])
def test_the_lowest_of_the_run_lies_above_half_of_the_first(lowest: int, expected: Verdict) -> None:
    assert verdict(BOUNDED, f"PHQ-9 20, 65 days ago; PHQ-9 {lowest}, 30 days ago; PHQ-9 15, 5 days ago") is expected


@pytest.mark.parametrize(("first", "lasting"), [(370, 365), (371, 265)])
def test_the_run_reaches_back_no_further_than_it_may(first: int, lasting: int) -> None:
    given = f"PHQ-9 20, {first} days ago; PHQ-9 16, 270 days ago; PHQ-9 16, 150 days ago; PHQ-9 16, 40 days ago; PHQ-9 15, 5 days ago"
    assert asked(BOUNDED, given).values["lasting"] == lasting


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("SDMT 50, 60 days ago; SDMT 42, 5 days ago", YES),
        ("SDMT 50, 60 days ago; SDMT 43, 5 days ago", NO),
        ("SDMT 50, 95 days ago; SDMT 46, 35 days ago; SDMT 46, 5 days ago", YES),
        ("SDMT 50, 94 days ago; SDMT 46, 34 days ago; SDMT 46, 5 days ago", NO),
        ("SDMT 50, 95 days ago; SDMT 47, 35 days ago; SDMT 46, 5 days ago", NO),
        ("SDMT 50, 95 days ago; SDMT 46, 35 days ago; SDMT 47, 5 days ago", NO),
        ("MoCA 28, 60 days ago; MoCA 25, 5 days ago", YES),
        ("MoCA 28, 60 days ago; MoCA 26, 5 days ago", NO),
        ("PROMIS cognitive 50, 60 days ago; PROMIS cognitive 45, 5 days ago", YES),
        ("PROMIS cognitive 50, 60 days ago; PROMIS cognitive 45.1, 5 days ago", NO),
        ("SDMT 42, 60 days ago; SDMT 50, 40 days ago; SDMT 42, 5 days ago", YES),
        ("SDMT 50, 5 days ago", OPEN),
        ("SDMT 50, 60 days ago", OPEN),
        ("MoCA 28, 60 days ago; MoCA 27, 5 days ago; SDMT 50, 5 days ago", OPEN),
        ("MoCA 28, 60 days ago; MoCA 20, 5 days ago; SDMT 50, 5 days ago", YES),
        ("", OPEN),
    ],
)
def test_a_cognitive_fall(given: str, expected: Verdict) -> None:
    assert verdict(FELL, given) is expected


def test_the_repeated_fall_may_be_left_out() -> None:
    given = "SDMT 50, 95 days ago; SDMT 46, 35 days ago; SDMT 46, 5 days ago"
    assert verdict(c.Fell(MoodDomain("SDMT", (SDMT,)), apart=None), given) is NO


def test_a_stale_baseline_makes_a_fall_weak() -> None:
    assert asked(FELL, "SDMT 50, 200 days ago; SDMT 42, 5 days ago").weak
    assert not asked(FELL, "SDMT 50, 60 days ago; SDMT 42, 5 days ago").weak


EPISODE = c.BeganWithin(c.Worsened(MOOD), timedelta(days=90))


@pytest.mark.parametrize(("days_ago", "expected"), [(90, YES), (91, NO)])
def test_when_the_episode_began(days_ago: int, expected: Verdict) -> None:
    given = (
        f"PHQ-9 4, {days_ago + 60} days ago; PHQ-9 12, {days_ago} days ago; PHQ-9 14, 45 days ago; PHQ-9 5, 25 days ago; "
        "PHQ-9 15, 5 days ago"
    )
    assert verdict(EPISODE, given) is expected


def test_without_worse_mood_there_is_no_episode() -> None:
    assert verdict(EPISODE, "PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago") is NO
    assert verdict(EPISODE, "") is OPEN


AT_NEWEST = c.AtNewest(COGNITION, FELL)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("SDMT 50, 140 days ago; SDMT 42, 100 days ago; SDMT 42, 60 days ago", YES),
        ("SDMT 50, 140 days ago; SDMT 42, 100 days ago; SDMT 47, 60 days ago", NO),
        ("SDMT 50, 160 days ago; SDMT 42, 101 days ago", OPEN),
        ("SDMT 50, 60 days ago; SDMT 42, 0 days ago", YES),
        ("SDMT 42, 60 days ago", OPEN),
    ],
)
def test_at_the_newest_score_since_a_day(given: str, expected: Verdict) -> None:
    assert verdict(AT_NEWEST, given, TODAY - 100) is expected


def test_at_the_newest_complete_score() -> None:
    total = c.ItemSum(DEPRESSION.series[0], tuple(range(1, 10)), 10)
    word = c.AtNewest(MoodDomain("PHQ-9", DEPRESSION.series[:1]), total, complete=True)
    complete = "PHQ-9 items 2 2 2 2 2 2 0 0 0, 20 days ago"
    assert verdict(word, f"{complete}; PHQ-9 3, 5 days ago", TODAY - 60) is YES
    assert verdict(word, f"{complete}; PHQ-9 items 2 2 2 2 2 2 0 ? 0, 5 days ago", TODAY - 60) is YES
    assert verdict(word, "PHQ-9 12, 5 days ago", TODAY - 60) is OPEN
