"""Tokens that were used: each is good once, so that who overhears one cannot send it again."""

from __future__ import annotations

import hashlib
import heapq
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

# About 40 MB; a client that signs for 5 minutes each time would have to call 600 times a second.
MOST_REMEMBERED: Final = 200_000


class Replays(Protocol):
    """A memory of tokens until they expire."""

    async def first_use(self, digest: bytes, ends: datetime) -> bool:
        """Whether a token comes for the first time, and remembers it; of many at a time, one is the first.

        Raises `Overloaded` where nobody can say.
        """


def digest_of(issuer: str, token_id: str) -> bytes:
    """What a token is remembered by: an issuer gives each id once."""
    # The length keeps two pairs apart that would read the same one after the other.
    return hashlib.sha256(f"{len(issuer)} {issuer} {token_id}".encode()).digest()


def _now() -> datetime:
    return datetime.now(UTC)


class ReplaysOfProcess:
    """The memory of this process alone, for a site without a store."""

    def __init__(self, most: int = MOST_REMEMBERED, clock: Callable[[], datetime] = _now) -> None:
        """`most` bounds it: past that the token that expires first is forgotten before it does."""
        self._most = most
        self._clock = clock
        self._known: set[bytes] = set()
        self._by_end: list[tuple[datetime, bytes]] = []
        self._told = False

    def __len__(self) -> int:
        return len(self._known)

    async def first_use(self, digest: bytes, ends: datetime) -> bool:
        """Whether a token comes for the first time, and has not ended."""
        now = self._clock()
        self._forget(now)
        # One that has ended may have been used and forgotten since.
        if ends <= now or digest in self._known:
            return False
        self._known.add(digest)
        heapq.heappush(self._by_end, (ends, digest))
        return True

    def _forget(self, now: datetime) -> None:
        """Drops what has expired, and makes room for one."""
        while self._by_end and (self._by_end[0][0] <= now or len(self._by_end) >= self._most):
            ends, digest = heapq.heappop(self._by_end)
            self._known.discard(digest)
            if ends > now:
                self._tell()

    def _tell(self) -> None:
        """Once: it goes on for as long as there are so many."""
        if not self._told:
            self._told = True
            structlog.get_logger().warning(
                "used tokens are forgotten early",
                reason=f"More than {self._most} are good at a time, and any that was forgotten can be sent again. Have "
                "the clients sign for a shorter time, or set MOODMARKER_SERVICE_KEY and MOODMARKER_STORE.",
            )
