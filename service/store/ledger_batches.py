"""What is asked of the database for a ledger, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from service.store.ledger_chain import CLOSING, Head, Row
from service.store.ledger_schema import HeadRow, LedgerRow, WriterRow
from service.store.schema import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Table

ROWS: Final[Table] = LedgerRow.__table__  # type: ignore[attr-defined]
HEADS: Final[Table] = HeadRow.__table__  # type: ignore[attr-defined]
WRITERS: Final[Table] = WriterRow.__table__  # type: ignore[attr-defined]
ROW_COLUMNS: Final = [ROWS.c[name] for name in Row._fields]
HEAD_COLUMNS: Final = [HEADS.c[name] for name in Head._fields]
# A writer that was not seen for so long is not at work any more.
SILENT_SECONDS: Final = 60.0
_PAGE: Final = 1000


def put(connection: Connection, rows: Sequence[Row], heads: Sequence[Head]) -> None:
    """Writes rows and heads; a closing head ends the writer as well."""
    if rows:
        connection.execute(insert(ROWS), [row._asdict() for row in rows])
    if heads:
        connection.execute(insert(HEADS), [head._asdict() for head in heads])
        if heads[-1].kind == CLOSING:
            leave(connection, heads[-1].writer)


def require_columns(connection: Connection) -> None:
    """Raises what the database raises where a table or a column is not there, or somebody keeps it locked."""
    for columns in (ROW_COLUMNS, HEAD_COLUMNS):
        connection.execute(select(*columns).limit(0))


def last_row(connection: Connection, writer: str) -> tuple[int, str] | None:
    """Number and hash of the last row of a chain, if there is one."""
    found = connection.execute(
        select(ROWS.c.seq, ROWS.c.hash).where(ROWS.c.writer == writer).order_by(ROWS.c.seq.desc()).limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


def be_seen(connection: Connection, writer: str) -> None:
    """Notes that a writer is at work."""
    seen = connection.execute(update(WRITERS).where(WRITERS.c.writer == writer).values(seen_at=clock()))
    if not seen.rowcount:
        connection.execute(insert(WRITERS).values(writer=writer, seen_at=clock()))


def leave(connection: Connection, writer: str) -> None:
    """Notes that a writer has ended."""
    connection.execute(delete(WRITERS).where(WRITERS.c.writer == writer))


def alive(connection: Connection) -> frozenset[str]:
    """The writers that are at work."""
    recent = WRITERS.c.seen_at > clock() - SILENT_SECONDS
    return frozenset(connection.execute(select(WRITERS.c.writer).where(recent)).scalars())


def writers(connection: Connection) -> list[str]:
    """Every chain of which something is left."""
    known = select(ROWS.c.writer).union(select(HEADS.c.writer))
    return sorted(connection.execute(known).scalars())


def heads_of(connection: Connection, writer: str) -> list[Head]:
    """The heads of a chain in the order in which they were signed."""
    found = select(*HEAD_COLUMNS).where(HEADS.c.writer == writer).order_by(HEADS.c.seq, HEADS.c.number)
    return [Head(*row) for row in connection.execute(found)]


def rows_after(engine: Engine, writer: str, seq: int, at_each_page: Callable[[], None] = lambda: None) -> Iterator[Row]:
    """The rows of a chain after one, in order; some at a time, so that the database is not held up meanwhile.

    `at_each_page` is called before each of these times; what it raises ends the reading.
    """
    while True:
        at_each_page()
        some = select(*ROW_COLUMNS).where(ROWS.c.writer == writer, ROWS.c.seq > seq).order_by(ROWS.c.seq).limit(_PAGE)
        with engine.begin() as connection:
            page: list[Any] = [Row(*row) for row in connection.execute(some)]
        yield from page
        if len(page) < _PAGE:
            return
        seq = page[-1].seq


def row_of(connection: Connection, writer: str, seq: int) -> Row | None:
    """One row, if it is there."""
    found = connection.execute(select(*ROW_COLUMNS).where(ROWS.c.writer == writer, ROWS.c.seq == seq)).first()
    return None if found is None else Row(*found)
