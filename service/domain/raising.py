"""From a MET rule to the flags it raises: anchors, priority, evidence and the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from service.domain import wording
from service.domain.anchors import EachEntry, anchor_day
from service.domain.days import EARLIEST, Days, iso
from service.domain.evaluation.scope import MET, At, Scope
from service.domain.identity import anchor_text, flag_identifier
from service.domain.judging import AgeGroup
from service.domain.rule import PRIORITY_ORDER, Priority
from service.domain.thresholds import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.criteria import Criterion
    from service.domain.facts import Source
    from service.domain.findings import RuleResult
    from service.domain.outcome import Entry, Outcome
    from service.domain.rule import Case, Note, Rule


class Raised(NamedTuple):
    """A finding before its life is decided: one anchor of one MET rule.

    `evidence` is what it rests on, `noted` what its notes quote beside that: new notes make no new finding.
    """

    rule: Rule
    identifier: str
    anchor: int | None
    priority: Priority
    sentence: str
    evidence: tuple[Source, ...]
    noted: tuple[Source, ...] = ()

    @property
    def cited(self) -> tuple[Source, ...]:
        """Everything that the sentence quotes."""
        return unique((*self.evidence, *self.noted)) if self.noted else self.evidence


class Manner(NamedTuple):
    """What is the same for every flag of one answer."""

    scope: Scope
    subject: str
    age: AgeGroup
    crisis: str


def unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources without repeats, in reading order; a resource that was sent twice is one."""
    return tuple({source.reference or source.expression: source for source in sources}.values())


def raised(result: RuleResult, manner: Manner, contributing: list[RuleResult]) -> list[Raised]:
    """Every finding of a MET rule: one, or one for each date of its entries."""
    outcome = result.outcome
    if outcome is None:  # pragma: no cover - a MET rule has an outcome
        return []
    if EachEntry in map(type, result.rule.anchor.parts):
        return [_one_date(result.rule, day, entries, outcome, manner) for day, entries in _by_date(outcome)]
    return [_one(result.rule, outcome, manner, contributing)]


def _by_date(outcome: Outcome) -> list[tuple[int, list[Entry]]]:
    dates: dict[int, list[Entry]] = {}
    for entry in outcome.values.get("entries", ()):
        dates.setdefault(entry.day, []).append(entry)
    return sorted(dates.items())


def _one_date(rule: Rule, day: int, entries: list[Entry], outcome: Outcome, manner: Manner) -> Raised:
    unique_entries = list(dict.fromkeys(entries))
    values = outcome.values | {
        "date": unique_entries[0].date,
        "age": f" ({Days(manner.scope.today - day)} ago)"
        if _is_past_day(unique_entries[0], manner.scope.today)
        else "",
        "entries": "; ".join(dict.fromkeys(entry.text for entry in unique_entries)),
        "opening": _opening(rule, unique_entries),
        "crisis": manner.crisis,
    }
    anchor = None if day == EARLIEST else day
    priority = min((_entry_priority(rule, entry.criterion) for entry in unique_entries), key=PRIORITY_ORDER.__getitem__)
    evidence = unique([entry.source for entry in unique_entries])
    asked = min(day, manner.scope.today)
    told = _sentence(rule, values, manner, At(asked, asked), (), day)
    return _finding(rule, anchor, priority, told, evidence, manner)


def _is_past_day(entry: Entry, today: int) -> bool:
    """False for what is undated, known to the month only, or dated after the as-of day."""
    return EARLIEST < entry.day <= today and entry.date == iso(entry.day)


def _opening(rule: Rule, entries: list[Entry]) -> str:
    fits = (o.text for o in rule.openings if not o.of or all(entry.criterion in o.of for entry in entries))
    return next(fits, "")


def _entry_priority(rule: Rule, criterion: Criterion) -> Priority:
    return next((case.priority for case in rule.cases if case.when is criterion), rule.priority)


