"""The patient's facts in order of day, up to the as-of instant: what every word of the vocabulary reads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from service.domain.analytes import CRP, Analyte
from service.domain.concepts import ABOUT_SUICIDE, SUICIDALITY_ITEMS, Concept, DrugGroup, Item
from service.domain.days import EARLIEST
from service.domain.facts import DISBELIEVED, Answer, Chart, DataIssue, Exposure, Record, Result, Score, UnreadScore
from service.domain.instruments import PHQ9_CMS, Instrument
from service.domain.responses import Bag
from service.domain.stretches import Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.domain.days import AsOf
    from service.domain.facts import Source
    from service.domain.reads import Subject

Dated = TypeVar("Dated", Score, Answer, Result)
Placed = TypeVar("Placed", Score, Answer, Result, Record)

RELAPSE_SPACING = 30
# Sorting keys that cost no Python call.
by_source = attrgetter("source")
by_day = attrgetter("last", "first", "source")
by_day_and_assay = attrgetter("last", "first", "assay", "source")
_TOO_LATE = (
    "This entry about suicide has a date after the as-of time, which is left out, and with it what has no other. "
    "Check its dates, or asOf."
)
NO_RELAPSE = DISBELIEVED | {"differential"}


class Series:
    """One instrument's values, one a day (the worst), oldest first, in parallel lists."""

    __slots__ = ("days", "instrument", "scores", "values")

    def __init__(self, instrument: Instrument, scores: Iterable[Score]) -> None:
        """`scores` have exact days; of one day the worst value stands, complete responses before prorated ones."""
        self.instrument = instrument
        by_day: dict[int, Score] = {}
        for score in scores:
            known = by_day.get(score.first)
            by_day[score.first] = score if known is None else _worse(instrument, known, score)
        self.days = sorted(by_day)
        self.scores = [by_day[day] for day in self.days]
        self.values = [score.value for score in self.scores]

    def on(self, scale: Instrument) -> Series:
        """The same values, read with the limits of another."""
        return Series(scale, [score._replace(instrument=scale) for score in self.scores])

    def latest(self, low: int, high: int) -> int | None:
        """The index of the latest value in [low, high]."""
        index = bisect_right(self.days, high) - 1
        return index if index >= 0 and self.days[index] >= low else None

    def between(self, low: int, high: int) -> range:
        """The indexes of the values in [low, high]."""
        return range(bisect_left(self.days, low), bisect_right(self.days, high))

    def telling(self, low: int, high: int) -> Sequence[int]:
        """The indexes of the values in [low, high] that say something however low they are."""
        found = self.between(low, high)
        return found if self.instrument.key != PHQ9_CMS.key else [index for index in found if self.counts_as_low(index)]

    def counts_as_low(self, index: int) -> bool:
        """False for a value that says nothing when low: a CMS total below its limit without all nine items.

        That form ends after two items when both are low.
        """
        if self.instrument.key != PHQ9_CMS.key:
            return True
        score = self.scores[index]
        limit = self.instrument.elevated
        complete = len(score.items) == self.instrument.items and None not in score.items
        return complete or (limit is not None and score.value >= limit)


def _worse(instrument: Instrument, one: Score, other: Score) -> Score:
    if one.value == other.value:
        return max(one, other, key=_completeness)
    return other if instrument.worst(one.value, other.value) == other.value else one


def _completeness(score: Score) -> tuple[bool, int, tuple[str, str]]:
    """Of equal values the more complete stands, and of equally complete ones always the same."""
    return not score.prorated, sum(item is not None for item in score.items), score.source.rank


class Relapse(NamedTuple):
    """One relapse: records at most 30 days after its first onset; `onset` is the earliest."""

    onset: int
    records: tuple[Record, ...]


