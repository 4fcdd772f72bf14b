"""What outlives a request where a site wants it: leases, the work queue, subscriptions, and what became of cards.

Nothing clinical is kept: a row of the queue names server and patient and is deleted when the work is done; names of
leases and of resources, shown cards and used tokens are kept as keyed hashes, with an end. Of feedback the codes are
kept, under the hash of a card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store.values import (
    Accepted,
    CardFeedback,
    Cursor,
    FeedbackCount,
    Notice,
    StoreUnavailable,
    Told,
    Work,
)

if TYPE_CHECKING:
    from service.store.store import Store

__all__ = [
    "Accepted",
    "CardFeedback",
    "Cursor",
    "FeedbackCount",
    "Notice",
    "Store",
    "StoreUnavailable",
    "Told",
    "Work",
]


def __getattr__(name: str) -> object:
    """The store itself is loaded when it is first named: its libraries take long, and few sites need them."""
    if name == "Store":
        from service.store.store import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