def _one(rule: Rule, outcome: Outcome, manner: Manner, contributing: list[RuleResult]) -> Raised:
    scope = manner.scope
    day = outcome.day if outcome.day is not None else scope.today
    at = At(day, day)
    anchor = anchor_day(scope, rule.anchor, outcome)
    priority, extra = _priority(rule, outcome, scope, at)
    chart = scope.timeline.chart
    values = outcome.values | {
        "medicines": f"{chart.medicines_recognised} of {chart.medicines_sent} medicines were recognised."
        if chart.medicines_sent
        else "No medicine is in the data supplied.",
    }
    names = tuple(r.rule.name for r in contributing)
    told = _sentence(rule, values, manner, at, names, weak=outcome.weak)
    used = [source for r in contributing if r.outcome is not None for source in r.outcome.used]
    evidence = unique((*outcome.used, *used, *extra))
    return _finding(rule, anchor, priority, told, evidence, manner)


def _finding(
    rule: Rule,
    anchor: int | None,
    priority: Priority,
    told: tuple[str, tuple[Source, ...]],
    evidence: tuple[Source, ...],
    manner: Manner,
) -> Raised:
    """`told` is the sentence, and what its notes quote."""
    identifier = flag_identifier(rule.name, manner.subject, anchor_text(anchor))
    sentence, noted = told
    return Raised(rule, identifier, anchor, priority, sentence, evidence, noted)


def _priority(rule: Rule, outcome: Outcome, scope: Scope, at: At) -> tuple[Priority, tuple[Source, ...]]:
    priority = rule.priority
    evidence: tuple[Source, ...] = ()
    for case in rule.cases:
        found = scope.check(case.when, _where(case, outcome.values, at))
        if found.verdict is MET:
            priority, evidence = case.priority, found.used
            break
    if outcome.weak and rule.weak_baseline_lowers and priority is Priority.PM:
        priority = Priority.PL
    return priority, evidence


def _where(part: Case | Note, values: dict[str, Any], at: At) -> At:
    """The day of the finding, or of the event it is paired with: any of its days where it is not exact."""
    event = values.get("event_day") if part.at_event else None
    return At(event, values.get("event_last", event)) if isinstance(event, int) else at


def _sentence(
    rule: Rule,
    values: dict[str, Any],
    manner: Manner,
    at: At,
    contributing: tuple[str, ...],
    day: int | None = None,
    *,
    weak: bool = False,
) -> tuple[str, tuple[Source, ...]]:
    """The whole text, and what its notes quote."""
    values = values | numbers_of(rule)
    notes = _notes(rule, values, manner.scope, at, day)
    parts = [rule.sentence.format_map(values), *(text for text, _ in notes)]
    if values.get("prorated"):
        parts.append(wording.PRORATED)
    if weak:
        parts.append(wording.WEAK_BASELINE)
    if contributing:
        parts.append(wording.CONTRIBUTING.format(rules=", ".join(contributing)))
    if manner.age is AgeGroup.UNKNOWN and not rule.children:
        parts.append(wording.AGE_UNKNOWN)
    parts += [rule.limits, wording.FOOTER]
    return " ".join([part for part in parts if part]), tuple([source for _, used in notes for source in used])


def _notes(
    rule: Rule, values: dict[str, Any], scope: Scope, at: At, day: int | None
) -> list[tuple[str, tuple[Source, ...]]]:
    notes = []
    for note in rule.notes:
        found = scope.check(note.when, _where(note, values, at))
        holds = found.verdict is MET
        if note.same_date:
            holds = holds and any(entry.day == day for entry in found.values.get("entries", ()))
        if holds is not note.unless:
            # What is quoted of the finding's own date is its evidence already.
            used = () if note.unless or note.same_date else found.used
            notes.append((note.text.format_map(values | _named(found.values)), used))
    return notes


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {f"note_{name}": value for name, value in values.items()}
