"""Words about single answers: suicidality, unreadable answers, item patterns."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.concepts import ITEM_9
from service.domain.days import EARLIEST, in_window, iso, month_in_window, spelled
from service.domain.evaluation.mood import no_current, sources_of
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
)
from service.domain.facts import Answer, Reading
from service.domain.instruments import MoodDomain
from service.domain.outcome import Entry, Outcome, Want

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain import criteria as c
    from service.domain.concepts import Item
    from service.domain.facts import Score

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
        days = "" if word.since or word.before is None else f" in the last {word.before.days} days"
        return missing(word, f"no readable answer to {word.items[0].replace('-', ' ')}{days}")
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
    text = f"{answer.text or answer.item} = {answer.received or answer.value}{more}"
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
    for score in (*scope.timeline.scores, *scope.timeline.late_scores):
        if score.instrument not in word.instruments or score.value < word.at_least or _item_read(scope, word, score):
            continue
        placed = month_in_window(*scope.dated(score.first, score.last), low, scope.safety_limit)
        if placed is not NOT_MET:
            text = f"{score.instrument.name} total {score.value} without a readable item 9"
            day = score.first if placed is MET else EARLIEST
            entry = Entry(day, spelled(score.first, score.last), score.source, text, word)
            (entries if placed is MET else doubts).append(entry)
    if entries:
        return _entered(word, entries)
    if doubts:
        text = "a high total has no date that can be placed"
        return undated(word, text)._replace(values={"entries": tuple(sorted(doubts, key=_reading_order))})
    return absent(scope, word, SCORED, "a high total")


def _entered(word: c.Criterion, entries: list[Entry]) -> Outcome:
    entries.sort(key=_reading_order)
    used = tuple(dict.fromkeys(entry.source for entry in entries))
    return Outcome(word, MET, entries[-1].day, used, {"entries": tuple(dict.fromkeys(entries))})


def _reading_order(entry: Entry) -> tuple[int, tuple[str, str]]:
    return entry.day, entry.source.rank


def _item_read(scope: Scope, word: c.TotalWithoutItem, score: Score) -> bool:
    if len(score.items) == score.instrument.items and score.items[-1] is not None:
        return True
    return any(
        answer.value is not None
        and ((answer.first == score.first != EARLIEST) or (score.response and answer.response == score.response))
        for answer in _answers(scope, word.items)
    )


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
            date, text = spelled(answer.first, answer.last), f"{answer.text or answer.item}: {answer.reading}"
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
    named = {name for flag in scope.timeline.chart.flags if flag.rule == word.rule for name in flag.evidence}
    entries = [
        _entry(answer, word, answer.first, ", not followed by a newer answer")
        for answer in read
        if answer.value
        and newest <= answer.last
        and answer.source.reference not in named
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
            return scope.refuted(word, day=day, used=used)
        return missing(word, f"not all {word.instrument.name} items of {iso(day)} can be read", day)
    amount = Decimal(sum(known))
    total = sum(value for value in score.items if value is not None)
    limit = word.at_least * total if word.share else word.at_least
    reached = amount >= limit and not (word.share and total == 0)
    if not reached and not scope.traced:
        return not_met(word)
    values = {
        "items_sum": amount,
        "items_total": total,
        "now": score.value,
        "now_date": iso(day),
        "now_age": scope.today - day,
        "instrument": word.instrument.name,
    }
    return Outcome(word, MET if reached else NOT_MET, day, used, values)
