"""How often somebody has failed of late: who fails too often is not heard for a while."""

from __future__ import annotations

from collections import OrderedDict, deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from service.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST: Final = 20
SECONDS: Final = 60.0
# Who fails from ever new addresses does not fill the memory.
_REMEMBERED: Final = 4096


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
