"""The tables. Their names begin with the product's, for a database may serve others too; times are Unix seconds."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, Double, Index
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field, SQLModel


class clock(FunctionElement[float]):
    """The time by the database's clock, in Unix seconds: workers may not agree on the time, their database does."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _in_sqlite(_element: clock, _compiler: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(clock, "postgresql")
def _in_postgresql(_element: clock, _compiler: Any, **_options: Any) -> str:
    # now() would stand still while a transaction waits for another.
    return "(extract(epoch from clock_timestamp())::double precision)"


class LeaseRow(SQLModel, table=True):
    """Who holds a lease, and until when; the name is kept as a hash."""

    __tablename__ = "moodmarker_lease"
    name: str = Field(primary_key=True)
    holder: str
    ends_at: float = Field(sa_type=Double, index=True)


class WorkRow(SQLModel, table=True):
    """One patient to be assessed; while somebody works on it, `holder` is who and `held_until` how long.

    After a try that failed it is not tried again before `rests_until`, whatever comes.
    """

    __tablename__ = "moodmarker_work"
    server: str = Field(primary_key=True)
    patient: str = Field(primary_key=True)
    generation: int = Field(sa_type=BigInteger)
    attempts: int
    due_at: float = Field(sa_type=Double, index=True)
    holder: str | None
    held_until: float = Field(sa_type=Double)
    rests_until: float = Field(sa_type=Double)


class CursorRow(SQLModel, table=True):
    """One subscription: the fields of `Cursor`."""

    __tablename__ = "moodmarker_cursor"
    subscription: str = Field(primary_key=True)
    server: str
    status: str
    last_event: int | None = Field(sa_type=BigInteger)
    missing: list[int] = Field(sa_column=Column(JSON, nullable=False))
    needs_resync: bool
    resyncs: int
    heard_at: float | None = Field(sa_type=Double)
    heartbeat_seconds: int | None
    since: float | None = Field(sa_type=Double)
    wish: str


class SeenRow(SQLModel, table=True):
    """The hash of a resource's version, or of an event, that a subscription has told of, until it is forgotten."""

    __tablename__ = "moodmarker_seen"
    __table_args__ = (Index("ix_moodmarker_seen_age", "subscription", "ends_at"),)
    subscription: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    ends_at: float = Field(sa_type=Double)


class ShownRow(SQLModel, table=True):
    """A card that was shown: hashes of what it said to whom, and of the hook call that it was shown in."""

    __tablename__ = "moodmarker_shown"
    digest: str = Field(primary_key=True)
    instance: str
    ends_at: float = Field(sa_type=Double, index=True)


class TokenRow(SQLModel, table=True):
    """The hash of a token that was used, until it would not be taken any more."""

    __tablename__ = "moodmarker_token"
    digest: str = Field(primary_key=True)
    ends_at: float = Field(sa_type=Double, index=True)


class FeedbackRow(SQLModel, table=True):
    """What became of a card: its hash, the fields of `CardFeedback`, and when it was decided."""

    __tablename__ = "moodmarker_feedback"
    card: str = Field(primary_key=True)
    rule: str
    version: str
    digest: str
    outcome: str
    reason: str
    at: float = Field(sa_type=Double)


TABLES: Final = SQLModel.metadata
