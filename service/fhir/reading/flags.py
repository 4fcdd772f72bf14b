"""Our own Flags and CarePlans, sent back by the caller; those of others are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.facts import PriorFlag, PriorPlan
from service.fhir.addresses import (
    CARE_PLAN_SID,
    CLOSED_BY_RULE,
    FLAG_DETAIL,
    FLAG_PRIORITY,
    FLAG_SID,
    RULE_SYSTEM,
)
from service.fhir.reading.account import Reason
from service.fhir.reading.dates import end_of_day, moment
from service.fhir.reading.references import identifiers_of

if TYPE_CHECKING:
    from msgspec import Raw

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Extension
    from service.fhir.reading.resources import CarePlan, Flag

_BAD_DATE: Final = "This is not a FHIR date or time."


def read_flag(draft: Draft, index: int, flag: Flag, source: Source) -> None:
    """One of our Flags, recognised by its identifier."""
    identifier = _own(flag.identifier, FLAG_SID)
    if not identifier:
        return
    start, _ = _time(draft, index, source, flag.period.start if flag.period else None, "period.start")
    end, ended = _time(draft, index, source, flag.period.end if flag.period else None, "period.end")
    extensions = flag.extension or []
    details = [one.valueReference.reference for one in extensions if one.url == FLAG_DETAIL and one.valueReference]
    closed = any(one.url == CLOSED_BY_RULE for one in extensions)
    prior = PriorFlag(
        _rule(flag.code),
        identifier,
        flag.status or "",
        start,
        end,
        ended,
        tuple(detail for detail in details if detail),
        closed,
        _priority(extensions),
        source,
        index,
    )
    draft.flags.append(prior)
    draft.raw_flags[identifier] = draft.received.raw(index)
    draft.use(index)


def read_plan(draft: Draft, index: int, plan: CarePlan, source: Source) -> None:
    """One of our CarePlans, recognised by its identifier."""
    identifier = _own(plan.identifier, CARE_PLAN_SID)
    if not identifier:
        return
    draft.plans.append(PriorPlan(identifier, plan.status or "", source, index))
    draft.raw_plans[identifier] = draft.received.raw(index)
    draft.use(index)


def _own(raw: Raw, system: str) -> str:
    return next((one.value for one in identifiers_of(raw) if one.system == system and one.value), "")


def _rule(code: CodeableConcept | None) -> str:
    codings = (code.coding or ()) if code is not None else ()
    return next((one.code for one in codings if one.system == RULE_SYSTEM and one.code), "")


def _priority(extensions: list[Extension]) -> str:
    for one in extensions:
        if one.url == FLAG_PRIORITY and one.valueCodeableConcept is not None:
            return next((coding.code for coding in one.valueCodeableConcept.coding or () if coding.code), "")
    return ""


def _time(draft: Draft, index: int, source: Source, text: str | None, element: str) -> tuple[int | None, float | None]:
    """The day of a time, and its instant: the end of that day where only the day is known."""
    if text is None:
        return None, None
    found = moment(text)
    if found is None:
        draft.use(index)
        draft.reject(index, f"{source.expression}.{element}", Reason.BAD_DATE, _BAD_DATE)
        return None, None
    return found[0], end_of_day(found[1], draft.zone) if found[2] is None else found[2]
