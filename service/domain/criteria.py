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
QUIET = timedelta(days=90)
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
    """At least one criterion holds; the first that does gives day and wording, or with `earliest`, the earliest."""

    criteria: tuple[Criterion, ...]
    earliest: bool = False


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
    for every day that `first` could have, and may settle the pair as not met. `each`: where `first` has several
    dated entries, any of their days will do.
    """

    first: Criterion
    then: Criterion
    first_decides: bool = False
    each: bool = False


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
    """

    domain: MoodDomain
    or_first_elevated: bool = False
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE


@dataclass(frozen=True, slots=True, eq=False)
class Elevated:
    """The latest score within `fresh` of T is at or above the instrument's limit; `within` keeps it that near to t0."""

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
    """The latest cognitive score is lower than its baseline by the instrument's step, or twice by the smaller step.

    The two then lie at least `apart` (None: only the large step counts).
    """

    domain: MoodDomain
    apart: timedelta | None = timedelta(days=30)
    fresh: timedelta = FRESH
    lookback: AnySpan = BASELINE_LOOKBACK
    gap: AnySpan = BASELINE_GAP
    stale: timedelta = STALE_BASELINE


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

    `none_is` is the verdict when no readable result lies there. `consecutive`: so many neighbours, all of them.
    """

    analyte: Analyte
    classes: tuple[MarkerClass, ...]
    before: AnySpan
    after: AnySpan | None
    none_is: Verdict
    consecutive: int | None = None
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


# ---------------------------------------------------------------------------------------------------- records


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

    `beyond`: t0 lies more than that after the onset, and no relapse lies nearer. With `began_near`, the run that is paired with it began from
    `before` days before the onset to `beyond` days after it.
    """

    event: Concept
    before: AnySpan | None
    after: AnySpan
    beyond: AnySpan | None = None
    began_near: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """A medicine of the groups was in use at t0: from `lead` days after its first day to `trailing` days after its last.

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
    """Every medicine of the groups that was begun on t0 was last in use more than `over` before T; `course` as above."""

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


# ---------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """A question was answered with `at_least` or more in the `before` up to T (None: ever), or with `since`, since t0.

    `at_least` None: readably. Answers about suicide count up to 24 hours after T. `only_if` and `unless` look at the companion question of that
    date. `times`: that many different questions must say so.
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
    """A total of `at_least` or more whose response has no readable answer to the question, whatever its code."""

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
    """An entry that the criterion would count has no date that can be placed (none, or a year only), or no subject."""

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


# ------------------------------------------------------------------------------------------- screening and clearing


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
    | Ended
    | SteadilyTreated
    | Answered
    | TotalWithoutItem
    | UnreadableAnswer
    | Unplaced
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
