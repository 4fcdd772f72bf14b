"""The tables of the ledger. Times of decisions are microseconds since 1970: no database rounds what is hashed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double
from sqlmodel import Field, SQLModel


class LedgerRow(SQLModel, table=True):
    """One decision, in the chain of the process that made it.

    `verdicts` and `shadow` are JSON objects from rule to verdict, `flags` one from the pseudonym of a Flag's identifier
    to a list: the `state` of each Flag of that identifier, and for cards how it was `told`. `replaces` is the decision
    that this one takes the place of, or empty. `subject` and `input` are pseudonyms too. `hash` is over all the others.
    """

    __tablename__ = "moodmarker_ledger"
    writer: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    decision: str
    replaces: str
    at: int = Field(sa_type=BigInteger)
    way: str
    caller: str
    rule_set: str
    verdicts: str
    shadow: str
    flags: str
    subject: str
    input: str
    duration: int = Field(sa_type=BigInteger)
    prev: str
    hash: str


class HeadRow(SQLModel, table=True):
    """A signature under a chain up to a row: `kind` is periodic, closing, or pruned for where a chain now begins."""

    __tablename__ = "moodmarker_ledger_head"
    writer: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    hash: str
    at: int = Field(sa_type=BigInteger)
    kid: str
    signature: str


class WriterRow(SQLModel, table=True):
    """A writer that has not ended its chain, and when it was last seen by the database's clock."""

    __tablename__ = "moodmarker_ledger_writer"
    writer: str = Field(primary_key=True)
    seen_at: float = Field(sa_type=Double)
