"""What is read of data dated after the as-of instant, and of an offset that is a day ahead?"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.concepts import GAD7_ITEMS, ITEM_9, Concept, DrugGroup, Item
from service.domain.days import EARLIEST, LATEST, AsOf
from service.domain.examples import AS_OF, TODAY
from service.domain.facts import Chart, Reading
from service.domain.instruments import DEPRESSION, HADS_D, PHQ9
from service.domain.verdict import Verdict
from tests.domain.asking import asked, timeline, verdict
from tests.domain.charts import answer as answer_about
from tests.domain.charts import flag, result
from tests.domain.facts import answer, chart, crp, items, record, relapse, score, taken

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
NOW = AS_OF.instant.timestamp()
NINE = Item.PHQ9_9
TOMORROW: dict[str, Any] = {"days_ago": -1}


def test_what_lies_after_the_as_of_day_is_left_out_and_counted() -> None:
    later = chart(
        score(12, -1),
        crp("5", -1),
        relapse(-1),
        taken("sertraline", -1),
        answer(GAD7_ITEMS[0], 3, -1),
        record(Concept.INFECTION, days_ago=-1),
    )
    made = timeline(later)
    assert made.future == 6
    assert not any((made.series, made.results, made.relapses, made.spans, made.records))
    assert not made.answers


def test_what_lies_further_ahead_is_left_out_even_for_safety() -> None:
    made = timeline(chart(answer(NINE, 1, -2), record(Concept.SUICIDALITY, days_ago=-2), score(27, -2)))
    assert made.future == 3
    assert not any((made.answers, made.safety_records, made.late_scores))


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (answer(NINE, 1, -2), True),
        (answer(NINE, None, -2, reading=Reading.UNREADABLE), True),
        (answer(Item.CSSRS_2, 1, -2), True),
        (record(Concept.SUICIDE_ATTEMPT, days_ago=-2), True),
        (answer(NINE, 0, -2), False),
        (answer(NINE, 1, -1), False),
        (answer(GAD7_ITEMS[0], 3, -2), False),
        (record(Concept.INFECTION, days_ago=-2), False),
        (record(Concept.SUICIDALITY, days_ago=-1), False),
        (record(Concept.SUICIDALITY, days_ago=900, recorded_first=TODAY + 2, recorded_last=TODAY + 2), True),
        (record(Concept.SUICIDALITY, days_ago=900, recorded_first=TODAY - 2, recorded_last=TODAY - 2), False),
        (record(Concept.SUICIDALITY, days_ago=-2, verification="refuted"), False),
        (record(Concept.SUICIDALITY, days_ago=-2, asserted=False), False),
    ],
)
def test_what_is_about_suicide_and_too_far_ahead_is_told(ahead: Any, told: bool) -> None:
    issues = [one for one in timeline(chart(ahead)).issues if one.code == "later-than-as-of"]
    assert [(one.expression, one.safety) for one in issues] == ([(ahead.source.expression, True)] if told else [])


def test_undated_facts_are_not_in_the_future() -> None:
    undated: dict[str, Any] = {"first": EARLIEST, "last": LATEST}
    made = timeline(chart(score(12, **undated), crp("5", **undated), answer(NINE, 1, **undated)))
    assert made.future == 0


@pytest.mark.parametrize(("late", "counts"), [(300, True), (301, False)])
def test_five_minutes_of_clock_difference_are_allowed(late: float, counts: bool) -> None:
    made = timeline(chart(score(12, 0, instant=NOW + late)))
    assert bool(made.series) is counts


def test_a_date_that_is_ahead_in_its_own_offset_counts_as_today() -> None:
    """It is past as an instant; a difference of days below 0 counts as 0."""
    past = NOW - 3600
    worse = chart(score(4, 60), score(12, -1, instant=past), crp("5", -1, instant=past))
    found = asked(c.Worsened(DEPRESSION), worse)
    assert (found.verdict, found.day) == (YES, TODAY)
    assert verdict(c.LatestMarker(CRP, (c.MarkerClass.LOW_GRADE,), c.FRESH), worse) is YES
    assert verdict(c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), OPEN), worse) is YES
    infected = chart(record(Concept.INFECTION, instant=past, **TOMORROW))
    assert verdict(c.Recorded((Concept.INFECTION,), timedelta(days=28), timedelta(days=7)), infected) is YES


def positive(facts: Chart) -> Verdict:
    return verdict(c.Answered(ITEM_9), facts)


@pytest.mark.parametrize(
    ("hours", "written", "expected"),
    [(24, -1, YES), (24, -2, YES), (24.1, -1, OPEN), (1, 0, YES), (1, -2, YES)],
)
def test_a_positive_answer_is_read_24_hours_further_whatever_its_written_date(
    hours: float, written: int, expected: Verdict
) -> None:
    assert positive(chart(answer(NINE, 1, written, instant=NOW + hours * 3600))) is expected


def test_a_positive_answer_of_tomorrow_is_read_and_keeps_its_date() -> None:
    found = answer_about(chart(answer(NINE, 1, -1), entries=1))
    assert flag(found, "suicidality-recorded").start == TODAY + 1
    assert found.urgent


@pytest.mark.parametrize(
    "facts",
    [
        chart(record(Concept.SUICIDALITY, **TOMORROW)),
        chart(record(Concept.SUICIDALITY, instant=NOW + 23 * 3600, days_ago=-2)),
        chart(score(25, -1)),
        chart(score(25, instant=NOW + 23 * 3600, days_ago=-2)),
    ],
)
def test_every_path_to_suicidality_is_read_24_hours_further(facts: Chart) -> None:
    assert flag(answer_about(facts), "suicidality-recorded").start in (TODAY + 1, TODAY + 2)


def test_a_presentation_of_tomorrow_is_read() -> None:
    found = answer_about(chart(record(Concept.PSYCHOSIS, **TOMORROW), record(Concept.SEIZURE, **TOMORROW)))
    assert flag(found, "acute-psychosis-or-mania").start == TODAY + 1
    assert flag(found, "autoimmune-encephalitis-red-flags").start == TODAY + 1


def test_other_rules_do_not_read_tomorrow() -> None:
    seen = timeline(chart(*items(3, 3, 3, 3, 3, 3, 3, 3, 3, days_ago=-1), score(27, -1)))
    assert not seen.series
    assert verdict(c.Elevated(DEPRESSION), chart(score(27, -1))) is OPEN
    ace = c.Answered((Item.ACE,), before=None)
    assert verdict(ace, chart(answer(Item.ACE, 1, -1))) is OPEN


def test_a_medicine_that_ends_in_the_future_is_in_use_now() -> None:
    made = timeline(chart(taken("sertraline", 10, -90))).spans[DrugGroup.ANTIDEPRESSANT][0]
    assert (made.start, made.end) == (TODAY - 10, TODAY + 90)


def test_the_zone_of_the_caller_decides_which_day_a_bare_date_is() -> None:
    late = datetime(2026, 6, 30, 20, tzinfo=UTC)
    tokyo = AsOf(late, ZoneInfo("Asia/Tokyo"), "Asia/Tokyo")
    assert timeline(chart(score(12, -1)), tokyo).series[PHQ9].days == [TODAY + 1]


AHEAD: dict[str, Any] = {"days_ago": -1, "instant": NOW - 3600}
NEXT_DAY = AsOf(AS_OF.instant + timedelta(days=1), UTC, "UTC")
LOWER = score(5, 60)
MS = record(Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD, days_ago=900)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ((LOWER, score(14, **AHEAD), crp("5", 10)), "depression-with-low-grade-inflammation"),
        ((LOWER, score(14, 10), crp("5", **AHEAD)), "depression-with-low-grade-inflammation"),
        ((LOWER, score(14, **AHEAD), crp("40", **AHEAD)), "acute-inflammation-confounds-mood"),
        (tuple(items(1, 0, 3, 3, 2, 0, 1, 2, 0, **AHEAD)), "fatigue-dominant-depression-score"),
        ((LOWER, score(14, 2), MS, relapse(**AHEAD)), "mood-worsening-near-relapse"),
        ((LOWER, score(14, 2), MS, relapse(0), relapse(**AHEAD)), "mood-worsening-near-relapse"),
        ((score(14, 0), score(11, instrument=HADS_D, **AHEAD), crp("5", 10)), "depression-with-low-grade-inflammation"),
        ((score(14, 0), score(16, **AHEAD), crp("5", 10)), "depression-with-low-grade-inflammation"),
        ((score(14, 9), crp("5", 0), crp("6", assay="hs", **AHEAD)), "depression-with-low-grade-inflammation"),
        ((answer(NINE, 1, **AHEAD),), "suicidality-recorded"),
    ],
)
def test_what_is_a_day_ahead_in_its_own_offset_keeps_its_flag_the_next_day(facts: tuple[Any, ...], rule: str) -> None:
    first, second = (flag(answer_about(chart(*facts), as_of), rule) for as_of in (AS_OF, NEXT_DAY))
    assert (first.identifier, first.start) == (second.identifier, second.start)


def test_a_recorded_date_that_is_yet_to_come_dates_nothing() -> None:
    old = record(Concept.SUICIDALITY, days_ago=900, recorded_first=TODAY + 900, recorded_last=TODAY + 900)
    assert result(answer_about(chart(answer(NINE, 0), old)), "suicidality-recorded").verdict is NO
