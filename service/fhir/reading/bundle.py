"""A Bundle of one patient's data becomes a chart, with an account of every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw

from service.domain.facts import Chart
from service.errors import MissingSubject
from service.fhir.reading.account import Reading
from service.fhir.reading.coverage import Coverage
from service.fhir.reading.draft import Draft
from service.fhir.reading.entries import read_entries
from service.fhir.reading.receiving import Received, receive
from service.fhir.reading.request import reading
from service.fhir.reading.subjects import Subject

if TYPE_CHECKING:
    from datetime import tzinfo

    from service.terminology.terminology import Terminology


def read_bundle(
    bundle: Received | bytes | Raw,
    terminology: Terminology,
    zone: tzinfo,
    incomplete: frozenset[str] = frozenset(),
    *,
    strict: bool = False,
    subject: str | None = None,
) -> Reading:
    """Everything that rules read of one patient.

    `incomplete` names resource types of which some may be missing. In `strict` mode an entry that is not valid FHIR is
    rejected. `subject`, a reference or `system|value`, says who everybody has to be.
    Raises MixedPatients, MissingSubject, or BodyUnreadable.
    """
    with reading():
        received = bundle if isinstance(bundle, Received) else receive(bundle)
        coverage = Coverage(incomplete, has_next=received.has_next)
        draft = Draft(received, terminology, zone, Subject(subject), coverage)
        patient = read_entries(draft, strict=strict)
        if received.entries and not draft.subject.is_known:
            text = "No entry says which patient it belongs to; send the Patient, or a subject with each resource."
            raise MissingSubject(text, "Bundle.entry")
    chart = Chart(
        patient,
        scores=tuple(draft.scores),
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
