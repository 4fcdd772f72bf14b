"""Conditions: diagnoses, and events such as a relapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.days import LATEST
from service.domain.evaluation.records import ACTIVE
from service.domain.facts import Record
from service.fhir.reading.account import Reason
from service.fhir.reading.codes import words
from service.fhir.reading.dates import NO_PERIOD, UNDATED, dated, moment, within
from service.fhir.reading.elements import given
from service.fhir.reading.records import EVERY, concepts_of, list_misspelt, usable
from service.fhir.reading.resources import Condition

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept
    from service.fhir.reading.resources import Resource

_BELIEVED: Final = frozenset({"", "confirmed", "unconfirmed"})
VERIFICATIONS: Final = frozenset(
    {"", "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
)
_CLINICAL: Final = frozenset({"", "active", "recurrence", "relapse", "inactive", "remission", "resolved"})


def first_code(concept: CodeableConcept | None, known: frozenset[str]) -> str:
    """The first code of a status; a code that is not one is passed on as 'unknown'."""
    codes = [one.code for one in concept.coding or () if one.code] if concept is not None else []
    return codes[0] if codes and codes[0] in known else "unknown" if codes else ""


def read_condition(draft: Draft, index: int, condition: Condition, source: Source) -> None:
    """A Condition; withdrawn and refuted ones are dropped, all others are told with their status."""
    verification = first_code(condition.verificationStatus, VERIFICATIONS)
    if verification == "entered-in-error":
        text = "A Condition that was entered in error is not used."
        draft.reject(index, f"{source.expression}.verificationStatus", "status-entered-in-error", text)
        return
    draft.conditions_sent += 1
    status = first_code(condition.clinicalStatus, _CLINICAL)
    abated = _abated(condition)
    if status in ACTIVE and verification in _BELIEVED and abated is None:
        draft.active_conditions += 1
    concepts = concepts_of(draft, condition.code)
    if not concepts:
        if verification != "refuted":
            list_misspelt(draft, index, source, condition.code, "code", EVERY)
        return
    if verification == "refuted":
        text = "A Condition that was refuted is not used."
        draft.reject(index, f"{source.expression}.verificationStatus", Reason.REFUTED, text)
        return
    onset = _onset(draft, index, condition, source)
    recorded = _recorded(draft, index, condition, source)
    draft.records.append(
        Record(
            concepts,
            *onset,
            source,
            words(condition.code),
            recorded[0],
            recorded[1],
            abated,
            status=status,
            verification=verification,
        )
    )
    draft.use(index)


def _onset(draft: Draft, index: int, condition: Condition, source: Source) -> Moment:
    if condition.onsetDateTime is not None:
        return usable(draft, index, source, dated(condition.onsetDateTime, "onsetDateTime"))
    if condition.onsetPeriod is not None:
        found = (
            NO_PERIOD
            if condition.onsetPeriod.start is None
            else within(condition.onsetPeriod, "onsetPeriod", start_first=True)
        )
        return usable(draft, index, source, found)
    return UNDATED


def _recorded(draft: Draft, index: int, condition: Condition, source: Source) -> Moment:
    if condition.recordedDate is None:
        return UNDATED
    return usable(draft, index, source, dated(condition.recordedDate, "recordedDate"))


def _abated(condition: Condition) -> int | None:
    """The last possible day of abatement: LATEST when it abated on no day that can be told."""
    text = condition.abatementDateTime
    if text is None and condition.abatementPeriod is not None:
        text = condition.abatementPeriod.end or condition.abatementPeriod.start
    if text is not None:
        found = moment(text)
        return LATEST if found is None else found[1]
    other = (condition.abatementAge, condition.abatementRange, condition.abatementString)
    return LATEST if any(given(raw) for raw in other) else None


def is_withdrawn(resource: Resource) -> bool:
    """True for a Condition that was entered in error, which its verificationStatus tells."""
    if not isinstance(resource, Condition):
        return False
    return first_code(resource.verificationStatus, VERIFICATIONS) == "entered-in-error"
