"""The closed vocabulary: every clinical statement a rule may make, as frozen values.

Dates in these words are whole calendar days. `t0` is the day bound by the enclosing `Paired`, else the as-of day T.
Every reader (evaluation, explanation, data needs) handles each word; a test fails when one does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, get_args

from service.domain.days import Span

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept, DrugGroup, Item
    from service.domain.days import AnySpan
    from service.domain.instruments import Instrument, MoodDomain
    from service.domain.verdict import Verdict

ZERO = timedelta(0)
DAY = timedelta(days=1)
FRESH = timedelta(days=30)
BASELINE_LOOKBACK = Span("baseline-lookback", 90, 60, 180)
BASELINE_GAP = Span("baseline-gap", 14, 7, 28)
STALE_BASELINE = timedelta(days=365)
PAIR = Span("pair-window", 30, 7, 60)


class Band(StrEnum):
    """A band of an instrument that a score may reach."""

    ANY = "any score"
    MILD = "mild"
    ELEVATED = "elevated"


class MarkerClass(StrEnum):
    """Classes of a CRP value; INDETERMINATE intervals straddle a limit and are not readable."""

    LOW = "low"
    LOW_GRADE = "low-grade"
    HIGH = "high"
    INDETERMINATE = "indeterminate"


READABLE = (MarkerClass.LOW, MarkerClass.LOW_GRADE, MarkerClass.HIGH)


@dataclass(frozen=True, slots=True, eq=False)
class MarkerLimits:
    """Where low ends and high begins, in the analyte's unit: low is at most `low`, high is above `high`."""

    low: Decimal
    high: Decimal


CRP_LIMITS = MarkerLimits(Decimal("3.0"), Decimal("10.0"))

# ---------------------------------------------------------------------------------------------- combining words


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """Every criterion holds."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """At least one criterion holds; the first that does gives day and wording."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """At least `n` of the criteria hold."""

    n: int
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The criterion does not hold."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """`then` holds at the day on which `first` held.

    `first_decides`: an unknown `first` makes the pair unknown whatever `then` says; otherwise `then` is asked
    for every day that `first` could have, and may settle the pair as not met.
    """

    first: Criterion
    then: Criterion
    first_decides: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """A named criterion that several rules share."""

    name: str
    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Now:
    """The criterion holds at the as-of day, whatever t0 is."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Documented:
    """`positive` holds; not met only when `negative` holds; otherwise unknown, since silence proves nothing.

    A `negative` settles it although other questions were not asked, but not against an undated or uncovered positive.
    """

    positive: Criterion
    negative: Criterion | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WhenMeasured:
    """The criterion holds; a measurement that was simply not made counts as not met."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class NoneMet:
    """No rule named here is met for this patient (unknown ones do not count)."""

    rules: tuple[str, ...]


# ------------------------------------------------------------------------------------------------ scores in time


@dataclass(frozen=True, slots=True, eq=False)
class Worsened:
    """The latest score within `fresh` of T is elevated and worse than the baseline by the instrument's step or more.

    Baseline: the best score `gap` to `lookback` days before; if none, the most recent up to `stale` days before
    (then weak). With `or_first_elevated`, an elevated score without any baseline counts too (weak).
    `within` keeps it to scores that near to t0.
    """

    domain: MoodDomain
    or_first_elevated: bool = False
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE
    within: AnySpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Elevated:
    """The latest score within `fresh` of T is at or above the instrument's limit; `within` as in `Worsened`."""

    domain: MoodDomain
    fresh: timedelta = FRESH
    within: AnySpan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoredAtLeast:
    """Some score from `before` days before t0 to `after` days after it (None: to T) reaches `band`.

    `none_is` is the verdict where there is no score at all.
    """

    domain: MoodDomain
    band: Band
    before: AnySpan
    after: AnySpan | None
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
    """The latest cognitive score is lower than its baseline by the instrument's step, or twice by the smaller step."""

    domain: MoodDomain
    apart: timedelta = timedelta(days=30)
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE


