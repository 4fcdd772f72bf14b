"""INSERT with ON CONFLICT, which the databases share but each names for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlmodel import Session, SQLModel


def insert_into(session: Session, row: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the session's own database into a row's table."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(row)
