"""Scores that were sent and could not be read, or have no exact day, and may say what those that were read deny."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.days import may_be_after, spelled
from service.domain.instruments import standard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from service.domain.evaluation.scope import Scope
    from service.domain.facts import UnreadScore
    from service.domain.instruments import Instrument

# The least value that matters for each instrument; None where any does.
Limits = dict["Instrument", "Decimal | None"]


def any_value(scales: Iterable[Instrument]) -> Limits:
    """Any value of these scales matters."""
    return dict.fromkeys(map(standard, scales))


def elevated_value(scales: Iterable[Instrument]) -> Limits:
    """A value of these scales matters when it is elevated."""
    return {standard(scale): scale.elevated for scale in scales}


def unread_between(
    scope: Scope,
    limits: Limits,
    since: int,
    to: int,
    newest: Mapping[Instrument, int] | None = None,
    *,
    preliminary: bool = False,
) -> Iterator[UnreadScore]:
    """The scores that may be of a day after `since`, up to `to`, and may say what those that were read do not.

    Each may be later than the `newest` that was read of its own instrument, where that is given.
    """
    for score in scope.timeline.unread_scores:
        if score.preliminary and not preliminary:
            continue
        after = since if newest is None else max(since, newest.get(score.instrument, since))
        if _matters(score, limits) and may_be_after(after, to, score.first, score.last):
            yield score


def first_fault(scores: Iterable[UnreadScore]) -> str:
    """What is wrong with the first of these scores, in words; empty where there is none."""
    return next(map(_fault, scores), "")


def _fault(score: UnreadScore) -> str:
    name = f"the {score.instrument.name} of {spelled(score.first, score.last)}"
    if score.preliminary:
        return f"{name} is not final"
    return f"{name} could not be read" if score.value is None else f"the date of {name} is not exact to the day"


def _matters(score: UnreadScore, limits: Limits) -> bool:
    if score.instrument not in limits:
        return False
    least = limits[score.instrument]
    return least is None or score.value is None or score.value >= least
