"""Leases: the right to do something alone, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_
from sqlmodel import col

from service.store.forgetting import forget_run_out
from service.store.inserting import insert_into
from service.store.schema import LeaseRow, clock

if TYPE_CHECKING:
    from sqlmodel import Session


def take_lease(session: Session, name: str, holder: str, seconds: float) -> bool:
    """Takes a lease that is free, run out or the holder's own; False when it is another's."""
    ends_at = clock() + seconds
    free = or_(col(LeaseRow.holder) == holder, col(LeaseRow.ends_at) <= clock())
    statement = insert_into(session, LeaseRow).values(name=name, holder=holder, ends_at=ends_at)
    taken = session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"holder": holder, "ends_at": ends_at}, where=free
        ).returning(col(LeaseRow.name))
    ).first()
    forget_run_out(session, LeaseRow)
    return taken is not None


def release_lease(session: Session, name: str, holder: str) -> None:
    """Gives a lease back; nothing happens if it is another's by now."""
    session.execute(delete(LeaseRow).where(col(LeaseRow.name) == name, col(LeaseRow.holder) == holder))
