"""The closed vocabulary: every clinical statement a rule may make, as frozen values.

Dates in these words are whole calendar days. `t0` is the day bound by the enclosing `Paired`, else the as-of day T.
Every reader (evaluation, explanation, data needs) handles each word; a test fails when one does not.
"""

from __future__ import annotations

from typing import get_args

from service.domain.criteria.answers import (
    Answered,
    ItemSum,
    StalePositive,
    TotalWithoutItem,
    Unplaced,
    UnreadableAnswer,
)
from service.domain.criteria.clearing import (
    AfterRelapse,
    AfterStart,
    BackBelow,
    Due,
    Elapsed,
    Halved,
    HistoryKnown,
    MoodCleared,
    Routine,
    TreatmentChanged,
)
from service.domain.criteria.combining import (
    AllOf,
    AnyOf,
    AtLeast,
    Defined,
    Documented,
    NoneMet,
    Not,
    Now,
    Paired,
    WhenMeasured,
)
from service.domain.criteria.markers import (
    SUSTAINED_AGE,
    LatestMarker,
    MarkerNear,
    MarkerSeen,
    ResultNear,
    Supplied,
    SustainedMarker,
)
from service.domain.criteria.measures import (
    BASELINE_GAP,
    BASELINE_LOOKBACK,
    CRP_LIMITS,
    DAY,
    FRESH,
    PAIR,
    QUIET,
    READABLE,
    STALE_BASELINE,
    ZERO,
    Band,
    MarkerClass,
    MarkerLimits,
)
from service.domain.criteria.records import (
    Diagnosed,
    Ended,
    Exposed,
    Occurred,
    Recorded,
    Started,
    SteadilyTreated,
)
from service.domain.criteria.scores import (
    AtNewest,
    BaselineAfter,
    BeganWithin,
    Elevated,
    Fell,
    Persistent,
    ScoredAtLeast,
    Worsened,
)

__all__ = [
    "BASELINE_GAP",
    "BASELINE_LOOKBACK",
    "CRP_LIMITS",
    "DAY",
    "FRESH",
    "PAIR",
    "QUIET",
    "READABLE",
    "STALE_BASELINE",
    "SUSTAINED_AGE",
    "WORDS",
    "ZERO",
    "AfterRelapse",
    "AfterStart",
    "AllOf",
    "Answered",
    "AnyOf",
    "AtLeast",
    "AtNewest",
    "BackBelow",
    "Band",
    "BaselineAfter",
    "BeganWithin",
    "Criterion",
    "Defined",
    "Diagnosed",
    "Documented",
    "Due",
    "Elapsed",
    "Elevated",
    "Ended",
    "Exposed",
    "Fell",
    "Halved",
    "HistoryKnown",
    "ItemSum",
    "LatestMarker",
    "MarkerClass",
    "MarkerLimits",
    "MarkerNear",
    "MarkerSeen",
    "MoodCleared",
    "NoneMet",
    "Not",
    "Now",
    "Occurred",
    "Paired",
    "Persistent",
    "Recorded",
    "ResultNear",
    "Routine",
    "ScoredAtLeast",
    "StalePositive",
    "Started",
    "SteadilyTreated",
    "Supplied",
    "SustainedMarker",
    "TotalWithoutItem",
    "TreatmentChanged",
    "Unplaced",
    "UnreadableAnswer",
    "WhenMeasured",
    "Worsened",
]

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
