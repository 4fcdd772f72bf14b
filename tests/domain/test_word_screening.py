"""Is the history known, and which mood check is overdue?"""

from datetime import timedelta
from typing import Any

import pytest

from service.domain import criteria as c
from service.domain.concepts import Concept, DrugGroup
from service.domain.days import EARLIEST, LATEST
from service.domain.evaluation import scope_of
from service.domain.evaluation.screening import newest_score
from service.domain.examples import TODAY
from service.domain.instruments import DEPRESSION, HADS_D, PHQ2
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, timeline, verdict
from tests.domain.facts import chart, record, relapse, score, taken

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
DAYS = timedelta
KNOWN = c.HistoryKnown(DEPRESSION)
UNDATED: dict[str, Any] = {"first": EARLIEST, "last": LATEST}


def due(*schedules: c.Routine | c.AfterRelapse | c.AfterStart) -> c.Due:
    return c.Due(DEPRESSION, schedules, DAYS(14), DAYS(30), also_screens=(PHQ2,))


ROUTINE = due(c.Routine(Concept.NEURO_IMD, DAYS(365)))
AFTER_RELAPSE = due(c.AfterRelapse(Concept.NEURO_IMD, (DAYS(14), DAYS(60), DAYS(180)), DAYS(365)))
AFTER_START = due(c.AfterStart((DrugGroup.IFN_ALPHA,), (DAYS(0), DAYS(28), DAYS(56), DAYS(84)), DAYS(180)))
ALL = due(*(word.schedules[0] for word in (ROUTINE, AFTER_RELAPSE, AFTER_START)))
MS = record(Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD, days_ago=2000)
IFN = DrugGroup.IFN_ALPHA


def test_the_history_is_known_by_an_earlier_score_or_a_whole_fetch() -> None:
    assert verdict(KNOWN, chart(score(3, 900))) is YES
    assert verdict(KNOWN, chart(history_complete=True)) is YES
    assert asked(KNOWN, chart()).lacks[0].want is Want.MISSING
    gap = asked(KNOWN, chart(score(3), not_covered={"Observation": "retrieval failed"}))
    assert (gap.verdict, gap.lacks[0].want) == (OPEN, Want.NOT_COVERED)


def test_the_score_that_shows_the_history_is_cited() -> None:
    known = score(3, 900)
    assert asked(KNOWN, chart(known)).used == (known.source,)


@pytest.mark.parametrize(("days_ago", "expected"), [(379, NO), (380, YES), (3000, YES), (0, NO)])
def test_a_routine_check_is_overdue_14_days_after_a_year(days_ago: int, expected: Verdict) -> None:
    assert verdict(ROUTINE, chart(MS, score(3, days_ago))) is expected


@pytest.mark.parametrize(
    "screen",
    [
        score(1, 29, PHQ2),
        record(Concept.MOOD_SCREENING, days_ago=29, kind="Procedure"),
        score(3, 1),
    ],
)
def test_a_check_is_met_by_any_screen_since_shortly_before_it_was_due(screen: object) -> None:
    given = chart(MS, score(3, 380), screen)  # type: ignore[arg-type]
    assert verdict(ROUTINE, given) is NO


@pytest.mark.parametrize(("days_ago", "expected"), [(29, NO), (30, YES)])
def test_a_screen_before_that_does_not_count(days_ago: int, expected: Verdict) -> None:
    assert verdict(ROUTINE, chart(MS, score(3, 380), score(1, days_ago, PHQ2))) is expected


def test_the_newest_score_of_any_scale_counts() -> None:
    found = asked(ROUTINE, chart(MS, score(3, 900), score(3, 400, HADS_D)))
    assert (found.day, found.values["overdue_days"]) == (TODAY - 35, 35)


@pytest.mark.parametrize(("first", "last", "day"), [(500, 430, 400), (390, 380, 380), (200, 100, 100)])
def test_a_score_without_an_exact_day_counts_where_its_last_day_is_newer(first: int, last: int, day: int) -> None:
    partial = score(3, first=TODAY - first, last=TODAY - last)
    newest = newest_score(scope_of(timeline(chart(MS, score(3, 400), partial))), DEPRESSION)
    assert newest is not None
    assert newest.day == TODAY - day


