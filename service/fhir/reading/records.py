"""Coded records: Conditions, Procedures, Immunizations, Encounters, and the conclusions of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.concepts import Concept
from service.domain.days import LATEST
from service.domain.facts import Record
from service.fhir.reading.account import Reason
from service.fhir.reading.codes import words
from service.fhir.reading.dates import UNDATED, moment
from service.fhir.reading.draft import SAFETY_CONCEPTS
from service.fhir.reading.effective import NO_PERIOD, dated, within
from service.fhir.reading.elements import given
from service.fhir.reading.quantities import Refusal
from service.fhir.reading.resources import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Coding, Period
    from service.fhir.reading.resources import Encounter, Immunization, Procedure, Resource

_ACTIVE: Final = frozenset({"", "active", "recurrence", "relapse", "remission"})
_BELIEVED: Final = frozenset({"", "confirmed", "unconfirmed"})
_VERIFICATIONS: Final = frozenset(
    {"", "unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
)
_CLINICAL: Final = frozenset({"", "active", "recurrence", "relapse", "inactive", "remission", "resolved"})
_DONE: Final = frozenset({"completed", "in-progress"})
_ENCOUNTERED: Final = frozenset({"in-progress", "finished"})
# What the reason for a visit may record by itself; a diagnosis or infection is read from its Condition.
_REASONS: Final = frozenset({Concept.RELAPSE, *SAFETY_CONCEPTS})
_STAYS: Final = frozenset({Concept.INPATIENT, Concept.NEUROLOGY_ENCOUNTER})
_NONE: Final[frozenset[Concept]] = frozenset()


def concepts_of(draft: Draft, concept: CodeableConcept | None) -> frozenset[Concept]:
    """Everything that the codings of a concept record."""
    if concept is None or not concept.coding:
        return _NONE
    return _of_codings(draft, concept.coding)


def _of_codings(draft: Draft, codings: Iterable[Coding]) -> frozenset[Concept]:
    find = draft.terminology.concepts
    return _NONE.union(*(find(one.system or "", one.code or "") for one in codings))


def first_code(concept: CodeableConcept | None, known: frozenset[str]) -> str:
    """The first code of a status; a code that is not one is passed on as 'unknown'."""
    codes = [one.code for one in concept.coding or () if one.code] if concept is not None else []
    return codes[0] if codes and codes[0] in known else "unknown" if codes else ""


def read_condition(draft: Draft, index: int, condition: Condition, source: Source) -> None:
    """A Condition; withdrawn and refuted ones are dropped, all others are told with their status."""
    verification = first_code(condition.verificationStatus, _VERIFICATIONS)
    if verification == "entered-in-error":
        text = "A Condition that was entered in error is not used."
        draft.reject(index, f"{source.expression}.verificationStatus", "status-entered-in-error", text)
        return
    draft.conditions_sent += 1
    status = first_code(condition.clinicalStatus, _CLINICAL)
    abated = _abated(condition)
    if status in _ACTIVE and verification in _BELIEVED and abated is None:
        draft.active_conditions += 1
    concepts = concepts_of(draft, condition.code)
    if not concepts:
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


def usable(draft: Draft, index: int, source: Source, found: Moment | Refusal) -> Moment:
    """A date, or the undated range with the fault listed: an event is not lost for its date."""
    if not isinstance(found, Refusal):
        return found
    if found is not NO_PERIOD:
        draft.use(index)
        draft.reject(index, f"{source.expression}.{found.element}", found.reason, found.text)
    return UNDATED


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


def read_procedure(draft: Draft, index: int, procedure: Procedure, source: Source) -> None:
    """Something that was done, if it is of a kind that rules ask for."""
    concepts = concepts_of(draft, procedure.code)
    if not concepts or not _is_done(draft, index, procedure.status, source, _DONE):
        return
    if procedure.performedDateTime is not None:
        when = usable(draft, index, source, dated(procedure.performedDateTime, "performedDateTime"))
    else:
        when = _in_period(draft, index, source, procedure.performedPeriod, "performedPeriod")
    draft.records.append(Record(concepts, *when, source, words(procedure.code), status=procedure.status or ""))
    draft.use(index)


def _in_period(draft: Draft, index: int, source: Source, period: Period | None, element: str) -> Moment:
    return UNDATED if period is None else usable(draft, index, source, within(period, element, start_first=True))


def _is_done(draft: Draft, index: int, status: str | None, source: Source, accepted: frozenset[str]) -> bool:
    if status in accepted:
        return True
    path = f"{source.expression}.status"
    if status == "not-done":
        draft.reject(index, path, Reason.NOT_DONE, "What was not done is not used.")
    else:
        known = status if status in ("entered-in-error", "cancelled", "planned", "preparation", "unknown") else "other"
        draft.reject(index, path, f"status-{known}", f"A resource with the status {known} is not used.")
    return False


def read_immunization(draft: Draft, index: int, immunization: Immunization, source: Source) -> None:
    """Any completed vaccination."""
    if not _is_done(draft, index, immunization.status, source, frozenset({"completed"})):
        return
    text = immunization.occurrenceDateTime
    when = UNDATED if text is None else usable(draft, index, source, dated(text, "occurrenceDateTime"))
    concepts = frozenset({Concept.VACCINATION})
    draft.records.append(Record(concepts, *when, source, words(immunization.vaccineCode), status="completed"))
    draft.use(index)


def read_encounter(draft: Draft, index: int, encounter: Encounter, source: Source) -> None:
    """A stay or visit, dated by its start, which is not quite the date of its reason."""
    kinds = [encounter.class_] if encounter.class_ is not None else []
    for concept in (*(encounter.type or ()), *([encounter.serviceType] if encounter.serviceType else ())):
        kinds += concept.coding or []
    stay = _of_codings(draft, kinds) & _STAYS
    reasons = _NONE.union(*(concepts_of(draft, reason) for reason in encounter.reasonCode or ()))
    # An infection is looked for among the reasons of a hospital stay only.
    concepts = stay | (reasons & _REASONS) | (reasons & {Concept.INFECTION} if Concept.INPATIENT in stay else _NONE)
    if not concepts or not _is_done(draft, index, encounter.status, source, _ENCOUNTERED):
        return
    when = _in_period(draft, index, source, encounter.period, "period")
    text = next((found for reason in encounter.reasonCode or () if (found := words(reason))), "")
    draft.records.append(Record(concepts, *when, source, text, status=encounter.status or "", imprecise=True))
    draft.use(index)


def is_withdrawn(resource: Resource) -> bool:
    """True for a Condition that was entered in error, which its verificationStatus tells."""
    if not isinstance(resource, Condition):
        return False
    return first_code(resource.verificationStatus, _VERIFICATIONS) == "entered-in-error"
