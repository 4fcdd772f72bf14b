"""Words about coded records: diagnoses, dated records and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.concepts import Concept, record_types
from service.domain.days import EARLIEST, LATEST, Days, in_window, iso, month_in_window, spelled, up_to
from service.domain.evaluation.scope import MET, NOT_MET, UNKNOWN, At, Scope, absent, not_met, undated
from service.domain.facts import DISBELIEVED
from service.domain.names import worded
from service.domain.outcome import Entry, Lack, Outcome, Want
from service.domain.timeline import Relapse

if TYPE_CHECKING:
    from service.domain import criteria as c
    from service.domain.facts import Record
    from service.domain.verdict import Verdict

ACTIVE = frozenset({"", "active", "recurrence", "relapse", "remission"})
OVER = frozenset({"resolved", "inactive", "remission"})
NO_DIAGNOSIS = DISBELIEVED | {"differential", "provisional"}


def check_diagnosed(scope: Scope, word: c.Diagnosed, _at: At) -> Outcome:
    """An active Condition of the group."""
    used = active_diagnoses(scope, word.concept)
    if used:
        # A relapse names the disease too; the diagnosis itself says it better.
        best = min(used, key=lambda record: Concept.RELAPSE in record.concepts)
        return Outcome(word, MET, None, (best.source,), {"disease": best.text})
    return absent(scope, word, ("Condition",), f"a diagnosis of {word.concept.replace('-', ' ')}")


def active_diagnoses(scope: Scope, concept: Concept) -> list[Record]:
    """The Conditions of the group that count as active on the as-of day."""
    return [
        record
        for record in scope.timeline.records.get(concept, ())
        if record.source.resource_type == "Condition" and is_active(record, scope.today, concept)
    ]


def is_active(record: Record, today: int, concept: Concept) -> bool:
    """Whether a diagnosis counts as active on a day; the code of a relapse names the disease whatever its status."""
    if record.verification in NO_DIAGNOSIS or record.first > today:
        return False
    if Concept.RELAPSE in record.concepts and concept in (Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD):
        return True
    return record.status in ACTIVE and (record.abated_last is None or record.abated_last > today)


def check_recorded(scope: Scope, word: c.Recorded, at: At) -> Outcome:
    """A record of the groups in the window; a candidate without a usable date leaves it unknown."""
    low, high = _window(scope, word, at)
    pool = scope.timeline.safety_records if word.safety else scope.timeline.records
    hits: list[Entry] = []
    doubts: list[Entry] = []
    for record in _candidates(word, pool, scope, at):
        first, last = _dates(word, record, _limit(scope, word))
        verdict = _placed(word, *scope.dated(first, last), low, high)
        if verdict is not NOT_MET:
            day = first if verdict is MET else EARLIEST
            group = next(concept for concept in word.concepts if concept in record.concepts)
            text = worded(record.text, group) + _onset(record, first, last)
            entry = Entry(day, spelled(first, last), record.source, text, word)
            (hits if verdict is MET else doubts).append(entry)
    if hits:
        return _found(word, hits)
    if doubts:
        used = tuple(entry.source for entry in doubts)
        text = f"{doubts[0].text} has no date that can be placed"
        return undated(word, text, used)._replace(values={"entries": tuple(doubts)})
    return _not_recorded(scope, word)


def _window(scope: Scope, word: c.Recorded, at: At) -> tuple[int, int]:
    low = EARLIEST if word.before is None else at.low - word.before.days
    limit = _limit(scope, word)
    return low, limit if word.after is None else min(at.high + word.after.days, limit)


def _limit(scope: Scope, word: c.Recorded) -> int:
    return scope.safety_limit if word.safety else scope.today


def _candidates(word: c.Recorded, pool: dict[Concept, list[Record]], scope: Scope, at: At) -> list[Record]:
    seen: dict[int, Record] = {}
    for concept in word.concepts:
        for record in pool.get(concept, ()):
            if record.asserted is not word.denied and _counts(word, record, scope, at):
                seen[id(record)] = record
    return sorted(seen.values(), key=lambda record: record.source.rank)


def _counts(word: c.Recorded, record: Record, scope: Scope, at: At) -> bool:
    if record.verification in DISBELIEVED:
        return False
    if word.also is not None and word.also not in record.concepts:
        return False
    if word.unresolved and (
        record.status in OVER or (record.abated_last is not None and record.abated_last <= scope.today)
    ):
        return False
    before = word.unless_abated
    return before is None or record.abated_last is None or record.abated_last > at.low - before.days


def _dates(word: c.Recorded, record: Record, limit: int) -> tuple[int, int]:
    """The onset, else the recorded date; the later of two dates that may be partial has the later of their bounds.

    Of one that has begun by `limit`, the last day that is read, no later day counts: no record is of days to come.
    """
    onset, recorded = (record.first, record.last), (record.recorded_first, record.recorded_last)
    if not record.is_dated:
        return recorded
    if word.later_date and record.recorded_last != LATEST and record.recorded_first <= limit:
        return max(onset[0], recorded[0]), max(up_to(limit, *onset), up_to(limit, *recorded))
    return onset


def _onset(record: Record, first: int, last: int) -> str:
    """What a later recorded date must not hide."""
    is_later = record.is_dated and (first, last) != (record.first, record.last)
    return f" (onset {spelled(record.first, record.last)})" if is_later else ""


def _placed(word: c.Recorded, first: int, last: int, low: int, high: int) -> Verdict:
    if first == EARLIEST and last == LATEST and word.before is None:
        return MET
    return (month_in_window if word.any_day else in_window)(first, last, low, high)


def _found(word: c.Recorded, hits: list[Entry]) -> Outcome:
    entries = tuple(sorted(hits, key=lambda entry: (entry.day, entry.source.rank)))
    day = entries[0].day
    values: dict[str, Any] = {
        "record_date": entries[0].date,
        "entries": entries,
        "records": ", ".join(dict.fromkeys(entry.text for entry in entries)),
    }
    return Outcome(word, MET, day if day != EARLIEST else None, tuple(entry.source for entry in entries), values)


def _not_recorded(scope: Scope, word: c.Recorded) -> Outcome:
    if word.needs_conditions and not scope.timeline.chart.conditions_sent:
        text = "no Condition in the data supplied, so new diagnoses cannot be seen"
        return Outcome(word, UNKNOWN, lacks=(Lack(Want.MISSING, text),))
    if not scope.gaps:
        return not_met(word)
    names = " or ".join(concept.replace("-", " ") for concept in word.concepts)
    return absent(scope, word, record_types(word.concepts), f"a record of {names}")


def check_occurred(scope: Scope, word: c.Occurred, at: At) -> Outcome:
    """A relapse whose onset lies so that t0 is in its window; of several the latest before t0, else the earliest."""
    if _another_is_nearer(scope, word, at):
        return Outcome(word, NOT_MET)
    hits = [relapse for relapse in scope.timeline.relapses if _near(word, relapse.onset, at)]
    if hits:
        before = [relapse for relapse in hits if relapse.onset <= at.high]
        relapse = before[-1] if before else hits[0]
        return Outcome(
            word, MET, relapse.onset, tuple(r.source for r in relapse.records), _relapse_values(scope, relapse, at)
        )
    return _without_day(scope, word, at) or absent(scope, word, record_types((word.event,)), "a relapse")


def _without_day(scope: Scope, word: c.Occurred, at: At) -> Outcome | None:
    """A relapse known to the month or year counts when all its days fit; when only some do, it leaves this unknown."""
    if word.exact:
        return not_met(word)
    low, high = at.low - word.after.days, min(at.high - _soonest(word), scope.today)
    placed = [(in_window(r.first, r.last, low, high), r) for r in scope.timeline.undated_relapses]
    possible = [record for verdict, record in placed if verdict is not NOT_MET]
    if not possible:
        return None
    certain = [record for verdict, record in placed if verdict is MET and at.is_exact and not word.began_near]
    if certain:
        record = certain[0]
        return Outcome(word, MET, record.first, (record.source,), _partial_values(record))
    text = "a relapse is recorded without a day that can be placed"
    return undated(word, text, tuple(record.source for record in possible))


def _near(word: c.Occurred, onset: int, at: At) -> bool:
    if not (at.high >= onset + _soonest(word) and at.low <= onset + word.after.days):
        return False
    if not word.began_near or at.began is None or word.beyond is None:
        return True
    return onset - _before(word) <= at.began <= onset + word.beyond.days


def _before(word: c.Occurred) -> int:
    return LATEST if word.before is None else word.before.days


def _soonest(word: c.Occurred) -> int:
    """How many days after the onset t0 lies at the earliest."""
    return -_before(word) if word.beyond is None else word.beyond.days + 1


def _another_is_nearer(scope: Scope, word: c.Occurred, at: At) -> bool:
    return (
        word.beyond is not None
        and at.is_exact
        and any(
            relapse.onset - _before(word) <= at.low <= relapse.onset + word.beyond.days
            for relapse in scope.timeline.relapses
        )
    )


def _relapse_values(scope: Scope, relapse: Relapse, at: At) -> dict[str, Any]:
    apart = at.low - relapse.onset
    order, date = "after" if apart >= 0 else "before", iso(relapse.onset)
    return {
        "event_day": relapse.onset,
        "event_written": scope.written(relapse.onset, [r.source for r in relapse.records if r.first == relapse.onset]),
        "event_date": date,
        "event_near": f"{Days(abs(apart))} {order} a relapse with onset {date}{_marks(relapse.records)}",
    }


def _partial_values(record: Record) -> dict[str, Any]:
    """Of a relapse whose day is not known: nothing is counted from it."""
    date = spelled(record.first, record.last)
    return {
        "event_day": record.first,
        "event_last": record.last,
        "event_date": date,
        "event_near": f"in the same weeks as a relapse of {date}{_marks((record,))}",
    }


def _marks(records: tuple[Record, ...]) -> str:
    marks = []
    if any(record.verification in ("provisional", "unconfirmed") for record in records):
        marks.append("not confirmed")
    if all(record.imprecise for record in records):
        marks.append("date of the encounter")
    return f" ({', '.join(marks)})" if marks else ""
