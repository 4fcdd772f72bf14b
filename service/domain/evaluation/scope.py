"""The evaluator's scope: one timeline, one as-of day, and a memory of what was already asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from service.domain import criteria as c
from service.domain.facts import Chart, Patient, Source
from service.domain.outcome import NO_VALUES, Lack, Outcome, Want
from service.domain.plain import plain
from service.domain.reads import Subject, reads_of
from service.domain.timeline import Timeline
from service.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from service.domain.criteria import Criterion

    Check = Callable[["Scope", Any, "At"], Outcome]

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


@dataclass(slots=True, eq=False)
class Asked:
    """How a criterion is asked: as `word`, unless nothing is there of one group of `needs`: it then says `silence`."""

    word: Criterion
    check: Check
    is_dayless: bool
    needs: tuple[frozenset[Subject], ...]
    silence: Outcome | None


# By criterion, without trace and with it. Rules are constants; tests that make new ones are few.
_ASKED: tuple[dict[Criterion, Asked], dict[Criterion, Asked]] = ({}, {})


class Scope:
    """What the checks share while one patient is evaluated."""

    __slots__ = (
        "_asked",
        "_checks",
        "_known",
        "_memory",
        "_now",
        "gaps",
        "met_rules",
        "present",
        "timeline",
        "today",
        "traced",
    )

    def __init__(
        self,
        timeline: Timeline,
        checks: Mapping[type, Check],
        today: int | None = None,
        *,
        traced: bool = True,
    ) -> None:
        """`today` is the as-of day ordinal; earlier for questions about the past.

        `traced` False leaves out why something was not met, which nobody reads but in a whole trace.
        """
        self.timeline = timeline
        self.traced = traced
        self.today = timeline.as_of.day if today is None else today
        self.met_rules: set[str] = set()
        self.gaps = timeline.chart.not_covered
        self.present = timeline.subjects
        self._checks = checks
        self._asked = _ASKED[traced]
        self._memory: dict[Criterion | tuple[Criterion, At], Outcome] = {}
        self._known: dict[tuple[str, ...], str] = {}
        self._now = At(self.today, self.today)

    def check(self, criterion: Criterion, at: At) -> Outcome:
        """The outcome of a criterion at a day; each is computed once."""
        memory = self._memory
        outcome = memory.get(criterion)
        if outcome is not None:
            return outcome
        asked = self._asked.get(criterion) or self._learn(criterion)
        silence = asked.silence
        if silence is not None and not self.gaps:
            present = self.present
            for needed in asked.needs:
                if present.isdisjoint(needed):
                    memory[criterion] = silence
                    return silence
        word = asked.word
        key = word if asked.is_dayless else (word, at)
        outcome = memory.get(key)
        if outcome is None:
            outcome = memory[key] = asked.check(self, word, at)
        return outcome

    def _learn(self, criterion: Criterion) -> Asked:
        """How a criterion is asked, found once: rules are constants."""
        word: Criterion = criterion if self.traced else plain(criterion)
        reads = reads_of(word)
        needs, silence = () if self.traced else self._refuting(word), not_met(word)
        if not needs and reads.tells_by_facts:
            needs, silence = (reads.subjects,), self._of_nobody(word)
        check = self._checks[type(word)]
        asked = self._asked[criterion] = Asked(word, check, reads.is_dayless, needs, silence if needs else None)
        return asked

    def _of_nobody(self, word: Criterion) -> Outcome:
        """What a criterion says when nothing that it looks for is in the data: the same of every patient."""
        scope = Scope(Timeline(Chart(Patient("", "")), self.timeline.as_of), self._checks, traced=self.traced)
        return self._checks[type(word)](scope, word, scope.now())

    def _refuting(self, word: Criterion) -> tuple[frozenset[Subject], ...]:
        """Subjects without any of which a combination is not met, as groups of which one is enough."""
        match word:
            case c.AllOf():
                return tuple(group for part in word.criteria for group in self._needs(part))
            case c.AnyOf():
                every = [self._needs(part) for part in word.criteria]
                return (frozenset().union(*(min(groups, key=len) for groups in every)),) if all(every) else ()
            case c.Paired():
                return self._needs(word.first) + (() if word.first_decides else self._needs(word.then))
            case _:
                return ()

    def _needs(self, criterion: Criterion) -> tuple[frozenset[Subject], ...]:
        asked = self._asked.get(criterion) or self._learn(criterion)
        return asked.needs if asked.silence is not None and asked.silence.verdict is NOT_MET else ()

    def refuted(
        self,
        criterion: Criterion,
        inner: tuple[Outcome, ...] = (),
        day: int | None = None,
        used: tuple[Source, ...] = (),
    ) -> Outcome:
        """NOT_MET, with what it rests on where somebody wants the trace."""
        return Outcome(criterion, NOT_MET, day, used, NO_VALUES, inner) if self.traced else not_met(criterion)

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

    def written(self, day: int, sources: Iterable[Source]) -> int:
        """The day as these wrote it: what merely counts as of today is of that day still tomorrow."""
        ahead = self.timeline.ahead
        return min((ahead.get(source, day) for source in sources), default=day) if ahead else day

    def on_day(self, day: int) -> Scope:
        """The same patient as seen on an earlier day."""
        return Scope(self.timeline, self._checks, day, traced=self.traced)

    def remembered(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """A derived table of the timeline, made once."""
        tables = self.timeline.tables
        found: T | None = tables.get(key)
        if found is None:
            found = tables[key] = make()
        return found

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


def lack_of(scope: Scope, types: tuple[str, ...], text: str, why: list[str]) -> Lack:
    """What is lacking and why: not all of it was sent, or it could not be read, or else it was not measured."""
    gap = scope.uncovered(types)
    details = [*why, gap] if gap else why
    want = Want.NOT_COVERED if gap else Want.UNREADABLE if why else Want.MISSING
    return Lack(want, f"{text} ({'; '.join(details)})" if details else text)


def unreadable(criterion: Criterion, text: str) -> Outcome:
    """UNKNOWN for want of what could not be read."""
    return Outcome(criterion, UNKNOWN, lacks=(Lack(Want.UNREADABLE, text),))


def undated(criterion: Criterion, text: str, used: tuple[Source, ...] = ()) -> Outcome:
    """UNKNOWN for want of a usable date."""
    return Outcome(criterion, UNKNOWN, used=used, lacks=(Lack(Want.UNDATED, text),))
