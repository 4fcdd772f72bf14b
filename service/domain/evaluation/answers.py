"""Words about single answers: suicidality, unreadable answers, item patterns."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.concepts import ITEM_9
from service.domain.days import EARLIEST, Days, in_window, iso, month_in_window, spelled
from service.domain.evaluation.mood import lacking_score, no_current, now_days, sources_of, unless_newer
from service.domain.evaluation.scope import (
    MET,
    NOT_MET,
    SCORED,
    UNKNOWN,
    At,
    Scope,
    absent,
    missing,
    not_met,
    undated,
    unreadable,
)
from service.domain.evaluation.unread import any_value, first_fault, unread_between
from service.domain.facts import Answer, Reading
from service.domain.instruments import MoodDomain
from service.domain.names import called, worded
from service.domain.outcome import Entry, Outcome, Want
from service.domain.recognition import is_named, is_withdrawn
from service.domain.responses import most_of_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain import criteria as c
    from service.domain.concepts import Item
    from service.domain.facts import Score, Source
    from service.domain.timeline import Series

WHO = "an answer about suicidal thoughts"


def check_answered(scope: Scope, word: c.Answered, at: At) -> Outcome:
    """A readable answer at or above the limit in the window; every such answer is an entry of its own."""
    low = at.low if word.since else EARLIEST if word.before is None else scope.today - word.before.days
    # A month counts for a 'yes' when any of its days does; for 'was asked at all', when all of them do.
    place = in_window if word.at_least is None else month_in_window
    hits: list[Answer] = []
    doubts: list[Answer] = []
    asked = False
    for answer in _answers(scope, word.items):
        if answer.value is None or not _wanted(scope, word, answer):
            continue
        if word.at_least is not None and answer.value < word.at_least:
            asked = asked or in_window(*scope.dated(answer.first, answer.last), low, scope.safety_limit) is MET
            continue
        ever = low == answer.first == EARLIEST
        placed = MET if ever else place(*scope.dated(answer.first, answer.last), low, scope.safety_limit)
        if placed is not NOT_MET:
            (hits if placed is MET else doubts).append(answer)
    if hits and (word.times is None or len({answer.text or answer.item for answer in hits}) >= word.times):
        return _positive(word, hits)
    if doubts:
        text = f"{WHO} has no date that can be placed"
        entries = tuple(_entry(answer, word, EARLIEST) for answer in doubts)
        return undated(word, text)._replace(values={"entries": entries})
    if not asked and not hits:
        days = "" if word.since or word.before is None else f" in the last {Days(word.before.days)}"
        return lacking_score(scope, word, f"no readable answer to {called(word.items[0])}{days}")
    return absent(scope, word, SCORED, WHO)


def _answers(scope: Scope, items: Iterable[Item]) -> list[Answer]:
    return [answer for item in items for answer in scope.timeline.answers.get(item, ())]


def _wanted(scope: Scope, word: c.Answered, answer: Answer) -> bool:
    """Whether the companion question of that date lets the answer count; contradicting companions say nothing."""
    for condition, expected in ((word.only_if, True), (word.unless, False)):
        if condition is not None:
            item, value = condition
            others = scope.timeline.answers.get(item, ())
            said = {a.value for a in others if a.first == answer.first and a.value is not None}
            if (said == {value}) is not expected:
                return False
    return True


def _entry(answer: Answer, word: c.Criterion, day: int, more: str = "") -> Entry:
    text = f"{worded(answer.text, answer.item)} = {answer.received or answer.value}{more}"
    return Entry(day, spelled(answer.first, answer.last), answer.source, text, word)


def _positive(word: c.Answered, hits: list[Answer]) -> Outcome:
    hits.sort(key=lambda answer: (answer.first, answer.source.rank))
    entries = tuple(_entry(answer, word, answer.first) for answer in hits)
    return Outcome(word, MET, hits[-1].first, tuple(a.source for a in hits), {"entries": entries})


def check_total_without_item(scope: Scope, word: c.TotalWithoutItem, _at: At) -> Outcome:
    """A total so high that the missing item matters."""
    low = scope.today - word.before.days
    entries: list[Entry] = []
    doubts: list[Entry] = []
    for score, said, counts in _high_totals(scope, word):
        placed = month_in_window(*scope.dated(score.first, score.last), low, scope.safety_limit)
        if placed is not NOT_MET:
            day, date = score.first if placed is MET else EARLIEST, spelled(score.first, score.last)
            kept = entries if placed is MET and counts else doubts
            kept += [Entry(day, date, source, said, word) for source in _told_by(score, counts=counts)]
    if entries:
        return _entered(word, entries)
    if doubts:
        text = "a high total has no date that can be placed, or contradicts its items"
        return undated(word, text)._replace(values={"entries": tuple(sorted(doubts, key=_reading_order))})
    unread = _unread_total(scope, word, low)
    return unreadable(word, unread) if unread else absent(scope, word, SCORED, "a high total")


def _unread_total(scope: Scope, word: c.TotalWithoutItem, low: int) -> str:
    """Which total could not be read, and came without a readable answer to the question; empty where there is none."""
    limits = any_value(word.instruments)
    asked = {answer.first for answer in _answers(scope, word.items) if answer.value is not None} - {EARLIEST}
    unread = [
        *unread_between(scope, limits, low - 1, scope.safety_limit, preliminary=True),
        *[score for score in scope.timeline.unread_scores if score.first == EARLIEST and score.instrument in limits],
    ]
    return first_fault(one for one in unread if one.value is None and (one.written or one.first) not in asked)


def _high_totals(scope: Scope, word: c.TotalWithoutItem) -> Iterator[tuple[Score, str, bool]]:
    """The totals and sums of items that reach the limit, what is to be said of each, and whether it counts as such."""
    timeline = scope.timeline
    told: set[str | int] = set()
    for score in (*timeline.scores, *timeline.late_scores):
        if score.instrument in word.instruments and score.value >= word.at_least:
            read, others = _item_read(scope, word, score), score.instrument.high - most_of_one(score.instrument)
            if not read:
                told.add(score.response or score.first)
                yield score, f"{score.instrument.name} total {score.value} without a readable item 9", True
            elif score.value > others and not any(read):
                text = f"{score.instrument.name} total {score.value}, of which the other items give at most {others:f}"
                yield score, f"{text}, and item 9 'not at all'", False
    for score in timeline.without_item_9:
        named = score.instrument in word.instruments and (score.response or score.first) not in told
        if named and score.value >= word.at_least and not _item_read(scope, word, score):
            yield score, f"{score.instrument.name} items that add up to {score.value} without a readable item 9", True


def _told_by(score: Score, *, counts: bool) -> tuple[Source, ...]:
    """The total alone where it is one; else the items too, since it is they that add up or contradict it."""
    return sources_of(score) if score.prorated or not counts else (score.source,)


def _entered(word: c.Criterion, entries: list[Entry]) -> Outcome:
    entries.sort(key=_reading_order)
    used = tuple(dict.fromkeys(entry.source for entry in entries))
    return Outcome(word, MET, entries[-1].day, used, {"entries": tuple(dict.fromkeys(entries))})


def _reading_order(entry: Entry) -> tuple[int, tuple[str, str]]:
    return entry.day, entry.source.rank


def _item_read(scope: Scope, word: c.TotalWithoutItem, score: Score) -> list[int]:
    """The readable answers to the question in the response of the total, or of its date."""
    own = score.items[-1] if len(score.items) == score.instrument.items else None
    others = [
        answer.value
        for answer in _answers(scope, word.items)
        if (answer.first == score.first != EARLIEST) or (score.response and answer.response == score.response)
    ]
    return [value for value in (own, *others) if value is not None]


def check_unreadable_answer(scope: Scope, word: c.UnreadableAnswer, _at: At) -> Outcome:
    """Unreadable, absent or declined, with no readable answer to that item on that date."""
    low = scope.today - word.before.days
    entries = []
    for answer in _answers(scope, word.items):
        if answer.reading is Reading.READ or _read_that_day(scope, answer):
            continue
        placed = month_in_window(*scope.dated(answer.first, answer.last), low, scope.safety_limit)
        if placed is not NOT_MET:
            day = answer.first if placed is MET else EARLIEST
            date, text = spelled(answer.first, answer.last), f"{worded(answer.text, answer.item)}: {answer.reading}"
            entries.append(Entry(day, date, answer.source, text, word))
    return _entered(word, entries) if entries else absent(scope, word, SCORED, WHO)


def _read_that_day(scope: Scope, answer: Answer) -> bool:
    """Whether the same question has a readable answer of that date; item 9 has three codes."""
    same = ITEM_9 if answer.item in ITEM_9 else (answer.item,)
    return answer.first != EARLIEST and any(
        other.value is not None and other.first == answer.first for other in _answers(scope, same)
    )


def check_unplaced(scope: Scope, word: c.Unplaced, at: At) -> Outcome:
    """What the criterion found and could not place in time, and what had no subject."""
    part = scope.check(word.criterion, at)
    entries = list(part.values.get("entries", ())) if part.verdict is UNKNOWN else []
    for source in scope.timeline.chart.subjectless_safety:
        entries.append(Entry(EARLIEST, "undated", source, "a positive answer without a subject", word))
    if entries:
        return _entered(word, entries)._replace(day=None)
    gaps = tuple(lack for lack in part.lacks if lack.want is Want.NOT_COVERED)
    return Outcome(word, UNKNOWN if gaps else NOT_MET, lacks=gaps)


def check_stale_positive(scope: Scope, word: c.StalePositive, _at: At) -> Outcome:
    """A positive that nothing newer followed, and that was never flagged in the data."""
    low = scope.today - word.older.days
    read = [answer for answer in _answers(scope, word.items) if answer.value is not None and answer.first != EARLIEST]
    newest = max((answer.first for answer in read), default=EARLIEST)
    chart = scope.timeline.chart
    flags = [flag for flag in chart.flags if flag.rule == word.rule and not is_withdrawn(flag, chart, safety=True)]
    entries = [
        _entry(answer, word, answer.first, ", not followed by a newer answer")
        for answer in read
        if answer.value
        and newest <= answer.last
        and not any(is_named(answer.source, flag) for flag in flags)
        and in_window(*scope.dated(answer.first, answer.last), low, scope.safety_limit) is MET
    ]
    return _entered(word, entries) if entries else absent(scope, word, SCORED, WHO)


def check_item_sum(scope: Scope, word: c.ItemSum, _at: At) -> Outcome:
    """Items of the current response; a total below the limit settles it without them."""
    series = scope.timeline.series.get(word.instrument)
    index = None if series is None else series.latest(scope.today - word.fresh.days, scope.today)
    if series is None or index is None:
        return no_current(scope, word, MoodDomain(word.instrument.name, (word.instrument,)), word.fresh.days)
    score = series.scores[index]
    day, used = series.days[index], sources_of(score)
    chosen = [score.items[i - 1] for i in word.items] if score.items and not score.prorated else []
    known = [value for value in chosen if value is not None]
    if len(known) < len(word.items) or (word.share and None in score.items):
        whole = len(word.items) == word.instrument.items and not word.share
        if whole and score.value < word.at_least:
            return _unless_newer(scope, word, scope.refuted(word, day=day, used=used), series, index)
        return missing(word, f"not all {word.instrument.name} items of {iso(day)} can be read", day)
    amount = Decimal(sum(known))
    total = sum(value for value in score.items if value is not None)
    limit = word.at_least * total if word.share else word.at_least
    reached = amount >= limit and not (word.share and total == 0)
    if not reached and not scope.traced:
        return _unless_newer(scope, word, not_met(word), series, index)
    values = {
        "now": score.value,
        "now_date": iso(day),
        "now_age": Days(scope.today - day),
        "instrument": word.instrument.name,
    }
    outcome = Outcome(word, MET if reached else NOT_MET, day, used, values)
    return outcome if reached else _unless_newer(scope, word, outcome, series, index)


def _unless_newer(scope: Scope, word: c.ItemSum, denied: Outcome, series: Series, index: int) -> Outcome:
    limits = any_value((word.instrument,))
    return unless_newer(scope, word, denied, [(series, index)], limits, now_days(scope, word))
