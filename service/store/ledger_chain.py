"""How rows make a chain, and what a head signs; plain values that know no database."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.security.ledger_keys import LedgerKeys, PublicLedgerKey

PERIODIC: Final = "periodic"
CLOSING: Final = "closing"
PRUNED: Final = "pruned"
_DAY: Final = 86_400_000_000
_encode: Final = msgspec.json.Encoder().encode


def moment(days_ago: int = 0) -> int:
    """Now, or so many days ago, in microseconds since 1970, as rows and heads tell times."""
    return time.time_ns() // 1000 - days_ago * _DAY


class Entry(NamedTuple):
    """One decision as it is to be written; `LedgerRow` says what the fields hold."""

    decision: str
    replaces: str
    at: int
    way: str
    caller: str
    rule_set: str
    verdicts: str
    shadow: str
    flags: str
    subject: str
    input: str
    duration: int


class Row(NamedTuple):
    """One row as it is stored, in the order in which its columns are hashed."""

    writer: str
    seq: int
    decision: str
    replaces: str
    at: int
    way: str
    caller: str
    rule_set: str
    verdicts: str
    shadow: str
    flags: str
    subject: str
    input: str
    duration: int
    prev: str
    hash: str


class Head(NamedTuple):
    """A signature under a chain up to `seq`; `number` counts those of a chain, so that none can be taken out."""

    writer: str
    seq: int
    kind: str
    number: int
    hash: str
    at: int
    kid: str
    signature: str


class End(NamedTuple):
    """How far a chain has come: its last row, and the number of its last head."""

    seq: int
    hash: str
    number: int = 0


def beginning(writer: str) -> End:
    """Before the first row of a writer, whose name stands for the row before it."""
    return End(0, sha256(writer.encode()).hexdigest())


def next_row(writer: str, end: End, entry: Entry) -> Row:
    """The row that comes after the end of a chain."""
    content = (writer, end.seq + 1, *entry, end.hash)
    return Row(*content, _hashed(content))


def is_sound(row: Row) -> bool:
    """Whether a row's hash is that of its other columns."""
    return row.hash == _hashed(row[:-1])


def _hashed(content: Sequence[Any]) -> str:
    # A JSON array of texts and whole numbers can be read in one way only.
    return sha256(_encode(content)).hexdigest()


def signed_head(keys: LedgerKeys, writer: str, end: End, kind: str, at: int) -> Head:
    """A head at the end of a chain; `end.number` is its own."""
    unsigned = Head(writer, end.seq, kind, end.number, end.hash, at, keys.public.kid, "")
    return unsigned._replace(signature=keys.sign(_signed_part(unsigned)))


def is_signed(head: Head, key: PublicLedgerKey) -> bool:
    """Whether a head is signed with this key."""
    return key.kid == head.kid and key.has_signed(_signed_part(head), head.signature)


def _signed_part(head: Head) -> bytes:
    return _encode(("moodmarker ledger head", *head[:-1]))
