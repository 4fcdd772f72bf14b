"""Reading a receipt that somebody gives: it is good, or it is none, or nobody here can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from service.security.ledger_keys import ALGORITHM, as_bytes
from service.security.receipts import ReceiptInvalid, read_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.security.ledger_keys import PublicLedgerKey
    from service.security.receipts import Receipt


class UnknownKey(ReceiptInvalid):
    """A receipt that was signed with a key that nobody gave: it may be good."""


class _Signed(Struct):
    alg: str
    kid: str
    crit: list[str] = []


def read(text: str, keys: Sequence[PublicLedgerKey]) -> Receipt:
    """What a receipt says; raises `UnknownKey`, and `ReceiptInvalid` for what is none."""
    try:
        return read_receipt(text, keys)
    except ReceiptInvalid as error:
        if _is_by_another(text, keys):
            raise UnknownKey(str(error)) from None
        raise


def _is_by_another(text: str, keys: Sequence[PublicLedgerKey]) -> bool:
    head, *rest = text.strip().split(".")
    try:
        signed = msgspec.json.decode(as_bytes(head), type=_Signed)
    except ValueError:
        return False
    usable = len(rest) == 2 and signed.alg == ALGORITHM and not signed.crit
    return usable and signed.kid not in {key.kid for key in keys}
