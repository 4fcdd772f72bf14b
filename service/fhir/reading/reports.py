"""Reports: the codes of the conclusion. The results that a report refers to are read where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from service.domain.facts import Record, Result
from service.fhir.reading.codes import words
from service.fhir.reading.dates import UNDATED, dated, within
from service.fhir.reading.meanings import is_safety, meaning_of
from service.fhir.reading.records import EVERY, list_misspelt, usable
from service.fhir.reading.spots import WITHDRAWN, reject_status
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept
    from service.fhir.reading.resources import DiagnosticReport
    from service.terminology.meanings import Meaning

USABLE: Final = frozenset({"final", "amended", "corrected", "appended"})


def read_report(draft: Draft, index: int, report: DiagnosticReport, source: Source) -> None:
    """What a report concludes, if a rule asks for it."""
    conclusions = [
        (concept, meaning)
        for concept in report.conclusionCode or ()
        if (meaning := meaning_of(draft, concept)) is not None and _is_concluded(meaning)
    ]
    if report.status not in WITHDRAWN:
        for number, concept in enumerate(report.conclusionCode or ()):
            if meaning_of(draft, concept) is None:
                list_misspelt(draft, index, source, concept, f"conclusionCode[{number}]", EVERY)
    if report.status not in USABLE and conclusions:
        # A conclusion about suicide counts before a report is final; one that was withdrawn does not.
        if report.status in WITHDRAWN or not any(is_safety(meaning) for _, meaning in conclusions):
            reject_status(draft, index, source, report.status)
            return
        conclusions = [one for one in conclusions if is_safety(one[1])]
    if not conclusions:
        return
    when = _when(draft, index, report, source)
    for concept, meaning in conclusions:
        _conclude(draft, concept, meaning, when, source)
    draft.use(index)


def _is_concluded(meaning: Meaning) -> bool:
    """True for a finding, and for what is positive or negative; a number is no conclusion."""
    if meaning.kind is Kind.RESULT:
        return cast("Analyte", meaning.target).low is None
    return meaning.kind is Kind.RECORD


def _when(draft: Draft, index: int, report: DiagnosticReport, source: Source) -> Moment:
    if report.effectiveDateTime is not None:
        return usable(draft, index, source, dated(report.effectiveDateTime, "effectiveDateTime"))
    if report.effectivePeriod is not None:
        found = within(report.effectivePeriod, "effectivePeriod", start_first=True)
        return usable(draft, index, source, found)
    return UNDATED


def _conclude(draft: Draft, concept: CodeableConcept, meaning: Meaning, when: Moment, source: Source) -> None:
    first, last, instant = when
    if meaning.kind is Kind.RECORD:
        concepts = cast("frozenset[Concept]", meaning.target)
        draft.records.append(Record(concepts, first, last, instant, source, words(concept)))
        return
    analyte = cast("Analyte", meaning.target)
    draft.results.append(Result(analyte, None, first, last, instant, source, words(concept), positive=True))
