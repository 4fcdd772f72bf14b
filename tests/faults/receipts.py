"""What callers were told, by its receipts, and what the ledger has of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import SecretStr

from service.security.ledger_keys import LedgerKeys
from service.security.receipts import read_receipt
from tests.faults.clients import Asked

KEY: Final = "a-key-of-the-ledger-that-is-long-enough"
Place = tuple[str, int, str]


def on(database: str) -> dict[str, str]:
    """The settings of a service with a durable ledger and receipts."""
    return {"LEDGER": database, "LEDGER_KEY": KEY, "RECEIPTS": "true"}


def told(asked: Iterable[Asked]) -> list[Place]:
    """Writer, number and decision of each answer's row."""
    keys = [LedgerKeys(SecretStr(KEY)).public]
    read = [read_receipt(one.headers["moodmarker-receipt"], keys) for one in asked if one.status == 200]
    return [(one.writer, one.seq, one.decision) for one in read]
