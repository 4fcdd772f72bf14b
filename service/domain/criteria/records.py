"""Words about coded records and medicines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.criteria.measures import ZERO

if TYPE_CHECKING:
    from service.domain.concepts import Concept, DrugGroup
    from service.domain.days import AnySpan


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosed:
    """An active diagnosis of the group is recorded."""

    concept: Concept


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A record of one of the groups is dated from `before` days before t0 to `after` days after it (None: ever).

    Date: the onset, else the recorded date (`later_date`: the later of both). `any_day`: a date that names only a
    month counts when any of its days lies there. `unresolved` leaves out resolved ones; `unless_abated` leaves out
    those over at least that long before t0. `needs_conditions`: without any Condition in the data, unknown. `safety`
    also reads data up to 24 hours after T.
    `also` asks for a second group on the same record. `denied` looks for an explicit 'no' instead. `after` None: to T.
    """

    concepts: tuple[Concept, ...]
    before: AnySpan | None
    after: AnySpan | None = ZERO
    later_date: bool = False
    any_day: bool = False
    unresolved: bool = False
    unless_abated: timedelta | None = None
    needs_conditions: bool = False
    safety: bool = False
    also: Concept | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Occurred:
    """t0 lies from `before` (None: any time) before a relapse onset to `after` after it.

    `beyond`: t0 lies more than that after the onset, and no relapse lies nearer. With `began_near`, the run
    that is paired with it began from `before` days before the onset to `beyond` days after it. `exact`: only an onset
    that is known to the day counts.
    """

    event: Concept
    before: AnySpan | None
    after: AnySpan
    beyond: AnySpan | None = None
    began_near: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """A medicine of the groups was in use at t0: `lead` days after its first day to `trailing` days after its last.

    `trailing` None: ever before t0. `begun_within`: begun at most that long before t0. `course` unites all
    ingredients of the groups.
    """

    groups: tuple[DrugGroup, ...]
    lead: timedelta | None = None
    trailing: timedelta | None = ZERO
    begun_within: timedelta | None = None
    course: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """A medicine was begun at most the group's number of days before t0 and not later than `ahead` days after t0.

    `new`: only a first exposure, or one after 90 days without, counts as begun; of antibiotics each course does.
    """

    windows: tuple[tuple[DrugGroup, timedelta], ...]
    ahead: timedelta = timedelta(days=-1)
    new: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """Every medicine of the groups begun on t0 was last in use more than `over` before T (`course`: see above)."""

    groups: tuple[DrugGroup, ...]
    over: timedelta
    course: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SteadilyTreated:
    """Medicines of the group were in use without a gap for `at_least` up to t0, none begun or ended in `unchanged`."""

    group: DrugGroup
    at_least: timedelta
    unchanged: timedelta
    not_alone: tuple[str, ...] = ()
