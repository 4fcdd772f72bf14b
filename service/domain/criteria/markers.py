"""Words about laboratory, bedside and imaging results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.criteria.measures import CRP_LIMITS, PAIR, MarkerClass, MarkerLimits

if TYPE_CHECKING:
    from decimal import Decimal

    from service.domain.analytes import Analyte
    from service.domain.criteria import Criterion
    from service.domain.days import AnySpan
    from service.domain.instruments import Instrument
    from service.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class MarkerNear:
    """The result nearest t0 within `within` days has one of the classes (readable ones first; none: any class).

    `none_is` is the verdict without a readable result. `above`: it must also lie above that. `not_followed_by` are
    classes that no later result may have, unless at its date `unreadable_if` holds: it then says nothing.
    """

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    none_is: Verdict
    within: AnySpan = PAIR
    not_followed_by: tuple[MarkerClass, ...] = ()
    unreadable_if: Criterion | None = None
    above: Decimal | None = None
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class MarkerSeen:
    """Some result from `before` days before t0 to `after` days after it (None: to T) has one of the classes.

    `none_is` is the verdict when no readable result lies there. `consecutive`: so many neighbours, all of them. A
    result says nothing where `unreadable_if` holds at its date. One that could not be read may have any class.
    """

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    before: AnySpan
    after: AnySpan | None
    none_is: Verdict
    consecutive: int | None = None
    unreadable_if: Criterion | None = None
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class LatestMarker:
    """The latest result within `over` of T has one of the classes; unknown without one, or if it may be high."""

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    over: timedelta | None
    above: Decimal | None = None
    limits: MarkerLimits = CRP_LIMITS


# The later of two results lies within 30 days of a score, and the score within 30 days of T.
SUSTAINED_AGE = timedelta(days=60)


@dataclass(frozen=True, slots=True, eq=False)
class SustainedMarker:
    """Low-grade results of one assay family, first and last `apart` to `over` days apart, none low or high since.

    Neither may have `unless` at its date. A low result ends nothing where `unreadable_if` holds at its date.
    """

    analyte: Analyte
    apart: timedelta
    over: timedelta
    unless: Criterion
    unreadable_if: Criterion | None = None
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class ResultNear:
    """Some result in the window passes the test; one that was not made counts as not met.

    The test is the one that is set: `at_least`, `above`, `below`, `beyond_reference` (above its own range or marked),
    `positive`.
    `before` None: since ever. `after` None: to T. `newest_only` asks the latest result in the window alone. `safety`
    also reads results up to 24 hours after T.
    """

    analytes: tuple[Analyte, ...]
    before: AnySpan | None
    after: AnySpan | None
    at_least: Decimal | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    beyond_reference: bool = False
    positive: bool = False
    newest_only: bool = False
    safety: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Supplied:
    """Any result or score of these was sent with a date from `before` days before t0 up to T."""

    analytes: tuple[Analyte, ...]
    instruments: tuple[Instrument, ...]
    before: AnySpan
