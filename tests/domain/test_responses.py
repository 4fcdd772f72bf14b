"""Which items belong to which total, and what does a response say when they disagree or are missing?"""

from decimal import Decimal

import pytest

from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.domain.days import EARLIEST, LATEST
from service.domain.examples import TODAY
from service.domain.facts import Answer, DataIssue, Reading, Score
from service.domain.instruments import EPDS, GAD7, PHQ8, PHQ9
from service.domain.responses import Bag
from tests.domain.facts import answer, items, score

NINE = (1, 0, 3, 3, 2, 0, 1, 2, 0)


def assemble(scores: list[Score], answers: list[Answer]) -> tuple[list[Score], list[DataIssue]]:
    return Bag(answers).assemble(scores)


def without_item_9(answers: list[Answer]) -> list[Score]:
    return Bag(answers).without_item_9()


def only(scores: list[Score]) -> Score:
    (found,) = scores
    return found


def test_items_reach_their_total_through_the_response() -> None:
    total = score(12, response="one")
    made, issues = assemble([total], items(*NINE, response="one"))
    assert only(made).items == NINE
    assert only(made).value == 12
    assert len(only(made).evidence) == 9
    assert not issues


def test_loose_items_belong_to_the_only_response_of_their_date() -> None:
    made, _ = assemble([score(12)], items(*NINE))
    assert only(made).items == NINE


@pytest.mark.parametrize("days_ago", [2, 4])
def test_loose_items_of_another_date_are_a_response_of_their_own(days_ago: int) -> None:
    made, _ = assemble([score(12)], items(*NINE, days_ago=days_ago))
    assert sorted(len(one.items) for one in made) == [0, 9]


def test_loose_items_belong_to_neither_of_two_responses_of_their_date() -> None:
    made, _ = assemble([score(12), score(5)], items(*NINE))
    assert [one.items for one in made if one.received in ("12", "5")] == [(), ()]


def test_loose_items_do_not_reach_a_total_dated_to_the_month() -> None:
    total = score(12, first=TODAY - 3, last=TODAY + 20)
    made, _ = assemble([total], items(*NINE))
    assert [one.items for one in made if one.received == "12"] == [()]


def test_a_total_sent_twice_has_its_items_twice() -> None:
    made, _ = assemble([score(12), score(12)], items(*NINE))
    assert [one.items for one in made] == [NINE, NINE]


def test_the_order_of_totals_and_items_does_not_matter() -> None:
    totals = [score(12, response="one"), score(14, response="one")]
    answers = [*items(*NINE, response="one"), answer(Item.PHQ9_9, 3, response="one")]
    one, _ = assemble(totals, answers)
    other, _ = assemble(totals[::-1], answers[::-1])
    assert sorted(one, key=lambda s: s.received) == sorted(other, key=lambda s: s.received)


def test_contradicting_loose_items_belong_to_nothing() -> None:
    made, _ = assemble([score(12)], [*items(*NINE), answer(Item.PHQ9_9, 3)])
    assert only(made).items == ()


def test_of_two_answers_of_one_response_the_higher_stands() -> None:
    made, _ = assemble([], [*items(*NINE, response="one"), answer(Item.PHQ9_9, 3, response="one")])
    assert only(made).items[8] == 3


@pytest.mark.parametrize(("total", "stands"), [(11, 12), (12, 12), (20, 20)])
def test_the_higher_of_total_and_items_stands(total: int, stands: int) -> None:
    made, issues = assemble([score(total)], items(*NINE))
    assert only(made).value == stands
    assert [issue.code for issue in issues] == ([] if total == stands == 12 else ["total-differs-from-items"])


@pytest.mark.parametrize(
    ("total", "answered", "stands", "told"),
    [
        (15, (3, 3, 3, 3, 3, None, None, None, None), 15, False),
        (27, (3, 3, 3, 3, 3, None, None, None, None), 27, False),
        (14, (3, 3, 3, 3, 3, None, None, None, None), 15, True),
        (24, (None, None, None, None, None, None, None, None, 0), 24, False),
        (25, (None, None, None, None, None, None, None, None, 0), 25, True),
        (25, (None, None, None, None, None, None, None, None, 1), 25, False),
    ],
)
def test_a_total_that_cannot_be_made_of_some_of_its_items_is_told(
    total: int, answered: tuple[int | None, ...], stands: int, told: bool
) -> None:
    made, issues = assemble([score(total)], items(*answered))
    assert (int(only(made).value), only(made).items) == (stands, answered)
    assert [issue.code for issue in issues] == (["total-differs-from-items"] if told else [])


