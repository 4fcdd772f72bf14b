"""What outlives a request where a site wants it: leases, the work queue, and how far subscriptions have come.

Nothing clinical is kept: a row of the queue names server and patient and is deleted when the work is done; names of
leases and of resources are kept as keyed hashes, with an end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store.values import Accepted, Cursor, Notice, StoreUnavailable, Work

if TYPE_CHECKING:
    from service.store.store import Store

__all__ = ["Accepted", "Cursor", "Notice", "Store", "StoreUnavailable", "Work"]


def __getattr__(name: str) -> object:
    """The store itself is loaded when it is first named: its libraries take long, and few sites need them."""
    if name == "Store":
        from service.store.store import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
