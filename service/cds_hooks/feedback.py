"""Feedback: what clinicians do with cards, counted by rule and version; codes only, and each card once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from service.cds_hooks.reports import read_reports
from service.cds_hooks.uuids import read_uuid
from service.errors import BodyUnreadable, Overloaded
from service.settings import variable_of
from service.store import CardFeedback, StoreUnavailable, Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.cds_hooks.reports import Report
    from service.domain.ruleset import RuleSet
    from service.errors import Problem
    from service.store import Store
    from service.telemetry import Metrics

SUPERSEDED: Final = "superseded"
UNKNOWN: Final = "unknown"
MOST_REMEMBERED: Final = 4096


class Feedback:
    """Takes feedback. Accepted and overridden cards less the superseded ones are the cards that were reported."""

    def __init__(self, key: bytes, rule_set: RuleSet, store: Store | None, metrics: Metrics) -> None:
        """`key` is that of cards; `store` may be set later, when it is open. Without one this process remembers."""
        self._key = key
        self._rule_set = rule_set
        self._metrics = metrics
        self._remembered = Remembered()
        self._said = False
        self.store = store

    async def take(self, body: bytes) -> None:
        """Takes the items of a body; raises `Problem` where there is nothing to take, or after taking the good ones.

        A card that is not ours is counted, and nothing is wrong with it: it may be one of another start.
        """
        reports = read_reports(body)
        if self.store is None:
            self._say_once()
        known = [item for report in reports.read if (item := self._known(report)) is not None]
        self._count(await self._kept(known))
        strangers = len(reports.read) - len(known)
        if strangers:
            self._metrics.card_feedback("", "", UNKNOWN, strangers)
        if reports.faults:
            raise _refusal(reports.faults, len(reports.read))

    def _say_once(self) -> None:
        if not self._said:
            self._said = True
            structlog.get_logger().warning(
                "feedback is known to this process alone",
                remedy=f"set {variable_of('service_key')}: cards of another start or worker are not known",
            )

    def _known(self, report: Report) -> CardFeedback | None:
        origin = read_uuid(self._key, report.card, self._rule_set)
        if origin is None or origin.part:
            return None
        rule = origin.rule.name if origin.rule else ""
        return CardFeedback(origin.uuid, rule, origin.version, origin.digest, report.outcome, report.reason, report.at)

    async def _kept(self, items: Sequence[CardFeedback]) -> list[Told]:
        if self.store is None:
            return self._remembered.take(items)
        try:
            return await self.store.take_feedback(items)
        except StoreUnavailable:
            raise Overloaded("The feedback could not be kept; send it again in a second.") from None

    def _count(self, told: Iterable[Told]) -> None:
        for feedback, instead in told:
            self._metrics.card_feedback(feedback.rule, feedback.version, feedback.outcome)
            if instead:
                self._metrics.card_feedback(feedback.rule, feedback.version, SUPERSEDED)


class Remembered:
    """The latest cards reported to this process, so that a repetition is not counted where there is no store."""

    def __init__(self) -> None:
        """It begins with nothing."""
        self._cards: dict[str, tuple[str, datetime]] = {}

    def take(self, items: Iterable[CardFeedback]) -> list[Told]:
        """What is new in reports, as `Store.take_feedback` tells it."""
        now = datetime.now(UTC)
        told = [self._take(item, min(item.at or now, now)) for item in items]
        for card in list(self._cards)[:-MOST_REMEMBERED]:
            del self._cards[card]
        return [one for one in told if one is not None]

    def _take(self, item: CardFeedback, at: datetime) -> Told | None:
        known = self._cards.get(item.card)
        if known is not None and at <= known[1]:
            return None
        self._cards[item.card] = item.outcome, at
        if known is None:
            return Told(item)
        return None if known[0] == item.outcome else Told(item, known[0])


def _refusal(faults: Sequence[Problem], taken: int) -> BodyUnreadable:
    """The first fault, and what became of the other items."""
    first, others = faults[0], len(faults) - 1
    also = f" {others} more cannot be read." if others else ""
    return BodyUnreadable(f"{first.text}{also} The other items ({taken}) were taken.", first.expression)
