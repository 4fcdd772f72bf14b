"""The evaluator's scope: one timeline, one as-of day, and a memory of what was already asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from service.domain.facts import Source
from service.domain.outcome import Lack, Outcome, Want
from service.domain.reads import Reads, reads_of
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.domain.criteria import Criterion
    from service.domain.timeline import Timeline

T = TypeVar("T")

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN

OBSERVED = ("Observation", "DiagnosticReport")
SCORED = ("Observation", "QuestionnaireResponse", "DiagnosticReport")
PRESCRIBED = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
    "Medication",
)


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

    __slots__ = ("_checks", "_known", "_memory", "_now", "gaps", "met_rules", "present", "timeline", "today")

    def __init__(
        self, timeline: Timeline, checks: Mapping[type, Callable[..., Outcome]], today: int | None = None
    ) -> None:
        """`today` is the as-of day ordinal; earlier for questions about the past."""
        self.timeline = timeline
        self.today = timeline.as_of.day if today is None else today
        self.met_rules: set[str] = set()
        self.gaps = timeline.chart.not_covered
        self.present = timeline.subjects
        self._checks = checks
        self._memory: dict[Criterion | tuple[Criterion, At], Outcome] = {}
        self._known: dict[tuple[str, ...], str] = {}
        self._now = At(self.today, self.today)

    def check(self, criterion: Criterion, at: At) -> Outcome:
        """The outcome of a criterion at a day; each is computed once."""
        memory = self._memory
        outcome = memory.get(criterion)
        if outcome is not None:
            return outcome
        reads = _READS.get(criterion) or _reads(criterion)
        if self._is_silent(reads):
            outcome = memory[criterion] = _SILENCE.get(criterion) or self._silence(criterion, at)
            return outcome
        key = criterion if reads.is_dayless else (criterion, at)
        outcome = memory.get(key)
        if outcome is None:
            outcome = memory[key] = self._checks[type(criterion)](self, criterion, at)
        return outcome

    def _is_silent(self, reads: Reads) -> bool:
        """True when nothing that the criterion looks for is in the data: it then says the same of every patient."""
        return reads.tells_by_facts and not self.gaps and self.present.isdisjoint(reads.subjects)

    def _silence(self, criterion: Criterion, at: At) -> Outcome:
        outcome = _SILENCE[criterion] = self._checks[type(criterion)](self, criterion, at)
        return outcome

    def now(self) -> At:
        """The as-of day."""
        return self._now

    @property
    def safety_limit(self) -> int:
        """The last day that safety rules read: data of the 24 hours after T count as if they were of T."""
        return self.timeline.as_of.safety_day if self.today == self.timeline.as_of.day else self.today

    def dated(self, first: int, last: int) -> tuple[int, int]:
        """A day of what was kept that is written as later than T, in its own offset or by tolerance, counts as T."""
        return (self.today, self.today) if first == last > self.today == self.timeline.as_of.day else (first, last)

    def on_day(self, day: int) -> Scope:
        """The same patient as seen on an earlier day."""
        return Scope(self.timeline, self._checks, day)

    def remembered(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """A derived table of the timeline, made once."""
        tables = self.timeline.tables
        if key not in tables:
            tables[key] = make()
        return cast("T", tables[key])

    def uncovered(self, types: tuple[str, ...]) -> str:
        """Why absence cannot be concluded for any of these resource types; empty when it can."""
        reason = self._known.get(types)
        if reason is None:
            found: dict[str, list[str]] = {}
            for name in types:
                if name in self.gaps:
                    found.setdefault(self.gaps[name], []).append(name)
            reason = "; ".join(f"{', '.join(names)}: {why}" for why, names in found.items())
            self._known[types] = reason
        return reason


# Rules are constants: what they read, and what they say of silence, is found once a process.
_READS: dict[Criterion, Reads] = {}
_SILENCE: dict[Criterion, Outcome] = {}


def _reads(criterion: Criterion) -> Reads:
    reads = _READS[criterion] = reads_of(criterion)
    return reads


def absent(scope: Scope, criterion: Criterion, types: tuple[str, ...], what: str) -> Outcome:
    """NOT_MET where the data would show it, UNKNOWN where they are incomplete."""
    if not scope.gaps:
        return not_met(criterion)
    gap = scope.uncovered(types)
    if gap:
        return Outcome(criterion, UNKNOWN, lacks=(Lack(Want.NOT_COVERED, f"{what} cannot be ruled out ({gap})"),))
    return not_met(criterion)


def not_met(criterion: Criterion) -> Outcome:
    """NOT_MET with nothing to tell; one value serves every patient."""
    outcome = _NOT_MET.get(criterion)
    if outcome is None:
        outcome = _NOT_MET[criterion] = Outcome(criterion, NOT_MET)
    return outcome


# Rules are constants; tests that make new ones are few.
_NOT_MET: dict[Criterion, Outcome] = {}


def missing(criterion: Criterion, text: str, day: int | None = None) -> Outcome:
    """UNKNOWN for want of a value."""
    return Outcome(criterion, UNKNOWN, day=day, lacks=(Lack(Want.MISSING, text),))


def undated(criterion: Criterion, text: str, used: tuple[Source, ...] = ()) -> Outcome:
    """UNKNOWN for want of a usable date."""
    return Outcome(criterion, UNKNOWN, used=used, lacks=(Lack(Want.UNDATED, text),))
