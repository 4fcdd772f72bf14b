"""Finds every number in a rule and builds the rule with that number one step away."""

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
STEPS: dict[type, Any] = {timedelta: timedelta(days=1), Decimal: Decimal("0.01"), int: 1}


class Nudge(NamedTuple):
    """A rule with one number changed."""

    where: str
    rule: Rule


def nudges(rule: Rule, *, into_definitions: bool) -> Iterator[Nudge]:
    """Every number of the criterion and of the priority cases, one step down and one step up."""
    for name in ("when", "cases"):
        for where, changed in _changed(getattr(rule, name), name, into_definitions):
            yield Nudge(where, dataclasses.replace(rule, **{name: changed}))


def _changed(value: Any, where: str, deep: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool | str) or value is None or isinstance(value, SHARED):
        return
    if type(value) in STEPS:
        step = STEPS[type(value)]
        yield f"{where} {value} - {step}", value - step
        yield f"{where} {value} + {step}", value + step
    elif isinstance(value, Span):
        for days in (value.days - 1, value.days + 1):
            yield f"{where} {value.name} {value.days} -> {days}", dataclasses.replace(value, days=days)
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            for path, changed in _changed(part, f"{where}[{i}]", deep):
                yield path, (*value[:i], changed, *value[i + 1:])
    elif dataclasses.is_dataclass(value) and (deep or not isinstance(value, c.Defined)):
        yield from _changed_fields(value, where, deep)


def _changed_fields(value: Any, where: str, deep: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, c.ItemSum | c.AtLeast):
        names = {"ItemSum": ("at_least",), "AtLeast": ("n", "criteria")}[type(value).__name__]
    else:
        names = tuple(field.name for field in dataclasses.fields(value))
    for name in names:
        path = f"{where}.{type(value).__name__}.{name}"
        for inner, changed in _changed(getattr(value, name), path, deep):
            yield inner, dataclasses.replace(value, **{name: changed})
