"""Has a score worsened, against which earlier score, and what is unknown about it?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.concepts import Concept
from service.domain.evaluation import scope_of
from service.domain.evaluation.clearing import episode_start
from service.domain.evaluation.scope import At
from service.domain.examples import TODAY
from service.domain.instruments import ANXIETY, COGNITION, DEPRESSION, MOOD, PHQ2, PHQ9, PHQ9_CMS
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, timeline, verdict
from tests.domain.facts import chart, items, score

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
WORSE = c.Worsened(DEPRESSION)
WORSE_OR_FIRST = c.Worsened(DEPRESSION, or_first_elevated=True)
WORSE_MOOD = c.Worsened(MOOD)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 5, 60 days ago; PHQ-9 10, 5 days ago", YES),
        ("PHQ-9 6, 60 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 4, 60 days ago; PHQ-9 9, 5 days ago", NO),
        ("PHQ-9 5, 60 days ago; PHQ-9 10, 30 days ago", YES),
        ("PHQ-9 5, 60 days ago; PHQ-9 10, 31 days ago", OPEN),
        ("PHQ-9 10, 5 days ago", OPEN),
        ("PHQ-9 5, 60 days ago", OPEN),
        ("", OPEN),
        ("PHQ-9 5, 60 days ago; HADS-D 12, 5 days ago", OPEN),
        ("PHQ-9 5, 60 days ago; PHQ-9 10, in 2026-06", OPEN),
        ("PHQ-2 1, 60 days ago; PHQ-2 6, 5 days ago", OPEN),
        ("PHQ-A 5, 60 days ago; PHQ-A 20, 5 days ago", OPEN),
    ],
)
def test_worse_is_elevated_and_a_step_above_the_baseline(given: str, expected: Verdict) -> None:
    assert verdict(WORSE, given) is expected


@pytest.mark.parametrize(
    ("days_before", "expected", "stale"),
    [(13, OPEN, False), (14, YES, False), (90, YES, False), (91, YES, True), (365, YES, True), (366, OPEN, False)],
)
def test_where_the_baseline_may_lie(days_before: int, expected: Verdict, stale: bool) -> None:
    found = asked(WORSE, f"PHQ-9 5, {5 + days_before} days ago; PHQ-9 12, 5 days ago")
    assert (found.verdict, found.weak) == (expected, stale)


def test_the_lowest_of_the_window_is_the_baseline_and_of_ties_the_latest() -> None:
    given = (
        "PHQ-9 6, 80 days ago; PHQ-9 4, 60 days ago; PHQ-9 4, 40 days ago; PHQ-9 7, 30 days ago; PHQ-9 12, 5 days ago"
    )
    found = asked(WORSE, given)
    assert (found.values["before"], found.values["before_day"]) == (4, TODAY - 40)
    assert [source.reference for source in found.used] == ["Example/3", "Example/5"]


def test_an_older_score_is_the_baseline_only_when_the_window_is_empty() -> None:
    assert verdict(WORSE, "PHQ-9 2, 200 days ago; PHQ-9 9, 60 days ago; PHQ-9 12, 5 days ago") is NO
    found = asked(WORSE, "PHQ-9 9, 300 days ago; PHQ-9 2, 200 days ago; PHQ-9 12, 5 days ago")
    assert (found.verdict, found.values["before_day"]) == (YES, TODAY - 200)


def test_a_low_total_of_the_shortened_form_is_no_baseline() -> None:
    now = score(14, instrument=PHQ9_CMS)
    short = score(2, 60, instrument=PHQ9_CMS)
    assert verdict(WORSE, chart(short, now)) is OPEN
    assert verdict(WORSE, chart(short, *items(1, 1, 0, 0, 0, 0, 0, 0, 0, days_ago=60), now)) is YES
    high = score(10, 60, instrument=PHQ9_CMS)
    assert verdict(WORSE, chart(high, score(15, instrument=PHQ9_CMS))) is YES
    older = chart(short, score(10, 200, instrument=PHQ9_CMS), score(15, instrument=PHQ9_CMS))
    assert asked(WORSE, older).values["before_day"] == TODAY - 200
    stale = chart(
        score(2, 150, instrument=PHQ9_CMS), score(10, 200, instrument=PHQ9_CMS), score(15, instrument=PHQ9_CMS)
    )
    assert asked(WORSE, stale).values["before_day"] == TODAY - 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 10, 5 days ago", YES),
        ("PHQ-9 9, 5 days ago", NO),
        ("PHQ-9 10, 18 days ago; PHQ-9 10, 5 days ago", YES),
        ("PHQ-9 10, 19 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 10, 370 days ago; PHQ-9 10, 5 days ago", NO),
        ("PHQ-9 10, 371 days ago; PHQ-9 10, 5 days ago", YES),
        ("", OPEN),
    ],
)
def test_the_first_elevated_score_counts_only_without_any_baseline(given: str, expected: Verdict) -> None:
    assert verdict(WORSE_OR_FIRST, given) is expected


def test_a_first_elevated_score_is_weak() -> None:
    assert asked(WORSE_OR_FIRST, "PHQ-9 10, 5 days ago").weak


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago", YES),
        ("PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago; GAD-7 12, 5 days ago", OPEN),
        ("PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago", NO),
        ("PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 40 days ago", NO),
        ("GAD-7 5, 60 days ago; GAD-7 12, 5 days ago", YES),
    ],
)
def test_a_domain_is_true_in_any_series_else_unknown_in_any(given: str, expected: Verdict) -> None:
    assert verdict(WORSE_MOOD, given) is expected


def test_the_first_true_series_gives_day_and_wording() -> None:
    given = "GAD-7 5, 60 days ago; GAD-7 12, 2 days ago; PHQ-8 5, 60 days ago; PHQ-8 12, 9 days ago"
    found = asked(WORSE_MOOD, given)
    assert (found.day, found.values["instrument"]) == (TODAY - 9, "PHQ-8")


def test_what_is_missing_is_said() -> None:
    (lack,) = asked(WORSE, "").lacks
    assert (lack.want, lack.text) == (Want.MISSING, "no usable depression score in the last 30 days")
    (partial,) = asked(WORSE, "PHQ-9 12, in 2026-06").lacks
    assert "not exact to the day" in partial.text
    (close,) = asked(WORSE, "PHQ-9 4, 13 days ago; PHQ-9 12, 5 days ago").lacks
    assert "rise of 8 in 8 days: too close together to compute" in close.text
    (changed,) = asked(WORSE, "HADS-D 4, 60 days ago; PHQ-9 12, 5 days ago").lacks
    assert "the instrument changed, so a change cannot be computed" in changed.text


def test_a_score_of_another_domain_is_no_change_of_instrument() -> None:
    (lack,) = asked(WORSE, "GAD-7 4, 60 days ago; PHQ-9 12, 5 days ago").lacks
    assert "instrument changed" not in lack.text


def test_a_prorated_score_counts_and_is_marked() -> None:
    seven = items(2, 2, 2, 2, 2, 2, None, None, 0)
    found = asked(WORSE, chart(score(5, 60), *seven))
    assert (found.verdict, found.values["now"], found.values["prorated"]) == (YES, Decimal(15), True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 10, 30 days ago", YES),
        ("PHQ-9 10, 31 days ago", OPEN),
        ("PHQ-9 9, 30 days ago", NO),
        ("PHQ-9 9, 5 days ago; HADS-D 8, 20 days ago", YES),
        ("PHQ-9 12, 9 days ago; PHQ-9 4, 5 days ago", NO),
    ],
)
def test_elevated_asks_the_latest_score(given: str, expected: Verdict) -> None:
    assert verdict(c.Elevated(DEPRESSION), given) is expected


@pytest.mark.parametrize(("apart", "expected"), [(10, YES), (11, NO), (-4, YES)])
def test_elevated_near_another_day(apart: int, expected: Verdict) -> None:
    word = c.Elevated(DEPRESSION, within=timedelta(days=10))
    assert verdict(word, "PHQ-9 12, 4 days ago", TODAY - 4 - apart) is expected


def test_elevated_without_a_day_to_be_near_to() -> None:
    word = c.Elevated(DEPRESSION, within=timedelta(days=1))
    assert asked(word, "PHQ-9 12, 4 days ago", At(TODAY - 30, TODAY)).verdict is YES


@pytest.mark.parametrize(
    ("band", "given", "expected"),
    [
        (c.Band.ANY, "PHQ-9 0, 5 days ago", YES),
        (c.Band.MILD, "PHQ-9 5, 5 days ago", YES),
        (c.Band.MILD, "PHQ-9 4, 5 days ago", NO),
        (c.Band.ELEVATED, "PHQ-9 10, 5 days ago", YES),
        (c.Band.ELEVATED, "PHQ-9 9, 5 days ago", NO),
        (c.Band.ANY, "PHQ-9 9, 40 days ago", YES),
        (c.Band.ANY, "PHQ-9 9, 41 days ago", OPEN),
        (c.Band.ANY, "PHQ-9 9, 20 days ago", YES),
        (c.Band.ANY, "PHQ-2 3, 5 days ago", OPEN),
        (c.Band.MILD, "PHQ-9 12, 30 days ago; PHQ-9 2, 5 days ago", YES),
    ],
)
def test_some_score_of_the_window_reaches_the_band(band: c.Band, given: str, expected: Verdict) -> None:
    word = c.ScoredAtLeast(DEPRESSION, band, timedelta(days=30), OPEN)
    assert verdict(word, given, TODAY - 10) is expected


def test_a_window_may_reach_up_to_now_and_take_other_scales() -> None:
    word = c.ScoredAtLeast(DEPRESSION, c.Band.ANY, c.ZERO, NO, also=(PHQ2,))
    assert verdict(word, "PHQ-2 1, 3 days ago", TODAY - 10) is YES
    assert verdict(word, "PHQ-2 1, 11 days ago", TODAY - 10) is NO


def test_a_baseline_taken_after_the_event() -> None:
    event = c.Occurred(Concept.RELAPSE, c.FRESH, timedelta(days=60))
    word = c.BaselineAfter(c.Worsened(MOOD), event)
    worse = "PHQ-9 5, 40 days ago; PHQ-9 12, 5 days ago"
    assert verdict(word, f"{worse}; relapse, 40 days ago", TODAY - 5) is YES
    assert verdict(word, f"{worse}; relapse, 39 days ago", TODAY - 5) is NO
    assert verdict(word, worse, TODAY - 5) is NO


def test_anxiety_does_not_read_depression_scores() -> None:
    assert verdict(c.Elevated(ANXIETY), "PHQ-9 20, 5 days ago") is OPEN
    assert PHQ9 not in ANXIETY.series


LATE = "PHQ-9 5, 60 days ago; PHQ-9 12, in 1 day"


def test_a_safety_rule_reads_scores_of_the_next_24_hours() -> None:
    usual, safety = c.Worsened(DEPRESSION), c.Worsened(DEPRESSION, safety=True)
    assert verdict(usual, LATE) is OPEN
    found = asked(safety, LATE)
    assert (found.verdict, found.day) == (YES, TODAY + 1)
    assert verdict(safety, LATE.replace("in 1 day", "in 2 days")) is OPEN
    assert verdict(safety, "GAD-7 3, in 1 day; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago") is YES
    assert episode_start(scope_of(timeline(LATE)), safety, c.MoodCleared(DEPRESSION)) == TODAY + 1
    assert verdict(c.Fell(COGNITION, safety=True), "MoCA 28, 60 days ago; MoCA 24, in 1 day") is YES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 6, in 2026-06", YES),
        ("PHQ-9 4, in 2026-06", OPEN),
        ("PHQ-9 6, in 2026", OPEN),
        ("PHQ-9 6, undated", OPEN),
        ("PHQ-9 6, in 2026-03", OPEN),
        ("PHQ-9 4, 5 days ago; PHQ-9 6, in 2026-03", NO),
        ("PHQ-9 4, 5 days ago; PHQ-9 6, in 2026", OPEN),
        ("PHQ-2 3, in 2026-06", OPEN),
    ],
)
def test_a_score_known_to_the_month_counts_with_all_its_days(given: str, expected: Verdict) -> None:
    assert verdict(c.ScoredAtLeast(DEPRESSION, c.Band.MILD, timedelta(days=30), OPEN), given) is expected


def test_the_date_of_such_a_score_is_told_as_it_was_sent() -> None:
    found = asked(c.ScoredAtLeast(DEPRESSION, c.Band.ANY, c.FRESH, OPEN), "PHQ-9 6, in 2026-06")
    assert found.values["now_date"] == "2026-06"
