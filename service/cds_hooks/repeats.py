"""What was shown before is not shown again: the guard against cards that clinicians learn to pass over."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from service.domain.recognition import name_of
from service.store import StoreUnavailable
from service.telemetry import described

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from service.domain.evidence import Row
    from service.domain.facts import Source
    from service.domain.findings import FlagFinding
    from service.store import Store


class Audience(NamedTuple):
    """Who is shown something: a user of a client, about a patient, in one call of a hook."""

    client: str
    user: str
    patient: str
    instance: str


class Guard:
    """Knows, where there is a store, what each user was shown of each patient in the last 90 days.

    It is the same when flag, priority and evidence are: what is worse, or rests on something new or corrected, is
    shown.
    """

    def __init__(self, key: bytes, store: Store | None, seconds: float = 2.0) -> None:
        """`key` is that of cards; `store` may be set later, when it is open; no call waits longer for it."""
        self._key = key
        self._seconds = seconds
        self.store = store

    def digest(self, audience: Audience, finding: FlagFinding, told: Iterable[Row]) -> str:
        """What a finding is remembered by; `told` are the values that it rests on, in words."""
        evidence = sorted(map(known_as, finding.evidence))
        values = sorted("\t".join(row) for row in told)
        whose = (audience.client, audience.user, audience.patient)
        parts = (*whose, finding.identifier, finding.priority.value, *evidence, "", *values)
        return self._hashed("shown", *parts)

    async def known(self, audience: Audience, digests: Collection[str]) -> frozenset[str]:
        """Those that were shown in another call of a hook.

        None without a store, and where it does not answer in time: in doubt a card is shown.
        """
        if self.store is None or not digests:
            return frozenset()
        try:
            async with asyncio.timeout(self._seconds):
                return await self.store.shown_before(digests, self._call(audience))
        except (StoreUnavailable, TimeoutError) as error:
            structlog.get_logger().warning("cards shown without the guard", **described(error))
            return frozenset()

    async def remember(self, audience: Audience, digests: Collection[str]) -> None:
        """They have been shown; where that cannot be kept, they are shown again."""
        if self.store is None or not digests:
            return
        try:
            await self.store.remember_shown(digests, self._call(audience))
        except StoreUnavailable as error:
            structlog.get_logger().warning("cards not remembered", **described(error))

    def _call(self, audience: Audience) -> str:
        return self._hashed("call", audience.client, audience.instance)

    def _hashed(self, *parts: str) -> str:
        return hmac.digest(self._key, msgspec.json.encode(parts), "sha256").hex()


def known_as(source: Source) -> str:
    """What evidence is recognised by, however its reference is spelled."""
    return name_of(source) or source.display
