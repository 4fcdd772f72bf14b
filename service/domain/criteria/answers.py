"""Words about single answers and items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.criteria.measures import FRESH

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal

    from service.domain.concepts import Item
    from service.domain.criteria import Criterion
    from service.domain.instruments import Instrument


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A question was answered with `at_least` or more in the `before` up to T (None: ever), or with `since`, since t0.

    `at_least` None: readably. Answers about suicide count up to 24 hours after T. `only_if` and `unless`
    look at the companion question of that date. `times`: that many different questions must say so.
    """

    items: tuple[Item, ...]
    at_least: int | None = 1
    before: timedelta | None = FRESH
    since: bool = False
    only_if: tuple[Item, int] | None = None
    unless: tuple[Item, int] | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TotalWithoutItem:
    """A total, or a sum of answered items, of `at_least` or more without a readable answer to the question.

    The question may have several codes. Where it is answered 'not at all' and the other questions cannot make the
    total, this is unknown: one of the two is wrong.
    """

    instruments: tuple[Instrument, ...]
    items: tuple[Item, ...]
    at_least: int
    before: timedelta = FRESH


@dataclass(frozen=True, slots=True, eq=False)
class UnreadableAnswer:
    """An answer to one of the questions could not be read, and that question has no readable answer on its date."""

    items: tuple[Item, ...]
    before: timedelta = FRESH


@dataclass(frozen=True, slots=True, eq=False)
class Unplaced:
    """An entry that the criterion would count has no date that can be placed (none, or a year only), or no subject.

    Or it contradicts itself: the criterion then holds it for unknown.
    """

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class StalePositive:
    """The newest readable answer is positive, at most `older` days old, and no Flag of `rule` in the data names it."""

    items: tuple[Item, ...]
    rule: str
    older: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class ItemSum:
    """The items of the current response add up to `at_least`, or to that share of all items with `share`."""

    instrument: Instrument
    items: tuple[int, ...]
    at_least: Decimal | int
    share: bool = False
    fresh: timedelta = FRESH
