"""The end of one chain, and how it moves: a batch is in the database, or not, and which of both is always found out.

When a connection is lost while a batch is committed nobody knows whether it landed. It is looked for before anything
else is written, by its last row, which no other batch has; the chain's end moves only when that is known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from service.store import ledger_batches
from service.store.database import LEDGER
from service.store.faults import failed
from service.store.ledger_chain import CLOSING, PERIODIC, End, beginning, moment, next_row, signed_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from service.security.ledger_keys import LedgerKeys
    from service.store.ledger_chain import Entry, Head, Row


class _Batch(NamedTuple):
    rows: Sequence[Row]
    heads: Sequence[Head]
    after: End


class ChainEnd:
    """The chain of one writer; for one thread."""

    def __init__(self, engine: Engine, keys: LedgerKeys, name: str, head_rows: int) -> None:
        """`name` is a new one at each start: two processes never share a chain."""
        self.name = name
        self.end = beginning(name)
        self.headed = 0
        self.headed_at = time.monotonic()
        self._engine = engine
        self._keys = keys
        self._head_rows = head_rows
        self._doubtful: list[_Batch] = []

    def show(self) -> None:
        """Notes in the database that the writer is at work, and that the ledger can be read."""
        with self._engine.begin() as connection:
            ledger_batches.require_columns(connection)
            ledger_batches.be_seen(connection, self.name)

    def append(self, entries: Sequence[Entry]) -> int:
        """Writes rows, unless a try before has; the number of the first. Raises what the database raises."""
        landed = self._settled()
        if landed is not None and tuple(entries) == tuple(_entry_of(row) for row in landed.rows):
            return landed.rows[0].seq
        batch = self._made(entries)
        self._commit(batch)
        return batch.rows[0].seq

    def sign(self, kind: str = PERIODIC) -> None:
        """Signs a head at the end of the chain, unless a try before has; a closing one ends the writer."""
        landed = self._settled()
        if landed is not None and any(head.kind == kind for head in landed.heads):
            return
        if kind == CLOSING and not self.end.seq:
            with self._engine.begin() as connection:
                ledger_batches.leave(connection, self.name)
        elif kind == CLOSING or self.end.seq > self.headed:
            after = self.end._replace(number=self.end.number + 1)
            head = signed_head(self._keys, self.name, after, kind, moment())
            self._commit(_Batch((), (head,), after))

    def _made(self, entries: Sequence[Entry]) -> _Batch:
        rows: list[Row] = []
        heads: list[Head] = []
        end = self.end
        for entry in entries:
            row = next_row(self.name, end, entry)
            rows.append(row)
            end = End(row.seq, row.hash, end.number)
            if row.seq % self._head_rows == 0:
                end = end._replace(number=end.number + 1)
                heads.append(signed_head(self._keys, self.name, end, PERIODIC, row.at))
        return _Batch(rows, heads, end)

    def _commit(self, batch: _Batch) -> None:
        with self._engine.connect() as connection, connection.begin() as transaction:
            if not batch.rows:
                # Keeps who looks for this head waiting until it has landed or not.
                ledger_batches.be_seen(connection, self.name)
            ledger_batches.put(connection, batch.rows, batch.heads)
            # From here on nobody knows, until the database has said so.
            self._doubtful.append(batch)
            transaction.commit()
        self._advance(batch)

    def _settled(self) -> _Batch | None:
        """The batch of which nobody knew and which has landed; the chain then has moved on."""
        if not self._doubtful:
            return None
        with self._engine.begin() as connection:
            ledger_batches.be_seen(connection, self.name)
            landed = next((batch for batch in self._doubtful if self._has_landed(connection, batch)), None)
            last = ledger_batches.last_row(connection, self.name)
        if landed is not None:
            self._advance(landed)
        if last is not None and last[0] > self.end.seq:
            raise failed(LEDGER, "is written to by somebody else in this writer's name; find out who may sign in to it")
        return landed

    def _has_landed(self, connection: Connection, batch: _Batch) -> bool:
        if batch.rows:
            found = ledger_batches.row_of(connection, self.name, batch.after.seq)
            return found is not None and found.hash == batch.after.hash
        return any(head in batch.heads for head in ledger_batches.heads_of(connection, self.name))

    def _advance(self, batch: _Batch) -> None:
        self.end = batch.after
        self._doubtful.clear()
        for head in batch.heads:
            self.headed, self.headed_at = head.seq, time.monotonic()
            # A log that is kept elsewhere vouches for the chain up to here.
            structlog.get_logger().info(
                "ledger head", writer=self.name, seq=head.seq, hash=head.hash, kind=head.kind, number=head.number
            )


def _entry_of(row: Row) -> tuple[object, ...]:
    return tuple(row[2:-2])
