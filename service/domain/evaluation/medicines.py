"""Words about medicines: in use, begun, steadily taken, changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.concepts import DrugGroup
from service.domain.days import Days, iso
from service.domain.evaluation.scope import MET, NOT_MET, PRESCRIBED, At, Scope, absent, undated
from service.domain.outcome import Outcome
from service.domain.stretches import NEW_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain import criteria as c
    from service.domain.facts import Source
    from service.domain.stretches import Stretch


def _sources(stretches: Iterable[Stretch]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(e.source for stretch in stretches for e in stretch.records))


def _values(stretches: list[Stretch], at: At) -> dict[str, Any]:
    first = stretches[-1]
    names = dict.fromkeys(stretch.ingredient for stretch in stretches)
    if len(names) == 1 and len({e.ingredient for e in first.records}) > 1:
        names = dict.fromkeys(e.ingredient for e in first.records)
    return {
        "drug": ", ".join(names),
        "drug_from": iso(first.start),
        "drug_to": iso(first.end),
        "event_day": first.start,
        "event_date": iso(first.start),
        "last_dose_day": first.end,
        "drug_days": Days(at.low - first.start),
    }


def not_known_to_be_new(stretch: Stretch) -> str:
    """Why a first record may not be the beginning."""
    return f"whether {stretch.ingredient} was new cannot be told: no medicine record {NEW_AFTER} days older"


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
            if _begun(word, stretch, at) and (word.trailing is None or at.low <= stretch.end + word.trailing.days):
                hits.append(stretch)
    if hits:
        return Outcome(word, MET, hits[-1].start, _sources(hits), _values(hits, at))
    return _missing_start(scope, word, word.groups) or absent(scope, word, PRESCRIBED, "use of such a medicine")


def _begun(word: c.Exposed, stretch: Stretch, at: At) -> bool:
    first = stretch.start if word.lead is None else stretch.start + word.lead.days
    return first <= at.high and (word.begun_within is None or stretch.start >= at.low - word.begun_within.days)


def check_started(scope: Scope, word: c.Started, at: At) -> Outcome:
    """Begun within the group's window before t0; several: the latest, and all of that day."""
    hits: list[Stretch] = []
    doubts: list[Stretch] = []
    for group, window in word.windows:
        for stretch in scope.timeline.spans.get(group, ()):
            for start in _starts(stretch):
                if at.low - window.days <= start <= at.high + word.ahead.days:
                    new = stretch.new if word.new else True
                    (hits if new else doubts if new is None else []).append(stretch._replace(start=start))
    if hits:
        latest = max(stretch.start for stretch in hits)
        same = [stretch for stretch in hits if stretch.start == latest]
        every = ", ".join(dict.fromkeys(f"{stretch.ingredient} ({iso(stretch.start)})" for stretch in hits))
        used = tuple(
            dict.fromkeys(
                source for stretch in same for source in (stretch.shown_by if word.new else _sources([stretch]))
            )
        )
        return Outcome(word, MET, latest, used, _values(same, at) | {"drugs": every})
    if doubts:
        return undated(word, not_known_to_be_new(doubts[0]), _sources(doubts))
    groups = [group for group, _ in word.windows]
    return _missing_start(scope, word, groups) or absent(scope, word, PRESCRIBED, "the beginning of such a medicine")


def _starts(stretch: Stretch) -> list[int]:
    """The day a stretch of use began; of antibiotics the day of each record, since each stands for an infection."""
    if stretch.group is not DrugGroup.ANTIBIOTIC:
        return [stretch.start]
    return sorted({exposure.start for exposure in stretch.records if exposure.start is not None})


def check_ended(scope: Scope, word: c.Ended, at: At) -> Outcome:
    """Whether what was begun on t0 ended long enough ago; its day is the first without it."""
    pool = scope.timeline.courses if word.course else scope.timeline.spans
    begun = [s for group in word.groups for s in pool.get(group, ()) if s.start == at.low]
    last = max((stretch.end for stretch in begun), default=None)
    if last is None or scope.today - last <= word.over.days:
        return Outcome(word, NOT_MET)
    # One without a start date may be the same medicine, still in use.
    doubt = _missing_start(scope, word, word.groups)
    if doubt is not None:
        return doubt
    return Outcome(word, MET, last + 1, _sources(begun), _values(begun, at))


def check_steadily_treated(scope: Scope, word: c.SteadilyTreated, at: At) -> Outcome:
    """Use without a gap up to t0 (or to some day it may be), with nothing begun or ended shortly before."""
    stretches = scope.timeline.spans.get(word.group, [])
    day = next((day for day in range(at.low, at.high + 1) if stretches and _is_steady(stretches, word, day)), None)
    doubt = _missing_start(scope, word, (word.group,))
    if doubt is not None:
        return doubt
    if day is None:
        return absent(scope, word, PRESCRIBED, "steady treatment")
    current = [s for s in stretches if s.start <= day <= s.end]
    # What was taken before the present medicine is part of the weeks that were asked for.
    covering = [s for s in stretches if s.start <= day and s.end >= day - word.at_least.days]
    return Outcome(word, MET, current[0].start, _sources(covering), _values(current, at))


def _is_steady(stretches: list[Stretch], word: c.SteadilyTreated, day: int) -> bool:
    covering = _unbroken([s for s in stretches if s.ingredient not in word.not_alone], day)
    if covering is None or covering[0] > day - word.at_least.days:
        return False
    low = day - word.unchanged.days
    return not any(low <= s.start <= day or (low <= s.end <= day and _has_ended(s)) for s in stretches)


def _has_ended(stretch: Stretch) -> bool:
    return all(exposure.end is not None for exposure in stretch.records)


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
            return Outcome(word, MET, max(stretch.start, at.low), _sources([stretch]), _values([stretch], at))
    return _missing_start(scope, word, (word.group,)) or absent(scope, word, PRESCRIBED, "a change of such a medicine")
