"""Signed receipts: what a caller was told, provable later by the caller alone. A compact JWS (RFC 7515)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from service.security.ledger_keys import ALGORITHM, as_bytes, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.security.ledger_keys import LedgerKeys, PublicLedgerKey

TYPE: Final = "moodmarker-receipt+jws"
_PARTS: Final = 3


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: the row of the ledger, and the hash of the answer.

    `at` is in microseconds since 1970. `input` is the pseudonym of the evaluated data, as in the row; `request` the
    SHA-256 of the body that was sent, where one was. `answer` is the SHA-256 of the answer's body, without its
    Content-Encoding.
    """

    decision: str
    writer: str
    seq: int
    at: int
    rule_set: str
    input: str
    request: str
    answer: str
    status: int

    def is_of(self, body: bytes) -> bool:
        """Whether these bytes are the answer."""
        return self.answer == digest(body)

    def is_for(self, body: bytes) -> bool:
        """Whether these bytes are the request."""
        return self.request == digest(body)


class _Header(Struct):
    alg: str
    kid: str
    typ: str = ""
    crit: list[str] = []


class ReceiptInvalid(ValueError):
    """A text that is no receipt of this ledger; the text says why."""


class UnknownKey(ReceiptInvalid):
    """A receipt that was signed with a key that nobody gave: it may be good."""


class Receipts:
    """Signs receipts."""

    def __init__(self, keys: LedgerKeys) -> None:
        """`keys` are the ledger's."""
        self._keys = keys
        self._head = _part({"alg": ALGORITHM, "kid": keys.public.kid, "typ": TYPE})

    def signed(self, receipt: Receipt) -> str:
        """The receipt as it goes into a header."""
        content = f"{self._head}.{as_text(msgspec.json.encode(receipt))}"
        return f"{content}.{self._keys.sign(content.encode('ascii'))}"


def read_receipt(text: str, keys: Iterable[PublicLedgerKey]) -> Receipt:
    """What a receipt says, once its signature is checked; raises `UnknownKey`, and `ReceiptInvalid` for none."""
    parts = text.strip().split(".")
    if len(parts) != _PARTS:
        raise ReceiptInvalid("This is no receipt: it has not the three parts of a compact JWS.")
    try:
        header = msgspec.json.decode(as_bytes(parts[0]), type=_Header)
    except ValueError:
        raise ReceiptInvalid("This is no receipt: its first part is no header of a JWS.") from None
    if header.alg != ALGORITHM or header.crit:
        raise ReceiptInvalid("This is no receipt: it is not signed with EdDSA alone.")
    key = next((key for key in keys if key.kid == header.kid), None)
    if key is None:
        raise UnknownKey("The receipt was signed with another key; give the public key of that time with --key.")
    if not key.has_signed(f"{parts[0]}.{parts[1]}".encode(), parts[2]):
        raise ReceiptInvalid("The receipt's signature is wrong: it was changed, or made by somebody else.")
    try:
        return msgspec.json.decode(as_bytes(parts[1]), type=Receipt)
    except ValueError:
        raise ReceiptInvalid("What is signed is no receipt of this service.") from None


def digest(body: bytes) -> str:
    """The SHA-256 of a body, in hexadecimal."""
    return sha256(body).hexdigest()


def _part(content: object) -> str:
    return as_text(msgspec.json.encode(content))
