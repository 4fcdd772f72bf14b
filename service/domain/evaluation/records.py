"""Words about coded records: diagnoses, dated records and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.concepts import Concept
from service.domain.days import EARLIEST, LATEST, in_window, iso
from service.domain.evaluation.scope import MET, NOT_MET, UNKNOWN, At, Scope, absent, undated
from service.domain.outcome import Entry, Lack, Outcome, Want

if TYPE_CHECKING:
    from service.domain import criteria as c
    from service.domain.facts import Record
    from service.domain.timeline import Relapse
    from service.domain.verdict import Verdict

RECORDED = ("Condition", "Observation", "Encounter", "Procedure", "Immunization", "DiagnosticReport")
ACTIVE = frozenset({"", "active", "recurrence", "relapse", "remission"})
OVER = frozenset({"resolved", "inactive", "remission"})
NO_DIAGNOSIS = frozenset({"refuted", "entered-in-error", "differential", "provisional"})


def check_diagnosed(scope: Scope, word: c.Diagnosed, _at: At) -> Outcome:
    """An active Condition of the group."""
    used = []
    for record in scope.timeline.records.get(word.concept, ()):
        if record.source.resource_type == "Condition" and is_active(record, scope.today, word.concept):
            used.append(record)
    if used:
        return Outcome(word, MET, None, (used[0].source,), {"disease": used[0].text})
    return absent(scope, word, ("Condition",), f"a diagnosis of {word.concept.replace('-', ' ')}")


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
    hits: list[tuple[int, Record]] = []
    doubts: list[Record] = []
    for record in _candidates(word, pool, scope, at):
        first, last = _dates(word, record)
        verdict = _placed(scope, word, first, last, low, high)
        if verdict is MET:
            hits.append((first, record))
        elif verdict is UNKNOWN:
            doubts.append(record)
    if hits:
        return _found(word, hits)
    if doubts:
        text = f"{doubts[0].text or doubts[0].source.resource_type} has no date that can be placed"
        return undated(word, text, tuple(record.source for record in doubts))
    return _not_recorded(scope, word)


def _window(scope: Scope, word: c.Recorded, at: At) -> tuple[int, int]:
    low = EARLIEST if word.before is None else at.low - word.before.days
    limit = scope.timeline.as_of.safety_day if word.safety and scope.today == scope.timeline.as_of.day else scope.today
    high = scope.today if word.after is None else at.high + word.after.days
    return low, limit if word.safety and high >= scope.today else min(high, scope.today)


def _candidates(word: c.Recorded, pool: dict[Concept, list[Record]], scope: Scope, at: At) -> list[Record]:
    seen: dict[int, Record] = {}
    for concept in word.concepts:
        for record in pool.get(concept, ()):
            if record.asserted is not word.denied and _counts(word, record, scope, at):
                seen[id(record)] = record
    return list(seen.values())


def _counts(word: c.Recorded, record: Record, scope: Scope, at: At) -> bool:
    if record.verification in ("refuted", "entered-in-error"):
        return False
    if word.also is not None and word.also not in record.concepts:
        return False
    if word.unresolved and (record.status in OVER or (record.abated_last is not None and record.abated_last <= scope.today)):
        return False
    before = word.unless_abated
    return before is None or record.abated_last is None or record.abated_last > at.low - before.days


def _dates(word: c.Recorded, record: Record) -> tuple[int, int]:
    onset, recorded = (record.first, record.last), (record.recorded_first, record.recorded_last)
    if record.last == LATEST and record.first == EARLIEST:
        return recorded
    if word.later_date and recorded[1] != LATEST and recorded > onset:
        return recorded
    return onset


def _placed(scope: Scope, word: c.Recorded, first: int, last: int, low: int, high: int) -> Verdict:
    if first == EARLIEST and last == LATEST and word.before is None:
        return MET
    return in_window(first, last, low, high)


def _found(word: c.Recorded, hits: list[tuple[int, Record]]) -> Outcome:
    hits.sort(key=lambda hit: (hit[0], hit[1].source.expression))
    day, record = hits[0]
    entries = tuple(
        Entry(d, iso(d) if d != EARLIEST else "undated", r.source, r.text or "coded record", word) for d, r in hits
    )
    values: dict[str, Any] = {
        "record": record.text, "record_date": entries[0].date, "record_day": day, "entries": entries,
        "records": ", ".join(dict.fromkeys(entry.text for entry in entries)),
    }
    return Outcome(word, MET, day if day != EARLIEST else None, tuple(r.source for _, r in hits), values)


def _not_recorded(scope: Scope, word: c.Recorded) -> Outcome:
    if word.needs_conditions and not scope.timeline.chart.conditions_sent:
        text = "no Condition in the data supplied, so new diagnoses cannot be seen"
        return Outcome(word, UNKNOWN, lacks=(Lack(Want.MISSING, text),))
    names = " or ".join(concept.replace("-", " ") for concept in word.concepts)
    return absent(scope, word, RECORDED, f"a record of {names}")


def check_occurred(scope: Scope, word: c.Occurred, at: At) -> Outcome:
    """A relapse whose onset lies so that t0 is in its window; of several the latest before t0, else the earliest."""
    hits = [relapse for relapse in scope.timeline.relapses if _near(word, relapse.onset, at)]
    if hits:
        before = [relapse for relapse in hits if relapse.onset <= at.high]
        relapse = before[-1] if before else hits[0]
        return Outcome(word, MET, relapse.onset, tuple(r.source for r in relapse.records), _relapse_values(scope, relapse, at))
    if _undated_may_be(scope, word, at):
        return undated(word, "a relapse is recorded without a day that can be placed",
                       tuple(r.source for r in scope.timeline.undated_relapses))
    return absent(scope, word, ("Condition", "Observation", "Encounter"), "a relapse")


def _near(word: c.Occurred, onset: int, at: At) -> bool:
    earliest = -word.before.days if word.beyond is None else word.beyond.days + 1
    if not (at.high >= onset + earliest and at.low <= onset + word.after.days):
        return False
    if not word.began_near or at.began is None or word.beyond is None:
        return not word.began_near or at.began is not None
    return onset - word.before.days <= at.began <= onset + word.beyond.days


def _undated_may_be(scope: Scope, word: c.Occurred, at: At) -> bool:
    earliest = -word.before.days if word.beyond is None else word.beyond.days + 1
    low, high = at.low - word.after.days, min(at.high - earliest, scope.today)
    return any(
        in_window(record.first, record.last, low, high) is not NOT_MET for record in scope.timeline.undated_relapses
    )


def _relapse_values(scope: Scope, relapse: Relapse, at: At) -> dict[str, Any]:
    marks = []
    if any(record.verification in ("provisional", "unconfirmed") for record in relapse.records):
        marks.append("not confirmed")
    if all(record.imprecise for record in relapse.records):
        marks.append("date of the encounter")
    apart = at.low - relapse.onset
    return {
        "event_day": relapse.onset, "event_date": iso(relapse.onset), "event_age": scope.today - relapse.onset,
        "apart": abs(apart), "order": "after" if apart >= 0 else "before",
        "event_mark": f" ({', '.join(marks)})" if marks else "",
    }
