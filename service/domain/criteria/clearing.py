"""Words about screening that is due, and about what clears an open flag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.criteria.measures import QUIET

if TYPE_CHECKING:
    from decimal import Decimal

    from service.domain.concepts import Concept, DrugGroup
    from service.domain.days import AnySpan
    from service.domain.instruments import Instrument, MoodDomain


@dataclass(frozen=True, slots=True, eq=False)
class HistoryKnown:
    """The data hold a score of the domain of any date, or the whole history was fetched; otherwise unknown."""

    domain: MoodDomain


@dataclass(frozen=True, slots=True, eq=False)
class Routine:
    """A check `after` the newest score; never scored: after the onset of the disease, else after its recorded date."""

    disease: Concept
    after: AnySpan


@dataclass(frozen=True, slots=True, eq=False)
class AfterRelapse:
    """Checks so long after each relapse that began at most `over` before T, for people with the disease."""

    disease: Concept
    checks: tuple[timedelta, ...]
    over: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class AfterStart:
    """Checks so long after each new medicine of the groups that was begun at most `over` before T."""

    groups: tuple[DrugGroup, ...]
    checks: tuple[timedelta, ...]
    over: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """A check is due and unmet: no score or screening from `grace` before its date to T, and T past date + `grace`.

    The earliest check of all schedules decides. `unless_declined`: none so soon after a refusal.
    """

    domain: MoodDomain
    schedules: tuple[Routine | AfterRelapse | AfterStart, ...]
    grace: timedelta
    unless_declined: timedelta
    also_screens: tuple[Instrument, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MoodCleared:
    """Since t0 the mood scores have come down: two or more low ones `apart` days, or one minimal after a clear fall.

    `quiet` is how old a series may be, against the newest, and still hold the flag open.
    """

    domain: MoodDomain
    apart: timedelta = timedelta(days=14)
    runs: int = 2
    quiet: timedelta = QUIET


@dataclass(frozen=True, slots=True, eq=False)
class BackBelow:
    """The latest score since t0 is below elevated, and so are other series; `quiet` as in `MoodCleared`."""

    domain: MoodDomain
    quiet: timedelta = QUIET


@dataclass(frozen=True, slots=True, eq=False)
class Halved:
    """The lowest score since t0 is at most `share` of the first elevated one of that run."""

    domain: MoodDomain
    share: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class TreatmentChanged:
    """A medicine of the group was begun or ended after t0."""

    group: DrugGroup


@dataclass(frozen=True, slots=True, eq=False)
class Elapsed:
    """More than `days` have passed since t0."""

    days: timedelta
