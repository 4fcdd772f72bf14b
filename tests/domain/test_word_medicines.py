"""Was a medicine in use, begun, ended or changed?"""

from datetime import timedelta

import pytest

from service.domain import criteria as c
from service.domain.concepts import DrugGroup
from service.domain.evaluation.scope import At
from service.domain.examples import TODAY
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, verdict
from tests.domain.facts import chart, taken

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
STEROID, IL6, DMT = DrugGroup.STEROID_SYSTEMIC, DrugGroup.IL6_INHIB, DrugGroup.MS_DMT_OTHER
DAYS = timedelta
T0 = TODAY - 50

IN_USE = c.Exposed((STEROID,), trailing=DAYS(28), course=True)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(60, 50, YES), (60, 51, YES), (100, 78, YES), (100, 79, NO), (50, 40, YES), (49, 40, NO)],
)
def test_in_use_or_ended_shortly_before(start: int, end: int, expected: Verdict) -> None:
    assert verdict(IN_USE, chart(taken("prednisone", start, end, STEROID)), T0) is expected


@pytest.mark.parametrize(("start", "expected"), [(51, YES), (50, NO)])
def test_it_counts_from_the_day_after_its_first(start: int, expected: Verdict) -> None:
    word = c.Exposed((STEROID,), lead=DAYS(1), trailing=DAYS(28), course=True)
    assert verdict(word, chart(taken("prednisone", start, 20, STEROID)), T0) is expected


def test_ever_in_use() -> None:
    word = c.Exposed((DrugGroup.ANTIDEPRESSANT,), trailing=None)
    assert verdict(word, chart(taken("sertraline", 3000, 2900))) is YES
    assert verdict(word, chart()) is NO


@pytest.mark.parametrize(("start", "expected"), [(230, YES), (231, NO)])
def test_begun_not_too_long_ago(start: int, expected: Verdict) -> None:
    word = c.Exposed((STEROID,), begun_within=DAYS(180), course=True)
    assert verdict(word, chart(taken("prednisone", start, None, STEROID)), T0) is expected


def test_a_course_unites_ingredients() -> None:
    both = chart(taken("prednisone", 90, 70, STEROID), taken("methylprednisolone", 60, 55, STEROID))
    found = asked(IN_USE, both, T0)
    assert (found.values["event_day"], found.values["drug"]) == (TODAY - 90, "prednisone, methylprednisolone")
    assert len(found.used) == 2


def test_without_a_start_it_is_not_known() -> None:
    found = asked(IN_USE, chart(taken("prednisone", None, None, STEROID)), T0)
    assert (found.verdict, found.lacks[0].want) == (OPEN, Want.UNDATED)
    dated = chart(taken("prednisone", None, None, STEROID), taken("prednisone", 60, 40, STEROID))
    assert verdict(IN_USE, dated, T0) is YES


BEGUN = c.Started(((DMT, DAYS(90)), (IL6, DAYS(90)), (DrugGroup.IFN_BETA, DAYS(180))))


@pytest.mark.parametrize(
    ("group", "days_before", "expected"),
    [
        (DMT, 0, NO),
        (DMT, 1, YES),
        (DMT, 90, YES),
        (DMT, 91, NO),
        (DrugGroup.IFN_BETA, 180, YES),
        (DrugGroup.IFN_BETA, 181, NO),
        (STEROID, 10, NO),
    ],
)
def test_begun_in_the_groups_own_window(group: DrugGroup, days_before: int, expected: Verdict) -> None:
    assert verdict(BEGUN, chart(taken("a medicine", 50 + days_before, None, group)), T0) is expected


def test_a_medicine_taken_up_again_within_90_days_was_not_begun() -> None:
    assert verdict(BEGUN, chart(taken("a", 400, 150, DMT), taken("a", 60, None, DMT)), T0) is NO
    assert verdict(BEGUN, chart(taken("a", 400, 151, DMT), taken("a", 60, None, DMT)), T0) is YES


def test_a_switch_is_the_start_of_the_new_ingredient() -> None:
    found = asked(BEGUN, chart(taken("fingolimod", 900, 61, DMT), taken("natalizumab", 60, None, DMT)), T0)
    assert (found.values["drug"], found.day) == ("natalizumab", TODAY - 60)


def test_of_several_the_latest_and_all_of_that_day() -> None:
    found = asked(BEGUN, chart(taken("a", 100, None, DMT), taken("b", 70, None, DMT), taken("c", 70, None, IL6)), T0)
    assert (found.values["drug"], found.values["drug_days"]) == ("b, c", 20)


