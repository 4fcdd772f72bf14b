"""Which events are new, which repeated, which missing: the arithmetic alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.gaps import LARGEST, MOST_MISSING, Arrival, Progress, arrived, closed, told_of

AT_20 = Progress(20)


@given(st.permutations(range(1, 31)), st.sets(st.integers(1, 30)), st.data())
def test_in_any_order_each_event_is_new_once_and_what_never_came_is_missing(
    order: list[int], lost: set[int], data: st.DataObject
) -> None:
    progress = Progress(0)
    new: list[int] = []
    came = [number for number in order if number not in lost]
    repeats = data.draw(st.lists(st.sampled_from(came), max_size=20)) if came else []
    for number in [*came, *repeats]:
        arrival = arrived(progress, (number,), None, unseen=False)
        progress = arrival.progress
        new += arrival.new
    assert new == came
    assert progress.last_event == max(came, default=0)
    assert set(progress.missing) == {number for number in lost if number < max(came, default=0)}
    assert list(progress.missing) == sorted(progress.missing)
    assert not progress.needs_resync


@given(st.lists(st.one_of(st.integers(0, 40), st.sets(st.integers(0, 40), max_size=4)), max_size=20))
def test_whatever_comes_missing_lies_below_the_last_and_is_in_order(steps: list[int | set[int]]) -> None:
    progress = Progress()
    for step in steps:
        if isinstance(step, int):
            progress = told_of(progress, step)
        else:
            progress = arrived(progress, step, None, unseen=False).progress
        assert list(progress.missing) == sorted(set(progress.missing))
        assert all(0 < number < (progress.last_event or 0) + 1 for number in progress.missing)


def test_events_of_one_notice_leave_no_gap_between_them() -> None:
    many = range(1, 5 * MOST_MISSING)
    assert arrived(Progress(), many, None, unseen=False).progress == Progress(many[-1])


@pytest.mark.parametrize(("skipped", "missing"), [(MOST_MISSING, MOST_MISSING), (MOST_MISSING + 1, 0)])
def test_past_a_thousand_missing_all_is_in_doubt(skipped: int, missing: int) -> None:
    progress = arrived(AT_20, (21 + skipped,), None, unseen=False).progress
    assert len(progress.missing) == missing
    assert progress.needs_resync == (not missing)
    assert progress.last_event == 21 + skipped


def test_a_number_quintillions_ahead_is_counted_and_not_listed() -> None:
    assert arrived(AT_20, (LARGEST,), LARGEST, unseen=False).progress == Progress(LARGEST, (), True, 1)


def test_earlier_gaps_count_towards_the_thousand() -> None:
    progress = told_of(told_of(AT_20, 620), 1020)
    assert len(progress.missing) == 1000
    assert told_of(progress, 1021) == Progress(1021, (), True, 1)


def test_while_a_resync_is_needed_no_event_is_taken_for_repeated() -> None:
    doubtful = Progress(50, (), needs_resync=True)
    assert arrived(doubtful, (7,), 50, unseen=False).new == {7}


def test_the_counter_of_a_notice_tells_of_events_that_did_not_come() -> None:
    assert arrived(AT_20, (21,), 23, unseen=True).progress == Progress(23, (22, 23))


def test_an_older_counter_of_a_late_notice_is_no_new_beginning() -> None:
    late = arrived(Progress(23, (22,)), (22,), 22, unseen=True)
    assert late == Arrival(Progress(23), frozenset({22}))


def test_numbers_from_the_beginning_with_a_resource_never_seen_are_a_new_beginning() -> None:
    assert arrived(AT_20, (1,), 1, unseen=True) == Arrival(Progress(1, (), True, 1), frozenset({1}))


def test_a_repeated_number_with_a_new_version_is_new_and_moves_nothing() -> None:
    assert arrived(AT_20, (20,), 20, unseen=True) == Arrival(AT_20, frozenset({20}))


def test_a_notice_without_numbers_counts_nothing() -> None:
    assert arrived(Progress(), (), None, unseen=True).progress == Progress()


def test_a_counter_that_goes_back_puts_all_in_doubt() -> None:
    assert told_of(Progress(20, (3,)), 0) == Progress(0, (), True, 1)
    assert told_of(AT_20, 20) == AT_20
    assert told_of(Progress(), 0) == Progress(0)


def test_what_is_recovered_is_not_missing() -> None:
    assert closed(Progress(9, (2, 5, 7)), (5, 6)) == Progress(9, (2, 7))


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_what_is_no_number_of_fhir_is_refused(number: int) -> None:
    for ask in (
        lambda: told_of(AT_20, number),
        lambda: arrived(AT_20, (number,), None, unseen=False),
        lambda: arrived(AT_20, (21,), number, unseen=False),
    ):
        with pytest.raises(ValueError, match="whole numbers"):
            ask()
