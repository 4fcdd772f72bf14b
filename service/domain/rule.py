"""A rule and its parts: all frozen values that evaluation, explanation, pages and FHIR artifacts read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from service.domain.anchors import Anchor
    from service.domain.criteria import Criterion
    from service.domain.verdict import Verdict


class Priority(StrEnum):
    """FHIR flag-priority codes in use; PH is highest."""

    PH = "PH"
    PM = "PM"
    PL = "PL"


PRIORITY_ORDER = {Priority.PH: 0, Priority.PM: 1, Priority.PL: 2}


class Status(StrEnum):
    """Publication status of a rule."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class Category(StrEnum):
    """Codes of the FHIR flag-category code system that rules use."""

    DRUG = "drug"
    LAB = "lab"
    ADMIN = "admin"
    CLINICAL = "clinical"
    BEHAVIORAL = "behavioral"
    SAFETY = "safety"


class Grade(StrEnum):
    """Strength of evidence as the clinical brief grades it."""

    HIGH = "guideline or large replicated"
    MODERATE = "prospective or meta-analytic association"
    LOW = "small, exploratory or expert"


@dataclass(frozen=True, slots=True)
class Code:
    """A code in its system, with the display that its source prints."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim, where it is published, and how strong it is."""

    claim: str
    citation: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Case:
    """The priority a finding has when `when` is MET; the first case that is met decides. `at_event` as in `Note`."""

    when: Criterion
    priority: Priority
    at_event: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence added to a flag's text when `when` is MET (with `unless`: when it is not).

    It is asked at the day of the finding, or with `at_event` at the day of the event it is paired with. With
    `same_date` it must hold by an entry of the finding's own date.
    """

    when: Criterion
    text: str
    unless: bool = False
    at_event: bool = False
    same_date: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How a sentence about dated entries begins when all of them come from the criteria `of` (none: any)."""

    text: str
    of: tuple[Criterion, ...] = ()


class From(StrEnum):
    """What a due date counts from."""

    AS_OF = "as-of"
    EVENT = "the event"
    LAST_DOSE = "the last dose"


@dataclass(frozen=True, slots=True)
class Action:
    """One suggested activity of the CarePlan.

    `kind` is a FHIR CarePlanActivityKind. `due` lists days after `due_from`; none means at the next contact.
    Only due dates on or after the as-of date are emitted; missed ones fold into one 'now'.
    `when` keeps the action to findings in which that criterion is MET.
    """

    code: Code
    description: str
    due: tuple[timedelta, ...] = ()
    due_from: From = From.AS_OF
    kind: str = "ServiceRequest"
    when: Criterion | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A patient in words, and what the rule must say of them at the as-of date (2026-06-30, see `examples`)."""

    name: str
    given: str
    verdict: Verdict
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One clinical rule.

    `population` limits whom it concerns (not met: NOT_MET with that reason). `anchor` dates a finding; rules with an
    anchor of the kind STATE adopt an earlier open Flag. `blocked_by` names rules that, when MET, make this one NOT_MET;
    of these, `rests_on_absence_of` names those that its criteria do not exclude, so that its sentence is true only
    while they are judged and shown.
    `part_of` names rules under which a MET finding is listed as contributing and not raised.
    `clears` is evaluated since the Flag's start; None means that only a clinician clears it.
    """

    name: str
    version: str
    status: Status
    title: str
    question: str
    when: Criterion
    anchor: Anchor
    priority: Priority
    categories: tuple[Category, ...]
    sentence: str
    limits: str
    evidence: tuple[Evidence, ...]
    examples: tuple[Example, ...]
    population: Criterion | None = None
    cases: tuple[Case, ...] = ()
    notes: tuple[Note, ...] = ()
    openings: tuple[Opening, ...] = ()
    plan: tuple[Action, ...] = ()
    blocked_by: tuple[str, ...] = ()
    rests_on_absence_of: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    clears: Criterion | None = None
    safety: bool = False
    children: bool = False
    weak_baseline_lowers: bool = True
    on_by_default: bool = True
