"""Which CRP is read beside a score, and what does it say?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP, SNFL, SODIUM, TEMPERATURE
from service.domain.evaluation.scope import At
from service.domain.examples import TODAY
from service.domain.instruments import EDSS
from service.domain.interval import Interval, exactly
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from service.domain.wording import shown
from tests.domain.asking import asked, verdict
from tests.domain.words import said

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
LOW, GRADE, HIGH = (c.MarkerClass.LOW,), (c.MarkerClass.LOW_GRADE,), (c.MarkerClass.HIGH,)
NEAR = c.MarkerNear(CRP, GRADE, OPEN)
T0 = TODAY - 40


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 5 mg/L, 40 days ago", YES),
        ("CRP 5 mg/L, 70 days ago", YES),
        ("CRP 5 mg/L, 71 days ago", OPEN),
        ("CRP 5 mg/L, 10 days ago", YES),
        ("CRP 5 mg/L, 9 days ago", OPEN),
        ("CRP 2 mg/L, 40 days ago", NO),
        ("CRP <5 mg/L, 40 days ago", OPEN),
        ("CRP 5 mg/L, 45 days ago; CRP 2 mg/L, 36 days ago", NO),
        ("CRP 5 mg/L, 45 days ago; CRP 2 mg/L, 35 days ago", NO),
        ("CRP 2 mg/L, 45 days ago; CRP 5 mg/L, 35 days ago", YES),
        ("CRP 2 mg/L, 35 days ago; hs-CRP 5 mg/L, 45 days ago", YES),
        ("CRP 2 mg/L, 39 days ago; hs-CRP 5 mg/L, 45 days ago", NO),
        ("CRP <5 mg/L, 40 days ago; CRP 5 mg/L, 65 days ago", YES),
        ("CRP refused: a qualitative CRP cannot be compared, 40 days ago", OPEN),
        ("CRP 5 mg/L, in 2026-05", OPEN),
        ("CRP 5 mg/L, undated", OPEN),
        ("", OPEN),
    ],
)
def test_the_paired_crp_is_readable_then_nearest_then_hs_then_later(given: str, expected: Verdict) -> None:
    assert verdict(NEAR, given, T0) is expected


def test_why_no_crp_could_be_paired_is_said() -> None:
    (none,) = asked(NEAR, "", T0).lacks
    assert none.want is Want.MISSING
    (open_,) = asked(NEAR, "CRP <5 mg/L, 40 days ago", T0).lacks
    assert (open_.want, "<5 on" in open_.text, "straddles a limit" in open_.text) == (Want.UNREADABLE, True, True)
    (refused,) = asked(NEAR, "CRP refused: unit nmol/L is not accepted, 40 days ago", T0).lacks
    assert "unit nmol/L is not accepted" in refused.text
    (undated,) = asked(NEAR, "CRP refused: unit nmol/L is not accepted, undated", T0).lacks
    assert "unit nmol/L is not accepted" in undated.text


@pytest.mark.parametrize(("later", "expected"), [("2", NO), ("5", YES), ("20", YES), ("<3", NO), ("<5", YES)])
def test_no_low_result_may_follow(later: str, expected: Verdict) -> None:
    word = c.MarkerNear(CRP, GRADE, OPEN, not_followed_by=LOW)
    assert verdict(word, f"CRP 5 mg/L, 40 days ago; CRP {later} mg/L, 5 days ago", T0) is expected
    assert verdict(word, f"CRP {later} mg/L, 69 days ago; CRP 5 mg/L, 40 days ago", T0) is YES


def test_any_class_takes_an_indeterminate_result_too() -> None:
    word = c.MarkerNear(CRP, (), NO)
    assert verdict(word, "CRP <5 mg/L, 40 days ago", T0) is YES
    assert verdict(word, "CRP refused: a titre, 40 days ago", T0) is OPEN
    assert verdict(word, "CRP refused: a titre, 80 days ago", T0) is NO
    assert verdict(word, "", T0) is NO


def test_near_a_day_that_is_not_known() -> None:
    any_day = At(TODAY - 30, TODAY)
    assert asked(NEAR, "CRP 5 mg/L, 20 days ago", any_day).verdict is not NO
    assert asked(NEAR, "CRP 2 mg/L, 20 days ago", any_day).verdict is NO
    assert asked(NEAR, "CRP 2 mg/L, 25 days ago; CRP 5 mg/L, 5 days ago", any_day).verdict is not NO
    assert asked(NEAR, "CRP 5 mg/L, 61 days ago", any_day).verdict is OPEN
    assert asked(NEAR, "", any_day).verdict is OPEN


SEEN = c.MarkerSeen(CRP, LOW, timedelta(days=30), timedelta(days=30), OPEN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 3.0 mg/L, 10 days ago", YES),
        ("CRP 3.01 mg/L, 10 days ago", NO),
        ("CRP 3.0 mg/L, 70 days ago", YES),
        ("CRP 3.0 mg/L, 71 days ago", OPEN),
        ("CRP 3.0 mg/L, 9 days ago", OPEN),
        ("CRP <5 mg/L, 40 days ago", OPEN),
        ("CRP 5 mg/L, 40 days ago; CRP 1 mg/L, 42 days ago", YES),
    ],
)
def test_some_result_of_the_window(given: str, expected: Verdict) -> None:
    assert verdict(SEEN, given, T0) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 2 mg/L, 20 days ago; CRP 2 mg/L, 5 days ago", YES),
        ("CRP 2 mg/L, 5 days ago", NO),
        ("CRP 2 mg/L, 20 days ago; CRP 4 mg/L, 10 days ago; CRP 2 mg/L, 5 days ago", NO),
        ("CRP 2 mg/L, 20 days ago; CRP <5 mg/L, 10 days ago; CRP 2 mg/L, 5 days ago", YES),
        ("CRP 2 mg/L, 40 days ago; CRP 2 mg/L, 5 days ago", NO),
    ],
)
def test_two_in_a_row_after_the_day(given: str, expected: Verdict) -> None:
    word = c.MarkerSeen(CRP, LOW, timedelta(days=-1), None, NO, consecutive=2)
    assert verdict(word, given, T0) is expected


def test_results_that_cannot_be_read_are_told_where_none_is_asked_for() -> None:
    word = c.MarkerSeen(CRP, c.READABLE, timedelta(days=90), timedelta(days=30), NO)
    found = asked(word, "CRP <5 mg/L, 40 days ago; CRP refused: a titre, 41 days ago", T0)
    assert found.verdict is NO
    assert "<5" in found.values["unread"]
    assert "a titre" in found.values["unread"]
    assert asked(word, "", T0).values["unread"] == ""


LATEST = c.LatestMarker(CRP, HIGH, timedelta(days=30))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 10.01 mg/L, 30 days ago", YES),
        ("CRP 10.0 mg/L, 30 days ago", NO),
        ("CRP 20 mg/L, 31 days ago", OPEN),
        ("CRP 20 mg/L, 20 days ago; CRP 4 mg/L, 5 days ago", NO),
        ("CRP <5 mg/L, 5 days ago", NO),
        ("CRP <20 mg/L, 5 days ago", OPEN),
        ("CRP >5 mg/L, 5 days ago", OPEN),
        ("CRP >10 mg/L, 5 days ago", YES),
        ("CRP 20 mg/L, 5 days ago; hs-CRP 2 mg/L, 5 days ago", YES),
        ("CRP 2 mg/L, 5 days ago; hs-CRP 20 mg/L, 5 days ago", YES),
        ("CRP 10 mg/L, 5 days ago; hs-CRP >10 mg/L, 5 days ago", YES),
        ("CRP >10 mg/L, 5 days ago; hs-CRP 10 mg/L, 5 days ago", YES),
        ("CRP refused: unit nmol/L is not accepted, 5 days ago", OPEN),
        ("", OPEN),
    ],
)
def test_the_latest_result(given: str, expected: Verdict) -> None:
    assert verdict(LATEST, given) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("100", NO), ("100.01", YES), (">100", YES), (">=100", NO), (">99", NO), ("5", NO)]
)
def test_the_latest_result_above_a_number(value: str, expected: Verdict) -> None:
    word = c.LatestMarker(CRP, HIGH, timedelta(days=30), above=Decimal(100))
    assert verdict(word, f"CRP {value} mg/L, 5 days ago") is expected


def test_the_latest_result_ever() -> None:
    assert verdict(c.LatestMarker(CRP, LOW, None), "CRP 2 mg/L, 900 days ago") is YES
    (lack,) = asked(c.LatestMarker(CRP, LOW, None), "").lacks
    assert lack.text == "no readable CRP"


SUSTAINED = c.SustainedMarker(CRP, timedelta(days=14), timedelta(days=180), said(NO))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", YES),
        ("CRP 4 mg/L, 18 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 185 days ago; CRP 5 mg/L, 5 days ago", YES),
        ("CRP 4 mg/L, 186 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 190 days ago; CRP 5 mg/L, 15 days ago; CRP 5 mg/L, 5 days ago", YES),
        ("CRP 4 mg/L, 19 days ago; hs-CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 40 days ago; CRP 2 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 40 days ago; CRP 20 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 40 days ago; hs-CRP 2 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 40 days ago; CRP 5 mg/L, 20 days ago; CRP 2 mg/L, 5 days ago", NO),
        ("hs-CRP 4 mg/L, 40 days ago; CRP 2 mg/L, 40 days ago; hs-CRP 5 mg/L, 5 days ago", NO),
        ("CRP 4 mg/L, 40 days ago; hs-CRP 2 mg/L, 40 days ago; CRP 5 mg/L, 5 days ago", NO),
        ("CRP 2 mg/L, 41 days ago; CRP 4 mg/L, 40 days ago; CRP 5 mg/L, 5 days ago", YES),
        ("CRP 4 mg/L, 40 days ago; CRP <5 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", YES),
        ("CRP 5 mg/L, 5 days ago", OPEN),
        ("", OPEN),
        ("CRP 2 mg/L, 5 days ago", NO),
        ("CRP 20 mg/L, 5 days ago", NO),
    ],
)
def test_low_grade_inflammation_is_sustained(given: str, expected: Verdict) -> None:
    assert verdict(SUSTAINED, given) is expected


def test_a_confounded_result_does_not_count_and_a_doubtful_one_leaves_it_open() -> None:
    given = "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago"
    confounded = c.SustainedMarker(CRP, timedelta(days=14), timedelta(days=180), said(YES))
    doubtful = c.SustainedMarker(CRP, timedelta(days=14), timedelta(days=180), said(OPEN))
    assert verdict(confounded, given) is NO
    assert verdict(doubtful, given) is OPEN


def test_the_hs_family_is_asked_first_and_either_may_sustain() -> None:
    both = "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago; hs-CRP 6 mg/L, 25 days ago; hs-CRP 7 mg/L, 6 days ago"
    assert asked(SUSTAINED, both).values["marker"] == "hs-CRP"


NEAR_30 = (timedelta(days=7), timedelta(days=2))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("temperature 38.0 Cel, 40 days ago", YES),
        ("temperature 37.9 Cel, 40 days ago", NO),
        ("temperature 39 Cel, 47 days ago", YES),
        ("temperature 39 Cel, 48 days ago", NO),
        ("temperature 39 Cel, 38 days ago", YES),
        ("temperature 39 Cel, 37 days ago", NO),
        ("temperature refused: no unit, 40 days ago", OPEN),
        ("temperature 39 Cel, undated", OPEN),
        ("temperature 37 Cel, undated", NO),
        ("temperature 39 Cel, in 2026-05", OPEN),
        ("", NO),
    ],
)
def test_a_companion_result_counts_as_absent_when_it_was_not_made(given: str, expected: Verdict) -> None:
    assert verdict(c.ResultNear((TEMPERATURE,), *NEAR_30, at_least=Decimal("38.0")), given, T0) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("129", YES), ("129.9", YES), ("130", NO), ("<130", YES), ("<=130", OPEN), (">=130", NO), ("<140", OPEN)],
)
def test_below_a_number(value: str, expected: Verdict) -> None:
    word = c.ResultNear((SODIUM,), timedelta(days=60), None, below=Decimal(130))
    assert verdict(word, f"sodium {value} mmol/L, 5 days ago", T0) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sNfL 20 above range, 40 days ago", YES),
        ("sNfL 20, 40 days ago", NO),
        ("sNfL positive, 40 days ago", YES),
        ("sNfL negative, 40 days ago", NO),
        ("sNfL refused: unit IU/mL is not accepted, 40 days ago", OPEN),
    ],
)
def test_beyond_its_own_reference(given: str, expected: Verdict) -> None:
    assert verdict(c.ResultNear((SNFL,), *NEAR_30, beyond_reference=True), given, T0) is expected


def test_the_newest_result_alone() -> None:
    word = c.ResultNear((SODIUM,), None, None, at_least=Decimal(140), newest_only=True)
    assert verdict(word, "sodium 150 mmol/L, 400 days ago; sodium 130 mmol/L, 5 days ago") is NO
    assert verdict(word, "sodium 130 mmol/L, 400 days ago; sodium 150 mmol/L, 5 days ago") is YES
    assert verdict(c.ResultNear((SODIUM,), c.FRESH, None, above=Decimal(140)), "sodium 140 mmol/L, 5 days ago") is NO
    assert verdict(c.ResultNear((SODIUM,), c.FRESH, None, positive=True), "sodium positive, 5 days ago") is YES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sNfL 8, 70 days ago", YES),
        ("sNfL 8, 71 days ago", NO),
        ("sNfL 8, 0 days ago", YES),
        ("EDSS 3, 40 days ago", YES),
        ("EDSS 3, 71 days ago", NO),
        ("sNfL refused: no unit, 40 days ago", NO),
        ("sNfL 8, in 2026-05", YES),
        ("", NO),
    ],
)
def test_whether_anything_was_supplied(given: str, expected: Verdict) -> None:
    assert verdict(c.Supplied((SNFL,), (EDSS,), c.FRESH), given, T0) is expected


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (None, "not readable"),
        (exactly(Decimal("4.20")), "4.2"),
        (exactly(Decimal(100)), "100"),
        (Interval(Decimal(0), Decimal(5), high_open=True), "<5"),
        (Interval(Decimal(0), Decimal(5)), "<=5"),
        (Interval(Decimal(300), None, low_open=True), ">300"),
        (Interval(Decimal(300), None), ">=300"),
        (Interval(Decimal(3), Decimal(5)), "3 to 5"),
    ],
)
def test_a_result_is_shown_as_people_write_it(interval: Interval | None, text: str) -> None:
    assert shown(interval) == text
