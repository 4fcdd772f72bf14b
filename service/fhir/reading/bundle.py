"""A Bundle of one patient's data becomes a chart, with an account of every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Raw

from service.domain.facts import Chart
from service.errors import MissingSubject
from service.fhir.reading.account import Reading, Rejection
from service.fhir.reading.coverage import Coverage
from service.fhir.reading.draft import Draft
from service.fhir.reading.entries import read_entries
from service.fhir.reading.receiving import Received, receive
from service.fhir.reading.request import reading
from service.fhir.reading.subjects import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from service.domain.days import AsOf
    from service.terminology.terminology import Terminology


_NOBODY: Final = (
    "No entry says which patient it belongs to; send the Patient with an id (letters, digits, '-' and '.') or an"
    " identifier, or with each resource a subject that refers to a Patient."
)


def read_bundle(
    bundle: Received | bytes | Raw,
    terminology: Terminology,
    zone: tzinfo,
    incomplete: Mapping[str, str] | None = None,
    *,
    strict: bool = False,
    subject: str | None = None,
    as_of: AsOf | None = None,
) -> Reading:
    """Everything that rules read of one patient.

    `incomplete` says of resource types why some may be missing. In `strict` mode an entry that is not valid FHIR is
    rejected. `subject`, a reference or `system|value`, says who everybody has to be. `as_of` tells a medicine begun in
    some month long past from one begun in this month; without it no month is long past.
    Raises MixedPatients, MissingSubject, or BodyUnreadable.
    """
    with reading():
        received = bundle if isinstance(bundle, Received) else receive(bundle)
        coverage = Coverage(incomplete or {}, received.shortfalls)
        draft = Draft(received, terminology, zone, Subject(subject), coverage, as_of)
        if strict:
            _check_type(draft)
        patient = read_entries(draft, strict=strict)
        if received.entries and not draft.subject.is_known:
            raise MissingSubject(_NOBODY, "Bundle.entry")
    chart = Chart(
        patient,
        scores=tuple(draft.scores),
        unread_scores=tuple(draft.unread_scores),
        answers=tuple(draft.answers),
        results=tuple(draft.results),
        records=tuple(draft.records),
        exposures=tuple(draft.exposures),
        flags=tuple(draft.flags),
        plans=tuple(draft.plans),
        issues=tuple(draft.issues),
        not_covered=coverage.reasons,
        retracted=frozenset(draft.retracted - {""}),
        conditions_sent=draft.conditions_sent,
        active_conditions=draft.active_conditions,
        medicines_sent=len(draft.medicines),
        medicines_recognised=sum(draft.medicines.values()),
        unrecognised_medicines=tuple(name for name, known in draft.medicines.items() if not known),
        oldest_medicine=draft.oldest_medicine,
        oldest_medicine_source=draft.oldest_medicine_source,
        subjectless_safety=tuple(draft.subjectless),
        declined_screening=tuple(sorted(set(draft.declined))),
        entries=len(received.entries),
    )
    rejections = tuple(sorted(draft.rejections, key=lambda one: not one.safety))
    return Reading(chart, rejections, draft.account(), draft.raw_flags, draft.raw_plans)


def _check_type(draft: Draft) -> None:
    """Lists a Bundle whose type is none of FHIR's; its entries are read all the same."""
    # fhir.resources is large, and only strict reading needs it.
    from service.fhir.reading.strict import strict_fault_of_bundle

    fault = strict_fault_of_bundle(draft.received.type)
    if fault is not None:
        draft.rejections.append(Rejection(f"Bundle.{fault.element}", fault.reason, fault.text))
