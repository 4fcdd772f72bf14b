"""The record of what this worker answers, and the receipts for it; off where the site keeps no ledger."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from service.assessment.recording import OnLedger, Recorder, Recording, Unrecorded
from service.security.ledger_keys import LedgerKeys
from service.security.receipts import Receipt, Receipts, digest
from service.settings import SettingsError
from service.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.assessment import Context
    from service.assessment.recording import Recorded
    from service.settings import Settings
    from service.store.ledger import Ledger
    from service.telemetry import Metrics

_OK: Final = 200


class Records:
    """What is recorded in one worker; nothing can be between a start and an end of the service."""

    def __init__(self, settings: Settings, context: Context, metrics: Metrics) -> None:
        """Nothing is opened before `start`."""
        self._settings = settings
        self._metrics = metrics
        self._keys = None if settings.ledger_key is None else LedgerKeys(settings.ledger_key)
        self._ledger: Ledger | None = None
        self._on_ledger = None if self._keys is None else OnLedger(self._keys, context.rule_set.digest)
        self._receipts = Receipts(self._keys) if self._keys is not None and settings.receipts else None
        self.recorder: Recorder = self._on_ledger or Unrecorded()

    async def start(self) -> None:
        """Opens the ledger, where there is one; raises `SettingsError`."""
        if self._keys is None or self._on_ledger is None:
            return
        try:
            self._ledger = self._on_ledger.ledger = await open_ledger(self._settings, self._keys, self._metrics)
        except SettingsError as error:
            structlog.get_logger().critical("ledger not opened", reason=str(error))
            raise

    async def close(self) -> None:
        """Writes what waits, and signs the end."""
        if self._ledger is not None and self._on_ledger is not None:
            ledger, self._ledger, self._on_ledger.ledger = self._ledger, None, None
            await ledger.close(max(self._settings.graceful_shutdown_seconds / 2, 1.0))

    def health(self) -> dict[str, str]:
        """How the ledger is: `ready`, or `failed` and why; nothing where there is none.

        One that is deferred is ready, and says what is wrong, for as long as it takes more: answers go on.
        """
        if self._keys is None:
            return {}
        fault = "it is not open" if self._ledger is None else self._ledger.fault
        if fault and self._ledger is not None and self._ledger.takes_more:
            return {"ledger": f"ready, but behind: {fault}"}
        return {"ledger": f"failed: {fault}" if fault else "ready"}

    def begun(self, way: str, caller: str) -> Recording:
        """How a request that begins now is to be recorded."""
        return Recording.begun(self.recorder, way, caller)

    def receipt(self, recorded: Recorded | None, request: bytes = b"") -> Callable[[bytes], str] | None:
        """What makes the receipt for the body of an answer to a request; None where no receipts are given."""
        if recorded is None or self._receipts is None:
            return None
        return partial(self._signed, self._receipts, recorded, request)

    @staticmethod
    def _signed(receipts: Receipts, recorded: Recorded, request: bytes, answer: bytes) -> str:
        sent = digest(request) if request else ""
        return receipts.signed(Receipt(*recorded, request=sent, answer=digest(answer), status=_OK))


async def open_ledger(settings: Settings, keys: LedgerKeys, metrics: Metrics) -> Ledger:
    """The ledger with a chain of its own; raises `SettingsError` where it cannot be used."""
    from service.store.ledger import DEFERRED, DURABLE, Ledger

    pace = DEFERRED if settings.ledger_mode == "deferred" else DURABLE
    pace = pace._replace(head_rows=settings.ledger_head_rows)
    try:
        return await Ledger.open(settings.ledger.get_secret_value(), keys, metrics, pace, settings.ledger_days)
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from None


def require_ledger(settings: Settings) -> None:
    """Opens the ledger's database once where there is one, so that what is wrong with it is said before serving."""
    if settings.ledger_key is not None:
        from service.store.ledger import open_engine

        try:
            open_engine(settings.ledger.get_secret_value()).dispose()
        except StoreUnavailable as error:
            raise SettingsError(str(error)) from None
