"""The tables at the end of a rule's page: its instruments, what a site may set, and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from service.domain.concepts import DrugGroup
from service.domain.instruments import Instrument
from service.domain.markdown import section, table
from service.domain.names import called
from service.domain.needs import needs
from service.domain.reads import found_in
from service.domain.thresholds import settable, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.domain.reads import Subject
    from service.domain.rule import Code, Rule
    from service.domain.thresholds import Settable

Codes: TypeAlias = "Callable[[Subject], tuple[Code, ...]]"

SINCE_THE_FLAG = (
    "How far back counts from the day of the check. An open flag is closed by what has come since it began: what is "
    "not sent of that time leaves it open."
)
OF_INSTRUMENTS = (
    "Of these instruments also `elevated`, the score from which it counts as elevated, and `change`, the step that "
    "counts, up to 3 points either way: {scales}."
)
_OF_INSTRUMENTS = "instruments."
FROM_MEMORY = "(m): a standard value from the literature that was not verified again; a default."


def instruments(rule: Rule) -> Iterator[str]:
    """Bands and steps of every instrument that the rule reads."""
    read = dict.fromkeys(s for need in needs(rule) for s in need.subjects if isinstance(s, Instrument))
    if not read:
        return iter(())
    own = {scale.key: scale for scale in found_in(rule, Instrument)}
    scales = [own.get(scale.key, scale) for scale in read]
    head = ("Instrument", "Range", "Elevated from", "Step", "Source")
    rows = [(s.name, f"{s.low} to {s.high}", _or_none(s.elevated), _step(s), s.source) for s in scales]
    return section("Instruments", [*table(head, rows), "", FROM_MEMORY])


def _or_none(value: object) -> str:
    return "" if value is None else str(value)


def _step(scale: Instrument) -> str:
    twice = f", or {scale.repeated_fall} twice" if scale.repeated_fall is not None else ""
    return _or_none(scale.worse_by or scale.fall) + twice


def settings(rule: Rule, usual: Rule) -> Iterator[str]:
    """The numbers that a site may set, each with its range; and with what it has set, where that is another rule."""
    offered = settable((usual,))
    if not offered:
        return iter(())
    here = settable((rule,))
    set_here = {key for key, one in offered.items() if here[key].usual != one.usual}
    head = ("Setting", "Default", "Range") if rule is usual else ("Setting", "Default", "Range", "Here")
    rows = [
        (one.key, _amount(one), one.range, _amount(here[key]))[: len(head)]
        for key, one in offered.items()
        if not key.startswith(_OF_INSTRUMENTS) or key in set_here
    ]
    scales = dict.fromkeys(key.split(".")[1] for key in offered if key.startswith(_OF_INSTRUMENTS))
    lines = [*table(head, rows)] if rows else []
    told = OF_INSTRUMENTS.format(scales=", ".join(f"`{scale}`" for scale in scales))
    lines += ["", told] if scales else []
    return section("What a site may set", lines if rows else lines[1:])


def _amount(one: Settable) -> str:
    return f"{shown(one.usual)} {one.unit}"


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
