"""Verifying a whole ledger, and what somebody outside of it knows of it: a place that was told, or a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.store import ledger_batches
from service.store.ledger_chain import is_sound
from service.store.ledger_walk import examine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from service.security.ledger_keys import PublicLedgerKey
    from service.store.ledger_walk import Chain


class Known(NamedTuple):
    """What is known of a row from elsewhere: where it is, and some of its columns."""

    writer: str
    seq: int
    columns: Mapping[str, str | int] = {}


class Finding(NamedTuple):
    """What becomes of something known: it is `broken`, or cannot be told, or both are not and it stands."""

    broken: str = ""
    unsure: str = ""


def chains(engine: Engine, keys: Sequence[PublicLedgerKey]) -> Iterator[Chain]:
    """Every chain, walked one after the other. Raises what the database raises."""
    with engine.begin() as connection:
        names, alive = ledger_batches.writers(connection), ledger_batches.alive(connection)
    for name in names:
        yield examine(engine, name, keys, alive=name in alive)


def look_up(engine: Engine, known: Known, keys: Sequence[PublicLedgerKey]) -> Finding:
    """Whether the ledger agrees with what is known; the row's chain is looked at only where the row is not there."""
    with engine.begin() as connection:
        row = ledger_batches.row_of(connection, known.writer, known.seq)
        heads = ledger_batches.heads_of(connection, known.writer)
    place = f"row {known.seq} of {known.writer}"
    if row is not None:
        values = row._asdict()
        differing = [name for name, value in known.columns.items() if values[name] != value]
        if not is_sound(row):
            return Finding(broken=f"{place} was changed")
        return Finding(broken=f"{place} differs in: {', '.join(differing)}" if differing else "")
    chain = examine(engine, known.writer, keys, alive=False)
    if known.seq <= chain.first:
        unbelieved = {head.kid for head in heads} - {key.kid for key in keys}
        why = "by a key that is not known" if unbelieved else "and its chain begins after it"
        return Finding(unsure=f"{place} was pruned, {why}")
    return Finding(broken=f"{place} is missing: its chain ends at row {chain.last.seq}")
