"""What a criterion reads, and whether it can depend on the day it is asked at: both follow from the value alone."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from service.domain import criteria as c
from service.domain.analytes import Analyte
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import Instrument, MoodDomain, standard

if TYPE_CHECKING:
    from collections.abc import Iterable

Subject = Instrument | Item | Analyte | Concept | DrugGroup
T = TypeVar("T")

# These look at the as-of day only.
_OF_THE_AS_OF_DAY = (
    c.Worsened,
    c.Persistent,
    c.Fell,
    c.BeganWithin,
    c.Diagnosed,
    c.NoneMet,
    c.TotalWithoutItem,
    c.UnreadableAnswer,
    c.Unplaced,
    c.StalePositive,
    c.ItemSum,
    c.HistoryKnown,
    c.Due,
    c.Now,
)
_COMBINING = (c.AllOf, c.AnyOf, c.AtLeast, c.Not, c.Defined, c.Documented, c.WhenMeasured)

# These look at more than facts with a subject: at flags, at refusals, at other rules, at the calendar.
_MORE_THAN_FACTS = (c.NoneMet, c.Elapsed, c.HistoryKnown, c.Due, c.StalePositive, c.Unplaced)


class Reads(NamedTuple):
    """What a criterion reads; `is_dayless`: it says the same whatever day it is asked at; `tells_by_facts`: it looks
    at facts of its subjects alone, so that without any it says the same of every patient.
    """

    subjects: frozenset[Subject]
    is_dayless: bool
    tells_by_facts: bool


def reads_of(word: Any) -> Reads:
    """What a criterion and the criteria inside it read."""
    inner = [reads_of(part) for part in inner_words(word)]
    subjects = frozenset(own_subjects(word)).union(*(part.subjects for part in inner))
    by_facts = (
        bool(subjects) and not isinstance(word, _MORE_THAN_FACTS) and not getattr(word, "needs_conditions", False)
    )
    return Reads(subjects, _is_dayless(word, inner), by_facts and all(part.tells_by_facts for part in inner))


def _is_dayless(word: Any, inner: list[Reads]) -> bool:
    if isinstance(word, _COMBINING):
        return all(part.is_dayless for part in inner)
    return isinstance(word, _OF_THE_AS_OF_DAY) or (isinstance(word, c.Elevated) and word.within is None)


def own_subjects(word: Any) -> list[Subject]:
    """The things that a word itself looks for, in order; not those of the criteria inside it.

    An instrument is looked for as the same, whatever limits a site has set for it.
    """
    found: list[Subject] = []
    for name in _fields(word.__class__):
        for part in _flat(getattr(word, name)):
            if isinstance(part, MoodDomain):
                found += map(standard, part.series)
            elif isinstance(part, Instrument):
                found.append(standard(part))
            elif isinstance(part, Subject):
                found.append(part)
            elif _names(part.__class__) and not isinstance(part, c.WORDS):
                found += own_subjects(part)
    if isinstance(word, c.Due):
        found.append(Concept.MOOD_SCREENING)
    return found


def inner_words(word: Any) -> list[Any]:
    """The criteria inside a word."""
    names = _fields(word.__class__)
    return [part for name in names for part in _flat(getattr(word, name)) if isinstance(part, c.WORDS)]


def found_in(value: Any, *kinds: type[T]) -> list[T]:
    """Every value of some kinds anywhere inside a value, as often as it stands there; not what is inside of those."""
    found: list[T] = []
    _find((value,), kinds, found)
    return found


def _find(parts: Iterable[Any], kinds: tuple[type[T], ...], found: list[T]) -> None:
    for part in parts:
        if isinstance(part, kinds):
            found.append(part)
        elif isinstance(part, tuple):
            _find(part, kinds, found)
        elif names := _names(part.__class__):
            _find([getattr(part, name) for name in names], kinds, found)


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a class; none of what is no dataclass."""
    return _fields(kind) if dataclasses.is_dataclass(kind) else ()


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, tuple):
        return [value]
    return [part for item in value for part in _flat(item)]
