"""Garbage collection as the service runs it: what start-up made is never looked at; pauses are rare."""

from __future__ import annotations

import gc

# An evaluation makes thousands of short-lived tuples and no cycles: collecting after every 700 is waste.
YOUNG, MIDDLE, OLD = 50_000, 20, 50


def settle_garbage_collector() -> None:
    """To be called once, after everything that lives as long as the process has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
