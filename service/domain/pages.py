"""The clinician's page of a rule in Markdown: everything on it is read off the rule."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

from service.domain import wording
from service.domain.appendix import instruments, reads, settings
from service.domain.explain import ONLY_A_CLINICIAN
from service.domain.markdown import section, table
from service.domain.outline import listed, outline
from service.domain.rule import From, Priority, Status
from service.domain.thresholds import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from service.domain.appendix import Codes
    from service.domain.criteria import Criterion
    from service.domain.rule import Action, Rule

PRIORITIES = {Priority.PH: "high (PH)", Priority.PM: "medium (PM)", Priority.PL: "low (PL)"}
STATUSES = {Status.DRAFT: "draft", Status.ACTIVE: "active", Status.RETIRED: "retired"}
# What stands for a value in a sentence; any other is called by its own name.
_BLANKS = {
    "before": "earlier score",
    "now": "current score",
    "before_date": "its date",
    "now_date": "its date",
    "now_age": "number of days",
    "lasting": "number of days",
    "event_near": "so many days before or after a relapse, with the date of its onset",
    "event_date": "date",
    "drug_days": "number of days",
    "drug_from": "first day",
    "drug_to": "last day",
    "marker": "CRP or hs-CRP",
    "marker_value": "value",
    "marker_date": "date",
    "marker_apart": "number of days",
    "marker_age": "number of days",
    "due_dates": "dates",
    "overdue_days": "number of days",
    "age": "",
    "unread": ", and why",
    "crisis": "crisis contacts",
    "medicines": "How many of the medicines were recognised.",
    "opening": "What was recorded",
    "companion": "test",
    "companion_value": "value",
    "companion_date": "date",
    "records": "what was recorded",
    "record_date": "date",
}
NOT_FOUND = (
    "A score or result that is needed and missing makes the answer unknown. A record that is not found counts as "
    "absent in the data supplied, unless its kind was not sent."
)
AS_USUAL = "With the defaults: what this site has set, below, may give another answer."


def page(rule: Rule, codes: Codes, usual: Rule | None = None) -> str:
    """The page of one rule, for a clinician to read and approve; `usual` is the rule without what a site has set."""
    parts = (
        _head(rule),
        _population(rule),
        section("When it is met", [*_list(rule.when), "", NOT_FOUND]),
        _priority(rule),
        _others(rule),
        _flag(rule),
        _clearing(rule),
        _plan(rule),
        _evidence(rule),
        section("Limits", [rule.limits, "", wording.FOOTER]),
        _examples(rule, own=usual is not None and usual is not rule),
        instruments(rule),
        settings(rule, usual or rule),
        reads(rule, codes),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def index(rules: Sequence[Rule]) -> str:
    """The list of all rules, in the order in which they are judged."""
    rows = [
        (f"[{rule.name}]({rule.name}.md)", rule.question, PRIORITIES[rule.priority], _standing(rule)) for rule in rules
    ]
    head = ["# Rules", "", "In the order in which they are judged; no rule reads a later one.", ""]
    return "\n".join([*head, *table(("Rule", "Question", "Priority", "Status"), rows)]) + "\n"


def _head(rule: Rule) -> Iterator[str]:
    yield f"# {rule.title}"
    yield ""
    yield rule.question
    yield ""
    yield f"Rule `{rule.name}`, version {rule.version}, {_standing(rule)}."
    yield ""


def _standing(rule: Rule) -> str:
    return STATUSES[rule.status] + ("" if rule.on_by_default else ", off unless a site switches it on")


def _list(word: Criterion) -> list[str]:
    return list(listed(outline(word)))


def _population(rule: Rule) -> Iterator[str]:
    who = "Patients of any age." if rule.children else "Adults; where the age is not known, the text says so."
    lines = [who]
    if rule.population is not None:
        lines += ["", "Among them, those of whom this holds:", "", *_list(rule.population)]
    return section("Whom it is for", lines)


def _priority(rule: Rule) -> Iterator[str]:
    lines = [f"The priority is {PRIORITIES[rule.priority]}."]
    if rule.cases:
        lines += ["", "The first of these that holds changes it:", ""]
    for case in rule.cases:
        day = ", asked of the day of the event" if case.at_event else ""
        head, *rest = _list(case.when)
        lines += [f"- {PRIORITIES[case.priority]}{day}:", f"  {head}", *(f"  {line}" for line in rest)]
    if rule.weak_baseline_lowers and Priority.PM in {rule.priority, *(case.priority for case in rule.cases)}:
        lines += ["", "An earlier score that is older than the look-back, or none at all, lowers medium to low."]
    if rule.safety:
        lines += [
            "",
            "A safety rule: judged before all others, never off or in shadow, and no limit of it can be set.",
        ]
    return section("Priority", lines)


def _others(rule: Rule) -> Iterator[str]:
    lines = []
    if rule.blocked_by:
        lines += ["Withheld while one of these is met:", "", *_links(rule.blocked_by), ""]
    if rule.rests_on_absence_of:
        lines += [
            "Its sentence is true only while these are shown. A site that puts one of them off or in shadow does so "
            "with this rule as well:",
            "",
            *_links(rule.rests_on_absence_of),
            "",
        ]
    if rule.part_of:
        lines += ["Told within the flag of the first of these that is met, not by a flag of its own:", ""]
        lines += [*_links(rule.part_of), ""]
    return section("Beside other rules", lines[:-1]) if lines else iter(())


def _links(names: Iterable[str]) -> list[str]:
    return [f"- [{name}]({name}.md)" for name in names]


def _flag(rule: Rule) -> Iterator[str]:
    numbers = numbers_of(rule)
    lines = [f"> {_in_words(rule.sentence, numbers)}", ""]
    lines += [f"Category: {', '.join(category.value for category in rule.categories)}.", ""]
    for opening in rule.openings:
        lines += [f"*What was recorded* may read: “{opening.text}”", ""]
    for note in rule.notes:
        lines += [f"Added {'unless' if note.unless else 'when'} this holds: “{_in_words(note.text, numbers)}”", ""]
        lines += [*_list(note.when), ""]
    return section("What the flag says", lines[:-1])


def _in_words(template: str, numbers: Mapping[str, object]) -> str:
    """The sentence with the numbers that hold here, and with what stands for values of the patient."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        known = (name or "").removeprefix("note_")
        if known in numbers:
            parts += [literal, f"{numbers[known]}"]
            continue
        blank = _BLANKS.get(known, known.replace("_", " "))
        parts += [literal, f"*{blank}*" if blank else ""]
    return re.sub(r" +", " ", "".join(parts)).strip()


