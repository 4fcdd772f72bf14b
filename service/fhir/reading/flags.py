"""Our own Flags and CarePlans, sent back by the caller; those of others are not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Raw

from service.domain.closing import ENTERED_IN_ERROR, is_ours
from service.domain.days import EARLIEST
from service.domain.facts import PriorFlag, PriorPlan
from service.domain.recognition import key_of
from service.fhir.addresses import (
    CARE_PLAN_SID,
    CLOSED_BY_RULE,
    FLAG_DETAIL,
    FLAG_PRIORITY,
    FLAG_SID,
    PLAN_DEFINITION,
    RULE_SYSTEM,
    URI_SYSTEM,
)
from service.fhir.reading.account import Reason
from service.fhir.reading.dates import end_of_day, moment
from service.fhir.reading.elements import ABSENT, Element, Extension, given
from service.fhir.reading.nesting import nests_deeper
from service.fhir.reading.references import identifier_of, identifiers_of
from service.fhir.reading.spots import reject_depth

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Reference
    from service.fhir.reading.resources import CarePlan, Flag, Resource

_BAD_DATE: Final = "This is not a FHIR date or time."
_BAD_ID: Final = "It is no FHIR id (letters, digits, '-' and '.', at most 64), so nothing can be stored under it."
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
# What a URL takes for a step, although FHIR takes it for an id.
_STEPS: Final = frozenset({".", ".."})


class _Identity(Element):
    """The id as it was received."""

    id: Raw = ABSENT


_IDENTITY: Final = msgspec.json.Decoder(_Identity)
_EXTENSIONS: Final = msgspec.json.Decoder(list[Extension | None])
_CANONICALS: Final = msgspec.json.Decoder(list[str | None])
_RULES: Final = f"{PLAN_DEFINITION}/"


class _Closing(NamedTuple):
    """When a Flag was closed: its day as told, the last instant that can have been, and the one before the first."""

    day: int | None
    last: float | None
    after: float | None


def read_flag(draft: Draft, index: int, flag: Flag, source: Source) -> None:
    """One of our Flags, recognised by its identifier."""
    identifier = _own(flag.identifier, FLAG_SID)
    if not identifier or _is_misnamed(draft, index, flag, source):
        return
    raw = _raw(draft, index)
    if raw is None:
        return
    start = _day(draft, index, source, flag.period.start if flag.period else None, "period.start")
    end = _moment(draft, index, source, flag.period.end if flag.period else None, "period.end")
    # It was called an error when it was last stored; an end that it has is from before.
    closing = _closing(draft, source, None if flag.status == ENTERED_IN_ERROR else end, start)
    extensions = flag.extension or []
    details = [one.valueReference for one in extensions if one.url == FLAG_DETAIL and one.valueReference]
    named = [_name(detail) for detail in details]
    prior = PriorFlag(
        _rule(flag.code),
        identifier,
        flag.status or "",
        start,
        closing.day,
        closing.last,
        tuple(name for name in named if name),
        is_ours(flag.status or "", _reason(extensions)),
        _priority(extensions),
        source,
        index,
        nameless="" in named,
        closed_after=closing.after,
    )
    draft.flags.append(prior)
    draft.raw_flags[index] = raw
    draft.use(index)


def read_plan(draft: Draft, index: int, plan: CarePlan, source: Source) -> None:
    """One of our CarePlans, recognised by its identifier."""
    identifier = _own(plan.identifier, CARE_PLAN_SID)
    if not identifier or _is_misnamed(draft, index, plan, source):
        return
    raw = _raw(draft, index)
    if raw is None:
        return
    status = plan.status or ""
    ended = is_ours(status, _reason(_extensions(plan.extension)))
    draft.plans.append(PriorPlan(identifier, status, source, index, ended, _rules(plan.instantiatesCanonical)))
    draft.raw_plans[index] = raw
    draft.use(index)


def _own(raw: Raw, system: str) -> str:
    return next((one.value for one in identifiers_of(raw) if one.system == system and one.value), "")


def _is_misnamed(draft: Draft, index: int, resource: Resource, source: Source) -> bool:
    """Rejects a resource whose id or version is none: both would go into the URL and the header of an update."""
    version = resource.meta.versionId if resource.meta is not None else None
    for element, value in (("id", resource.id), ("meta.versionId", version)):
        if value is not None and (_ID.fullmatch(value) is None or value in _STEPS):
            draft.reject(index, f"{source.expression}.{element}", Reason.BAD_VALUE, _BAD_ID)
            return True
    # An id that was taken away, and told, is still in what was received.
    return resource.id is None and given(_IDENTITY.decode(draft.received.raw(index)).id)


def _name(reference: Reference) -> str:
    """What evidence can be recognised by; in a transaction a urn was written as the identifier it is."""
    if reference.reference:
        return key_of(reference.reference)
    return identifier_of(reference.identifier).removeprefix(f"{URI_SYSTEM}|")


def _rule(code: CodeableConcept | None) -> str:
    codings = (code.coding or ()) if code is not None else ()
    return next((one.code for one in codings if one.system == RULE_SYSTEM and one.code), "")


def _rules(raw: Raw) -> tuple[str, ...]:
    """The rules that a plan names by the addresses of their definitions."""
    try:
        named = _CANONICALS.decode(raw) if given(raw) else []
    except msgspec.ValidationError:
        return ()
    return tuple(one.removeprefix(_RULES).partition("|")[0] for one in named if one and one.startswith(_RULES))


def _priority(extensions: list[Extension]) -> str:
    for one in extensions:
        if one.url == FLAG_PRIORITY and one.valueCodeableConcept is not None:
            return next((coding.code for coding in one.valueCodeableConcept.coding or () if coding.code), "")
    return ""


def _reason(extensions: list[Extension]) -> str | None:
    """Why we ended a resource; empty where it says only that we did, None where somebody else did."""
    marks = [_extensions(one.extension) for one in extensions if one.url == CLOSED_BY_RULE]
    if not marks:
        return None
    return next((part.valueString for part in marks[0] if part.url == "reason" and part.valueString), "")


def _extensions(raw: Raw) -> list[Extension]:
    """The extensions of a resource or of an extension; none when they cannot be read."""
    try:
        return [one for one in _EXTENSIONS.decode(raw) if one is not None] if given(raw) else []
    except msgspec.ValidationError:
        return []


def _day(draft: Draft, index: int, source: Source, text: str | None, element: str) -> int | None:
    found = _moment(draft, index, source, text, element)
    return None if found is None else found[0]


def _closing(draft: Draft, source: Source, found: Moment | None, start: int | None) -> _Closing:
    """By period.end, else by the last update of the Flag; a Flag that tells neither was not closed as it began."""
    stored = source.updated
    if found is None:
        if stored is not None:
            return _Closing(None, stored, stored)
        return _Closing(None, None, None if start is None else end_of_day(start, draft.zone))
    first, last, instant = found
    if instant is not None:
        return _Closing(first, instant, instant)
    before, end = end_of_day(max(first - 1, EARLIEST), draft.zone), end_of_day(last, draft.zone)
    # Where only the day is known, the Flag was last stored on it when it was closed.
    return _Closing(first, end, stored if stored is not None and before < stored <= end else before)


def _moment(draft: Draft, index: int, source: Source, text: str | None, element: str) -> Moment | None:
    if text is None:
        return None
    found = moment(text)
    if found is None:
        draft.use(index)
        draft.reject(index, f"{source.expression}.{element}", Reason.BAD_DATE, _BAD_DATE)
    return found


def _raw(draft: Draft, index: int) -> bytes | None:
    """What is written back as it was received: all of it is taken apart, and put together again. None: it is too deep.

    Without what is said in it, what was found stands, as if nobody had told it before.
    """
    raw = draft.received.raw(index)
    if nests_deeper(raw, draft.received.limits.depth):
        reject_depth(draft, index, draft.expressions[index])
        return None
    return raw
