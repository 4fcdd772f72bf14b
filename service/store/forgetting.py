"""Deleting what has an end, once that has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, inspect
from sqlmodel import col, select

from service.store.schema import clock

if TYPE_CHECKING:
    from sqlmodel import Session

    from service.store.schema import LeaseRow, ShownRow, TokenRow


def forget_run_out(session: Session, row: type[LeaseRow] | type[ShownRow] | type[TokenRow]) -> None:
    """Deletes the rows that have run out; those that others are about to take are passed over."""
    (key,) = inspect(row).primary_key
    run_out = select(key).where(col(row.ends_at) <= clock()).with_for_update(skip_locked=True)
    session.execute(delete(row).where(key.in_(run_out)))