class Timeline:
    """Facts by what the words ask for; built once per patient, then only read."""

    __slots__ = (
        "ahead",
        "answers",
        "as_of",
        "chart",
        "courses",
        "future",
        "issues",
        "late_results",
        "late_scores",
        "partial_scores",
        "records",
        "relapses",
        "results",
        "safety_records",
        "scores",
        "series",
        "spans",
        "subjects",
        "tables",
        "undated_drugs",
        "undated_relapses",
        "unread_scores",
        "without_item_9",
    )

    def __init__(self, chart: Chart, as_of: AsOf, scales: Mapping[Instrument, Instrument] | None = None) -> None:
        """Drops what lies after the as-of instant (counted in `future`), but keeps 24 hours of it for safety rules.

        `scales` are instruments with a site's own limits: rules that have them find the scores under them too.
        """
        self.chart = chart
        self.as_of = as_of
        self.future = 0
        # The written day of what counts as of today though it is a day ahead in its own offset.
        self.ahead: dict[Source, int] = {}
        self.tables: dict[tuple[object, ...], Any] = {}
        self.scores: list[Score]
        self.issues: list[DataIssue]
        answers = Bag(self._order_answers())
        self.scores, self.issues = answers.assemble(self._past(chart.scores))
        self.without_item_9 = answers.without_item_9()
        self._order_scores()
        self._read_with(scales or {})
        self._order_results()
        self._order_records()
        self._order_exposures()
        self._keep_late()
        nothing: frozenset[Subject] = frozenset()
        self.subjects = nothing.union(
            self.series,
            self.answers,
            self.results,
            self.safety_records,
            self.spans,
            self.undated_drugs,
            [score.instrument for score in self.scores],
            [late.instrument for late in self.late_scores],
            [late.analyte for late in self.late_results],
            [total.instrument for total in self.without_item_9],
            [score.instrument for score in self.unread_scores],
        )

    def _past(self, facts: Sequence[Dated]) -> Sequence[Dated]:
        """The facts up to the as-of instant, those of a day ahead as of today; the others are counted."""
        if not self._any_later(facts):
            return facts
        return [self._by_today(fact) for fact in facts if self._is_past(fact.first, fact.instant)]

    def _any_later(self, facts: Sequence[Score | Answer | Result]) -> bool:
        """Whether the day or the instant of any fact may lie after the as-of: seldom, and then each is looked at."""
        today, limit = self.as_of.day, self.as_of.limit
        return bool([fact for fact in facts if fact.first > today or (fact.instant or 0.0) > limit])

    def _is_past(self, first: int, instant: float | None) -> bool:
        if first == EARLIEST or self.as_of.is_past(first, instant):
            return True
        self.future += 1
        return False

    def _by_today(self, fact: Placed) -> Placed:
        """What is past as an instant, but a day ahead in its own offset, counts as of today."""
        today = self.as_of.day
        if not fact.first == fact.last > today:
            return fact
        self.ahead[fact.source] = fact.first
        return fact._replace(first=today, last=today)

    def _unread_by_today(self, score: UnreadScore) -> UnreadScore:
        """As `_by_today`; of today's what is later than the as-of instant counts as of tomorrow."""
        today = self.as_of.day
        if score.instant is None or score.first != score.last:
            return score
        past = self.as_of.is_past(score.first, score.instant)
        day = min(score.first, today) if past else max(score.first, today + 1)
        return score._replace(first=day, last=day, written=score.first)

    def _keep_late(self) -> None:
        """What only safety rules read: facts dated up to 24 hours after the as-of instant, and forms without item 9."""
        chart = self.chart
        self.late_scores: list[Score] = []
        self.late_results: list[Result] = []
        if self.future:
            answers = Bag([a for a in chart.answers if self._is_late(a.first, a.instant)])
            self.late_scores, _ = answers.assemble([s for s in chart.scores if self._is_late(s.first, s.instant)])
            self.late_results = [r for r in chart.results if self._is_late(r.first, r.instant)]
            self.without_item_9 += answers.without_item_9()
        if self.future or any(record.recorded_first > self.as_of.safety_day for record in chart.records):
            self.issues += [DataIssue("later-than-as-of", _TOO_LATE, at, safety=True) for at in self._too_late()]

    def _too_late(self) -> Iterable[str]:
        """Where something about suicide is dated so late that not even safety rules read it."""
        for answer in self.chart.answers:
            tells = answer.item in SUICIDALITY_ITEMS and answer.value != 0
            if tells and self._is_too_late(answer.first, answer.instant):
                yield answer.source.expression
        for record in self.chart.records:
            tells = not ABOUT_SUICIDE.isdisjoint(record.concepts) and record.asserted
            believed = record.verification not in DISBELIEVED
            late = self._is_too_late(_day_of(record), record.instant) or self._is_too_late(record.recorded_first, None)
            if tells and believed and late:
                yield record.source.expression

    def _is_too_late(self, first: int, instant: float | None) -> bool:
        return first != EARLIEST and not self.as_of.is_tolerated(first, instant)

    def _is_late(self, first: int, instant: float | None) -> bool:
        return not self.as_of.is_past(first, instant) and self.as_of.is_tolerated(first, instant)

    def _order_answers(self) -> Sequence[Answer]:
        """Groups those up to the as-of instant, about suicide up to 24 hours after it; gives those that totals read."""
        kept = past = self.chart.answers
        if self._any_later(kept):
            kept, past = self._split(kept)
        self.answers: dict[Item, list[Answer]] = {}
        for answer in sorted(kept, key=by_source):
            self.answers.setdefault(answer.item, []).append(answer)
        return past

    def _split(self, answers: tuple[Answer, ...]) -> tuple[tuple[Answer, ...], tuple[Answer, ...]]:
        """Those that are kept, and of them those up to the as-of instant."""
        as_of = self.as_of
        kept = tuple(
            a
            for a in answers
            if a.first == EARLIEST
            or as_of.is_past(a.first, a.instant)
            or (a.item in SUICIDALITY_ITEMS and as_of.is_tolerated(a.first, a.instant))
        )
        self.future += len(answers) - len(kept)
        return kept, tuple(self._by_today(a) for a in kept if as_of.is_past(a.first, a.instant))

    def _order_scores(self) -> None:
        exact: dict[Instrument, list[Score]] = {}
        self.partial_scores: list[Score] = []
        for score in self.scores:
            if score.preliminary:
                continue
            if score.first == score.last:
                exact.setdefault(score.instrument, []).append(score)
            elif score.first != EARLIEST:
                # Of an undated one nothing says when it was; the suicidality rules find it among all scores.
                self.partial_scores.append(score)
        self.unread_scores = [
            *map(self._unread_by_today, self.chart.unread_scores),
            *[UnreadScore(one.instrument, one.first, one.last, one.value) for one in self.partial_scores],
        ]
        self.series = {instrument: Series(instrument, scores) for instrument, scores in exact.items()}
        for instrument, scores in exact.items():
            self._report_rivals(instrument, scores)

    def _read_with(self, scales: Mapping[Instrument, Instrument]) -> None:
        for usual, own in scales.items():
            if usual in self.series:
                self.series[own] = self.series[usual].on(own)
        also = [score for score in self.partial_scores if score.instrument in scales]
        self.partial_scores += [score._replace(instrument=scales[score.instrument]) for score in also]

    def _report_rivals(self, instrument: Instrument, scores: list[Score]) -> None:
        if len(scores) == len(self.series[instrument].days):
            return
        seen: dict[tuple[int, float | None], Score] = {}
        for score in scores:
            known = seen.setdefault((score.first, score.instant), score)
            if known.value != score.value:
                self.issues.append(
                    DataIssue(
                        "rival-values",
                        (f"Two different {instrument.name} totals have the same time; the worse one is used."),
                        score.source.expression,
                    )
                )

    def _order_results(self) -> None:
        self.results: dict[Analyte, list[Result]] = {}
        for result in self._past(self.chart.results):
            self.results.setdefault(result.analyte, []).append(result)
        for analyte, results in self.results.items():
            if analyte is CRP:
                self.results[analyte] = _one_crp_a_day(results)
            else:
                results.sort(key=by_day)

    def _order_records(self) -> None:
        self.records: dict[Concept, list[Record]] = {}
        self.safety_records: dict[Concept, list[Record]] = {}
        for record in sorted(self.chart.records, key=by_source):
            dated = _day_of(record)
            past = dated == EARLIEST or self.as_of.is_past(dated, record.instant)
            tolerated = past or self.as_of.is_tolerated(dated, record.instant)
            self.future += not past
            for concept in record.concepts:
                if concept is Concept.RELAPSE and record.verification in NO_RELAPSE:
                    continue
                if past:
                    self.records.setdefault(concept, []).append(self._by_today(record))
                if tolerated:
                    self.safety_records.setdefault(concept, []).append(record)
        self._order_relapses()

    def _order_relapses(self) -> None:
        every = self.records.get(Concept.RELAPSE, [])
        asserted = [record for record in every if record.asserted]
        self.undated_relapses = [record for record in asserted if record.first != record.last]
        dated = sorted((r for r in asserted if r.first == r.last), key=lambda r: (r.first, r.source.rank))
        groups: list[list[Record]] = []
        for record in dated:
            if groups and record.first - groups[-1][0].first <= RELAPSE_SPACING:
                groups[-1].append(record)
            else:
                groups.append([record])
        self.relapses = [Relapse(group[0].first, tuple(group)) for group in groups]

    def _order_exposures(self) -> None:
        by_ingredient: dict[tuple[DrugGroup, str], list[Exposure]] = {}
        self.undated_drugs: dict[DrugGroup, list[Exposure]] = {}
        for exposure in self.chart.exposures:
            if not exposure.systemic:
                continue
            if exposure.start is None:
                self.undated_drugs.setdefault(exposure.group, []).append(exposure)
            elif self._is_past(exposure.start, exposure.instant):
                by_ingredient.setdefault((exposure.group, exposure.ingredient), []).append(exposure)
        self.spans: dict[DrugGroup, list[Stretch]] = {}
        self.courses: dict[DrugGroup, list[Stretch]] = {}
        for (group, _), exposures in by_ingredient.items():
            self.spans.setdefault(group, []).extend(stretches(exposures, self.as_of.day, self.chart))
        for group, spans in self.spans.items():
            spans.sort(key=lambda span: (span.start, span.ingredient))
            self.courses[group] = stretches([e for span in spans for e in span.records], self.as_of.day, self.chart)


def _day_of(record: Record) -> int:
    return record.first if record.is_dated else record.recorded_first


def _one_crp_a_day(results: list[Result]) -> list[Result]:
    """One CRP per date and assay family stands: highest lower bound, then highest upper bound; unusable ones stay."""
    best: dict[tuple[int, int, str], Result] = {}
    unusable: list[Result] = []
    for result in sorted(results, key=by_day_and_assay):
        if result.value is None:
            unusable.append(result)
            continue
        key = (result.first, result.last, result.assay)
        known = best.get(key)
        if known is None or _bounds(result) > _bounds(known):
            best[key] = result
    return sorted([*best.values(), *unusable], key=by_day_and_assay) if unusable else list(best.values())


def _bounds(result: Result) -> tuple[object, bool, bool, object]:
    value = result.value
    if value is None:  # pragma: no cover - callers pass usable results only
        return (0, False, False, 0)
    return (value.low, value.low_open, value.high is None, value.high or 0)
