"""Puts items and totals together: one logical response per instrument, cross-checked, prorated where that is allowed.

Items belong to a total through their response key; items without one belong to the only response of that instrument
on their date, else to none. Missing items are never treated as 0.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.domain.facts import Answer, DataIssue, Reading, Score, Source
from service.domain.instruments import GAD7, PHQ9, Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable

POSITION = {item: index for items in (PHQ9_ITEMS, GAD7_ITEMS) for index, item in enumerate(items)}
FEWEST_PHQ_ITEMS = 7

Items = dict[Item, Answer]


def assemble(scores: Iterable[Score], answers: Iterable[Answer]) -> tuple[list[Score], list[DataIssue]]:
    """Totals with their items; totals made from items where none was sent; and what a reader must know about them.

    Preliminary totals and answers stay as they are: only the suicidality rules read them.
    """
    complete: list[Score] = []
    totals: list[Score] = []
    for score in scores:
        (totals if score.instrument.items and not score.preliminary else complete).append(score)
    bag = _Bag(answers)
    issues: list[DataIssue] = []
    for total in totals:
        items = bag.items_of(total, totals)
        complete.append(_with_items(total, items, issues) if items else total)
    for instrument, items in bag.without_total():
        made = _from_items(instrument, items)
        if made is not None:
            complete.append(made)
    return complete, issues


class _Bag:
    """Readable items by response, and those without one by instrument and date."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.by_response: dict[tuple[str, str], Items] = {}
        self.by_date: dict[tuple[str, int], Items] = {}
        self.ambiguous: set[tuple[str, int]] = set()
        self.taken: list[Items] = []
        for answer in answers:
            if answer.item in POSITION and answer.reading is Reading.READ and not answer.preliminary:
                self._add(answer)

    def _add(self, answer: Answer) -> None:
        family = "gad-7" if answer.item in GAD7_ITEMS else "phq-9"
        if answer.response:
            group = self.by_response.setdefault((family, answer.response), {})
        elif answer.first == answer.last:
            group = self.by_date.setdefault((family, answer.first), {})
            if answer.item in group and group[answer.item].value != answer.value:
                self.ambiguous.add((family, answer.first))
        else:
            return
        known = group.get(answer.item)
        group[answer.item] = answer if known is None else max(known, answer, key=_strength)

    def items_of(self, total: Score, totals: list[Score]) -> Items | None:
        """The items of this total; the same total sent twice has them twice."""
        family = _family(total.instrument)
        linked = self.by_response.get((family, total.response)) if total.response else None
        found = linked or self._of_that_date(family, total, totals)
        if found:
            self.taken.append(found)
        return found

    def _of_that_date(self, family: str, total: Score, totals: list[Score]) -> Items | None:
        key = (family, total.first)
        if key not in self.by_date or key in self.ambiguous or total.first != total.last:
            return None
        rivals = [t for t in totals if _family(t.instrument) == family and t.first == t.last == total.first]
        return self.by_date[key] if all(t.value == total.value for t in rivals) else None

    def without_total(self) -> Iterable[tuple[Instrument, Items]]:
        """Responses that came as items only."""
        loose = {key: items for key, items in self.by_date.items() if key not in self.ambiguous}
        for (family, _), items in (*self.by_response.items(), *loose.items()):
            if not any(items is taken for taken in self.taken):
                yield (GAD7 if family == "gad-7" else PHQ9), items


def _strength(answer: Answer) -> tuple[int, tuple[str, str]]:
    """The higher of two answers to one question stands; of equal ones always the same, whatever their order."""
    return answer.value or 0, answer.source.rank


def _family(instrument: Instrument) -> str:
    return "gad-7" if instrument is GAD7 else "phq-9"


def _values(instrument: Instrument, items: Items) -> tuple[int | None, ...]:
    values: list[int | None] = [None] * instrument.items
    for item, answer in items.items():
        if POSITION[item] < instrument.items:
            values[POSITION[item]] = answer.value
    return tuple(values)


def _sources(items: Items) -> tuple[Source, ...]:
    """In the order of the questions, so that the order in which the answers came does not show."""
    return tuple(dict.fromkeys(items[item].source for item in sorted(items, key=POSITION.__getitem__)))


def _with_items(total: Score, items: Items, issues: list[DataIssue]) -> Score:
    values = _values(total.instrument, items)
    known = [value for value in values if value is not None]
    value = total.value
    if len(known) == len(values) and sum(known) != value:
        issues.append(
            DataIssue(
                "total-differs-from-items",
                (f"The {total.instrument.name} total and the sum of its items differ; the higher one is used."),
                total.source.expression,
            )
        )
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


def _made(
    instrument: Instrument, value: Decimal, values: tuple[int | None, ...], items: Items, *, prorated: bool
) -> Score:
    sources = _sources(items)
    latest = max(items.values(), key=lambda answer: (answer.last, answer.instant or 0.0, answer.source.rank))
    return Score(
        instrument,
        value,
        latest.first,
        latest.last,
        latest.instant,
        sources[0],
        f"{value} (from items)",
        latest.response,
        values,
        prorated,
        evidence=sources[1:],
    )
