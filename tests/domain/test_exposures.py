"""When was a medicine in use, and was it new?"""

import pytest

from service.domain.concepts import DrugGroup
from service.domain.examples import TODAY
from service.domain.stretches import Stretch
from tests.domain.asking import timeline
from tests.domain.facts import chart, taken

STEROID = DrugGroup.STEROID_SYSTEMIC


def spans(*exposures: object, group: DrugGroup = DrugGroup.ANTIDEPRESSANT, oldest: int | None = None) -> list[Stretch]:
    facts = chart(*exposures, oldest_medicine=None if oldest is None else TODAY - oldest)  # type: ignore[arg-type]
    return timeline(facts).spans.get(group, [])


@pytest.mark.parametrize(("gap", "stretches"), [(0, 1), (30, 1), (31, 2)])
def test_a_gap_of_30_days_is_bridged(gap: int, stretches: int) -> None:
    made = spans(taken("sertraline", 200, 150), taken("sertraline", 150 - gap - 1, 100 - gap))
    assert len(made) == stretches
    assert TODAY - made[0].start == 200


def test_a_longer_record_inside_is_not_cut_short() -> None:
    (made,) = spans(taken("sertraline", 200, 100), taken("sertraline", 180, 170), taken("sertraline", 75, 60))
    assert (TODAY - made.start, TODAY - made.end) == (200, 60)
    assert len(made.records) == 3


def test_without_an_end_it_is_still_taken() -> None:
    (made,) = spans(taken("sertraline", 50))
    assert made.end == TODAY


def test_an_end_before_the_start_counts_one_day() -> None:
    (made,) = spans(taken("sertraline", 50, 60))
    assert (TODAY - made.start, TODAY - made.end) == (50, 50)


@pytest.mark.parametrize(("without", "new"), [(31, False), (89, False), (90, True), (91, True)])
def test_it_is_new_after_90_days_without(without: int, new: bool) -> None:
    _, second = spans(taken("sertraline", 300, 200), taken("sertraline", 199 - without))
    assert second.new is new


def test_the_first_use_is_new() -> None:
    assert spans(taken("sertraline", 50))[0].new is True


@pytest.mark.parametrize(("oldest", "new"), [(None, None), (50, None), (139, None), (140, True)])
def test_a_date_of_ordering_needs_an_older_medicine_record(oldest: int | None, new: bool | None) -> None:
    assert spans(taken("sertraline", 50, stated_start=False), oldest=oldest)[0].new is new


def test_one_stated_start_of_the_same_day_is_enough() -> None:
    (made,) = spans(taken("sertraline", 50, stated_start=False), taken("sertraline", 50))
    assert made.new is True


def test_ingredients_are_kept_apart_and_united_into_courses() -> None:
    given = chart(
        taken("prednisone", 100, 80, STEROID),
        taken("methylprednisolone", 70, 60, STEROID),
        taken("prednisone", 29, 10, STEROID),
    )
    made = timeline(given)
    assert [(s.ingredient, TODAY - s.start, TODAY - s.end) for s in made.spans[STEROID]] == [
        ("prednisone", 100, 80),
        ("methylprednisolone", 70, 60),
        ("prednisone", 29, 10),
    ]
    assert [(TODAY - s.start, TODAY - s.end) for s in made.courses[STEROID]] == [(100, 10)]


def test_what_is_applied_locally_is_no_exposure() -> None:
    assert not spans(taken("prednisone", 50, group=STEROID, systemic=False), group=STEROID)


def test_a_medicine_without_a_start_is_kept_as_a_candidate() -> None:
    made = timeline(chart(taken("sertraline", None)))
    assert not made.spans
    assert [e.ingredient for e in made.undated_drugs[DrugGroup.ANTIDEPRESSANT]] == ["sertraline"]


def test_a_local_medicine_without_a_start_is_no_candidate() -> None:
    assert not timeline(chart(taken("prednisone", None, group=STEROID, systemic=False))).undated_drugs