@dataclass(frozen=True, slots=True, eq=False)
class BeganWithin:
    """The episode in which `mood` holds began at most `days` before T."""

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


# ---------------------------------------------------------------------------------------------------- markers


@dataclass(frozen=True, slots=True, eq=False)
class MarkerNear:
    """The result nearest t0 within `within` days has one of the classes (readable ones first; none: any class).

    `none_is` is the verdict without a readable result. `not_followed_by` are classes that no later result may have.
    """

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    none_is: Verdict
    within: AnySpan = PAIR
    not_followed_by: tuple[MarkerClass, ...] = ()
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class MarkerSeen:
    """Some result from `before` days before t0 to `after` days after it (None: to T) has one of the classes.

    `none_is` is the verdict when no readable result lies there; `at_least` is how many consecutive latest ones.
    """

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    before: AnySpan
    after: AnySpan | None
    none_is: Verdict
    consecutive: int = 1
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class LatestMarker:
    """The latest result within `over` of T has one of the classes; unknown without one, or if it may be high."""

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    over: timedelta | None
    above: Decimal | None = None
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class SustainedMarker:
    """Low-grade results of one assay family, the first and last `apart` to `over` days apart, none low or high since."""

    analyte: Analyte
    apart: timedelta
    over: timedelta
    unless: Criterion
    limits: MarkerLimits = CRP_LIMITS


