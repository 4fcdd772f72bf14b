"""Walking a chain: is every row as it was written, are all there, and do the signed heads agree?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, get_type_hints

from service.store.ledger_batches import heads_of, rows_after
from service.store.ledger_chain import CLOSING, PRUNED, End, Row, beginning, is_signed, is_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Engine

    from service.security.ledger_keys import PublicLedgerKey
    from service.store.ledger_chain import Head

CLOSED, OPEN, ENDED = "closed", "being written", "ended without a closing head"
_MOST_TOLD: Final = 20
_TYPES: Final = tuple(get_type_hints(Row).values())
_LOWEST: Final = -(2**62)


class Trusted(NamedTuple):
    """A head that can be believed, up to which all is whole; `newest` is the latest time of the rows until there."""

    head: Head
    newest: int


class Chain(NamedTuple):
    """What was found of one chain, whose rows after `first` and up to `last` are there.

    `faults` say what is broken, `doubts` what cannot be told. `newest` is the latest time of its rows.
    """

    writer: str
    first: int
    last: End
    ending: str
    faults: tuple[str, ...]
    doubts: tuple[str, ...]
    trusted: tuple[Trusted, ...]
    newest: int


def examine(
    engine: Engine,
    writer: str,
    keys: Sequence[PublicLedgerKey],
    *,
    alive: bool,
    at_each_page: Callable[[], None] = lambda: None,
) -> Chain:
    """Walks one chain; `alive` says that its writer is at work.

    Raises what the database raises, and what `at_each_page` does.
    """
    while True:
        heads = _heads(engine, writer)
        chain = _Walk(writer, heads, keys).chain(rows_after(engine, writer, _LOWEST, at_each_page), alive=alive)
        # Somebody may have pruned it meanwhile.
        if not chain.faults or _heads(engine, writer)[: len(heads)] == heads:
            return chain


def _heads(engine: Engine, writer: str) -> list[Head]:
    with engine.begin() as connection:
        return heads_of(connection, writer)


class _Walk:
    """One walk, from the row that the chain begins at now."""

    def __init__(self, writer: str, heads: Sequence[Head], keys: Sequence[PublicLedgerKey]) -> None:
        self._writer = writer
        self._keys = {key.kid: key for key in keys}
        self._faults: list[str] = []
        self._doubts: list[str] = []
        self._trusted: list[Trusted] = []
        self._forged: set[Head] = set()
        self._believed = {head for head in heads if self._is_believed(head)}
        pruned = [head for head in heads if head.kind == PRUNED and head not in self._forged]
        self._anchor = pruned[-1] if pruned else None
        self._heads = [head for head in heads if head.seq > self._first or head.kind == CLOSING]
        self._newest = 0
        self._numbers()

    @property
    def _first(self) -> int:
        return 0 if self._anchor is None else self._anchor.seq

    def _is_believed(self, head: Head) -> bool:
        key = self._keys.get(head.kid)
        if key is None:
            self._doubts.append(
                f"the {head.kind} head at row {head.seq} was signed with another key: give its public key with --key"
            )
            return False
        if not is_signed(head, key):
            self._faults.append(f"the {head.kind} head at row {head.seq} was changed, or made by somebody else")
            self._forged.add(head)
            return False
        return True

    def _numbers(self) -> None:
        """Heads are numbered, so that one that was taken out is missed by the next."""
        self._number = 0 if self._anchor is None else self._anchor.number
        for head in self._heads:
            if head.seq > self._first:
                if head.number != self._number + 1:
                    self._faults.append(f"a head before the one at row {head.seq} is missing")
                self._number = head.number

    def chain(self, rows: Iterable[Row], *, alive: bool) -> Chain:
        anchor = self._anchor
        end = beginning(self._writer) if anchor is None else End(anchor.seq, anchor.hash)
        waiting: dict[int, list[Head]] = {}
        for head in self._heads:
            waiting.setdefault(head.seq, []).append(head)
        self._compare(waiting.pop(end.seq, ()), end)
        for row in rows:
            if anchor is not None and row.seq <= anchor.seq:
                # Its deletion was begun.
                continue
            self._follow(row, end)
            end = End(row.seq, row.hash)
            self._newest = max(self._newest, _number(row.at))
            self._compare(waiting.pop(row.seq, ()), end)
        for seq in sorted(waiting):
            self._faults.append(f"row {seq}, for which a {waiting[seq][0].kind} head was signed, is missing")
        return self._found(end, alive=alive)

    def _follow(self, row: Row, end: End) -> None:
        if any(type(value) is not kind for value, kind in zip(row, _TYPES, strict=True)) or not is_sound(row):
            self._faults.append(f"row {row.seq} was changed")
        if row.seq != end.seq + 1:
            self._faults.append(f"rows {end.seq + 1} to {row.seq - 1} are missing")
        elif row.prev != end.hash:
            self._faults.append(f"row {row.seq} does not follow row {end.seq} as it is now")

    def _compare(self, heads: Iterable[Head], end: End) -> None:
        for head in heads:
            if head.hash != end.hash:
                self._faults.append(f"row {head.seq} is not the one that its {head.kind} head was signed for")
            if head in self._believed and not self._faults:
                self._trusted.append(Trusted(head, self._newest))

    def _found(self, end: End, *, alive: bool) -> Chain:
        closings = [head.seq for head in self._heads if head.kind == CLOSING and head not in self._forged]
        ending = CLOSED if closings else OPEN if alive else ENDED
        if closings and end.seq > closings[0]:
            self._faults.append(f"rows come after row {closings[0]}, at which the chain was closed")
        if ending == ENDED and not (self._anchor is not None and self._anchor.seq == end.seq):
            self._doubts.append(f"it ended without a closing head at row {end.seq}: a crash, or a cut tail")
        return Chain(
            self._writer,
            self._first,
            end._replace(number=self._number),
            ending,
            _some(self._faults),
            _some(self._doubts),
            tuple(self._trusted),
            self._newest,
        )


def _number(stored: object) -> int:
    """A database without types may hold anything where a number was."""
    return stored if isinstance(stored, int) else 0


def _some(told: Sequence[str]) -> tuple[str, ...]:
    more = len(told) - _MOST_TOLD
    return (*told[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else []))
