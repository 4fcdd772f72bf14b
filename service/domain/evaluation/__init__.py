"""The one evaluator: which function checks which word of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain import criteria as c
from service.domain.evaluation import (
    answers,
    clearing,
    combining,
    companions,
    markers,
    medicines,
    mood,
    records,
    screening,
)
from service.domain.evaluation.scope import At, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.domain.outcome import Outcome
    from service.domain.timeline import Timeline

# A table and not a `match`: it is asked some hundred times a patient. A test holds it to the vocabulary.
CHECKS: dict[type, Callable[[Scope, Any, At], Outcome]] = {
    c.AllOf: combining.check_all_of,
    c.AnyOf: combining.check_any_of,
    c.AtLeast: combining.check_at_least,
    c.Not: combining.check_not,
    c.Paired: combining.check_paired,
    c.Defined: combining.check_defined,
    c.Now: combining.check_now,
    c.Documented: combining.check_documented,
    c.WhenMeasured: combining.check_when_measured,
    c.NoneMet: combining.check_none_met,
    c.Worsened: mood.check_worsened,
    c.Elevated: mood.check_elevated,
    c.ScoredAtLeast: mood.check_scored_at_least,
    c.Persistent: mood.check_persistent,
    c.Fell: mood.check_fell,
    c.BeganWithin: clearing.check_began_within,
    c.AtNewest: clearing.check_at_newest,
    c.BaselineAfter: combining.check_baseline_after,
    c.MarkerNear: markers.check_marker_near,
    c.MarkerSeen: markers.check_marker_seen,
    c.LatestMarker: markers.check_latest_marker,
    c.SustainedMarker: markers.check_sustained,
    c.ResultNear: companions.check_result_near,
    c.Supplied: companions.check_supplied,
    c.Diagnosed: records.check_diagnosed,
    c.Recorded: records.check_recorded,
    c.Occurred: records.check_occurred,
    c.Exposed: medicines.check_exposed,
    c.Started: medicines.check_started,
    c.Ended: medicines.check_ended,
    c.SteadilyTreated: medicines.check_steadily_treated,
    c.Answered: answers.check_answered,
    c.TotalWithoutItem: answers.check_total_without_item,
    c.UnreadableAnswer: answers.check_unreadable_answer,
    c.Unplaced: answers.check_unplaced,
    c.StalePositive: answers.check_stale_positive,
    c.ItemSum: answers.check_item_sum,
    c.HistoryKnown: screening.check_history_known,
    c.Due: screening.check_due,
    c.MoodCleared: clearing.check_mood_cleared,
    c.BackBelow: clearing.check_back_below,
    c.Halved: clearing.check_halved,
    c.TreatmentChanged: medicines.check_treatment_changed,
    c.Elapsed: clearing.check_elapsed,
}


def scope_of(timeline: Timeline, *, traced: bool = True) -> Scope:
    """A scope in which one patient's criteria can be checked; `traced` False leaves out why something was not met."""
    return Scope(timeline, CHECKS, traced=traced)