@dataclass(frozen=True, slots=True, eq=False)
class ResultNear:
    """Some result in the window passes the test; one that was not made counts as not met.

    The test is the one that is set: `at_least`, `above`, `below`, `beyond_reference` (above its own range or marked), `positive`.
    `before` None: since ever. `after` None: to T. `newest_only` asks the latest result in the window alone.
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


@dataclass(frozen=True, slots=True, eq=False)
class Supplied:
    """Any result or score of these was sent with a date from `before` days before t0 to `after` days after it."""

    analytes: tuple[Analyte, ...]
    instruments: tuple[Instrument, ...]
    before: AnySpan
    after: AnySpan


# ---------------------------------------------------------------------------------------------------- records


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosed:
    """An active diagnosis of the group is recorded."""

    concept: Concept


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A record of one of the groups is dated from `before` days before t0 to `after` days after it (None: ever).

    Date: the onset, else the recorded date (`later_date`: the later of both). `unresolved` leaves out resolved ones;
    `unless_abated` leaves out those over at least that long before t0. `needs_conditions`: without any Condition in
    the data, unknown. `safety` also reads data up to 24 hours after T.
    `also` asks for a second group on the same record. `denied` looks for an explicit 'no' instead. `after` None: to T.
    """

    concepts: tuple[Concept, ...]
    before: AnySpan | None
    after: AnySpan | None = ZERO
    later_date: bool = False
    unresolved: bool = False
    unless_abated: timedelta | None = None
    needs_conditions: bool = False
    safety: bool = False
    also: Concept | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Occurred:
    """t0 lies from `before` days before a relapse onset to `after` days after it.

    `beyond`: t0 lies more than that after the onset. With `began_near`, the run that is paired with it began from
    `before` days before the onset to `beyond` days after it.
    """

    event: Concept
    before: AnySpan
    after: AnySpan
    beyond: AnySpan | None = None
    began_near: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """A medicine of the groups was in use: from `lead` days after its first day to `trailing` days after its last.

    `trailing` None: ever before t0. `course` unites all ingredients of the groups.
    """

    groups: tuple[DrugGroup, ...]
    lead: timedelta = ZERO
    trailing: timedelta | None = ZERO
    course: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """A medicine was begun at most the group's number of days before t0 and not later than `ahead` days after t0.

    `new`: only a first exposure, or one after 90 days without, counts as begun.
    """

    windows: tuple[tuple[DrugGroup, timedelta], ...]
    ahead: timedelta = timedelta(days=-1)
    new: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class SteadilyTreated:
    """Medicines of the group were in use without a gap for `at_least` up to t0, none begun or ended in `unchanged`."""

    group: DrugGroup
    at_least: timedelta
    unchanged: timedelta
    not_alone: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A question was answered with `at_least` or more, from `before` days before T to `after` days after it.

    `before` None: since t0. `only_if` and `unless` look at the companion question of that date. `times` different
    questions must say so.
    """

    items: tuple[Item, ...]
    at_least: int = 1
    before: timedelta | None = FRESH
    after: timedelta = DAY
    only_if: tuple[Item, int] | None = None
    unless: tuple[Item, int] | None = None
    times: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class TotalWithoutItem:
    """A total from `low` to `high` whose response has no readable answer to the item."""

    instruments: tuple[Instrument, ...]
    item: Item
    low: int
    high: int
    before: timedelta = FRESH
    after: timedelta = DAY


@dataclass(frozen=True, slots=True, eq=False)
class UnreadableAnswer:
    """An answer to one of the questions could not be read, and that question has no readable answer on its date."""

    items: tuple[Item, ...]
    before: timedelta = FRESH
    after: timedelta = DAY


@dataclass(frozen=True, slots=True, eq=False)
class UndatedPositive:
    """A positive answer or record of these has no date that can be placed (none at all, or a year only)."""

    items: tuple[Item, ...]
    concepts: tuple[Concept, ...]
    before: timedelta = FRESH
    after: timedelta = DAY


@dataclass(frozen=True, slots=True, eq=False)
class StalePositive:
    """The newest readable answer lies `newer` to `older` days before T, is positive, and no Flag of `rule` names it."""

    items: tuple[Item, ...]
    rule: str
    older: timedelta
    newer: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class ItemSum:
    """The items of the current response add up to `at_least`, or to that share of all items with `share`."""

    instrument: Instrument
    items: tuple[int, ...]
    at_least: Decimal
    share: bool = False
    fresh: timedelta = FRESH


# ------------------------------------------------------------------------------------------- screening and clearing


@dataclass(frozen=True, slots=True, eq=False)
class HistoryKnown:
    """The data hold a score of the domain of any date, or the whole history was fetched; otherwise unknown."""

    domain: MoodDomain


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """A check is due and unmet: no score or screening from `grace` days before its date to T, T past date + `grace`.

    Counts from the newest score, from each relapse, or from each new medicine of the groups, at the days
    in `checks`; only relapses and medicines begun at most `over` before T. `unless_declined`: not so soon after a refusal.
    """

    domain: MoodDomain
    checks: tuple[AnySpan, ...]
    grace: timedelta
    event: Concept | None = None
    groups: tuple[DrugGroup, ...] = ()
    over: timedelta | None = None
    also_screens: tuple[Instrument, ...] = ()
    unless_declined: timedelta | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MoodCleared:
    """Since t0 the mood scores have come down: two or more low ones `apart` days, or one minimal after a clear fall.

    `quiet` is how old a series may be, against the newest, and still hold the flag open.
    """

    domain: MoodDomain
    apart: timedelta = timedelta(days=14)
    runs: int = 2
    quiet: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, eq=False)
class BackBelow:
    """The latest score since t0 is below elevated; with `after_exposure`, it lies after the last day of those medicines."""

    domain: MoodDomain
    after_exposure: tuple[DrugGroup, ...] = ()


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


Criterion = (
    AllOf
    | AnyOf
    | AtLeast
    | Not
    | Paired
    | Defined
    | Now
    | Documented
    | WhenMeasured
    | NoneMet
    | Worsened
    | Elevated
    | ScoredAtLeast
    | Persistent
    | Fell
    | BeganWithin
    | AtNewest
    | BaselineAfter
    | MarkerNear
    | MarkerSeen
    | LatestMarker
    | SustainedMarker
    | ResultNear
    | Supplied
    | Diagnosed
    | Recorded
    | Occurred
    | Exposed
    | Started
    | SteadilyTreated
    | Answered
    | TotalWithoutItem
    | UnreadableAnswer
    | UndatedPositive
    | StalePositive
    | ItemSum
    | HistoryKnown
    | Due
    | MoodCleared
    | BackBelow
    | Halved
    | TreatmentChanged
    | Elapsed
)

WORDS: tuple[type, ...] = get_args(Criterion)
