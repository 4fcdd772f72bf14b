"""Words about medicines: in use, begun, steadily taken, changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.days import iso
from service.domain.evaluation.scope import MET, NOT_MET, PRESCRIBED, UNKNOWN, At, Scope, absent, undated
from service.domain.outcome import Lack, Outcome, Want

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain import criteria as c
    from service.domain.concepts import DrugGroup
    from service.domain.facts import Source
    from service.domain.timeline import Stretch


def _sources(stretches: Iterable[Stretch]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(e.source for stretch in stretches for e in stretch.records))


def _values(scope: Scope, stretches: list[Stretch], at: At) -> dict[str, Any]:
    first = stretches[-1]
    names = dict.fromkeys(stretch.ingredient for stretch in stretches)
    if len(names) == 1 and len({e.ingredient for e in first.records}) > 1:
        names = dict.fromkeys(e.ingredient for e in first.records)
    return {
        "drug": ", ".join(names), "drug_from": iso(first.start), "drug_to": iso(first.end), "drug_day": first.start,
        "event_day": first.start, "event_date": iso(first.start), "last_dose_day": first.end,
        "drug_days": at.low - first.start, "drug_ended_days": scope.today - first.end, "group": first.group,
    }


def _missing_start(scope: Scope, word: Any, groups: Iterable[DrugGroup]) -> Outcome | None:
    found = [e for group in groups for e in scope.timeline.undated_drugs.get(group, ())]
    if not found:
        return None
    return undated(word, f"{found[0].ingredient} is recorded without a start date", tuple(e.source for e in found))


def check_exposed(scope: Scope, word: c.Exposed, at: At) -> Outcome:
    """In use at t0, or ended not longer ago than `trailing`."""
    hits: list[Stretch] = []
    pool = scope.timeline.courses if word.course else scope.timeline.spans
    for group in word.groups:
        for stretch in pool.get(group, ()):
            begun = stretch.start + word.lead.days <= at.high
            if begun and (word.trailing is None or at.low <= stretch.end + word.trailing.days):
                hits.append(stretch)
    if hits:
        return Outcome(word, MET, hits[-1].start, _sources(hits), _values(scope, hits, at))
    return _missing_start(scope, word, word.groups) or absent(scope, word, PRESCRIBED, "use of such a medicine")


def check_started(scope: Scope, word: c.Started, at: At) -> Outcome:
    """Begun within the group's window before t0; several: the latest, and all of that day."""
    hits: list[Stretch] = []
    doubts: list[Stretch] = []
    for group, window in word.windows:
        for stretch in scope.timeline.spans.get(group, ()):
            starts = [stretch.start] if word.new else sorted({e.start or 0 for e in stretch.records})
            for start in starts:
                if at.low - window.days <= start <= at.high + word.ahead.days:
                    new = stretch.new if word.new else True
                    (hits if new else doubts if new is None else []).append(stretch._replace(start=start))
    if hits:
        latest = max(stretch.start for stretch in hits)
        same = [stretch for stretch in hits if stretch.start == latest]
        return Outcome(word, MET, latest, _sources(same), _values(scope, same, at))
    if doubts:
        text = f"whether {doubts[0].ingredient} was new cannot be told: no medicine record 90 days older"
        return Outcome(word, UNKNOWN, used=_sources(doubts), lacks=(Lack(Want.UNDATED, text),))
    groups = [group for group, _ in word.windows]
    return _missing_start(scope, word, groups) or absent(scope, word, PRESCRIBED, "the beginning of such a medicine")


def check_steadily_treated(scope: Scope, word: c.SteadilyTreated, at: At) -> Outcome:
    """Use without a gap up to t0, with nothing begun or ended shortly before."""
    stretches = [s for s in scope.timeline.spans.get(word.group, ()) if s.ingredient not in word.not_alone]
    covering = _unbroken(stretches, at.low)
    if covering is None or covering[0] > at.low - word.at_least.days:
        missing = _missing_start(scope, word, (word.group,))
        return missing or absent(scope, word, PRESCRIBED, "steady treatment")
    low = at.low - word.unchanged.days
    changed = any(low <= s.start <= at.low or low <= s.end < at.low for s in stretches)
    if changed:
        return Outcome(word, NOT_MET)
    current = [s for s in stretches if s.start <= at.low <= s.end]
    return Outcome(word, MET, covering[0], _sources(current), _values(scope, current, at))


def _unbroken(stretches: list[Stretch], day: int) -> tuple[int, int] | None:
    """The first and last day of the use without a gap that covers a day."""
    start = end = None
    for stretch in stretches:
        if start is None or end is None or stretch.start > end + 1:
            if start is not None and end is not None and start <= day <= end:
                break
            start, end = stretch.start, stretch.end
        else:
            end = max(end, stretch.end)
    if start is None or end is None or not start <= day <= end:
        return None
    return start, end


def check_treatment_changed(scope: Scope, word: c.TreatmentChanged, at: At) -> Outcome:
    """A medicine of the group begun or ended after t0."""
    for stretch in scope.timeline.spans.get(word.group, ()):
        if at.low < stretch.start <= scope.today or at.low < stretch.end < scope.today:
            return Outcome(word, MET, max(stretch.start, at.low), _sources([stretch]), _values(scope, [stretch], at))
    return absent(scope, word, PRESCRIBED, "a change of such a medicine")
