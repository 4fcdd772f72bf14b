"""The tables at the end of a rule's page: its instruments, what a site may set, and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from service.domain.concepts import DrugGroup
from service.domain.instruments import Instrument
from service.domain.markdown import section, table
from service.domain.names import called
from service.domain.needs import needs
from service.domain.reads import spans_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.domain.reads import Subject
    from service.domain.rule import Code, Rule

Codes: TypeAlias = "Callable[[Subject], tuple[Code, ...]]"

SINCE_THE_FLAG = (
    "How far back counts from the day of the check. An open flag is closed by what has come since it began: what is "
    "not sent of that time leaves it open."
)
FROM_MEMORY = "(m): a standard value from the literature that was not verified again; a default."


def instruments(rule: Rule) -> Iterator[str]:
    """Bands and steps of every instrument that the rule reads."""
    scales = dict.fromkeys(s for need in needs(rule) for s in need.subjects if isinstance(s, Instrument))
    if not scales:
        return iter(())
    head = ("Instrument", "Range", "Elevated from", "Step", "Source")
    rows = [(s.name, f"{s.low} to {s.high}", _or_none(s.elevated), _step(s), s.source) for s in scales]
    return section("Instruments", [*table(head, rows), "", FROM_MEMORY])


def _or_none(value: object) -> str:
    return "" if value is None else str(value)


def _step(scale: Instrument) -> str:
    twice = f", or {scale.repeated_fall} twice" if scale.repeated_fall is not None else ""
    return _or_none(scale.worse_by or scale.fall) + twice


def settings(rule: Rule) -> Iterator[str]:
    """The spans of time that a site may set, each with its range."""
    spans = () if rule.safety else dict.fromkeys(spans_of(rule))
    if not spans:
        return iter(())
    rows = [(span.name, f"{span.days} days", f"{span.at_least} to {span.at_most} days") for span in spans]
    return section("What a site may set", table(("Setting", "Default", "Range"), rows))


def reads(rule: Rule, codes: Codes) -> Iterator[str]:
    """Everything the rule looks for, where, how far back, and by which codes."""
    types: dict[Subject, dict[str, None]] = {}
    reach: dict[Subject, list[int | None]] = {}
    for need in needs(rule):
        for subject in need.subjects:
            types.setdefault(subject, {})[need.resource_type] = None
            reach.setdefault(subject, []).append(need.days)
    rows = [(called(s), ", ".join(types[s]), _back(reach[s]), _coded(s, codes(s))) for s in types]
    lines = [*table(("What", "Resources", "How far back", "Codes"), rows)]
    if rule.clears is not None:
        lines += ["", SINCE_THE_FLAG]
    return section("What it reads", lines)


def _back(days: list[int | None]) -> str:
    known = [day for day in days if day is not None]
    return "any date" if len(known) < len(days) else f"{max(known)} days"


def _coded(subject: Subject, codes: tuple[Code, ...]) -> str:
    if isinstance(subject, DrugGroup):
        return ", ".join(dict.fromkeys(code.display for code in codes))
    return ", ".join(f"`{code.code}`" for code in codes)
