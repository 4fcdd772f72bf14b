"""Words about scores over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.criteria.measures import BASELINE_GAP, BASELINE_LOOKBACK, FRESH, STALE_BASELINE, Band

if TYPE_CHECKING:
    from decimal import Decimal

    from service.domain.criteria import Criterion
    from service.domain.days import AnySpan
    from service.domain.instruments import Instrument, MoodDomain
    from service.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Worsened:
    """The latest score within `fresh` of T is elevated and worse than the baseline by the instrument's step or more.

    Baseline: the best score `gap` to `lookback` days before; if none, the most recent up to `stale` days before
    (then weak). With `or_first_elevated`, an elevated score without any baseline counts too (weak). `safety` also reads
    scores up to 24 hours after T.
    """

    domain: MoodDomain
    or_first_elevated: bool = False
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE
    safety: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Elevated:
    """The latest score within `fresh` of T is at or above the instrument's limit; `within` keeps it that near to t0."""

    domain: MoodDomain
    fresh: timedelta = FRESH
    within: AnySpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoredAtLeast:
    """Some score from `before` days before t0 to T reaches `band`; one known to the month if all its days lie there.

    `none_is` is the verdict where there is no score at all.
    """

    domain: MoodDomain
    band: Band
    before: AnySpan
    none_is: Verdict
    also: tuple[Instrument, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """Consecutive scores of one series, all elevated, the last one current, spanning at least `at_least`.

    Neighbours lie at most `neighbours` apart, the first at most `over` before the last. With `lowest_above`, the
    lowest score is above that share of the first.
    """

    domain: MoodDomain
    at_least: timedelta
    neighbours: timedelta = timedelta(days=120)
    over: timedelta | None = None
    lowest_above: Decimal | None = None
    fresh: timedelta = FRESH


@dataclass(frozen=True, slots=True, eq=False)
class Fell:
    """The latest cognitive score is lower than its baseline by the instrument's step, or twice by the smaller step.

    The two then lie at least `apart` (None: only the large step counts). `safety` as in `Worsened`.
    """

    domain: MoodDomain
    apart: timedelta | None = timedelta(days=30)
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE
    safety: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BeganWithin:
    """`mood` holds, in an episode that began at most `days` before T."""

    mood: Worsened
    days: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class AtNewest:
    """The criterion held as of the newest score of the domain since t0 (`complete`: the newest with all its items)."""

    domain: MoodDomain
    criterion: Criterion
    complete: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BaselineAfter:
    """The baseline of a worsened score was itself taken on or after the day of the event."""

    mood: Worsened
    event: Criterion
