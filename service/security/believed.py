"""Tokens whose signature was checked a while ago: it is not checked again at every request."""

from __future__ import annotations

import hashlib
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from service.security.grants import Grant

# A key that was withdrawn, and what it has signed, is good for so long.
LONGEST_SECONDS: Final = 600.0
# A few megabytes; tokens live for minutes, and hardly any site has so many callers in that time.
MOST: Final = 4096


class _Entry(NamedTuple):
    grant: Grant
    ends: float
    until: float


class Believed:
    """The grants of tokens, by a digest of what was sent: the tokens themselves are not kept."""

    def __init__(self, most: int = MOST) -> None:
        """`most` bounds it: past that the one that was checked first is forgotten."""
        self._most = most
        self._known: dict[bytes, _Entry] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, sent: bytes, now: float) -> Grant | None:
        """The grant of a token that has not ended, in seconds since 1970, and was checked not long ago."""
        digest = _digest(sent)
        entry = self._known.get(digest)
        if entry is None:
            return None
        # Two clocks, for the one that `ends` is told by may be set back.
        if now < entry.ends and monotonic() < entry.until:
            return entry.grant
        del self._known[digest]
        return None

    def remember(self, sent: bytes, grant: Grant, ends: float, now: float) -> None:
        """Keeps what a token grants until it ends, or for a while."""
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[_digest(sent)] = _Entry(grant, ends, monotonic() + min(ends - now, LONGEST_SECONDS))


def _digest(sent: bytes) -> bytes:
    return hashlib.sha256(sent).digest()