def test_never_scored_it_counts_from_the_disease() -> None:
    unscored: dict[str, Any] = {"history_complete": True}
    assert asked(ROUTINE, chart(MS, **unscored)).day == TODAY - 2000 + 365
    undated = MS._replace(**UNDATED, recorded_first=TODAY - 1000, recorded_last=TODAY - 1000)
    assert asked(ROUTINE, chart(undated, **unscored)).day == TODAY - 1000 + 365
    assert verdict(ROUTINE, chart(MS._replace(**UNDATED), **unscored)) is NO
    assert verdict(ROUTINE, chart(MS._replace(status="resolved"), **unscored)) is NO


def test_of_several_diagnoses_the_earliest_onset_counts_whatever_the_order() -> None:
    second = record(Concept.NEURO_IMD, days_ago=3000)
    for facts in ((MS, second), (second, MS)):
        assert asked(ROUTINE, chart(*facts, history_complete=True)).day == TODAY - 3000 + 365


def test_another_immune_disease_has_no_routine_check() -> None:
    arthritis = record(Concept.IMD, days_ago=2000)
    assert verdict(ROUTINE, chart(arthritis, score(3, 800))) is NO


@pytest.mark.parametrize(
    ("onset", "screens", "expected", "first"),
    [
        (28, [], NO, None),
        (29, [], YES, 15),
        (74, [30], NO, None),
        (75, [30], YES, 15),
        (75, [29], NO, None),
        (365, [], YES, 351),
        (366, [], NO, None),
        (200, [186, 140, 20], NO, None),
    ],
)
def test_checks_after_a_relapse(onset: int, screens: list[int], expected: Verdict, first: int | None) -> None:
    found = asked(AFTER_RELAPSE, chart(MS, relapse(onset), *(score(3, day) for day in screens)))
    assert found.verdict is expected
    assert found.day == (None if first is None else TODAY - first)


@pytest.mark.parametrize(("start", "expected"), [(14, NO), (15, YES), (180, YES), (181, NO)])
def test_checks_after_a_new_medicine(start: int, expected: Verdict) -> None:
    assert verdict(AFTER_START, chart(taken("peginterferon alfa-2a", start, None, IFN))) is expected


def test_a_medicine_that_is_not_known_to_be_new_leaves_it_open() -> None:
    ordered = taken("peginterferon alfa-2a", 60, None, IFN, stated_start=False)
    assert verdict(AFTER_START, chart(ordered)) is OPEN
    assert verdict(AFTER_START, chart(ordered, score(3, 1))) is NO
    assert verdict(AFTER_START, chart(ordered._replace(start=TODAY - 10))) is NO
    assert verdict(AFTER_START, chart(taken("peginterferon alfa-2a", None, None, IFN))) is OPEN
    continued = chart(taken("a", 300, 100, IFN), taken("a", 60, None, IFN))
    assert verdict(AFTER_START, continued) is NO


def test_the_earliest_check_of_all_decides_and_the_others_are_listed() -> None:
    facts = chart(MS, score(3, 400), relapse(300), taken("peginterferon alfa-2a", 100, None, IFN))
    found = asked(ALL, facts)
    assert found.day == TODAY - 286
    dates = found.values["due_dates"].split(", ")
    assert dates == sorted(dates)
    assert len(dates) == 1 + 3 + 4


@pytest.mark.parametrize(("declined", "expected"), [(0, NO), (30, NO), (31, YES), (-1, YES)])
def test_a_recent_refusal_is_respected(declined: int, expected: Verdict) -> None:
    assert verdict(ROUTINE, chart(MS, score(3, 400), declined_screening=(TODAY - declined,))) is expected


def test_an_overdue_check_rests_on_what_is_not_there() -> None:
    overdue = chart(MS, score(3, 400), not_covered={"Procedure": "retrieval failed"})
    assert verdict(ROUTINE, overdue) is OPEN
