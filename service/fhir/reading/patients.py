"""The patient's age and whether they have died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain import facts
from service.domain.days import EARLIEST, LATEST
from service.fhir.reading.account import Reason
from service.fhir.reading.dates import moment

if TYPE_CHECKING:
    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Patient

_BAD_DATE = "This is not a FHIR date; send YYYY-MM-DD."


def read_patient(draft: Draft, index: int, patient: Patient, source: Source, known: facts.Patient) -> facts.Patient:
    """What the Patient resource adds to the name."""
    draft.use(index)
    birth = _birth(draft, index, patient, source)
    deceased, labels = _deceased(draft, index, patient, source), (*known.labels, *source.labels)
    return known._replace(birth_first=birth[0], birth_last=birth[1], deceased=deceased, labels=labels)


def _birth(draft: Draft, index: int, patient: Patient, source: Source) -> tuple[int, int]:
    if patient.birthDate is None:
        return EARLIEST, LATEST
    found = moment(patient.birthDate)
    if found is None:
        draft.reject(index, f"{source.expression}.birthDate", Reason.BAD_DATE, _BAD_DATE)
        return EARLIEST, LATEST
    return found[0], found[1]


def _deceased(draft: Draft, index: int, patient: Patient, source: Source) -> int | None:
    """The first possible day of death; whoever has an unreadable one has died all the same."""
    if patient.deceasedDateTime is None:
        return EARLIEST if patient.deceasedBoolean else None
    found = moment(patient.deceasedDateTime)
    if found is None:
        draft.reject(index, f"{source.expression}.deceasedDateTime", Reason.BAD_DATE, _BAD_DATE)
        return EARLIEST
    return found[0]
