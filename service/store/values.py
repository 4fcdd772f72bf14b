"""What the store gives and takes: plain values that know no database."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class StoreUnavailable(Exception):
    """The store cannot be opened, read or written now; the text says why and what to do."""

    def __init__(self, text: str, reason: str = "") -> None:
        """`reason` is what the text says of the database, for who names the database by themselves."""
        super().__init__(text)
        self.reason = reason or text


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
    `resyncs` counts how often a resync was asked for; give it to `Store.recovered`. `wish` is what was asked of the
    server, as JSON without the secret, or empty where that is not known.
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
    wish: str = ""


class Notice(NamedTuple):
    """One notification: the numbers of its events, whom they are about, and the subscription's counter.

    `resources` names every resource of the notification as "Type/id/version", or is empty when one has no version.
    `tellings` then are what each event tells, its number with it. A notice is a repetition, and brings no work, when
    its numbers are known and nothing in it is unseen; what cannot be told apart from something new is new.
    """

    subscription: str
    events: tuple[int, ...]
    patients: tuple[str, ...]
    counter: int | None
    resources: tuple[str, ...] = ()
    tellings: tuple[str, ...] = ()


class Accepted(NamedTuple):
    """What a notice brought: events (or resources, if it numbers none) new and repeated, and all that is missing."""

    new: int
    repeated: int
    missing: tuple[int, ...]


class CardFeedback(NamedTuple):
    """What a clinician did with a card, as a client reports it: `outcome` is accepted or overridden.

    `rule` is empty for a card of no rule. `version` is the rule's, empty when it is not known; `digest` the first two
    digits of the rule set's. `reason` is a code, empty when none was given. `at` is when it was decided; None, or a
    time to come, is now.
    """

    card: str
    rule: str
    version: str
    digest: str
    outcome: str
    reason: str
    at: datetime | None


class Told(NamedTuple):
    """Feedback that was new: of a card that nobody had reported, or in place of the `instead` known before."""

    feedback: CardFeedback
    instead: str = ""


class FeedbackCount(NamedTuple):
    """How many cards of a version of a rule had this outcome, for this reason."""

    rule: str
    version: str
    outcome: str
    reason: str
    cards: int
