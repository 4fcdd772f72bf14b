"""What the store gives and takes: plain values that know no database."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class StoreUnavailable(Exception):
    """The store cannot be opened, read or written now; the text says why and what to do."""


class Work(NamedTuple):
    """A patient to be assessed; `generation` counts how often they were enqueued, `attempts` the failed tries."""

    server: str
    patient: str
    generation: int
    attempts: int


class Cursor(NamedTuple):
    """How far one subscription has come: everything up to `last_event` was accepted, save what is `missing`.

    Without a last event nothing was counted yet, and what a later number leaves out from 1 on is missing.
    `status` is requested, active, error or off. `missing` holds at most 1000 numbers; past that it is empty and
    `needs_resync` says that all since `since` is in doubt. `since` is up to when recovery by `_lastUpdated` is whole.
    `resyncs` counts how often a resync was asked for; give it to `Store.recovered`.
    """

    subscription: str
    server: str
    status: str
    last_event: int | None
    missing: tuple[int, ...]
    needs_resync: bool
    heard_at: datetime | None
    heartbeat_seconds: int | None
    since: datetime | None
    resyncs: int = 0


class Notice(NamedTuple):
    """One notification: the numbers of its events, whom they are about, and the subscription's counter.

    `resources` names every resource of the notification as "Type/id/version", or is empty when one has no version:
    a notice whose resources were all seen before brings no work.
    """

    subscription: str
    events: tuple[int, ...]
    patients: tuple[str, ...]
    counter: int | None
    resources: tuple[str, ...] = ()


class Accepted(NamedTuple):
    """What a notice brought: events (or resources, if it numbers none) new and repeated, and all that is missing."""

    new: int
    repeated: int
    missing: tuple[int, ...]
