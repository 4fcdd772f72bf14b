"""Cards: what a clinician sees of the same findings that the operation answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from service.domain.days import iso
from service.domain.rule import Priority
from service.fhir.addresses import ISSUE_SYSTEM
from service.fhir.writing.reasons import NOT_READ
from service.fhir.writing.rules import spell_rule
from service.terminology.override_reasons import OVERRIDE_REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.domain.findings import FlagFinding
    from service.domain.rule import Rule

Card: TypeAlias = dict[str, Any]

SHORTER_THAN: Final = 140
LABEL: Final = "Moodmarker"
CRITICAL, WARNING, INFO = "critical", "warning", "info"
INDICATORS: Final = {Priority.PH: CRITICAL, Priority.PM: WARNING, Priority.PL: INFO}


def finding_card(
    uuid: str, findings: Sequence[FlagFinding], detail: str, suggestions: Sequence[Card], launch: str
) -> Card:
    """The card of one rule; `findings` are all of that rule, the gravest first.

    `launch` is the address of a SMART application, or empty.
    """
    first = findings[0]
    card = _card(uuid, _summary(findings), INDICATORS[first.priority], detail, _source(first.rule))
    if suggestions:
        # More than one stores the same flag, so that one excludes the others.
        card |= {"suggestions": list(suggestions), "selectionBehavior": "at-most-one"}
    card["overrideReasons"] = [reason.coding for reason in OVERRIDE_REASONS]
    if launch:
        link = {"label": "Open in Moodmarker", "url": launch, "type": "smart", "appContext": first.rule.name}
        card["links"] = [link]
    return card


def rest_card(uuid: str, findings: Sequence[FlagFinding], detail: str) -> Card:
    """The card that lists what no card of its own is shown of."""
    rules = len({finding.rule.name for finding in findings})
    indicator = INDICATORS[findings[0].priority]
    return _card(
        uuid,
        "1 further finding" if rules == 1 else f"{rules} further findings",
        indicator,
        detail,
        _source(findings[0].rule),
    )


def repeated_card(uuid: str, findings: Sequence[FlagFinding], detail: str) -> Card:
    """The notice that flags of the record still hold as they are."""
    rules = len({finding.rule.name for finding in findings})
    summary = "Unchanged: 1 finding told before" if rules == 1 else f"Unchanged: {rules} findings told before"
    return _card(uuid, summary, INFO, detail, _source(findings[0].rule))


def missing_card(uuid: str, words: Sequence[str], detail: str) -> Card:
    """The warning that data which safety rules read could not be had."""
    summary = _fitted("Safety check incomplete. Could not be read: ", words)
    return _card(uuid, summary, WARNING, detail, _not_read())


def unjudged_card(uuid: str, detail: str) -> Card:
    """The notice that no rule was evaluated; its detail says why."""
    return _card(uuid, "No rule was evaluated for this patient", INFO, detail, _not_read())


def undecided_card(uuid: str, titles: Sequence[str], detail: str) -> Card:
    """The notice that missing data leave a finding open."""
    return _card(uuid, _fitted("Cannot tell: ", titles), INFO, detail, _not_read())


def _card(uuid: str, summary: str, indicator: str, detail: str, source: Card) -> Card:
    return {"uuid": uuid, "summary": summary, "indicator": indicator, "detail": detail, "source": source}


def _summary(findings: Sequence[FlagFinding]) -> str:
    """The rule's title and a date; never who it is about, and nothing that came with the data."""
    days = [finding.start for finding in findings if finding.start is not None]
    return f"{findings[0].rule.title} ({iso(max(days))})" if days else findings[0].rule.title


def _source(rule: Rule) -> Card:
    """Whose card it is, and the rule behind it."""
    return {"label": LABEL, "topic": dict(spell_rule(rule).coding)}


def _not_read() -> Card:
    return {"label": LABEL, "topic": {"system": ISSUE_SYSTEM, "code": NOT_READ, "display": "Data could not be read"}}


def _fitted(start: str, words: Sequence[str]) -> str:
    """As many of the words as a summary has room for."""
    text = start + words[0]
    for index, word in enumerate(words[1:], 1):
        left = len(words) - index
        if len(f"{text}, {word} and {left} more") >= SHORTER_THAN:
            return f"{text} and {left} more"
        text = f"{text}, {word}"
    return text
