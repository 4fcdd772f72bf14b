"""Retention: what is old is deleted up to a signed head, which then stands where the chain begins.

The head of the place that a chain now begins at is signed anew, as `pruned`: who else deletes rows cannot leave one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import delete, func, insert, select

from service.store import ledger_batches
from service.store.database import reading
from service.store.ledger_batches import HEADS, ROWS
from service.store.ledger_chain import PERIODIC, PRUNED, End, moment, signed_head
from service.store.ledger_walk import ENDED, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from service.security.ledger_keys import LedgerKeys, PublicLedgerKey
    from service.store.ledger_chain import Head
    from service.store.ledger_walk import Chain

_AT_ONCE: Final = 5000


class PruningEnded(Exception):
    """Whoever prunes has to stop now; what is left goes with the next time."""


class Pruned(NamedTuple):
    """What was deleted of one chain, up to which row; or why nothing was."""

    writer: str
    rows: int
    seq: int
    refused: str = ""


def prune(
    engine: Engine,
    keys: LedgerKeys,
    known: Sequence[PublicLedgerKey],
    before: int,
    go_on: Callable[[], None] = lambda: None,
) -> list[Pruned]:
    """Deletes rows from before a moment (microseconds since 1970); `known` check what was signed.

    A chain that is broken is left as it is, for whoever has to find out why. `go_on` is called again and again, and
    raises `PruningEnded` to end it. Raises what the database raises.
    """
    # Whole chains are read: nobody who records waits meanwhile.
    beside = reading(engine)
    pruned: list[Pruned] = []
    with suppress(PruningEnded):
        with beside.begin() as connection:
            names, alive = ledger_batches.writers(connection), ledger_batches.alive(connection)
        for name in names:
            go_on()
            chain = examine(beside, name, known, alive=name in alive, at_each_page=go_on)
            done = _prune_one(engine, keys, chain, before, go_on)
            pruned += [] if done is None else [done]
    return pruned


def _prune_one(engine: Engine, keys: LedgerKeys, chain: Chain, before: int, go_on: Callable[[], None]) -> Pruned | None:
    if chain.faults:
        return Pruned(chain.writer, 0, chain.first, chain.faults[0])
    end = _up_to(chain, before)
    if end is not None:
        _anchor(engine, signed_head(keys, chain.writer, end, PRUNED, moment()))
    # Where nothing is to be pruned, what an earlier pruning left because it was ended.
    seq = chain.first if end is None else end.seq
    rows = _deleted(engine, chain.writer, seq, go_on) if seq else 0
    return Pruned(chain.writer, rows, seq) if rows else None


def _up_to(chain: Chain, before: int) -> End | None:
    """The last head whose rows are all old; of a chain that its writer left without one, its end."""
    ended = chain.ending == ENDED and chain.last.seq > chain.first and len(chain.doubts) == 1
    if ended and chain.newest < before:
        return chain.last
    old = [one.head for one in chain.trusted if one.newest < before and one.head.seq > chain.first]
    return End(old[-1].seq, old[-1].hash, old[-1].number) if old else None


def _anchor(engine: Engine, head: Head) -> None:
    """From now on the chain begins here, although the rows before are there still."""
    with engine.begin() as connection:
        present = HEADS.c.writer == head.writer, HEADS.c.seq == head.seq, HEADS.c.kind == head.kind
        if connection.execute(select(HEADS.c.seq).where(*present)).first() is None:
            connection.execute(insert(HEADS), [head._asdict()])


def _deleted(engine: Engine, writer: str, seq: int, go_on: Callable[[], None]) -> int:
    """Deletes some at a time, so that nobody who writes waits for long; how many rows it were."""
    deleted = 0
    while True:
        go_on()
        with engine.begin() as connection:
            mine = ROWS.c.writer == writer, ROWS.c.seq <= seq
            least = connection.execute(select(func.min(ROWS.c.seq)).where(*mine)).scalar()
            if least is None:
                _drop_heads(connection, writer, seq)
                return deleted
            deleted += connection.execute(delete(ROWS).where(*mine, ROWS.c.seq < least + _AT_ONCE)).rowcount


def _drop_heads(connection: Connection, writer: str, seq: int) -> None:
    """The heads before where the chain begins now say nothing any more; that it was closed is still told."""
    earlier = (HEADS.c.kind == PERIODIC) | ((HEADS.c.kind == PRUNED) & (HEADS.c.seq < seq))
    connection.execute(delete(HEADS).where(HEADS.c.writer == writer, HEADS.c.seq <= seq, earlier))
