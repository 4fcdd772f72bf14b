"""`moodmarker rules --feedback`: what clinicians did with the cards of each rule."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import typer

from service.assessment import Context
from service.cds_hooks.reports import ACCEPTED, OVERRIDDEN
from service.cli.quiet import nothing_logged
from service.cli.rule_list import print_table, rule_named
from service.settings import SettingsError, variable_of
from service.subscriptions.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr

    from service.settings import Settings
    from service.store import FeedbackCount

_NOT_KNOWN = "-"


def list_feedback(name: str | None, settings: Settings) -> None:
    """Prints one line for each version of a rule, or of all rules, that clients have reported cards of."""
    if name is not None:
        rule_named(name, Context.load(settings).rule_set)
    if settings.service_key is None:
        raise SettingsError(f"{variable_of('service_key')}: no feedback is kept without it; set it, and a store.")
    counts = asyncio.run(_counts(settings, settings.service_key))
    rows = list(_rows(count for count in counts if name in (None, count.rule)))
    if rows:
        print_table([("Rule", "Version", "Accepted", "Overridden", "Share accepted", "Reasons for overriding"), *rows])
    else:
        typer.echo("No client has reported yet what became of a card.")


async def _counts(settings: Settings, key: SecretStr) -> list[FeedbackCount]:
    with nothing_logged():
        store = await open_store(settings, key)
        try:
            return await store.feedback_counts()
        finally:
            await store.close()


def _rows(counts: Iterable[FeedbackCount]) -> Iterable[tuple[str, ...]]:
    outcomes: dict[tuple[str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for count in counts:
        of = (count.rule, count.version)
        outcomes.setdefault(of, Counter())[count.outcome] += count.cards
        if count.reason:
            reasons.setdefault(of, Counter())[count.reason] += count.cards
    for of, cards in outcomes.items():
        accepted, overridden = cards[ACCEPTED], cards[OVERRIDDEN]
        why = ", ".join(f"{reason} {number}" for reason, number in reasons.get(of, Counter()).most_common())
        rule, version = (part or _NOT_KNOWN for part in of)
        yield rule, version, str(accepted), str(overridden), f"{accepted / cards.total():.0%}", why or _NOT_KNOWN