def _clearing(rule: Rule) -> Iterator[str]:
    lines = [ONLY_A_CLINICIAN] if rule.clears is None else ["Since the day the flag begins:", "", *_list(rule.clears)]
    return section("What closes the flag", lines)


def _plan(rule: Rule) -> Iterator[str]:
    lines = [line for action in rule.plan for line in _activity(action)]
    return section("Suggested care plan activities", lines) if lines else iter(())


def _activity(action: Action) -> Iterator[str]:
    yield f"- {action.description} *{action.code.display}* (`{action.code.code}`), {_due(action)}"
    if action.when is not None:
        yield "  - only while this holds:"
        yield from (f"    {line}" for line in _list(action.when))


def _due(action: Action) -> str:
    if not action.due:
        return "at the next contact"
    since = {From.AS_OF: "from now", From.EVENT: "after the event", From.LAST_DOSE: "after the last dose"}
    days = [str(span.days) for span in action.due]
    return f"{' and '.join([', '.join(days[:-1]), days[-1]] if days[1:] else days)} days {since[action.due_from]}"


def _examples(rule: Rule, *, own: bool) -> Iterator[str]:
    verdicts = {name: name.replace("_", " ").lower() for name in ("MET", "NOT_MET", "UNKNOWN")}
    rows = [
        (e.name, e.given.strip("; "), verdicts[e.verdict.name], PRIORITIES[e.priority] if e.priority else "")
        for e in rule.examples
    ]
    lines = [*table(("Patient", "What is recorded", "Answer", "Priority"), rows)]
    return section("Examples", [AS_USUAL, "", *lines] if own else lines)


def _evidence(rule: Rule) -> Iterator[str]:
    rows = [(e.claim, e.citation, e.grade.value) for e in rule.evidence]
    return section("Evidence", table(("Claim", "Source", "Strength"), rows))
