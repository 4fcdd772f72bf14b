"""Encounters: hospital stays, and visits with a reason that a rule reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.concepts import ABOUT_SUICIDE, Concept
from service.domain.facts import DISBELIEVED, Record
from service.fhir.reading.codes import words
from service.fhir.reading.conditions import VERIFICATIONS, first_code
from service.fhir.reading.elements import modifies
from service.fhir.reading.records import concepts_of, counted, in_period, list_misspelt, of_codings
from service.fhir.reading.resources import Condition
from service.fhir.reading.spots import WITHDRAWN
from service.terminology.diagnoses import NO_CONCEPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Encounter

_ENCOUNTERED: Final = frozenset({"in-progress", "finished"})
# What the reason for a visit may record by itself; a diagnosis or infection is read from its Condition.
_REASONS: Final = frozenset({Concept.RELAPSE, *ABOUT_SUICIDE})
_STAYS: Final = frozenset({Concept.INPATIENT, Concept.NEUROLOGY_ENCOUNTER})


def read_encounter(draft: Draft, index: int, encounter: Encounter, source: Source) -> None:
    """A stay or visit, dated by its start, which is not quite the date of its reason."""
    kinds = [encounter.class_] if encounter.class_ is not None else []
    for concept in (*(encounter.type or ()), *([encounter.serviceType] if encounter.serviceType else ())):
        kinds += concept.coding or []
    stay = of_codings(draft, kinds) & _STAYS
    reasons = NO_CONCEPTS.union(*(concepts_of(draft, reason) for reason in encounter.reasonCode or ()))
    reasons = reasons.union(*_diagnosed(draft, index, encounter))
    # An infection is looked for among the reasons of a hospital stay only.
    telling = _REASONS | {Concept.INFECTION} if Concept.INPATIENT in stay else _REASONS
    concepts = stay | (reasons & telling)
    if encounter.status not in WITHDRAWN:
        for number, reason in enumerate(encounter.reasonCode or ()):
            if not concepts_of(draft, reason):
                list_misspelt(draft, index, source, reason, f"reasonCode[{number}]", _REASONS)
    concepts = counted(draft, index, encounter.status, source, concepts, _ENCOUNTERED)
    if not concepts:
        return
    when = in_period(draft, index, source, encounter.period, "period")
    text = next((found for reason in encounter.reasonCode or () if (found := words(reason))), "")
    draft.records.append(Record(concepts, *when, source, text, status=encounter.status or "", imprecise=True))
    draft.use(index)


def _diagnosed(draft: Draft, index: int, encounter: Encounter) -> Iterator[frozenset[Concept]]:
    """What the Conditions record that a visit was for, if they are in the data and believed."""
    references = list(encounter.reasonReference or ())
    for one in encounter.diagnosis or ():
        if one.condition is not None and not modifies(one.modifierExtension):
            references.append(one.condition)
    for reference in references:
        found = draft.resolve(reference, index, encounter)
        if isinstance(found, Condition) and _is_believed(found):
            yield concepts_of(draft, found.code)


def _is_believed(condition: Condition) -> bool:
    if condition.implicitRules or modifies(condition.modifierExtension):
        return False
    return first_code(condition.verificationStatus, VERIFICATIONS) not in DISBELIEVED
