"""When has mood cleared, and when has a flag?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.evaluation import scope_of
from service.domain.evaluation.clearing import episode_start
from service.domain.examples import TODAY
from service.domain.instruments import DEPRESSION, MOOD, PHQ9_CMS
from service.domain.verdict import Verdict
from tests.domain.asking import asked, timeline, verdict
from tests.domain.facts import chart, items, score

YES, NO = Verdict.MET, Verdict.NOT_MET
CLEAR = c.MoodCleared(MOOD)
SINCE = TODAY - 100


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # two or more below elevated, fourteen days apart, ending with the latest
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 24 days ago; PHQ-9 9, 10 days ago", YES),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 23 days ago; PHQ-9 9, 10 days ago", NO),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 24 days ago", NO),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 24 days ago; PHQ-9 10, 10 days ago", NO),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 60 days ago; PHQ-9 10, 40 days ago; PHQ-9 9, 10 days ago", NO),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 60 days ago; PHQ-9 9, 50 days ago; PHQ-9 9, 46 days ago", YES),
        ("PHQ-9 14, 100 days ago; PHQ-9 9, 101 days ago; PHQ-9 9, 10 days ago", NO),
        # one minimal score, a step or more below the highest since
        ("PHQ-9 14, 100 days ago; PHQ-9 4, 10 days ago", YES),
        ("PHQ-9 14, 100 days ago; PHQ-9 5, 10 days ago", NO),
        ("PHQ-9 9, 100 days ago; PHQ-9 4, 10 days ago", YES),
        ("PHQ-9 8, 100 days ago; PHQ-9 4, 99 days ago", NO),
        ("PHQ-9 14, 101 days ago; PHQ-9 4, 10 days ago", NO),
        ("GAD-7 12, 100 days ago; GAD-7 4, 10 days ago", YES),
        ("GAD-7 8, 100 days ago; GAD-7 4, 10 days ago", YES),
        ("GAD-7 7, 100 days ago; GAD-7 4, 96 days ago", NO),
        ("HADS-D 10, 100 days ago; HADS-D 7, 10 days ago", YES),
        # a series that is still elevated holds it open, unless it fell silent long ago
        ("PHQ-9 14, 100 days ago; PHQ-9 4, 10 days ago; GAD-7 10, 100 days ago", NO),
        ("PHQ-9 14, 100 days ago; PHQ-9 4, 9 days ago; GAD-7 10, 100 days ago", YES),
        ("PHQ-9 14, 100 days ago; PHQ-9 4, 10 days ago; GAD-7 9, 20 days ago", YES),
        ("PHQ-9 14, 100 days ago; PHQ-9 4, 10 days ago; GAD-7 10, 20 days ago", NO),
        ("", NO),
    ],
)
def test_mood_has_cleared(given: str, expected: Verdict) -> None:
    assert verdict(CLEAR, given, SINCE) is expected


def test_mood_cleared_is_told_by_the_latest_score() -> None:
    found = asked(CLEAR, "PHQ-9 14, 100 days ago; PHQ-9 4, 10 days ago", SINCE)
    assert (found.day, len(found.used)) == (TODAY - 10, 1)


def test_a_prorated_score_cannot_clear() -> None:
    prorated = items(0, 0, 0, 0, 0, 0, None, None, 0, days_ago=10)
    assert verdict(CLEAR, chart(score(14, 100), *prorated), SINCE) is NO
    complete = items(0, 0, 0, 0, 0, 0, 0, 0, 0, days_ago=10)
    assert verdict(CLEAR, chart(score(14, 100), *complete), SINCE) is YES


def test_a_high_prorated_score_holds_open() -> None:
    high = items(3, 3, 3, 3, 3, 3, None, None, 0, days_ago=5)
    facts = chart(score(14, 100), score(9, 40), score(9, 20), *high)
    assert verdict(CLEAR, facts, SINCE) is NO


def test_a_low_total_of_the_shortened_form_cannot_clear() -> None:
    high, low = score(14, 100, PHQ9_CMS), score(2, 10, PHQ9_CMS)
    assert verdict(CLEAR, chart(high, low), SINCE) is NO
    assert verdict(CLEAR, chart(high, low, *items(2, 0, 0, 0, 0, 0, 0, 0, 0, days_ago=10)), SINCE) is YES


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 14, 5 days ago", 60),
        ("PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 4, 40 days ago; PHQ-9 14, 5 days ago", 5),
        ("PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 8, 40 days ago; PHQ-9 14, 5 days ago", 60),
        (
            "PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 8, 40 days ago; PHQ-9 8, 26 days ago; PHQ-9 14, 5 days ago",
            5,
        ),
        (
            "PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 8, 40 days ago; PHQ-9 8, 27 days ago; PHQ-9 14, 5 days ago",
            60,
        ),
        ("GAD-7 4, 120 days ago; GAD-7 12, 70 days ago; PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago", 70),
        ("PHQ-9 4, 120 days ago; PHQ-9 12, 60 days ago; PHQ-9 4, 40 days ago", None),
        ("PHQ-9 4, 120 days ago", None),
    ],
)
def test_an_episode_begins_when_it_first_held_since_mood_cleared(given: str, start: int | None) -> None:
    found = episode_start(scope_of(timeline(given)), c.Worsened(MOOD), CLEAR)
    assert found == (None if start is None else TODAY - start)


def test_an_episode_of_elevated_scores_needs_no_baseline() -> None:
    scope = scope_of(timeline("PHQ-9 12, 200 days ago; PHQ-9 12, 60 days ago"))
    assert episode_start(scope, c.Elevated(DEPRESSION), c.MoodCleared(DEPRESSION)) == TODAY - 200
    assert (
        episode_start(scope, c.Worsened(DEPRESSION, or_first_elevated=True), c.MoodCleared(DEPRESSION)) == TODAY - 200
    )


BACK = c.BackBelow(MOOD)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 9, 100 days ago", YES),
        ("PHQ-9 9, 101 days ago", NO),
        ("PHQ-9 10, 10 days ago", NO),
        ("PHQ-9 12, 50 days ago; PHQ-9 9, 10 days ago", YES),
        ("PHQ-9 9, 50 days ago; PHQ-9 12, 10 days ago", NO),
        ("PHQ-9 12, 10 days ago; GAD-7 3, 10 days ago", NO),
        ("PHQ-9 12, 11 days ago; GAD-7 3, 10 days ago", NO),
        ("PHQ-9 12, 95 days ago; GAD-7 3, 5 days ago", NO),
        ("PHQ-9 12, 96 days ago; GAD-7 3, 5 days ago", YES),
        ("", NO),
    ],
)
def test_the_latest_score_is_below_elevated(given: str, expected: Verdict) -> None:
    assert verdict(BACK, given, SINCE) is expected


def test_a_low_score_that_says_nothing_is_not_back_below() -> None:
    assert verdict(BACK, chart(*items(0, 0, 0, 0, 0, 0, None, None, 0, days_ago=10)), SINCE) is NO
    assert verdict(BACK, chart(score(2, 10, PHQ9_CMS)), SINCE) is NO


HALVED = c.Halved(DEPRESSION, Decimal("0.5"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 20, 120 days ago; PHQ-9 18, 100 days ago; PHQ-9 10, 10 days ago", YES),
        ("PHQ-9 20, 120 days ago; PHQ-9 18, 100 days ago; PHQ-9 11, 10 days ago", NO),
        ("PHQ-9 20, 120 days ago; PHQ-9 18, 100 days ago; PHQ-9 9, 50 days ago; PHQ-9 18, 10 days ago", YES),
        ("PHQ-9 20, 100 days ago; PHQ-9 10, 10 days ago", YES),
        ("PHQ-9 6, 120 days ago; PHQ-9 3, 10 days ago", NO),
        ("HADS-D 20, 120 days ago; HADS-D 10, 10 days ago", YES),
        ("PHQ-9 20, 99 days ago; PHQ-9 10, 10 days ago", NO),
        ("", NO),
    ],
)
def test_a_score_fell_to_half_of_the_first_of_its_run(given: str, expected: Verdict) -> None:
    assert verdict(HALVED, given, SINCE) is expected


def test_a_prorated_score_cannot_halve() -> None:
    prorated = items(1, 1, 1, 1, 1, 0, None, None, 0, days_ago=10)
    assert verdict(HALVED, chart(score(20, 120), *prorated), SINCE) is NO


@pytest.mark.parametrize(("days", "expected"), [(99, YES), (100, NO)])
def test_so_many_days_have_passed(days: int, expected: Verdict) -> None:
    assert verdict(c.Elapsed(timedelta(days=days)), "", SINCE) is expected
