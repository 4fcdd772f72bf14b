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
    from collections.abc import Iterable, Sequence

# The form that each question belongs to, and its place there; other forms use the questions of the PHQ-9.
PLACES = {item: (form, place) for form, of in ((PHQ9, PHQ9_ITEMS), (GAD7, GAD7_ITEMS)) for place, item in enumerate(of)}
ITEM_9_PLACE = PLACES[Item.PHQ9_9][1]
FEWEST_PHQ_ITEMS = 7
READ = Reading.READ

# The answers to one form in the order of its questions; None where there is none.
Items = list[Answer | None]


class Bag:
    """The answers of one patient: readable items by response, and those without one by form and date.

    Preliminary ones are left out, since only the suicidality rules read them.
    """

    def __init__(self, answers: Sequence[Answer], *, preliminary: bool = False) -> None:
        """`preliminary` takes those in as well."""
        self._by_response: dict[tuple[Instrument, str], Items] = {}
        self._by_date: dict[tuple[Instrument, int], Items] = {}
        self._ambiguous: set[tuple[Instrument, int]] = set()
        # By identity: two responses may say the same.
        self._taken: set[int] = set()
        self._answers = answers
        self._leaves_out = False
        for answer in answers:
            place = PLACES.get(answer.item)
            if place is None or answer.reading is not READ:
                continue
            if answer.preliminary and not preliminary:
                self._leaves_out = True
                continue
            form, position = place
            response = answer.response
            if not response:
                self._add_loose(answer, form, position)
                continue
            key = (form, response)
            group = self._by_response.get(key)
            if group is None:
                group = self._by_response[key] = [None] * form.items
            known = group[position]
            group[position] = answer if known is None else max(known, answer, key=_strength)

    def _add_loose(self, answer: Answer, form: Instrument, position: int) -> None:
        if answer.first != answer.last:
            return
        key = (form, answer.first)
        group = self._by_date.setdefault(key, [None] * form.items)
        known = group[position]
        if known is not None and known.value != answer.value:
            self._ambiguous.add(key)
        group[position] = answer if known is None else max(known, answer, key=_strength)

    def assemble(self, scores: Iterable[Score]) -> tuple[list[Score], list[DataIssue]]:
        """Totals with their items; totals made from items where none was sent; and what a reader must know of them.

        Preliminary totals and answers stay as they are: only the suicidality rules read them.
        """
        complete: list[Score] = []
        totals: list[Score] = []
        for score in scores:
            (totals if score.instrument.items and not score.preliminary else complete).append(score)
        issues: list[DataIssue] = []
        for total in totals:
            items = self._items_of(total, totals)
            complete.append(_with_items(total, items, issues) if items else total)
        for instrument, items in self._without_total():
            made = _from_items(instrument, items)
            if made is not None:
                complete.append(made)
        return complete, issues

    def without_item_9(self) -> list[Score]:
        """What the answered items of each PHQ-9 add up to that has no readable item 9, preliminary ones included.

        Only the suicidality rules read these sums: no total may be made without item 9.
        """
        bag = Bag(self._answers, preliminary=True) if self._leaves_out else self
        groups = [items for (form, _), items in (*bag._by_response.items(), *bag._by_date.items()) if form is PHQ9]
        return [_sum(items) for items in groups if items[ITEM_9_PLACE] is None]

    def _items_of(self, total: Score, totals: list[Score]) -> Items | None:
        """The items of this total; the same total sent twice has them twice."""
        form = _form(total.instrument)
        linked = self._by_response.get((form, total.response)) if total.response else None
        found = linked or self._of_that_date(form, total, totals)
        if found:
            self._taken.add(id(found))
        return found

    def _of_that_date(self, form: Instrument, total: Score, totals: list[Score]) -> Items | None:
        key = (form, total.first)
        if key not in self._by_date or key in self._ambiguous or total.first != total.last:
            return None
        rivals = [t for t in totals if _form(t.instrument) is form and t.first == t.last == total.first]
        return self._by_date[key] if all(t.value == total.value for t in rivals) else None

    def _without_total(self) -> Iterable[tuple[Instrument, Items]]:
        """Responses that came as items only."""
        loose = {key: items for key, items in self._by_date.items() if key not in self._ambiguous}
        for (form, _), items in (*self._by_response.items(), *loose.items()):
            if id(items) not in self._taken:
                yield form, items


def _sum(items: Items) -> Score:
    values = _values(PHQ9, items)
    return _made(PHQ9, Decimal(sum(value or 0 for value in values)), values, items, prorated=True)


def _strength(answer: Answer) -> tuple[int, tuple[str, str]]:
    """The higher of two answers to one question stands; of equal ones always the same, whatever their order."""
    return answer.value or 0, answer.source.rank


def _form(instrument: Instrument) -> Instrument:
    return GAD7 if instrument is GAD7 else PHQ9


def _values(instrument: Instrument, items: Items) -> tuple[int | None, ...]:
    return tuple([None if answer is None else answer.value for answer in items[: instrument.items]])


def _sources(items: Items) -> tuple[Source, ...]:
    """In the order of the questions, so that the order in which the answers came does not show."""
    return tuple(dict.fromkeys([answer.source for answer in items if answer is not None]))


def _with_items(total: Score, items: Items, issues: list[DataIssue]) -> Score:
    values = _values(total.instrument, items)
    known = [value for value in values if value is not None]
    value, amount, missing = total.value, sum(known), len(values) - len(known)
    highest = amount + missing * most_of_one(total.instrument) if missing else amount
    if not amount <= value <= highest:
        issues.append(_contradiction(total, is_whole=not missing))
        value = max(value, Decimal(amount))
    return Score(
        total.instrument,
        value,
        total.first,
        total.last,
        total.instant,
        total.source,
        total.received,
        total.response,
        values,
        total.prorated,
        total.preliminary,
        _sources(items),
    )


def most_of_one(instrument: Instrument) -> Decimal:
    """The most points that one item of the form can give."""
    return instrument.high / instrument.items


def _contradiction(total: Score, *, is_whole: bool) -> DataIssue:
    name = total.instrument.name
    text = (
        f"The {name} total and the sum of its items differ; the higher one is used."
        if is_whole
        else f"The {name} total cannot be made of its items, some of which were not sent; the higher one is used."
    )
    return DataIssue("total-differs-from-items", text, total.source.expression)


def _from_items(instrument: Instrument, items: Items) -> Score | None:
    values = _values(instrument, items)
    known = [value for value in values if value is not None]
    if len(known) == instrument.items:
        return _made(instrument, Decimal(sum(known)), values, items, prorated=False)
    if instrument is not PHQ9 or len(known) < FEWEST_PHQ_ITEMS or values[ITEM_9_PLACE] is None:
        return None
    share = Decimal(sum(known) * instrument.items) / len(known)
    return _made(instrument, share.quantize(Decimal(1), ROUND_HALF_UP), values, items, prorated=True)


def _made(
    instrument: Instrument, value: Decimal, values: tuple[int | None, ...], items: Items, *, prorated: bool
) -> Score:
    sources = _sources(items)
    answers = [answer for answer in items if answer is not None]
    latest = max(answers, key=lambda answer: (answer.last, answer.instant or 0.0, answer.source.rank))
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
