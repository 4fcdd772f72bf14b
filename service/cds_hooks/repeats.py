"""What was shown before is not shown again: the guard against cards that clinicians learn to pass over."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec
import structlog

from service.domain.recognition import name_of
from service.store import StoreUnavailable
from service.telemetry import described

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.domain.findings import FlagFinding
    from service.store import Store


class Guard:
    """Knows, where there is a store, what each client was shown of each patient in the last 90 days.

    It is the same when flag, priority and evidence are: what is worse, or rests on something new, is shown.
    """

    def __init__(self, key: bytes, store: Store | None) -> None:
        """`key` is that of cards; `store` may be set later, when it is open."""
        self._key = key
        self.store = store

    @property
    def has_store(self) -> bool:
        """Whether anything is remembered."""
        return self.store is not None

    async def is_repeat(self, client: str, patient: str, instance: str, finding: FlagFinding) -> bool:
        """Whether this was shown in another hook call; it counts as shown from now on.

        False without a store, and where it does not answer: in doubt a card is shown.
        """
        if self.store is None:
            return False
        evidence = sorted(map(_name, finding.evidence))
        digest = self._hashed("shown", client, patient, finding.identifier, finding.priority.value, *evidence)
        try:
            return await self.store.shown_before(digest, self._hashed("call", client, instance))
        except StoreUnavailable as error:
            structlog.get_logger().warning("cards shown without the guard", **described(error))
            return False

    def _hashed(self, *parts: str) -> str:
        return hmac.digest(self._key, msgspec.json.encode(parts), "sha256").hex()


def _name(source: Source) -> str:
    """What evidence is recognised by, however its reference is spelled."""
    return name_of(source) or source.display
