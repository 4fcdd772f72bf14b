"""Coded records: Conditions, Procedures, Immunizations, Encounters, and the conclusions of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.concepts import ABOUT_SUICIDE, Concept
from service.domain.facts import Record
from service.fhir.reading.account import Reason
from service.fhir.reading.codes import words
from service.fhir.reading.dates import NO_PERIOD, UNDATED, dated, within
from service.fhir.reading.meanings import misspelt
from service.fhir.reading.numerals import Refusal
from service.fhir.reading.spots import WITHDRAWN
from service.terminology.diagnoses import NO_CONCEPTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Coding, Period
    from service.fhir.reading.resources import Immunization, Procedure

_DONE: Final = frozenset({"completed", "in-progress"})
# What counts as done only when it is.
_ONCE_COMPLETED: Final = frozenset({Concept.MOOD_SCREENING, Concept.SUICIDE_RISK_ASSESSMENT})
# No status but these takes back a record of a suicide attempt, of suicidal thoughts or of self-harm.
_VOID: Final = frozenset({*WITHDRAWN, "not-done"})
EVERY: Final = frozenset(Concept)


def concepts_of(draft: Draft, concept: CodeableConcept | None) -> frozenset[Concept]:
    """Everything that the codings of a concept record."""
    if concept is None or not concept.coding:
        return NO_CONCEPTS
    return of_codings(draft, concept.coding)


def of_codings(draft: Draft, codings: Iterable[Coding]) -> frozenset[Concept]:
    """Everything that some codings record."""
    find = draft.terminology.concepts
    return NO_CONCEPTS.union(*(find(one.system or "", one.code or "") for one in codings))


def list_misspelt(
    draft: Draft, index: int, source: Source, concept: CodeableConcept | None, element: str, among: frozenset[Concept]
) -> None:
    """Refuses a code of which only the system keeps it from being read; an event is kept as one that was not read."""
    near = misspelt(draft, concept, element)
    concepts = near.concepts & among if near is not None else NO_CONCEPTS
    if near is None or not concepts:
        return
    at, reason, text = near.refusal
    safety = not ABOUT_SUICIDE.isdisjoint(concepts)
    draft.reject(index, f"{source.expression}.{at}", reason, text, safety=safety)
    draft.unreadable_record(concepts, source, words(concept))


def usable(draft: Draft, index: int, source: Source, found: Moment | Refusal) -> Moment:
    """A date, or the undated range with the fault listed: an event is not lost for its date."""
    if not isinstance(found, Refusal):
        return found
    if found is not NO_PERIOD:
        draft.use(index)
        draft.reject(index, f"{source.expression}.{found.element}", found.reason, found.text)
    return UNDATED


def read_procedure(draft: Draft, index: int, procedure: Procedure, source: Source) -> None:
    """Something that was done, if it is of a kind that rules ask for."""
    concepts = concepts_of(draft, procedure.code)
    if not concepts and procedure.status not in _VOID:
        list_misspelt(draft, index, source, procedure.code, "code", EVERY)
    if procedure.status == "in-progress":
        concepts -= _ONCE_COMPLETED
    concepts = counted(draft, index, procedure.status, source, concepts, _DONE)
    if not concepts:
        return
    if procedure.performedDateTime is not None:
        when = usable(draft, index, source, dated(procedure.performedDateTime, "performedDateTime"))
    else:
        when = in_period(draft, index, source, procedure.performedPeriod, "performedPeriod")
    draft.records.append(Record(concepts, *when, source, words(procedure.code), status=procedure.status or ""))
    draft.use(index)


def in_period(draft: Draft, index: int, source: Source, period: Period | None, element: str) -> Moment:
    """The start of a period, else its end; undated without either."""
    return UNDATED if period is None else usable(draft, index, source, within(period, element, start_first=True))


def is_done(draft: Draft, index: int, status: str | None, source: Source, accepted: frozenset[str]) -> bool:
    """True for an accepted status; any other is listed."""
    if status in accepted:
        return True
    path = f"{source.expression}.status"
    if status == "not-done":
        draft.reject(index, path, Reason.NOT_DONE, "What was not done is not used.")
    else:
        known = status if status in ("entered-in-error", "cancelled", "planned", "preparation", "unknown") else "other"
        draft.reject(index, path, f"status-{known}", f"A resource with the status {known} is not used.")
    return False


def counted(
    draft: Draft,
    index: int,
    status: str | None,
    source: Source,
    concepts: frozenset[Concept],
    accepted: frozenset[str],
) -> frozenset[Concept]:
    """What a status lets count: what is about suicide counts unless it was withdrawn or did not happen."""
    if not concepts or status in accepted:
        return concepts
    safety = concepts & ABOUT_SUICIDE
    if safety and status not in _VOID:
        return safety
    is_done(draft, index, status, source, accepted)
    return NO_CONCEPTS


def read_immunization(draft: Draft, index: int, immunization: Immunization, source: Source) -> None:
    """Any completed vaccination."""
    if not is_done(draft, index, immunization.status, source, frozenset({"completed"})):
        return
    text = immunization.occurrenceDateTime
    when = UNDATED if text is None else usable(draft, index, source, dated(text, "occurrenceDateTime"))
    concepts = frozenset({Concept.VACCINATION})
    draft.records.append(Record(concepts, *when, source, words(immunization.vaccineCode), status="completed"))
    draft.use(index)
