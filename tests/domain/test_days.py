"""What counts as past at the instant of decision, and when does a date lie in a window?"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.domain.days import EARLIEST, LATEST, AsOf, Days, in_window, iso, month_in_window, spelled, up_to
from service.domain.verdict import Verdict

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = date(2026, 6, 30).toordinal()
AS_OF = AsOf(NOON, UTC, "UTC")


def seconds(moment: datetime) -> float:
    return moment.timestamp()


@pytest.mark.parametrize(
    ("late", "past"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(hours=1), False),
        (-timedelta(days=400), True),
    ],
)
def test_an_instant_may_lie_five_minutes_ahead(late: timedelta, past: bool) -> None:
    assert AS_OF.is_past(DAY, seconds(NOON + late)) is past


@pytest.mark.parametrize(("ahead", "past"), [(-1, True), (0, True), (1, False)])
def test_a_bare_date_may_be_today(ahead: int, past: bool) -> None:
    assert AS_OF.is_past(DAY + ahead, None) is past


@pytest.mark.parametrize(("late", "tolerated"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)])
def test_safety_rules_read_a_day_further(late: timedelta, tolerated: bool) -> None:
    assert AS_OF.is_tolerated(DAY + 1, seconds(NOON + late)) is tolerated


@pytest.mark.parametrize(("ahead", "tolerated"), [(0, True), (1, True), (2, False)])
def test_safety_rules_read_tomorrow(ahead: int, tolerated: bool) -> None:
    assert AS_OF.is_tolerated(DAY + ahead, None) is tolerated


def test_the_day_is_the_one_of_the_callers_zone() -> None:
    late = datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert AsOf(late, UTC, "UTC").day == DAY
    assert AsOf(late, ZoneInfo("Europe/Berlin"), "Europe/Berlin").day == DAY + 1
    assert AsOf(late, ZoneInfo("America/New_York"), "America/New_York").day == DAY
    assert AsOf(late, ZoneInfo("Europe/Berlin"), "Europe/Berlin").safety_day == DAY + 2


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (10, 20, Verdict.MET),
        (9, 20, Verdict.UNKNOWN),
        (10, 21, Verdict.UNKNOWN),
        (9, 21, Verdict.UNKNOWN),
        (1, 9, Verdict.NOT_MET),
        (1, 10, Verdict.UNKNOWN),
        (21, 30, Verdict.NOT_MET),
        (20, 30, Verdict.UNKNOWN),
        (EARLIEST, LATEST, Verdict.UNKNOWN),
    ],
)
def test_a_partial_date_must_lie_in_the_window_with_all_its_days(first: int, last: int, expected: Verdict) -> None:
    assert in_window(first, last, 10, 20) is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 10, Verdict.MET),
        (20, 50, Verdict.MET),
        (-21, 9, Verdict.NOT_MET),
        (21, 51, Verdict.NOT_MET),
        (0, 364, Verdict.UNKNOWN),
        (EARLIEST, LATEST, Verdict.UNKNOWN),
    ],
)
def test_one_day_of_a_month_is_enough_where_no_positive_may_be_lost(first: int, last: int, expected: Verdict) -> None:
    assert month_in_window(first, last, 10, 20) is expected


def test_dates_are_spelled_as_precisely_as_they_were_sent() -> None:
    assert iso(DAY) == "2026-06-30"
    assert spelled(DAY, DAY) == "2026-06-30"
    assert spelled(date(2026, 6, 1).toordinal(), DAY) == "2026-06"
    assert spelled(date(2026, 1, 1).toordinal(), date(2026, 12, 31).toordinal()) == "2026"
    assert spelled(EARLIEST, LATEST) == "undated"


@pytest.mark.parametrize(("days", "told"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (365, "365 days")])
def test_a_number_of_days_is_told_with_its_noun(days: int, told: str) -> None:
    assert f"{Days(days)}" == "{lasting}".format_map({"lasting": Days(days)}) == told
    assert Days(days) == days


@pytest.mark.parametrize(("first", "last", "known"), [(1, 5, 3), (1, 2, 2), (5, 9, 5)])
def test_what_is_past_ends_today(first: int, last: int, known: int) -> None:
    assert up_to(3, first, last) == known
