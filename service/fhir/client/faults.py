"""Why something could not be fetched, in words that name no patient and no address."""

from __future__ import annotations


class Fault(Exception):
    """A request that gave nothing usable: `reason` goes into answers and may be logged; `status` is 0 without one."""

    def __init__(self, reason: str, status: int = 0) -> None:
        """`reason` completes "could not be fetched: ..."."""
        super().__init__(reason)
        self.reason = reason
        self.status = status


class OutOfTime(Fault):
    """The deadline for everything passed."""

    def __init__(self) -> None:
        super().__init__("the server did not answer in time")
