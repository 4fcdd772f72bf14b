"""Puts items and totals together: one logical response per instrument, cross-checked, prorated where that is allowed.

Items belong to a total through their response key; items without one belong to the only response of that instrument
on their date, else to none. Missing items are never treated as 0.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.domain.facts import Answer, DataIssue, Reading, Score, Source
from service.domain.instruments import GAD7, PHQ8, PHQ9, PHQ9_CMS, PHQA, Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable

POSITION = {item: index for items in (PHQ9_ITEMS, GAD7_ITEMS) for index, item in enumerate(items)}
PHQ_FAMILY = (PHQ9, PHQA, PHQ8, PHQ9_CMS)
FEWEST_PHQ_ITEMS = 7

Items = dict[Item, Answer]


def assemble(scores: Iterable[Score], answers: Iterable[Answer]) -> tuple[list[Score], list[DataIssue]]:
    """Totals with their items; totals made from items where none was sent; and what a reader must know about them."""
    totals = [score for score in scores if score.instrument.items]
    complete = [score for score in scores if not score.instrument.items]
    groups = _groups(answers)
    issues: list[DataIssue] = []
    for total in totals:
        items = groups.take(total, totals)
        complete.append(_with_items(total, items, issues) if items else total)
    for instrument, items in groups.left():
        made = _from_items(instrument, items)
        if made is not None:
            complete.append(made)
    return complete, issues


class _groups:  # noqa: N801 - a private bag
    """Readable items by response, and those without one by instrument and date."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.by_response: dict[tuple[str, str], Items] = {}
        self.by_date: dict[tuple[str, int], Items] = {}
        self.ambiguous: set[tuple[str, int]] = set()
        for answer in answers:
            if answer.item in POSITION and answer.reading is Reading.READ:
                self._add(answer)

    def _add(self, answer: Answer) -> None:
        family = "gad-7" if answer.item in GAD7_ITEMS else "phq-9"
        if answer.response:
            group = self.by_response.setdefault((family, answer.response), {})
            known = group.get(answer.item)
            if known is None or (answer.value or 0) > (known.value or 0):
                group[answer.item] = answer
        elif answer.first == answer.last:
            loose = self.by_date.setdefault((family, answer.first), {})
            if answer.item in loose and loose[answer.item].value != answer.value:
                self.ambiguous.add((family, answer.first))
            loose[answer.item] = answer

    def take(self, total: Score, totals: list[Score]) -> Items | None:
        """The items of this total, removed from the bag."""
        family = _family(total.instrument)
        if total.response:
            linked = self.by_response.pop((family, total.response), None)
            if linked:
                return linked
        key = (family, total.first)
        if key not in self.by_date or key in self.ambiguous:
            return None
        rivals = [t for t in totals if _family(t.instrument) == family and t.first == total.first and t.last == total.last]
        return self.by_date.pop(key) if all(t.value == total.value for t in rivals) else None

    def left(self) -> Iterable[tuple[Instrument, Items]]:
        """Responses that came as items only."""
        for (family, _), items in self.by_response.items():
            yield (GAD7 if family == "gad-7" else PHQ9), items
        for key, items in self.by_date.items():
            if key not in self.ambiguous:
                yield (GAD7 if key[0] == "gad-7" else PHQ9), items


def _family(instrument: Instrument) -> str:
    return "gad-7" if instrument is GAD7 else "phq-9"


def _values(instrument: Instrument, items: Items) -> tuple[int | None, ...]:
    values: list[int | None] = [None] * instrument.items
    for item, answer in items.items():
        if POSITION[item] < instrument.items:
            values[POSITION[item]] = answer.value
    return tuple(values)


def _sources(items: Items) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(answer.source for answer in items.values()))


def _with_items(total: Score, items: Items, issues: list[DataIssue]) -> Score:
    values = _values(total.instrument, items)
    known = [value for value in values if value is not None]
    value = total.value
    if len(known) == len(values) and sum(known) != value:
        issues.append(DataIssue("total-differs-from-items", (
            f"The {total.instrument.name} total and the sum of its items differ; the higher one is used."
        ), total.source.expression))
        value = max(value, Decimal(sum(known)))
    return total._replace(value=value, items=values, evidence=_sources(items))


def _from_items(instrument: Instrument, items: Items) -> Score | None:
    values = _values(instrument, items)
    known = [value for value in values if value is not None]
    if len(known) == instrument.items:
        return _made(instrument, Decimal(sum(known)), values, items, prorated=False)
    if instrument is not PHQ9 or len(known) < FEWEST_PHQ_ITEMS or values[POSITION[Item.PHQ9_9]] is None:
        return None
    share = Decimal(sum(known) * instrument.items) / len(known)
    return _made(instrument, share.quantize(Decimal(1), ROUND_HALF_UP), values, items, prorated=True)


def _made(instrument: Instrument, value: Decimal, values: tuple[int | None, ...], items: Items, *, prorated: bool) -> Score:
    sources = _sources(items)
    latest = max(items.values(), key=lambda answer: (answer.last, answer.instant or 0.0))
    preliminary = any(answer.preliminary for answer in items.values())
    return Score(
        instrument, value, latest.first, latest.last, latest.instant, sources[0], f"{value} (from items)",
        latest.response, values, prorated, preliminary, sources[1:],
    )
