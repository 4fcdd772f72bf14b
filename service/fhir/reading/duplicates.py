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
from service.fhir.reading.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.receiving import Broken
    from service.fhir.reading.resources import Entry

Fact = TypeVar("Fact", Score, Answer, Result)
Told = TypeVar("Told", Score, Answer)

# What is measured, and when: only facts that share these can be repetitions.
_SCORE_MOMENT: Final = itemgetter(*map(Score._fields.index, ("instrument", "first", "instant")))
_ANSWER_MOMENT: Final = itemgetter(*map(Answer._fields.index, ("item", "first", "instant")))
_RESULT_MOMENT: Final = itemgetter(*map(Result._fields.index, ("analyte", "first", "instant")))
LATER_VERSION: Final = Refusal("", Reason.SUPERSEDED, "The Bundle holds a later version of this resource.")
_SENT_TWICE: Final = "The same value at the same time came more than once; it counts once."


def superseded(entries: Iterable[Entry]) -> set[int]:
    """The entries of which the Bundle holds a later version: by lastUpdated, then by a whole-number versionId.

    Two servers may use one id: where addresses name more than one, each has resources of its own.
    """
    every = list(entries)
    servers: dict[tuple[type, str | None], set[str]] = {}
    for entry in every:
        if entry.resource is not None:
            servers.setdefault((type(entry.resource), entry.resource.id), set()).add(_server(entry))
    latest: dict[tuple[type, str, str], tuple[int, Resource]] = {}
    older: set[int] = set()
    for index, entry in enumerate(every):
        resource = entry.resource
        if resource is None or resource.id is None:
            continue
        several = len(servers[type(resource), resource.id] - {""}) > 1
        key = (type(resource), resource.id, _server(entry) if several else "")
        at, known = latest.setdefault(key, (index, resource))
        order = 0 if at == index else _order(known, resource)
        if order > 0:
            older.add(index)
        elif order < 0:
            older.add(at)
            latest[key] = (index, resource)
    return older


def is_superseded(draft: Draft, broken: Broken) -> bool:
    """Whether the Bundle holds a later version of what could not be decoded, which can be read."""
    name = broken.document.get("id")
    later = draft.index.named(broken.kind, name) if isinstance(name, str) else None
    if later is None or (later.fullUrl and broken.fullUrl and _server(later) != _server(broken)):
        return False
    try:
        meta = msgspec.convert(broken.document.get("meta"), Meta)
    except ValidationError:
        return False
    return later.resource is not None and _order(later.resource, Resource(meta=meta)) > 0


def _server(entry: Entry) -> str:
    """The server in an entry's address; empty where the address names none."""
    scheme, _, rest = (entry.fullUrl or "").partition("://")
    return rest.partition("/")[0].lower() if scheme in ("http", "https") else ""


def _order(one: Resource, other: Resource) -> float:
    """Positive when `one` is the later version, negative when `other` is, 0 when nothing tells."""
    if one.meta is None or other.meta is None:
        return 0
    first, second = seconds(one.meta.lastUpdated), seconds(other.meta.lastUpdated)
    if first is not None and second is not None and first != second:
        return first - second
    versions = one.meta.versionId or "", other.meta.versionId or ""
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
    return score.instrument, score.value, score.first, score.last, score.instant, score.preliminary


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
