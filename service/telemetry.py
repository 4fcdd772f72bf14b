"""Log lines as JSON on standard error, and the numbers that /metrics shows; neither holds a patient's data.

Of an exception, type and frames are logged and never the text, which may repeat data.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections import Counter as Tally
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

QUIET = ("alembic", "asyncio", "concurrent", "httpx", "httpcore", "sqlalchemy", "uvicorn.access", "urllib3")
# prometheus-client looks at this variable when it is imported: set it before a worker starts.
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_encode = msgspec.json.Encoder(enc_hook=str).encode
_DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def configure_logging(level: str = "info") -> None:
    """Sends every logger of this process to standard error, one JSON object a line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Forwarder()], level=number, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def _render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> bytes:
    return _encode(event)


class _Forwarder(logging.Handler):
    """Rewrites a record of the standard library as one of our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Logs the message, and of an exception its type and frames."""
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= described(record.exc_info[1])
        structlog.get_logger().log(record.levelno, record.getMessage().strip(), **fields)


def described(error: BaseException) -> dict[str, Any]:
    """An exception as fields that may be logged: where and what kind, never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__qualname__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


def forget_dead_workers() -> None:
    """Drops what workers that are no more had in flight; for the worker that takes their place to call."""
    folder = os.environ.get(MULTIPROCESS)
    for file in Path(folder).glob("gauge_live*.db") if folder else ():
        worker = int(file.stem.rpartition("_")[2])
        if not _is_alive(worker):
            multiprocess.mark_process_dead(worker)  # type: ignore[no-untyped-call]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Checked(Protocol):
    """What is counted of an answer; `unknown` are rules that could not be judged, with why."""

    @property
    def verdicts(self) -> Iterable[tuple[str, str]]:
        """Rule and verdict."""

    @property
    def unknown(self) -> Iterable[tuple[str, str]]:
        """Rule and why it could not be judged."""

    @property
    def shadow(self) -> Iterable[tuple[str, str]]:
        """Rule and verdict of those that are tried out."""

    @property
    def entries(self) -> int:
        """How many entries were received."""

    @property
    def urgent(self) -> bool:
        """Whether a flag of the highest priority is open."""


class Metrics:
    """The numbers of one process, or of all workers when the variable `MULTIPROCESS` is set."""

    def __init__(self) -> None:
        """A registry of its own, so that two applications in one process do not share numbers."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "moodmarker_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "moodmarker_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=_DURATIONS,
            registry=self._registry,
        )
        self._verdicts = Counter("moodmarker_verdicts", "Verdicts given.", ("rule", "verdict"), registry=self._registry)
        self._unknown = Counter(
            "moodmarker_unknown_verdicts",
            "Why rules could not be judged: data are missing, unreadable, undated or not-covered.",
            ("rule", "reason"),
            registry=self._registry,
        )
        self._shadow = Counter(
            "moodmarker_shadow_verdicts",
            "Verdicts of rules in shadow, which nobody was shown.",
            ("rule", "verdict"),
            registry=self._registry,
        )
        self._rule_set = Gauge(
            "moodmarker_rule_set_info",
            "1 for the rule set that answers.",
            ("digest", "version"),
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._entries = Counter("moodmarker_entries", "Bundle entries received.", registry=self._registry)
        self._cards = Counter("moodmarker_cards", "Cards shown.", ("rule", "indicator"), registry=self._registry)
        self._urgent = Counter("moodmarker_urgent_answers", "Answers with an urgent flag.", registry=self._registry)
        self.in_flight = Gauge(
            "moodmarker_checks_in_flight",
            "Checks being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self.waiting = Gauge(
            "moodmarker_checks_waiting",
            "Checks that wait for another to end.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self.connections = Gauge(
            "moodmarker_connections",
            "Connections held open.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._limited = Counter(
            "moodmarker_limited",
            "Requests and connections refused or cut off, by the setting that bounds them.",
            ("limit",),
            registry=self._registry,
        )
        self._outbound = Counter(
            "moodmarker_outbound_requests",
            "Requests to other servers, by what for and by the name that the site gave the server.",
            ("purpose", "server"),
            registry=self._registry,
        )
        self._outbound_refused = Counter(
            "moodmarker_outbound_refused",
            "Requests that were not sent, for they would have gone to an origin that is not configured.",
            ("purpose", "server"),
            registry=self._registry,
        )
        self._notified = Counter(
            "moodmarker_notified_events",
            "Events that notifications told of.",
            ("seen",),
            registry=self._registry,
        )
        self._worked = Counter(
            "moodmarker_queue_work",
            "Work of the queue, by how it ended.",
            ("result",),
            registry=self._registry,
        )
        self._left = Counter(
            "moodmarker_queue_left",
            "What work of the queue found and left as it is on the server: in somebody's hand, or deleted.",
            ("urgent",),
            registry=self._registry,
        )
        self._waiting = Gauge(
            "moodmarker_queue_length",
            "Patients waiting to be assessed.",
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )
        self._subscriptions = Gauge(
            "moodmarker_subscription_status",
            "1 for the status that a subscription has, 0 for those that it had.",
            ("server", "subscription", "status"),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )
        self._unrecovered = Gauge(
            "moodmarker_subscription_unrecovered",
            "1 while what notifications did not tell could not be looked for.",
            ("server", "subscription"),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )
        self._card_feedback = Counter(
            "moodmarker_card_feedback",
            "What became of cards, as clients report it; superseded: an outcome that a later one took the place of.",
            ("rule", "version", "outcome"),
            registry=self._registry,
        )
        self._ledger_rows = Counter("moodmarker_ledger_rows", "Rows written to the ledger.", registry=self._registry)
        self._ledger_batches = Counter(
            "moodmarker_ledger_batches", "Transactions that rows were written in.", registry=self._registry
        )
        self._ledger_failures = Counter(
            "moodmarker_ledger_failures", "Tries to write to the ledger that failed.", registry=self._registry
        )
        self._ledger_waiting = Gauge(
            "moodmarker_ledger_waiting",
            "Rows that wait to be written to the ledger.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._ledger_lag = Gauge(
            "moodmarker_ledger_lag_seconds",
            "How long the oldest row waits to be written to the ledger.",
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        # Looking a child up by its labels costs more than counting; the labels are few.
        self._answered_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._verdict_children: dict[tuple[str, str], Counter] = {}
        # An answer has a verdict of every rule. Without other workers they are counted when somebody asks for them.
        self._tally: Tally[tuple[str, str]] = Tally()
        self._unknown_tally: Tally[tuple[str, str]] = Tally()
        self._is_one_of_many = MULTIPROCESS in os.environ

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts one answer under its route template."""
        key = (route, method, status)
        children = self._answered_children.get(key)
        if children is None:
            children = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._answered_children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def answers_by(self, digest: str, version: str) -> None:
        """From now on answers are given by this rule set."""
        self._rule_set.labels(digest, version).set(1)

    def checked(self, answer: Checked) -> None:
        """Counts one evaluation: each rule's verdict, why one is unknown, the entries, and whether it was urgent."""
        for pair in answer.shadow:
            self._shadow.labels(*pair).inc()
        self._tally.update(answer.verdicts)
        self._unknown_tally.update(answer.unknown)
        if self._is_one_of_many:
            self._count_verdicts()
        self._entries.inc(answer.entries)
        if answer.urgent:
            self._urgent.inc()

    def _count_verdicts(self) -> None:
        for pair, count in self._tally.items():
            child = self._verdict_children.get(pair)
            if child is None:
                child = self._verdicts.labels(*pair)
                self._verdict_children[pair] = child
            child.inc(count)
        self._tally.clear()
        for pair, count in self._unknown_tally.items():
            self._unknown.labels(*pair).inc(count)
        self._unknown_tally.clear()

    def limited(self, limit: str) -> None:
        """Counts one refusal or cut by the setting of this name."""
        self._limited.labels(limit).inc()

    def sent(self, purpose: str, server: str, *, refused: bool = False) -> None:
        """Counts one request to another server, or one that was kept from being sent."""
        (self._outbound_refused if refused else self._outbound).labels(purpose, server).inc()

    def carded(self, cards: Iterable[tuple[str, str]]) -> None:
        """Counts cards by rule, or what else they are about, and indicator."""
        for rule, indicator in cards:
            self._cards.labels(rule, indicator).inc()

    def notified(self, new: int, repeated: int) -> None:
        """Counts the events of one notification."""
        self._notified.labels("new").inc(new)
        self._notified.labels("repeated").inc(repeated)

    def worked(self, result: str, count: int = 1) -> None:
        """Counts work of the queue: done, postponed, given-up, lost or nobody."""
        self._worked.labels(result).inc(count)

    def left(self, count: int, *, urgent: bool) -> None:
        """Counts what was found and not written, for somebody has it in hand or has deleted it."""
        self._left.labels(str(urgent).lower()).inc(count)

    def subscribed(self, server: str, name: str, statuses: Mapping[str, bool], *, unrecovered: bool) -> None:
        """Which of all statuses a subscription has, as one process of all looks now and then."""
        for status, current in statuses.items():
            self._subscriptions.labels(server, name, status).set(current)
        self._unrecovered.labels(server, name).set(unrecovered)

    def card_feedback(self, rule: str, version: str, outcome: str, cards: int = 1) -> None:
        """Counts what became of cards: accepted, overridden, superseded, or of nobody knows which rule, unknown."""
        self._card_feedback.labels(rule, version, outcome).inc(cards)

    def queued(self, waiting: int) -> None:
        """How many patients wait, as one process of all looks now and then."""
        self._waiting.set(waiting)

    def ledger_written(self, rows: int) -> None:
        """Counts a batch of so many rows."""
        self._ledger_rows.inc(rows)
        self._ledger_batches.inc()

    def ledger_failed(self) -> None:
        """Counts a try to write to the ledger that failed."""
        self._ledger_failures.inc()

    def ledger_waits(self, rows: int, seconds: float) -> None:
        """How many rows wait to be written, and the oldest of them for how long."""
        self._ledger_waiting.set(rows)
        self._ledger_lag.set(seconds)

    def text(self) -> bytes:
        """The numbers in Prometheus' text format."""
        self._count_verdicts()
        if MULTIPROCESS in os.environ:
            together = CollectorRegistry()
            multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)