@pytest.mark.parametrize(
    ("answered", "sums"),
    [
        ((3, 3, 3, 3, 3, 3, 3, 3, None), [24]),
        ((3, 3, None, None, 3, 3, 3, 3, None), [18]),
        ((3, 3, 3, 3, 3, 3, 3, 3, 0), []),
    ],
)
def test_what_was_answered_adds_up_without_item_9(answered: tuple[int | None, ...], sums: list[int]) -> None:
    for more in ({}, {"response": "one"}, {"preliminary": True}):
        assert [int(made.value) for made in without_item_9(items(*answered, **more))] == sums
    assert not without_item_9(items(3, 3, 3, 3, 3, 3, 3, of=GAD7_ITEMS))


def test_nine_items_make_a_total() -> None:
    made, _ = assemble([], items(*NINE))
    assert (int(only(made).value), only(made).prorated, only(made).instrument) == (12, False, PHQ9)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((1, 1, 1, 1, 1, 1, 1, None, 1), 9),
        ((2, 1, 1, 1, 1, 1, None, None, 1), 10),
        ((3, 3, 3, 3, 3, 3, None, 3, 3), 27),
        ((1, 0, 0, 0, 0, 0, None, None, 0), 1),
        ((1, 1, 0, 0, 0, 0, None, 0, 0), 2),
        ((1, 1, 1, 1, 0, 0, None, 0, 0), 5),
    ],
)
def test_one_or_two_missing_items_are_prorated_and_rounded_half_up(values: tuple[int | None, ...], total: int) -> None:
    made, _ = assemble([], items(*values))
    assert (only(made).value, only(made).prorated) == (Decimal(total), True)


@pytest.mark.parametrize(
    "values", [(1, 1, 1, 1, 1, 1, 1, 1, None), (1, 1, 1, 1, 1, None, None, None, 1), (3, 3, 3, 3, 3, 3, 3, None, None)]
)
def test_nothing_is_prorated_without_item_9_or_from_fewer_than_seven(values: tuple[int | None, ...]) -> None:
    assert assemble([], items(*values)) == ([], [])


def test_a_gad_7_needs_all_seven_items() -> None:
    made, _ = assemble([], items(1, 2, 3, 0, 1, 2, 3, of=GAD7_ITEMS))
    assert (only(made).instrument, int(only(made).value)) == (GAD7, 12)
    assert assemble([], items(1, 2, 3, 0, 1, 2, None, of=GAD7_ITEMS)) == ([], [])


def test_phq_8_takes_the_first_eight_items_alone() -> None:
    made, issues = assemble([score(12, instrument=PHQ8)], items(1, 0, 3, 3, 2, 0, 1, 2, 3))
    assert only(made).items == (1, 0, 3, 3, 2, 0, 1, 2)
    assert not issues


def test_a_gad_7_keeps_clear_of_phq_items() -> None:
    made, _ = assemble([score(9, instrument=GAD7, response="one")], items(*NINE, response="one"))
    assert {one.instrument.key: len(one.items) for one in made} == {"gad-7": 0, "phq-9": 9}


def test_scales_without_items_pass_as_they_are() -> None:
    total = score(12, instrument=EPDS)
    assert assemble([total], items(*NINE))[0][0] == total


def test_unreadable_and_undated_answers_are_no_items() -> None:
    unreadable = items(*NINE, reading=Reading.UNREADABLE)
    undated = items(*NINE, first=EARLIEST, last=LATEST)
    assert assemble([], [*unreadable, *undated]) == ([], [])


def test_a_form_filled_over_two_days_is_dated_by_the_later() -> None:
    late = answer(PHQ9_ITEMS[0], 1, 2, response="one")
    made, _ = assemble([], [*items(*NINE, days_ago=3, response="one")[1:], late])
    assert only(made).first == TODAY - 2


def test_preliminary_answers_and_totals_stay_apart() -> None:
    preliminary = score(5, preliminary=True)
    made, issues = assemble([score(12), preliminary], items(*NINE[:-1], 3, preliminary=True))
    assert sorted(one.items for one in made) == [(), ()]
    assert preliminary in made
    assert not issues
