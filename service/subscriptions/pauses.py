"""The pause before something that failed is tried again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from service.subscriptions.timings import pause_after

if TYPE_CHECKING:
    from service.subscriptions.timings import Timings


class Pause:
    """Longer after each failure in a row, up to how often a server is asked anyway."""

    __slots__ = ("_not_before", "failures")

    def __init__(self) -> None:
        """Nothing has failed."""
        self.failures = 0
        self._not_before = 0.0

    @property
    def is_over(self) -> bool:
        """Whether to try now."""
        return time.monotonic() >= self._not_before

    def begin(self, timings: Timings) -> None:
        """After a failure."""
        self._not_before = time.monotonic() + min(pause_after(self.failures, timings), timings.check)
        self.failures += 1

    def end(self) -> None:
        """After a success."""
        self.failures = 0
        self._not_before = 0.0
