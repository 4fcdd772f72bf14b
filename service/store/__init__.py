"""What outlives a request where a site wants it: leases, the work queue, and how far subscriptions have come.

Nothing clinical is kept: a row of the queue names server and patient and is deleted when the work is done; names of
leases and of resources are kept as keyed hashes, with an end.
"""

from service.store.faults import StoreUnavailable
from service.store.store import Store
from service.store.values import Accepted, Cursor, Notice, Work

__all__ = ["Accepted", "Cursor", "Notice", "Store", "StoreUnavailable", "Work"]
