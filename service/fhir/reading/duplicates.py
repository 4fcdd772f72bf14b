"""The same thing sent twice: older versions of one resource, and the same value at the same time."""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import ValidationError

from service.domain.concepts import Item
from service.domain.days import LATEST
from service.domain.facts import Answer, Record, Result, Score
from service.fhir.reading.account import Reason
from service.fhir.reading.dates import seconds
from service.fhir.reading.elements import Meta
from service.fhir.reading.numerals import Refusal
from service.fhir.reading.receiving import Broken
from service.fhir.reading.references import server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Entry, Resource

Fact = TypeVar("Fact", Score, Answer, Result)
Told = TypeVar("Told", Score, Answer)

# What is measured, and when: only facts that share these can be repetitions.
_SCORE_MOMENT: Final = itemgetter(*map(Score._fields.index, ("instrument", "first", "instant")))
_ANSWER_MOMENT: Final = itemgetter(*map(Answer._fields.index, ("item", "first", "instant")))
_RESULT_MOMENT: Final = itemgetter(*map(Result._fields.index, ("analyte", "first", "instant")))
LATER_VERSION: Final = Refusal("", Reason.SUPERSEDED, "The Bundle holds a later version of this resource.")
_SENT_TWICE: Final = "The same value at the same time came more than once; it counts once."


class Versions:
    """Which entries are versions of one resource: by server, type and id; and the latest of each.

    Later is what has a later lastUpdated, else a higher whole-number versionId. Two servers may use one id: where
    addresses name more than one, each has resources of its own.
    """

    __slots__ = ("_latest", "_servers", "older")

    def __init__(self, entries: Iterable[Entry]) -> None:
        """`older` becomes the entries of which there is a later version."""
        every = list(entries)
        self._servers: dict[tuple[str, str | None], set[str]] = {}
        for entry in every:
            if isinstance(entry, Broken):
                self._servers.setdefault((entry.kind, str(entry.document.get("id"))), set()).add(server_of(entry))
            elif entry.resource is not None:
                self._servers.setdefault((entry.resource.kind, entry.resource.id), set()).add(server_of(entry))
        self._latest: dict[tuple[str, str, str], tuple[int, Resource]] = {}
        self.older: set[int] = set()
        for index, entry in enumerate(every):
            resource = entry.resource
            if resource is None or resource.id is None:
                continue
            key = self._key(entry, resource.kind, resource.id)
            at, known = self._latest.setdefault(key, (index, resource))
            order = 0 if at == index else _order(known.meta, resource.meta)
            if order > 0:
                self.older.add(index)
            elif order < 0:
                self.older.add(at)
                self._latest[key] = (index, resource)

    def has_later(self, broken: Broken) -> bool:
        """Whether there is a later version of what could not be decoded, which can be read."""
        name = broken.document.get("id")
        latest = self._latest.get(self._key(broken, broken.kind, name)) if isinstance(name, str) else None
        try:
            meta = msgspec.convert(broken.document.get("meta"), Meta)
        except ValidationError:
            return False
        return latest is not None and _order(latest[1].meta, meta) > 0

    def _key(self, entry: Entry, kind: str, name: str) -> tuple[str, str, str]:
        several = len(self._servers.get((kind, name), set()) - {""}) > 1
        return kind, name, server_of(entry) if several else ""


def _order(one: Meta | None, other: Meta | None) -> float:
    """Positive when `one` is of the later version, negative when `other` is, 0 when nothing tells."""
    if one is None or other is None:
        return 0
    first, second = seconds(one.lastUpdated), seconds(other.lastUpdated)
    if first is not None and second is not None and first != second:
        return first - second
    versions = one.versionId or "", other.versionId or ""
    if all(version.isascii() and version.isdigit() and len(version) < 19 for version in versions):
        return int(versions[0]) - int(versions[1])
    return 0


def drop_repeated(draft: Draft) -> None:
    """Keeps one of the totals, answers and results that say the same of the same time."""
    dropped: list[Source] = []
    draft.scores = _once(draft.scores, _SCORE_MOMENT, _score_key, _same_response, dropped)
    draft.answers = _once(draft.answers, _ANSWER_MOMENT, _answer_key, _same_response, dropped)
    draft.results = _once(draft.results, _RESULT_MOMENT, _result_key, _first, dropped)
    if dropped:
        _account_for(draft, dropped)


def _account_for(draft: Draft, dropped: list[Source]) -> None:
    """Lists the repetitions; an entry that gave nothing else counts as rejected."""
    facts: Iterable[Score | Answer | Result | Record] = itertools.chain(
        draft.scores, draft.answers, draft.results, draft.records
    )
    telling = {_entry_path(fact.source) for fact in facts}
    indexes = {draft.expressions[index]: index for index in range(len(draft.states))}
    for source in dropped:
        path = _entry_path(source)
        index = indexes[path]
        if path not in telling:
            draft.states[index] = None
        draft.reject(index, source.expression, Reason.DUPLICATE, _SENT_TWICE)


def _entry_path(source: Source) -> str:
    return source.expression.partition(".contained[")[0]


def _score_key(score: Score) -> tuple[object, ...]:
    # Undated totals have no time in common either.
    apart = score.source if score.last == LATEST else None
    return score.instrument, score.value, score.first, score.last, score.instant, score.preliminary, apart


def _answer_key(answer: Answer) -> tuple[object, ...]:
    # Undated answers have no time in common, and the questions on adversity share one item.
    apart = answer.source if answer.last == LATEST or answer.item is Item.ACE else None
    return (
        answer.item,
        answer.value,
        answer.first,
        answer.last,
        answer.instant,
        answer.reading,
        answer.preliminary,
        apart,
    )


def _result_key(result: Result) -> tuple[object, ...]:
    # What could not be read or dated may be anything, and need not be the same.
    apart = result.source if result.refusal or result.last == LATEST else None
    value = (result.value, result.positive, result.marked, apart)
    return result.analyte, result.assay, result.first, result.last, result.instant, value


def _once(
    facts: list[Fact],
    moment: Callable[[Fact], tuple[object, ...]],
    key: Callable[[Fact], tuple[object, ...]],
    merged: Callable[[Fact, Fact], Fact | None],
    dropped: list[Source],
) -> list[Fact]:
    """Each fact once; `merged` makes one of two that have the same key, or says None to keep both."""
    if len(set(map(moment, facts))) == len(facts):
        return facts
    kept: list[Fact] = []
    places: dict[tuple[object, ...], int] = {}
    for fact in sorted(facts, key=lambda one: one.source.rank):
        at = places.setdefault(key(fact), len(kept))
        one = None if at == len(kept) else merged(kept[at], fact)
        if one is None:
            kept.append(fact)
        else:
            kept[at] = one
            dropped.append(fact.source)
    return kept


def _same_response(one: Told, other: Told) -> Told | None:
    """Of a total in a panel and by itself, the one that is tied to its items; in two responses, both."""
    if one.response and other.response and one.response != other.response:
        return None
    return one if one.response else one._replace(response=other.response)


def _first(one: Result, _: Result) -> Result:
    return one
