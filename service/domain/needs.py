"""What a rule reads: kinds of data and how far back, read off its criteria."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from service.domain import criteria as c
from service.domain.analytes import Analyte
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.days import Span
from service.domain.evaluation.scope import PRESCRIBED
from service.domain.instruments import Instrument
from service.domain.reads import Subject, inner_words, own_subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.rule import Rule


class Need(NamedTuple):
    """One kind of resource a rule reads, the things it looks for in it, and how many days back (None: ever)."""

    resource_type: str
    subjects: tuple[Subject, ...]
    days: int | None


def needs(rule: Rule) -> tuple[Need, ...]:
    """Everything the rule reads, gathered by resource type; the Patient is always read."""
    found: dict[str, tuple[dict[Subject, None], int | None]] = {"Patient": ({}, None)}
    criteria = [rule.when, *(case.when for case in rule.cases), *(note.when for note in rule.notes)]
    criteria += [part for part in (rule.population, rule.clears) if part is not None]
    for criterion in criteria:
        for word, reach in _words(criterion, 0):
            for subject in own_subjects(word):
                for name in _types(subject):
                    subjects, days = found.get(name, ({}, 0))
                    subjects[subject] = None
                    found[name] = (subjects, None if days is None or reach is None else max(days, reach))
    return tuple(Need(name, tuple(subjects), days) for name, (subjects, days) in found.items())


def _words(word: Any, base: int | None) -> Iterator[tuple[Any, int | None]]:
    """The plain words inside a criterion, each with how many days before T it may reach."""
    if isinstance(word, c.Paired):
        yield from _words(word.first, base)
        first = _reach(word.first, base)
        yield from _words(word.then, None if first is None else max(first, c.FRESH.days))
        return
    if own_subjects(word):
        yield word, _reach(word, base)
    for part in inner_words(word):
        yield from _words(part, base)


def _parts(value: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(part for part in values if isinstance(part, c.WORDS))


def _reach(word: Any, base: int | None) -> int | None:
    """How far back a word looks: its own windows, on top of the day it is asked at."""
    if base is None or isinstance(word, c.Diagnosed | c.HistoryKnown | c.MoodCleared):
        return None
    if any(name in ("before", "trailing", "over") and getattr(word, name) is None for name in _fields(word)):
        return None
    spans = [getattr(word, name) for name in _fields(word)]
    spans += [window for _, window in getattr(word, "windows", ())]
    spans += list(getattr(word, "checks", ()))
    longest = max((span.days for span in spans if isinstance(span, timedelta | Span)), default=0)
    inner = [_reach(part, 0) for name in _fields(word) for part in _parts(getattr(word, name))]
    if None in inner:
        return None
    fresh = getattr(word, "fresh", None)
    own = longest + (fresh.days if isinstance(fresh, timedelta) and longest > fresh.days else 0)
    return base + max([own, *(days for days in inner if days is not None)])


def _fields(word: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(word)]


def _types(subject: Subject) -> tuple[str, ...]:
    if isinstance(subject, DrugGroup):
        return PRESCRIBED[:-1]
    if isinstance(subject, Instrument | Item):
        return ("Observation", "QuestionnaireResponse")
    if isinstance(subject, Analyte):
        return ("Observation",)
    return _RECORD_TYPES.get(subject, ("Condition",))


_RECORD_TYPES = {
    Concept.RELAPSE: ("Condition", "Observation", "Encounter"),
    Concept.VACCINATION: ("Immunization",),
    Concept.SURGERY: ("Procedure", "Condition"),
    Concept.TRAUMA: ("Procedure", "Condition"),
    Concept.MOOD_SCREENING: ("Procedure",),
    Concept.SUICIDE_RISK_ASSESSMENT: ("Procedure",),
    Concept.NEUROLOGY_ENCOUNTER: ("Encounter",),
    Concept.INPATIENT: ("Encounter",),
    Concept.SUICIDALITY: ("Condition", "Observation"),
    Concept.SUICIDE_ATTEMPT: ("Condition", "Observation"),
    Concept.SELF_HARM: ("Condition", "Observation"),
}
