"""Does an older score or result deny what a newer one, which could not be read, may say?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.concepts import Item
from service.domain.days import EARLIEST, LATEST
from service.domain.evaluation.scope import At
from service.domain.examples import AS_OF, read_example
from service.domain.facts import UnreadScore
from service.domain.instruments import (
    COGNITION,
    DEPRESSION,
    EDSS,
    GAD7,
    HADS_D,
    MOOD,
    PHQ2,
    PHQ9,
    PHQA,
    SDMT,
    MoodDomain,
)
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import ago, asked, verdict
from tests.domain.charts import answer, result
from tests.domain.facts import answer as fact
from tests.domain.facts import chart
from tests.domain.facts import score as made

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
ELEVATED, WORSE = c.Elevated(DEPRESSION), c.Worsened(DEPRESSION)
PERSISTING = c.Persistent(DEPRESSION, timedelta(days=56))
FELL = c.Fell(COGNITION)
SCREENED = c.ScoredAtLeast(DEPRESSION, c.Band.ANY, timedelta(days=365), NO, also=(PHQ2,))
MILD = c.ScoredAtLeast(DEPRESSION, c.Band.MILD, timedelta(days=30), NO)
GRADE = (c.MarkerClass.LOW_GRADE,)


def unread(instrument: object, days: int, **changes: object) -> UnreadScore:
    """A score of a day that could not be read."""
    return UnreadScore(instrument, ago(days), ago(days), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("PHQ-9 5, 10 days ago", ELEVATED),
        ("PHQ-9 5, 60 days ago; PHQ-9 6, 10 days ago", WORSE),
        ("PHQ-9 12, 90 days ago; PHQ-9 12, 60 days ago; PHQ-9 5, 10 days ago", PERSISTING),
        ("PHQ-9 3, 10 days ago", MILD),
    ],
)
@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ((), NO),
        ((unread(PHQ9, 2),), OPEN),
        ((unread(PHQ9, 0),), OPEN),
        ((unread(HADS_D, 20),), OPEN),
        ((unread(PHQ9, -1),), NO),
        ((unread(PHQ9, 2, preliminary=True),), NO),
        ((unread(GAD7, 2),), NO),
        ((unread(HADS_D, 31),), NO),
    ],
)
def test_a_newer_score_that_could_not_be_read_leaves_open_what_an_older_one_denies(
    given: str, word: c.Criterion, later: tuple[UnreadScore, ...], expected: Verdict
) -> None:
    assert verdict(word, read_example(given)._replace(unread_scores=later)) is expected


@pytest.mark.parametrize("word", [ELEVATED, WORSE, PERSISTING])
def test_an_older_one_of_the_same_scale_changes_nothing(word: c.Criterion) -> None:
    given = read_example("PHQ-9 5, 60 days ago; PHQ-9 6, 10 days ago")
    assert verdict(word, given._replace(unread_scores=(unread(PHQ9, 10), unread(PHQ9, 12)))) is NO


def test_a_newer_one_changes_nothing_of_what_is_met() -> None:
    chart = read_example("PHQ-9 5, 60 days ago; PHQ-9 14, 10 days ago")
    assert [verdict(word, chart._replace(unread_scores=(unread(PHQ9, 2),))) for word in (ELEVATED, WORSE)] == [YES, YES]


@pytest.mark.parametrize(("at", "expected"), [(10, OPEN), (40, NO)])
def test_only_near_the_day_asked_about(at: int, expected: Verdict) -> None:
    word = c.Elevated(MOOD, within=timedelta(days=14))
    chart = read_example("PHQ-9 5, 12 days ago")._replace(unread_scores=(unread(PHQ9, 2),))
    assert verdict(word, chart, ago(at)) is expected


def test_a_fall_too() -> None:
    chart = read_example("SDMT 50, 60 days ago; SDMT 49, 10 days ago")
    assert verdict(FELL, chart) is NO
    (lack,) = asked(FELL, chart._replace(unread_scores=(unread(SDMT, 2),))).lacks
    assert (lack.want, lack.text) == (Want.UNREADABLE, "the SDMT of 2026-06-28 could not be read")


@pytest.mark.parametrize(("points", "expected"), [(12, OPEN), (9, NO)])
def test_a_score_of_a_month_leaves_open_what_its_value_could_say(points: int, expected: Verdict) -> None:
    assert verdict(ELEVATED, f"PHQ-9 5, 28 days ago; PHQ-9 {points}, in 2026-06") is expected


@pytest.mark.parametrize(("days", "expected"), [(365, OPEN), (366, NO)])
def test_a_screen_that_could_not_be_read_may_have_been_one(days: int, expected: Verdict) -> None:
    chart = read_example("")._replace(unread_scores=(unread(PHQ2, days),))
    assert verdict(SCREENED, chart) is expected


def test_what_is_missing_says_what_was_there() -> None:
    chart = read_example("")._replace(unread_scores=(unread(PHQ9, 2),))
    (lack,) = asked(ELEVATED, chart).lacks
    assert lack.want is Want.UNREADABLE
    assert lack.text == "no usable depression score in the last 30 days (the PHQ-9 of 2026-06-28 could not be read)"
    (lack,) = asked(ELEVATED, chart._replace(not_covered={"Observation": "a page is missing"})).lacks
    assert lack.want is Want.NOT_COVERED
    assert "could not be read; Observation: a page is missing" in lack.text


def test_a_companion_that_was_measured_and_not_read_is_not_taken_for_unmeasured() -> None:
    word = c.WhenMeasured(c.Worsened(MoodDomain("EDSS", (EDSS,))))
    assert verdict(word, "") is NO
    assert verdict(word, read_example("")._replace(unread_scores=(unread(EDSS, 2),))) is OPEN


@pytest.mark.parametrize(
    ("refused", "expected"),
    [("", NO), ("35 days ago", OPEN), ("45 days ago", OPEN), ("46 days ago", NO), ("34 days ago", NO)],
)
def test_a_result_as_near_that_could_not_be_read_may_be_the_paired_one(refused: str, expected: Verdict) -> None:
    given = "CRP 2 mg/L, 45 days ago" + (f"; CRP refused: no unit, {refused}" if refused else "")
    found = asked(c.MarkerNear(CRP, GRADE, OPEN), given, ago(40))
    assert found.verdict is expected
    assert expected is NO or "no unit" in found.lacks[0].text


def test_a_result_far_away_leaves_nothing_open_while_the_day_is() -> None:
    word, at = c.MarkerNear(CRP, GRADE, OPEN), At(ago(41), ago(40))
    given = "CRP 2 mg/L, 45 days ago"
    assert verdict(word, given, at) is NO
    assert verdict(word, f"{given}; CRP refused: no unit, 35 days ago", at) is OPEN
    assert verdict(word, f"{given}; CRP refused: no unit, 80 days ago", at) is NO


R01, R02 = "suicidality-recorded", "suicidality-not-readable"
NO_THOUGHTS = "PHQ-9 item 9 = 0, 20 days ago"


@pytest.mark.parametrize(
    ("given", "later", "expected"),
    [
        (NO_THOUGHTS, (), NO),
        (NO_THOUGHTS, (unread(PHQ9, 30),), OPEN),
        (NO_THOUGHTS, (unread(PHQA, 2),), OPEN),
        (NO_THOUGHTS, (unread(PHQ9, -1),), OPEN),
        (NO_THOUGHTS, (unread(PHQ9, -2),), NO),
        (NO_THOUGHTS, (unread(PHQ9, 31),), NO),
        (NO_THOUGHTS, (unread(PHQ9, 20),), NO),
        (NO_THOUGHTS, (unread(HADS_D, 2),), NO),
        (NO_THOUGHTS, (unread(PHQ9, 2, preliminary=True),), OPEN),
        (NO_THOUGHTS, (unread(PHQ9, 2, preliminary=True, value=Decimal(12)),), NO),
        (NO_THOUGHTS, (UnreadScore(PHQ9, EARLIEST, LATEST),), OPEN),
        (NO_THOUGHTS, (UnreadScore(GAD7, EARLIEST, LATEST),), NO),
        ("PHQ-9 item 9 = 1, 20 days ago", (unread(PHQ9, 2),), YES),
    ],
)
def test_a_total_that_could_not_be_read_may_be_too_high_without_item_nine(
    given: str, later: tuple[UnreadScore, ...], expected: Verdict
) -> None:
    found = answer(read_example(given)._replace(unread_scores=later))
    assert result(found, R01).verdict is expected
    # Where a positive answer is recorded, that is what there is to say.
    assert result(found, R02).verdict is (NO if expected is YES else expected)


def test_what_clears_may_wait_for_a_final_score() -> None:
    word = c.MoodCleared(DEPRESSION)
    given = read_example("PHQ-9 16, 60 days ago; PHQ-9 8, 40 days ago; PHQ-9 9, 20 days ago")
    (lack,) = asked(word, given._replace(unread_scores=(unread(PHQ9, 2, preliminary=True),)), ago(60)).lacks
    assert lack.text == "the PHQ-9 of 2026-06-28 is not final"


def test_a_rule_tells_what_it_could_not_read() -> None:
    chart = read_example("PHQ-9 5, 10 days ago; CRP 5 mg/L, 10 days ago")
    name = "depression-with-low-grade-inflammation"
    assert result(answer(chart), name).verdict is NO
    found = result(answer(chart._replace(unread_scores=(unread(PHQ9, 2),))), name)
    assert found.verdict is OPEN


@pytest.mark.parametrize(("days", "expected"), [(25, NO), (26, NO), (24, OPEN), (1, OPEN)])
def test_a_score_too_early_to_be_near_leaves_nothing_open(days: int, expected: Verdict) -> None:
    word = c.Elevated(MOOD, within=timedelta(days=14))
    chart = read_example("PHQ-9 5, 20 days ago")._replace(unread_scores=(unread(HADS_D, days),))
    assert verdict(word, chart, ago(10)) is expected


NOW = AS_OF.instant.timestamp()


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (UnreadScore(PHQ9, ago(-1), ago(-1), instant=NOW - 3600), OPEN),
        (UnreadScore(PHQ9, ago(-1), ago(-1), instant=NOW + 3600), NO),
        (UnreadScore(PHQ9, ago(0), ago(0), instant=NOW + 3600), NO),
        (UnreadScore(PHQ9, ago(0), ago(0), instant=NOW - 3600), OPEN),
        (UnreadScore(PHQ9, ago(30), ago(-1)), OPEN),
    ],
)
def test_a_score_that_could_not_be_read_is_of_its_instant(score: UnreadScore, expected: Verdict) -> None:
    assert verdict(ELEVATED, read_example("PHQ-9 5, 10 days ago")._replace(unread_scores=(score,))) is expected


def test_items_of_an_older_form_deny_nothing_while_a_newer_one_could_not_be_read() -> None:
    name = "fatigue-dominant-depression-score"
    for items in ("0 0 0 0 0 0 0 0 0", "1 1 1 1 1 1 1 1 1"):
        chart = read_example(f"PHQ-9 items {items}, 20 days ago")
        assert result(answer(chart), name).verdict is NO
        assert result(answer(chart._replace(unread_scores=(unread(PHQ9, 2),))), name).verdict is OPEN
        traced = asked(c.ItemSum(PHQ9, (1, 2, 3, 4, 5, 6, 7, 8, 9), Decimal(20)), chart)
        assert traced.verdict is NO


@pytest.mark.parametrize(("days", "expected"), [(20, OPEN), (200, YES)])
def test_a_check_that_could_not_be_read_may_have_been_the_one_that_was_due(days: int, expected: Verdict) -> None:
    chart = read_example("multiple sclerosis; PHQ-9 3, 300 days ago; relapse, 60 days ago")
    found = result(answer(chart._replace(unread_scores=(unread(PHQ9, days),))), "mood-screening-overdue")
    assert found.verdict is expected


@pytest.mark.parametrize(("refused", "expected"), [("2 days ago", OPEN), ("undated", NO)])
def test_of_a_result_without_a_date_nothing_says_that_it_is_near(refused: str, expected: Verdict) -> None:
    word = c.MarkerNear(CRP, GRADE, OPEN)
    assert verdict(word, f"CRP 2 mg/L, 5 days ago; CRP refused: no unit, {refused}") is expected
    assert verdict(word, f"CRP 2 mg/L, 5 days ago; CRP refused: no unit, {refused}", At(ago(1), ago(0))) is expected


def test_an_answer_of_the_written_day_is_that_to_the_question() -> None:
    ahead = UnreadScore(PHQ9, ago(-1), ago(-1), instant=NOW - 3600)
    another = chart(fact(Item.PHQ9_9, 0, 0, instant=NOW - 7200))
    own = chart(fact(Item.PHQ9_9, 0, -1, instant=NOW - 3600))
    assert result(answer(another._replace(unread_scores=(ahead,))), R02).verdict is OPEN
    assert result(answer(own._replace(unread_scores=(ahead,))), R02).verdict is NO


def test_an_answer_without_a_date_is_none_to_a_form_without_one() -> None:
    undated = chart(fact(Item.PHQ9_9, 0, first=EARLIEST, last=LATEST))
    found = answer(undated._replace(unread_scores=(UnreadScore(PHQ9, EARLIEST, LATEST),)))
    assert result(found, R02).verdict is OPEN


def test_a_total_without_a_date_says_nothing_of_when_a_check_was_made() -> None:
    given = read_example("multiple sclerosis; PHQ-9 3, 700 days ago")
    without = result(answer(given), "mood-screening-overdue").verdict
    assert without is YES
    for more in (
        {"unread_scores": (UnreadScore(PHQ9, EARLIEST, LATEST),)},
        {"scores": (*given.scores, made(3, first=EARLIEST, last=LATEST))},
    ):
        assert result(answer(given._replace(**more)), "mood-screening-overdue").verdict is YES
    only = chart(made(3, first=EARLIEST, last=LATEST))
    assert result(answer(only), "mood-screening-in-immune-disease").verdict is not YES
