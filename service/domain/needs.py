"""What a rule reads: kinds of data and how far back, read off its criteria."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from service.domain import criteria as c
from service.domain.analytes import Analyte
from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, DrugGroup, Item, record_types
from service.domain.days import Span
from service.domain.evaluation.scope import PRESCRIBED
from service.domain.instruments import GAD7, Instrument
from service.domain.reads import Subject, inner_words, own_subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.rule import Rule

# These look at an episode, a disease or a history from its beginning, and relapses are told apart from the first on.
_EVER = (
    c.Diagnosed,
    c.HistoryKnown,
    c.Due,
    c.Occurred,
    c.BeganWithin,
    c.AtNewest,
    c.MoodCleared,
    c.BackBelow,
    c.Halved,
)


class Need(NamedTuple):
    """One kind of resource a rule reads, the things it looks for in it, and how many days back (None: ever)."""

    resource_type: str
    subjects: tuple[Subject, ...]
    days: int | None


# A rule is a value, and the rules of a site are asked again and again.
@lru_cache(maxsize=256)
def needs(rule: Rule) -> tuple[Need, ...]:
    """Everything the rule reads, gathered by resource type and reach; the Patient is always read.

    A reach is counted from T. What clears an open flag is looked for since the flag began, however long ago: what is
    not sent of that time leaves the flag open and never closes it.
    """
    reaches: dict[tuple[str, Subject], int | None] = {}
    for criterion in _criteria(rule):
        for word, reach in _words(criterion, 0):
            for subject in _with_items(own_subjects(word)):
                for key in ((name, subject) for name in _types(subject)):
                    known = reaches.get(key, 0)
                    reaches[key] = None if known is None or reach is None else max(known, reach)
    found: dict[tuple[str, int | None], list[Subject]] = {}
    for (name, subject), reach in reaches.items():
        found.setdefault((name, reach), []).append(subject)
    return (Need("Patient", (), None), *(Need(name, tuple(of), days) for (name, days), of in found.items()))


def _criteria(rule: Rule) -> list[c.Criterion]:
    optional = [action.when for action in rule.plan]
    optional += [rule.population, rule.clears]
    always = [rule.when, *(case.when for case in rule.cases), *(note.when for note in rule.notes)]
    return always + [part for part in optional if part is not None]


def _words(word: Any, base: int | None) -> Iterator[tuple[Any, int | None]]:
    """The plain words inside a criterion, each with how many days before T it may reach; `base`: where it is asked."""
    if own_subjects(word):
        yield word, _reach(word, base)
    match word:
        case c.Paired():
            yield from _words(word.first, base)
            yield from _words(word.then, _day_of(word.first, base))
        case c.SustainedMarker() | c.MarkerSeen() | c.MarkerNear():
            for part in inner_words(word):
                yield from _words(part, _reach(word, base))
        case c.AtNewest():
            yield from _words(word.criterion, None)
        case _:
            for part in inner_words(word):
                yield from _words(part, base)


def _reach(word: Any, base: int | None) -> int | None:
    """How far back a word looks: its longest span, on top of the day it is asked at."""
    subjects = own_subjects(word)
    # A medicine may be in use for years on one old record.
    if base is None or isinstance(word, _EVER) or any(isinstance(subject, DrugGroup) for subject in subjects):
        return None
    spans = {field.name: getattr(word, field.name) for field in dataclasses.fields(word)}
    if any(name in ("before", "over") and span is None for name, span in spans.items()):
        return None
    longest = max((span.days for span in spans.values() if isinstance(span, timedelta | Span)), default=0)
    if isinstance(word, c.SustainedMarker):
        longest += c.SUSTAINED_AGE.days
    return base + longest + (spans["fresh"].days if "fresh" in spans else 0)


def _day_of(word: Any, base: int | None) -> int | None:
    """How many days before T the day may lie on which a criterion holds."""
    if isinstance(word, c.BeganWithin):
        return _day_of(word.mood, base)
    if hasattr(word, "fresh"):
        return int(word.fresh.days)
    if own_subjects(word):
        return _reach(word, base)
    days = [_day_of(part, base) for part in inner_words(word)]
    return None if None in days else max((day for day in days if day is not None), default=0)


def _with_items(subjects: list[Subject]) -> list[Subject]:
    """A total may have to be made of its items."""
    scales = [subject for subject in subjects if isinstance(subject, Instrument) and subject.items]
    items = [item for scale in scales for item in (GAD7_ITEMS if scale is GAD7 else PHQ9_ITEMS)]
    return list(dict.fromkeys([*subjects, *items]))


def _types(subject: Subject) -> tuple[str, ...]:
    if isinstance(subject, DrugGroup):
        return PRESCRIBED[:-1]
    if isinstance(subject, Instrument | Item):
        return ("Observation", "QuestionnaireResponse")
    if isinstance(subject, Analyte):
        return ("Observation",)
    return record_types((subject,))
