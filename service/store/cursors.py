"""The cursors of subscriptions, each in a row that is locked while it moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, update
from sqlmodel import col, select

from service.store.gaps import Progress, closed, told_of
from service.store.inserting import insert_into
from service.store.schema import CursorRow, SeenRow, clock
from service.store.values import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel import Session


def save_cursor(session: Session, cursor: Cursor) -> None:
    """Writes all of a cursor, over what was known of its subscription."""
    values = cursor._asdict() | {
        "missing": list(cursor.missing),
        "heard_at": _seconds(cursor.heard_at),
        "since": _seconds(cursor.since),
    }
    statement = insert_into(session, CursorRow).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=["subscription"], set_=values))


def set_status(session: Session, subscription: str, status: str) -> None:
    """Writes the status alone."""
    session.execute(update(CursorRow).where(col(CursorRow.subscription) == subscription).values(status=status))


def set_wish(session: Session, subscription: str, wish: str) -> None:
    """Writes the wish alone."""
    session.execute(update(CursorRow).where(col(CursorRow.subscription) == subscription).values(wish=wish))


def ask_resync(session: Session, subscription: str) -> None:
    """Notes that all since the last whole recovery is in doubt."""
    asked = {"needs_resync": True, "resyncs": CursorRow.resyncs + 1}
    session.execute(update(CursorRow).where(col(CursorRow.subscription) == subscription).values(asked))


def cursor_of(session: Session, subscription: str) -> Cursor | None:
    """The cursor of a subscription, if it is known."""
    row = session.get(CursorRow, subscription)
    return None if row is None else _cursor(row)


def cursors(session: Session) -> list[Cursor]:
    """Every cursor, by subscription."""
    return [_cursor(row) for row in session.exec(select(CursorRow).order_by(col(CursorRow.subscription)))]


def drop_cursor(session: Session, subscription: str) -> None:
    """Forgets a subscription and what it has told of; patients whom it enqueued stay enqueued."""
    locked(session, subscription)
    session.execute(delete(SeenRow).where(col(SeenRow.subscription) == subscription))
    session.execute(delete(CursorRow).where(col(CursorRow.subscription) == subscription))


def heard(session: Session, subscription: str, counter: int | None) -> Cursor | None:
    """Notes a handshake or heartbeat; None when the subscription is not known."""
    row = locked(session, subscription)
    if row is None:
        return None
    if counter is not None:
        put_progress(row, told_of(progress_of(row), counter))
    row.heard_at = session.exec(select(clock())).one()
    return _cursor(row)


def recovered(
    session: Session, subscription: str, events: Iterable[int], since: datetime | None, resyncs: int | None
) -> None:
    """Notes events as recovered, and all up to `since`; a resync asked for after the first `resyncs` stays asked."""
    row = locked(session, subscription)
    if row is None:
        return
    progress = closed(progress_of(row), events)
    if since is not None:
        row.since = max(since.timestamp(), row.since or 0.0)
        if resyncs is None or resyncs == row.resyncs:
            progress = progress._replace(needs_resync=False)
    put_progress(row, progress)


def locked(session: Session, subscription: str) -> CursorRow | None:
    """The row of a subscription, which nobody else changes before this transaction ends."""
    return session.get(CursorRow, subscription, with_for_update=True)


def progress_of(row: CursorRow) -> Progress:
    """How far a subscription has come."""
    return Progress(row.last_event, tuple(row.missing), row.needs_resync, row.resyncs)


def put_progress(row: CursorRow, progress: Progress) -> None:
    """Writes how far a subscription has come."""
    row.last_event, row.needs_resync, row.resyncs = progress.last_event, progress.needs_resync, progress.resyncs
    row.missing = list(progress.missing)


def _cursor(row: CursorRow) -> Cursor:
    return Cursor(
        subscription=row.subscription,
        server=row.server,
        status=row.status,
        last_event=row.last_event,
        missing=tuple(row.missing),
        needs_resync=row.needs_resync,
        heard_at=_moment(row.heard_at),
        heartbeat_seconds=row.heartbeat_seconds,
        since=_moment(row.since),
        resyncs=row.resyncs,
        wish=row.wish,
    )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
