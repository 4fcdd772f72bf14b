"""Words about single answers: suicidality, unreadable answers, item patterns."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from service.domain.days import EARLIEST, LATEST, in_window, iso
from service.domain.evaluation.mood import current, no_current, sources_of
from service.domain.evaluation.scope import MET, NOT_MET, SCORED, UNKNOWN, At, Scope, absent, missing, undated
from service.domain.facts import Answer, Reading
from service.domain.instruments import MoodDomain
from service.domain.outcome import Entry, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from service.domain import criteria as c
    from service.domain.concepts import Item
    from service.domain.facts import Score
    from service.domain.verdict import Verdict

MONTH = 31
WHO = "an answer about suicidal thoughts"


def spelled(first: int, last: int) -> str:
    """A date as precise as it was: a day, a month, a year, or `undated`."""
    if first == EARLIEST:
        return "undated"
    if first == last:
        return iso(first)
    return iso(first)[:7] if last - first < MONTH else iso(first)[:4]


def _placed(scope: Scope, first: int, last: int, low: int, high: int) -> Verdict:
    """Any day of a month-precise date may count; a year or nothing leaves it open."""
    if first != EARLIEST and last - first < MONTH:
        return MET if first <= high and last >= low else NOT_MET
    return in_window(first, last, low, high)


def _window(scope: Scope, before: timedelta | None, after: timedelta, at: At) -> tuple[int, int]:
    low = at.low if before is None else scope.today - before.days
    return low, scope.today + after.days


def check_answered(scope: Scope, word: c.Answered, at: At) -> Outcome:
    """A readable answer at or above the limit in the window; every such answer is an entry of its own."""
    low, high = _window(scope, word.before, word.after, at)
    hits: list[Answer] = []
    readable = doubtful = False
    for answer in _answers(scope, word.items):
        placed = _placed(scope, answer.first, answer.last, low, high)
        if answer.reading is Reading.READ and answer.value is not None and placed is not NOT_MET and _wanted(scope, word, answer):
            readable = readable or placed is MET
            if answer.value >= word.at_least:
                doubtful = doubtful or placed is UNKNOWN
                if placed is MET:
                    hits.append(answer)
    if hits and len({answer.text or answer.item for answer in hits}) >= word.times:
        return _positive(word, hits)
    if doubtful:
        return undated(word, f"{WHO} has no date that can be placed")
    if not readable:
        days = "" if word.before is None else f" in the last {word.before.days} days"
        return missing(word, f"no readable answer to {word.items[0].replace('-', ' ')}{days}")
    return absent(scope, word, SCORED, WHO)


def _answers(scope: Scope, items: Iterable[Item]) -> list[Answer]:
    return [answer for item in items for answer in scope.timeline.answers.get(item, ())]


def _wanted(scope: Scope, word: c.Answered, answer: Answer) -> bool:
    for condition, expected in ((word.only_if, True), (word.unless, False)):
        if condition is not None:
            item, value = condition
            companions = [a for a in scope.timeline.answers.get(item, ()) if a.first == answer.first and a.value == value]
            if bool(companions) is not expected:
                return False
    return True


def _positive(word: c.Answered, hits: list[Answer]) -> Outcome:
    hits.sort(key=lambda answer: (answer.first, answer.source.expression))
    entries = tuple(
        Entry(a.first, spelled(a.first, a.last), a.source, f"{a.text or a.item} = {a.received or a.value}", word) for a in hits
    )
    return Outcome(word, MET, hits[-1].first, tuple(a.source for a in hits), {"entries": entries})


def check_total_without_item(scope: Scope, word: c.TotalWithoutItem, at: At) -> Outcome:
    """A total so high that the missing item matters."""
    low, high = _window(scope, word.before, word.after, at)
    entries = []
    for score in scope.timeline.scores:
        if score.instrument in word.instruments and word.low <= score.value <= word.high and not _item_read(scope, word, score):
            placed = _placed(scope, score.first, score.last, low, high)
            if placed is MET:
                text = f"{score.instrument.name} total {score.value} without a readable item 9"
                entries.append(Entry(score.first, spelled(score.first, score.last), score.source, text, word))
    if entries:
        used = tuple(entry.source for entry in entries)
        return Outcome(word, MET, entries[-1].day, used, {"entries": tuple(entries)})
    return absent(scope, word, SCORED, "a high total")


def _item_read(scope: Scope, word: c.TotalWithoutItem, score: Score) -> bool:
    if len(score.items) == score.instrument.items and score.items[-1] is not None:
        return True
    return any(
        answer.reading is Reading.READ and (answer.first == score.first or (score.response and answer.response == score.response))
        for answer in scope.timeline.answers.get(word.item, ())
    )


def check_unreadable_answer(scope: Scope, word: c.UnreadableAnswer, at: At) -> Outcome:
    """Unreadable, absent or declined, with no readable answer to that item on that date."""
    low, high = _window(scope, word.before, word.after, at)
    entries = []
    for answer in _answers(scope, word.items):
        if answer.reading is Reading.READ or _read_that_day(scope, answer):
            continue
        if answer.first == EARLIEST or _placed(scope, answer.first, answer.last, low, high) is not NOT_MET:
            date = spelled(answer.first, answer.last)
            entries.append(Entry(answer.first, date, answer.source, f"{answer.text or answer.item}: {answer.reading}", word))
    if entries:
        return Outcome(word, MET, entries[-1].day, tuple(e.source for e in entries), {"entries": tuple(entries)})
    return absent(scope, word, SCORED, WHO)


def _read_that_day(scope: Scope, answer: Answer) -> bool:
    return answer.first != EARLIEST and any(
        other.reading is Reading.READ and other.first == answer.first for other in scope.timeline.answers.get(answer.item, ())
    )


def check_undated_positive(scope: Scope, word: c.UndatedPositive, at: At) -> Outcome:
    """A positive that may lie in the window, but whose date says only a year or nothing."""
    low, high = _window(scope, word.before, word.after, at)
    entries = []
    for answer in _answers(scope, word.items):
        if answer.value and _placed(scope, answer.first, answer.last, low, high) is UNKNOWN:
            date = spelled(answer.first, answer.last)
            entries.append(Entry(EARLIEST, date, answer.source, f"{answer.text or answer.item} = {answer.received}", word))
    for concept in word.concepts:
        for record in scope.timeline.safety_records.get(concept, ()):
            if record.asserted and record.verification not in ("refuted", "entered-in-error"):
                first, last = _latest_dates(record.first, record.last, record.recorded_first, record.recorded_last)
                if _placed(scope, first, last, low, high) is UNKNOWN:
                    entries.append(Entry(EARLIEST, spelled(first, last), record.source, record.text, word))
    if scope.timeline.chart.subjectless_safety:
        for source in scope.timeline.chart.subjectless_safety:
            entries.append(Entry(EARLIEST, "undated", source, "a positive answer without a subject", word))
    if entries:
        unique = tuple(dict.fromkeys(entries))
        return Outcome(word, MET, None, tuple(dict.fromkeys(e.source for e in unique)), {"entries": unique})
    return absent(scope, word, SCORED, WHO)


def _latest_dates(first: int, last: int, recorded_first: int, recorded_last: int) -> tuple[int, int]:
    return (recorded_first, recorded_last) if recorded_last != LATEST else (first, last)


def check_stale_positive(scope: Scope, word: c.StalePositive, _at: At) -> Outcome:
    """The newest readable answer is positive, older than the window, and was never flagged in the data."""
    dated = [a for a in _answers(scope, word.items) if a.reading is Reading.READ and a.first == a.last]
    newest = max((a.first for a in dated), default=None)
    if newest is None or not scope.today - word.older.days <= newest <= scope.today - word.newer.days:
        return absent(scope, word, SCORED, WHO)
    positive = [a for a in dated if a.first == newest and a.value]
    named = {name for flag in scope.timeline.chart.flags if flag.rule == word.rule for name in flag.evidence}
    left = [a for a in positive if a.source.reference not in named]
    if not left:
        return Outcome(word, NOT_MET)
    entries = tuple(
        Entry(a.first, iso(a.first), a.source, f"{a.text or a.item} = {a.received}, not followed by a newer answer", word)
        for a in left
    )
    return Outcome(word, MET, newest, tuple(a.source for a in left), {"entries": entries})


def check_item_sum(scope: Scope, word: c.ItemSum, _at: At) -> Outcome:
    """Items of the current response; a total below the limit settles it without them."""
    domain = MoodDomain(word.instrument.name, (word.instrument,))
    held = current(scope, domain, word.fresh.days)
    if not held:
        return no_current(scope, word, domain, word.fresh.days)
    series, index = held[0]
    score = series.scores[index]
    day, used = series.days[index], sources_of(score)
    chosen = [score.items[i - 1] for i in word.items] if score.items else []
    known = [value for value in chosen if value is not None]
    if len(known) < len(word.items) or (word.share and None in score.items):
        whole = len(word.items) == word.instrument.items and not word.share
        if whole and score.value < word.at_least:
            return Outcome(word, NOT_MET, day, used)
        return missing(word, f"not all {word.instrument.name} items of {iso(day)} can be read", day)
    amount = Decimal(sum(known))
    total = sum(value for value in score.items if value is not None)
    if word.share:
        reached = total > 0 and amount >= word.at_least * total
    else:
        reached = amount >= word.at_least
    values = {"items_sum": amount, "items_total": total, "now": score.value, "now_date": iso(day),
              "now_age": scope.today - day, "instrument": word.instrument.name}
    return Outcome(word, MET if reached else NOT_MET, day, used, values)
