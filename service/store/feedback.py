"""What became of cards: one row a card, in which the latest decision stands, in whatever order the reports come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from service.store.inserting import insert_into
from service.store.schema import FeedbackRow, clock
from service.store.values import FeedbackCount, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlmodel import Session

    from service.store.values import CardFeedback

_AT_A_TIME: Final = 500


def take_feedback(session: Session, items: Iterable[CardFeedback], hashed: Callable[[str], str]) -> list[Told]:
    """Takes reports; those that tell nothing new, or came too late to matter, are not among what is returned."""
    now = session.execute(select(clock())).scalar_one()
    reports: dict[str, list[tuple[CardFeedback, float]]] = {}
    for item in items:
        at = now if item.at is None else min(item.at.timestamp(), now)
        reports.setdefault(hashed(item.card), []).append((item, at))
    # In one order, so that two who report the same cards never wait for each other.
    cards = sorted(reports)
    new = _inserted(session, [_values(card, *reports[card][0]) for card in cards])
    told = [Told(reports[card][0][0]) for card in cards if card in new]
    for row in _locked(session, cards):
        told += (one for item, at in reports[row.card] if (one := _replaced(row, item, at)) is not None)
    return told


def _values(card: str, item: CardFeedback, at: float) -> dict[str, Any]:
    return item._asdict() | {"card": card, "at": at}


def _inserted(session: Session, rows: Sequence[dict[str, Any]]) -> set[str]:
    """The cards that nobody had reported; from now on they are."""
    if not rows:
        return set()
    statement = insert_into(session, FeedbackRow).on_conflict_do_nothing(index_elements=["card"])
    return set(session.execute(statement.returning(col(FeedbackRow.card)), rows).scalars())


def _locked(session: Session, cards: Sequence[str]) -> Iterator[FeedbackRow]:
    """The rows of cards, which nobody else changes before this transaction ends."""
    for start in range(0, len(cards), _AT_A_TIME):
        some = col(FeedbackRow.card).in_(cards[start : start + _AT_A_TIME])
        yield from session.execute(
            select(FeedbackRow).where(some).order_by(col(FeedbackRow.card)).with_for_update()
        ).scalars()


def _replaced(row: FeedbackRow, item: CardFeedback, at: float) -> Told | None:
    """Writes a later decision over an earlier one."""
    if at <= row.at:
        return None
    instead, row.outcome, row.reason, row.at = row.outcome, item.outcome, item.reason, at
    return None if instead == item.outcome else Told(item, instead)


def feedback_counts(session: Session) -> list[FeedbackCount]:
    """How many cards had which outcome and why, by rule and version."""
    groups = [col(one) for one in (FeedbackRow.rule, FeedbackRow.version, FeedbackRow.outcome, FeedbackRow.reason)]
    counted = select(*groups, func.count()).group_by(*groups).order_by(*groups)
    return [FeedbackCount(*row) for row in session.execute(counted)]
