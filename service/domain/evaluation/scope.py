"""The evaluator's scope: one timeline, one as-of day, and a memory of what was already asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain.facts import Source
from service.domain.outcome import Lack, Outcome, Want
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.domain.criteria import Criterion
    from service.domain.timeline import Timeline

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN

OBSERVED = ("Observation", "DiagnosticReport")
SCORED = ("Observation", "QuestionnaireResponse", "DiagnosticReport")
PRESCRIBED = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense", "Medication")


class At(NamedTuple):
    """The day a criterion is asked about: exact when both bounds agree; `began` is the first day of a paired run."""

    low: int
    high: int
    began: int | None = None

    @property
    def is_exact(self) -> bool:
        """True when the day is known."""
        return self.low == self.high


class Scope:
    """What the checks share while one patient is evaluated."""

    __slots__ = ("_checks", "_known", "_memory", "met_rules", "timeline", "today")

    def __init__(self, timeline: Timeline, checks: Mapping[type, Callable[..., Outcome]], today: int | None = None) -> None:
        """`today` is the as-of day ordinal; earlier for questions about the past."""
        self.timeline = timeline
        self.today = timeline.as_of.day if today is None else today
        self.met_rules: set[str] = set()
        self._checks = checks
        self._memory: dict[tuple[Criterion, At], Outcome] = {}
        self._known: dict[tuple[str, ...], str] = {}

    def check(self, criterion: Criterion, at: At) -> Outcome:
        """The outcome of a criterion at a day; each is computed once."""
        key = (criterion, at)
        outcome = self._memory.get(key)
        if outcome is None:
            outcome = self._memory[key] = self._checks[type(criterion)](self, criterion, at)
        return outcome

    def now(self) -> At:
        """The as-of day."""
        return At(self.today, self.today)

    def on_day(self, day: int) -> Scope:
        """The same patient as seen on an earlier day."""
        return Scope(self.timeline, self._checks, day)

    def uncovered(self, types: tuple[str, ...]) -> str:
        """Why absence cannot be concluded for any of these resource types; empty when it can."""
        reason = self._known.get(types)
        if reason is None:
            gaps = self.timeline.chart.not_covered
            found = [f"{name}: {gaps[name]}" for name in types if name in gaps] if gaps else []
            reason = self._known[types] = "; ".join(found)
        return reason


def absent(scope: Scope, criterion: Criterion, types: tuple[str, ...], what: str) -> Outcome:
    """NOT_MET where the data would show it, UNKNOWN where they are incomplete."""
    gap = scope.uncovered(types)
    if gap:
        return Outcome(criterion, UNKNOWN, lacks=(Lack(Want.NOT_COVERED, f"{what} cannot be ruled out ({gap})"),))
    return Outcome(criterion, NOT_MET)


def missing(criterion: Criterion, text: str, day: int | None = None) -> Outcome:
    """UNKNOWN for want of a value."""
    return Outcome(criterion, UNKNOWN, day=day, lacks=(Lack(Want.MISSING, text),))


def undated(criterion: Criterion, text: str, used: tuple[Source, ...] = ()) -> Outcome:
    """UNKNOWN for want of a usable date."""
    return Outcome(criterion, UNKNOWN, used=used, lacks=(Lack(Want.UNDATED, text),))
