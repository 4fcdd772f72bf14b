"""What the ledger gives and takes; plain values that know no database."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class LedgerFull(Exception):
    """As many rows wait to be written as are kept; nothing more is taken for now."""


class Place(NamedTuple):
    """Where a row stands: in whose chain, and which it is there, from 1."""

    writer: str
    seq: int


class Pace(NamedTuple):
    """How a writer works: `gives_up` is how long a batch is tried before those who wait for it are told that it failed.

    Where it `is_deferred` nobody waits: rows are kept until they can be written, `lingers` seconds at first so that
    some are written together. A head is signed after each `head_rows` rows, and `head_seconds` after the last one where
    rows came since.
    """

    is_deferred: bool = False
    head_rows: int = 1000
    most_waiting: int = 1000
    gives_up: float = 3.0
    lingers: float = 0.0
    shows_each: float = 10.0
    head_seconds: float = 86_400.0


class Numbers(Protocol):
    """Who counts what is written."""

    def ledger_written(self, rows: int) -> None:
        """A batch of so many rows is in the database."""

    def ledger_failed(self) -> None:
        """A try to write has failed."""

    def ledger_waits(self, rows: int, seconds: float) -> None:
        """So many rows wait to be written, the oldest for so long."""
