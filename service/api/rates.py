"""How often one caller may come, in one worker: a bucket of tokens for each, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Final

from service.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.settings import Settings

# The callers that came last; one that is forgotten begins with a full bucket, which is what it had if it was away.
_REMEMBERED: Final = 4096


class Rates:
    """The buckets of one worker."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = monotonic) -> None:
        """`clock` counts seconds and never goes back."""
        self._rate = settings.rate_per_second
        self._burst = float(settings.rate_burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def require(self, who: str) -> None:
        """Takes one token of a caller; raises `Throttled` where there is none."""
        if not self._rate:
            return
        now = self._clock()
        left, at = self._buckets.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        enough = left >= 1
        self._buckets[who] = left - 1 if enough else left, now
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            raise Throttled(
                "This caller has sent more checks than are taken. Send them more slowly, or ask the operator to raise "
                "MOODMARKER_RATE_PER_SECOND.",
                seconds=(1 - left) / self._rate,
                limit="rate_per_second",
            )
