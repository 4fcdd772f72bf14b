"""Does the latest decision about a card stand, in whatever order and however often it is reported?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from service.store import CardFeedback, FeedbackCount, Store, Told

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRST = CardFeedback("card", "rule", "1.0.0", "ab", "overridden", "not-now", NOON)
LATER = FIRST._replace(outcome="accepted", reason="", at=NOON + timedelta(hours=1))


def count(outcome: str, reason: str = "", cards: int = 1, version: str = "1.0.0") -> FeedbackCount:
    return FeedbackCount("rule", version, outcome, reason, cards)


async def test_a_new_card_is_told_and_a_repetition_is_not(store: Store) -> None:
    assert await store.take_feedback([FIRST]) == [Told(FIRST)]
    for _ in range(3):
        assert await store.take_feedback([FIRST, FIRST]) == []
    assert await store.feedback_counts() == [count("overridden", "not-now")]


async def test_a_later_decision_takes_the_place_of_the_earlier(store: Store) -> None:
    await store.take_feedback([FIRST])
    assert await store.take_feedback([LATER]) == [Told(LATER, "overridden")]
    assert await store.feedback_counts() == [count("accepted")]


async def test_an_earlier_one_that_comes_late_changes_nothing(store: Store) -> None:
    assert await store.take_feedback([LATER]) == [Told(LATER)]
    assert await store.take_feedback([FIRST]) == []
    assert await store.feedback_counts() == [count("accepted")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_one_batch_the_latest_stands_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    third = FIRST._replace(reason="disagree", at=NOON + timedelta(hours=2))
    batch = [FIRST, LATER, third]
    told = await store.take_feedback([batch[index] for index in order])
    assert len(told) - sum(bool(one.instead) for one in told) == 1
    assert await store.feedback_counts() == [count("overridden", "disagree")]


async def test_another_reason_for_the_same_is_kept_and_not_told(store: Store) -> None:
    await store.take_feedback([FIRST])
    assert await store.take_feedback([FIRST._replace(reason="disagree", at=NOON + timedelta(minutes=1))]) == []
    assert await store.feedback_counts() == [count("overridden", "disagree")]


async def test_without_a_time_it_is_now_and_no_time_is_to_come(store: Store) -> None:
    await store.take_feedback([FIRST._replace(at=datetime(2999, 1, 1, tzinfo=UTC))])
    await asyncio.sleep(0.01)
    now = LATER._replace(at=None)
    assert await store.take_feedback([now]) == [Told(now, "overridden")]


async def test_a_card_stays_of_the_version_that_it_was_reported_with(store: Store) -> None:
    await store.take_feedback([FIRST])
    await store.take_feedback([LATER._replace(version="2.0.0")])
    assert await store.feedback_counts() == [count("accepted")]


async def test_cards_are_counted_by_version_outcome_and_reason(store: Store) -> None:
    cards = [FIRST._replace(card=f"card-{number}", version=f"1.{number % 2}.0") for number in range(5)]
    accepted = [LATER._replace(card="a", rule="another")]
    assert len(await store.take_feedback([*cards, *accepted])) == 6
    assert sorted(await store.feedback_counts()) == [
        FeedbackCount("another", "1.0.0", "accepted", "", 1),
        count("overridden", "not-now", 3),
        count("overridden", "not-now", 2, "1.1.0"),
    ]


async def test_many_who_report_the_same_cards_at_once_tell_each_once(store: Store) -> None:
    cards = [FIRST._replace(card=f"card-{number}") for number in range(50)]
    told = await asyncio.gather(*(store.take_feedback(cards[::step]) for step in (1, -1, 1, -1, 1, -1)))
    assert sorted(one.feedback.card for some in told for one in some) == sorted(card.card for card in cards)
