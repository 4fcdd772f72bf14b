"""The work queue: one row a patient, deleted when their work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, case, delete, func, or_, update
from sqlmodel import col, select

from service.store.inserting import insert_into
from service.store.schema import WorkRow, clock
from service.store.values import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.elements import SQLCoreOperations
    from sqlmodel import Session

_FREE: Final = or_(col(WorkRow.holder).is_(None), col(WorkRow.held_until) <= clock())


def enqueue(session: Session, server: str, patients: Iterable[str], delay_seconds: float) -> None:
    """Adds patients, each once: one who waits already keeps the earlier time and gets the next generation.

    What is new may mend what failed, and is never given up for tries that did not know it: the tries are counted anew.
    """
    statement = insert_into(session, WorkRow).values(
        server=server,
        patient=bindparam("patient"),
        generation=1,
        attempts=0,
        due_at=clock() + delay_seconds,
        holder=None,
        held_until=0.0,
        rests_until=0.0,
    )
    asked = _later(statement.excluded.due_at, col(WorkRow.rests_until))
    # Somebody may work on what was known before: what is new comes after them.
    due_at = case((_held(), asked), (asked < WorkRow.due_at, asked), else_=WorkRow.due_at)
    attempts = case((_held(), WorkRow.attempts), else_=0)
    changed = {"generation": WorkRow.generation + 1, "due_at": due_at, "attempts": attempts}
    # In one order, so that two who enqueue the same patients never wait for each other.
    rows = [{"patient": patient} for patient in sorted(set(patients))]
    if rows:
        session.execute(statement.on_conflict_do_update(index_elements=["server", "patient"], set_=changed), rows)


def take_work(session: Session, holder: str, seconds: float) -> Work | None:
    """Takes the patient who has been due longest and whom nobody works on; None when there is none."""
    row = session.exec(
        select(WorkRow.server, WorkRow.patient, WorkRow.generation, WorkRow.attempts)
        .where(col(WorkRow.due_at) <= clock(), _FREE)
        .order_by(col(WorkRow.due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    work = Work(*row)
    session.execute(update(WorkRow).where(_row_of(work)).values(holder=holder, held_until=clock() + seconds))
    return work


def keep_work(session: Session, work: Work, holder: str, seconds: float) -> bool:
    """Holds on to work for longer; False when it is another's, or nobody's, by now."""
    kept = session.execute(
        update(WorkRow)
        .where(_is_held_by(work, holder))
        .values(held_until=clock() + seconds)
        .returning(col(WorkRow.patient))
    )
    return kept.first() is not None


def finish_work(session: Session, work: Work, holder: str) -> None:
    """Deletes work that is done, or gives it back when the patient was enqueued again meanwhile."""
    same = col(WorkRow.generation) == work.generation
    session.execute(delete(WorkRow).where(_is_held_by(work, holder), same))
    session.execute(update(WorkRow).where(_is_held_by(work, holder)).values(attempts=0, holder=None, held_until=0.0))


def postpone_work(session: Session, work: Work, holder: str, seconds: float, least_seconds: float) -> None:
    """Gives work back that failed, to be tried again later, or after the least pause if the patient has news."""
    same = col(WorkRow.generation) == work.generation
    rests_until = clock() + min(least_seconds, seconds)
    changed = {
        "attempts": case((same, WorkRow.attempts + 1), else_=0),
        "due_at": case((same, clock() + seconds), else_=_later(col(WorkRow.due_at), rests_until)),
        "rests_until": rests_until,
        "holder": None,
        "held_until": 0.0,
    }
    session.execute(update(WorkRow).where(_is_held_by(work, holder)).values(changed))


def waiting(session: Session) -> int:
    """How many patients are in the queue, those being worked on among them."""
    return session.exec(select(func.count()).select_from(WorkRow)).one()


def _later(one: SQLCoreOperations[float], other: SQLCoreOperations[float]) -> ColumnElement[float]:
    return case((one > other, one), else_=other)


def _held() -> ColumnElement[bool]:
    return and_(col(WorkRow.holder).is_not(None), col(WorkRow.held_until) > clock())


def _row_of(work: Work) -> ColumnElement[bool]:
    return and_(col(WorkRow.server) == work.server, col(WorkRow.patient) == work.patient)


def _is_held_by(work: Work, holder: str) -> ColumnElement[bool]:
    # A claim that has run out and that nobody else took still stands.
    return and_(_row_of(work), col(WorkRow.holder) == holder)
