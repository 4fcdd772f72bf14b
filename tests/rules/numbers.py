"""Finds every number in a rule and builds the rule with that number one step away.

A number that stands in one place is nudged everywhere it is used: a word that several parts of a rule share, a named
span, and the two default reaches of the words about scores.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from service.domain import criteria as c
from service.domain.analytes import Analyte
from service.domain.days import Span
from service.domain.instruments import Instrument, MoodDomain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.rule import Rule

# Tables that many rules share are pinned by the tests of those tables.
SHARED = (Instrument, MoodDomain, Analyte, c.MarkerLimits)
NUMBERS = (timedelta, Decimal, int)
DEFAULT_REACHES = (c.FRESH, c.STALE_BASELINE)
# These number the questions of a form and are no thresholds.
ITEM_NUMBERS = ((c.ItemSum, "items"),)
PARTS = ("when", "cases")
CLEARING = ("clears",)
# What a text may quote.
TOLD = (*PARTS, *CLEARING, "notes", "plan")

Place = tuple[int, str]


class Nudge(NamedTuple):
    """A rule with one number changed."""

    where: str
    rule: Rule


class Number(NamedTuple):
    """A number and the place it stands in: the holding value and the field, or the number itself where it is named."""

    place: Place
    where: str
    value: Any


def numbers(rule: Rule, definitions: frozenset[str], parts: tuple[str, ...] = PARTS) -> list[Number]:
    """Every number of these parts of the rule, each once; those of the definitions that are named."""
    found: dict[Place, Number] = {}
    for part in parts:
        for number in _numbers(getattr(rule, part), (id(rule), part), part, definitions):
            found.setdefault(number.place, number)
    return list(found.values())


def nudges(rule: Rule, *, definitions: frozenset[str]) -> Iterator[Nudge]:
    """Every number of the criterion and of the priority cases, one step down and one step up.

    Shared definitions are left to the rule that pins them: only those named in `definitions` are entered.
    """
    for number in numbers(rule, definitions):
        # A number that dates a finding too is changed there as well.
        yield from nudged(rule, number, (*PARTS, "anchor"))


def nudged(rule: Rule, number: Number, parts: tuple[str, ...]) -> Iterator[Nudge]:
    """The rule with this number one step down and one step up in these parts."""
    for changed in _steps(number.value):
        known: dict[int, Any] = {}
        new = {part: _with(getattr(rule, part), (id(rule), part), number.place, changed, known) for part in parts}
        where = f"{number.where} {_shown(number.value)} -> {_shown(changed)}"
        yield Nudge(where, dataclasses.replace(rule, **new))


def _steps(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Span):
        return dataclasses.replace(value, days=value.days - 1), dataclasses.replace(value, days=value.days + 1)
    step = _step(value)
    return value - step, value + step


def _step(value: Any) -> Any:
    """One in the last place that is written."""
    if isinstance(value, Decimal):
        return Decimal(1).scaleb(int(value.as_tuple().exponent))
    return timedelta(days=1) if isinstance(value, timedelta) else 1


def _shown(value: Any) -> str:
    return str(value.days) if isinstance(value, Span | timedelta) else str(value)


def _is_number(value: Any) -> bool:
    return type(value) in NUMBERS or isinstance(value, Span)


def _place(value: Any, place: Place) -> Place:
    named = isinstance(value, Span) or any(value is reach for reach in DEFAULT_REACHES)
    return (id(value), "") if named else place


def _numbers(value: Any, place: Place, where: str, definitions: frozenset[str]) -> Iterator[Number]:
    if _is_number(value):
        yield Number(_place(value, place), where, value)
    else:
        for inner, name, part in _inside(value, place):
            if not isinstance(part, c.Defined) or part.name in definitions:
                yield from _numbers(part, inner, f"{where}{name}", definitions)


def definitions_of(value: Any) -> set[str]:
    """The names of the shared definitions that a criterion uses, those inside others included."""
    found = {value.name} if isinstance(value, c.Defined) else set()
    return found.union(*(definitions_of(part) for _, _, part in _inside(value, (0, ""))))


def _inside(value: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    if isinstance(value, tuple):
        for i, part in enumerate(value):
            yield (place[0], f"{place[1]}[{i}]"), f"[{i}]", part
    elif dataclasses.is_dataclass(value) and not isinstance(value, SHARED):
        for field in dataclasses.fields(value):
            if not any(isinstance(value, kind) and field.name == name for kind, name in ITEM_NUMBERS):
                yield (id(value), field.name), f".{type(value).__name__}.{field.name}", getattr(value, field.name)


def _with(value: Any, place: Place, wanted: Place, changed: Any, known: dict[int, Any]) -> Any:
    """The value with the number at the wanted place changed; values that were one stay one."""
    if _is_number(value):
        return changed if _place(value, place) == wanted else value
    if isinstance(value, tuple):
        return tuple(_with(part, inner, wanted, changed, known) for inner, _, part in _inside(value, place))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if id(value) not in known:
        parts = {inner[1]: _with(part, inner, wanted, changed, known) for inner, _, part in _inside(value, place)}
        same = all(parts[name] is getattr(value, name) or parts[name] == getattr(value, name) for name in parts)
        known[id(value)] = value if same else dataclasses.replace(value, **parts)
    return known[id(value)]