def test_an_order_without_an_older_record_leaves_the_start_unknown() -> None:
    ordered = taken("a", 60, None, DMT, stated_start=False)
    found = asked(BEGUN, chart(ordered), T0)
    assert (found.verdict, found.lacks[0].want) == (OPEN, Want.UNDATED)
    assert verdict(BEGUN, chart(ordered, oldest_medicine=TODAY - 150), T0) is YES
    assert verdict(BEGUN, chart(taken("a", None, None, DMT)), T0) is OPEN


ANTIBIOTIC = c.Started(((DrugGroup.ANTIBIOTIC, DAYS(28)),), ahead=DAYS(7), new=False)


@pytest.mark.parametrize(("start", "expected"), [(78, YES), (79, NO), (43, YES), (42, NO)])
def test_each_course_of_antibiotics_has_its_own_start(start: int, expected: Verdict) -> None:
    repeated = chart(
        taken("antibiotic", 95, 90, DrugGroup.ANTIBIOTIC), taken("antibiotic", start, start - 5, DrugGroup.ANTIBIOTIC)
    )
    assert verdict(ANTIBIOTIC, repeated, T0) is expected


ENDED = c.Ended((STEROID,), DAYS(28), course=True)


@pytest.mark.parametrize(("end", "expected"), [(29, YES), (28, NO)])
def test_what_was_begun_that_day_ended_long_enough_ago(end: int, expected: Verdict) -> None:
    given = chart(taken("prednisone", 90, end, STEROID))
    assert verdict(ENDED, given, TODAY - 90) is expected
    assert verdict(ENDED, given, TODAY - 89) is NO


STEADY = c.SteadilyTreated(DrugGroup.ANTIDEPRESSANT, at_least=DAYS(42), unchanged=DAYS(28), not_alone=("esketamine",))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([taken("sertraline", 92, None)], YES),
        ([taken("sertraline", 91, None)], NO),
        ([taken("sertraline", 300, 20)], YES),
        ([taken("sertraline", 300, 50)], NO),
        ([taken("sertraline", 300, 51)], NO),
        ([taken("sertraline", 300, None), taken("fluoxetine", 78, None)], NO),
        ([taken("sertraline", 300, None), taken("fluoxetine", 79, None)], YES),
        ([taken("sertraline", 300, None), taken("fluoxetine", 49, None)], YES),
        ([taken("sertraline", 300, 78), taken("fluoxetine", 200, None)], NO),
        ([taken("sertraline", 300, 79), taken("fluoxetine", 200, None)], YES),
        ([taken("sertraline", 300, 80), taken("fluoxetine", 79, None)], YES),
        ([taken("sertraline", 300, 81), taken("fluoxetine", 79, None)], NO),
        ([taken("esketamine", 300, None)], NO),
        ([taken("sertraline", 300, None), taken("esketamine", 60, None)], NO),
        ([taken("sertraline", 300, 150), taken("sertraline", 119, None)], YES),
        ([taken("sertraline", 300, 150), taken("sertraline", 75, None)], NO),
        ([taken("sertraline", 300, 45), taken("fluoxetine", 9, None)], YES),
        ([], NO),
    ],
)
def test_steady_treatment(given: list[object], expected: Verdict) -> None:
    assert verdict(STEADY, chart(*given), T0) is expected  # type: ignore[arg-type]


def test_an_undated_antidepressant_leaves_steadiness_open() -> None:
    assert verdict(STEADY, chart(taken("sertraline", None)), T0) is OPEN
    both = chart(taken("sertraline", 300, None), taken("fluoxetine", None))
    assert verdict(STEADY, both, T0) is OPEN


def test_steadiness_on_a_day_that_is_not_known() -> None:
    given = chart(taken("sertraline", 60, None))
    assert asked(STEADY, given, At(TODAY - 30, TODAY)).verdict is not NO


def test_everything_that_covers_the_weeks_is_cited() -> None:
    found = asked(STEADY, chart(taken("sertraline", 300, 80), taken("fluoxetine", 79, None)), T0)
    alone = asked(STEADY, chart(taken("fluoxetine", 79, None)), T0)
    assert (alone.verdict, len(found.used)) == (NO, 2)


CHANGED = c.TreatmentChanged(DrugGroup.ANTIDEPRESSANT)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([taken("sertraline", 300, None)], NO),
        ([taken("sertraline", 300, 49)], YES),
        ([taken("sertraline", 300, 50)], NO),
        ([taken("sertraline", 300, 1)], YES),
        ([taken("sertraline", 300, 0)], NO),
        ([taken("sertraline", 300, None), taken("fluoxetine", 49, None)], YES),
        ([taken("sertraline", 300, None), taken("fluoxetine", 50, None)], NO),
        ([taken("prednisone", 49, None, STEROID)], NO),
    ],
)
def test_a_change_after_the_day(given: list[object], expected: Verdict) -> None:
    assert verdict(CHANGED, chart(*given), T0) is expected  # type: ignore[arg-type]
