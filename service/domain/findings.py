"""What the evaluation of one patient gives: a result per rule, flags with their state, and one plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.domain.days import AsOf
    from service.domain.facts import Chart, DataIssue, PriorFlag, PriorPlan, Source
    from service.domain.outcome import Outcome
    from service.domain.rule import Code, Priority, Rule
    from service.domain.verdict import Verdict


class FlagState(StrEnum):
    """What becomes of a flag in this answer."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    RETRACTED = "entered-in-error"
    UNCHANGED = "unchanged"


# Members are slow to reach through their class.
_ACTIVE, _UNCHANGED = FlagState.ACTIVE, FlagState.UNCHANGED


@dataclass(slots=True)
class RuleResult:
    """One rule's verdict, with why in words and the trace behind it.

    `reason` is one plain sentence. `lacks` says, for UNKNOWN, what was missing. `because` is a stable code:
    met, not-met, unknown, population-not-met, age, off, blocked, part-of, closed-by-clinician.
    """

    rule: Rule
    verdict: Verdict
    because: str
    reason: str
    outcome: Outcome | None = None
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class FlagFinding:
    """One Flag to return: new, kept, cleared, retracted, or open and unchanged.

    `start` is the anchor date (None for the literal anchor 'undated'); `end` the day it became inactive.
    `sentence` is the whole text for the clinician, limits and footer included.
    `closed_reason` is set when we close it ourselves ('cleared', 'merged', 'now part of <rule>', 'withdrawn').
    `prior` is the received Flag this one continues, None for a new one. `cleared_by` says what would clear it.
    `evidence` names every resource the finding rests on, without repeats, in reading order.
    `contributing` names rules that are MET and folded into this one. Of a flag that stays as it is, `withdrawn` names
    the evidence that was entered in error, and `changed` what was changed since or now reads otherwise.
    """

    rule: Rule
    identifier: str
    state: FlagState
    priority: Priority
    start: int | None
    end: int | None
    sentence: str
    evidence: tuple[Source, ...]
    cleared_by: str = ""
    closed_reason: str = ""
    contributing: tuple[str, ...] = ()
    prior: PriorFlag | None = None
    withdrawn: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is active after this evaluation, told anew or left as it is."""
        return self.state is _ACTIVE or self.state is _UNCHANGED


@dataclass(slots=True)
class PlannedActivity:
    """One CarePlan activity: each action once, with every rule that asked for it and the days it is due (ordinals)."""

    code: Code
    kind: str
    description: str
    start: int
    end: int | None
    rules: tuple[Rule, ...]
    evidence: tuple[Source, ...]


@dataclass(slots=True)
class PlanProposal:
    """The one draft CarePlan, from active flags whose rule is MET."""

    identifier: str
    activities: tuple[PlannedActivity, ...]
    flags: tuple[FlagFinding, ...]
    evidence: tuple[Source, ...]
    replaces: tuple[PriorPlan, ...] = ()


@dataclass(slots=True)
class Assessment:
    """The whole answer about one patient, before any FHIR spelling.

    `flags` are ordered: active, inactive, retracted, unchanged; within a state by priority, rule name, start.
    `plan` is None when nothing is proposed. `revoked` are our earlier drafts that this answer withdraws.
    `urgent` is True when any own PH flag is active after this evaluation. `notices` are sentences about the whole.
    `shadow` are results of rules that a site tries out: recorded, and nothing else of the answer knows of them.
    """

    as_of: AsOf
    chart: Chart
    results: tuple[RuleResult, ...]
    flags: tuple[FlagFinding, ...]
    plan: PlanProposal | None
    revoked: tuple[PriorPlan, ...] = ()
    urgent: bool = False
    notices: tuple[str, ...] = ()
    issues: tuple[DataIssue, ...] = field(default=())
    shadow: tuple[RuleResult, ...] = field(default=())
