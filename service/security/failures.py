"""How often somebody has failed of late: who fails too often is told to wait."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from service.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST: Final = 20
SECONDS: Final = 60.0
# Signatures that may prove bad: so many at once, and one more each so many seconds.
BAD_SIGNATURES: Final = 20
SIGNATURE_SECONDS: Final = 0.05
# Keys are replaced, so what was signed badly may be good later.
SEEN_SECONDS: Final = 60.0
# Who fails from ever new addresses does not fill the memory.
_REMEMBERED: Final = 4096


class Bucket:
    """So many at once, and one more each so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        """Full."""
        self._most = most
        self._seconds = seconds
        # The moment at which it is full again.
        self._full_at = float("-inf")

    def wait(self) -> float:
        """For how many seconds there is none; 0 where there is one."""
        return max(self._full_at - monotonic() - (self._most - 1) * self._seconds, 0.0)

    def take(self) -> None:
        """Takes one, which has to be there."""
        self._full_at = max(self._full_at, monotonic()) + self._seconds


class Failures:
    """The last failures of each caller, within a minute."""

    def __init__(self) -> None:
        """Nobody has failed yet."""
        self._of: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def note(self, caller: Hashable) -> None:
        """A caller has failed."""
        moments = self._of.setdefault(caller, deque(maxlen=MOST))
        moments.append(monotonic())
        self._of.move_to_end(caller)
        if len(self._of) > _REMEMBERED:
            self._of.popitem(last=False)

    def wait(self, caller: Hashable) -> float:
        """For how many seconds a caller is not heard; 0 for who has not failed too often."""
        moments = self._of.get(caller)
        if moments is None or len(moments) < MOST:
            return 0.0
        return max(moments[0] + SECONDS - monotonic(), 0.0)

    def require_patience(self, caller: Hashable) -> None:
        """Raises `Throttled` for a caller who is not heard at the moment."""
        seconds = self.wait(caller)
        if seconds:
            raise Throttled("Tokens from this address were refused too often; try again later.", seconds=seconds)


class BadSignatures:
    """The signatures that proved bad: what each caller has left of them, and the tokens that they stood on."""

    def __init__(self) -> None:
        """None has been seen yet."""
        self._left: OrderedDict[Hashable, Bucket] = OrderedDict()
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def was_bad(self, sent: bytes) -> bool:
        """Whether the signature of what was sent proved bad within a minute."""
        until = self._seen.get(_digest(sent))
        return until is not None and monotonic() < until

    def require_patience(self, caller: Hashable) -> None:
        """Raises `Throttled` for a caller of whom no signature is checked at the moment."""
        bucket = self._left.get(caller)
        seconds = bucket.wait() if bucket else 0.0
        if seconds:
            raise Throttled("Too many bad signatures came from this address; try again in a second.", seconds=seconds)

    def note(self, caller: Hashable, sent: bytes) -> None:
        """A signature has proved bad."""
        self._left.setdefault(caller, Bucket(BAD_SIGNATURES, SIGNATURE_SECONDS)).take()
        self._left.move_to_end(caller)
        self._seen[_digest(sent)] = monotonic() + SEEN_SECONDS
        for memory in (self._left, self._seen):
            if len(memory) > _REMEMBERED:
                memory.popitem(last=False)


def _digest(sent: bytes) -> bytes:
    return hashlib.sha256(sent).digest()
