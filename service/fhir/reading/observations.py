"""Observations: totals, answers, results and findings, from the value or from the components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import msgspec

from service.domain.analytes import CRP
from service.domain.concepts import Item
from service.domain.facts import Answer, DataIssue, Record, Result, Score
from service.domain.facts import Reading as Extent
from service.fhir.reading.account import Reason
from service.fhir.reading.answering import absence, answer, is_declined, is_there, question
from service.fhir.reading.dates import UNDATED
from service.fhir.reading.draft import SAFETY_CONCEPTS, SAFETY_ITEMS, SAFETY_TOTALS
from service.fhir.reading.effective import observed
from service.fhir.reading.elements import Component, Reference, given
from service.fhir.reading.quantities import Refusal, score, value_name
from service.fhir.reading.receiving import WrongTypeError, part
from service.fhir.reading.references import literal
from service.fhir.reading.results import qualitative, quantitative
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept
    from service.domain.facts import Source
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Code, CodeableConcept
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Meaning

COMPONENTS: Final = msgspec.json.Decoder(list[Component])
REFERENCES: Final = msgspec.json.Decoder(list[Reference])

USABLE: Final = frozenset({"final", "amended", "corrected"})
_WITHDRAWN: Final = frozenset({"entered-in-error", "cancelled"})
_OTHER_STATUSES: Final = frozenset({"registered", "preliminary", "unknown"})
_OTHER_PEOPLE: Final = frozenset({"RelatedPerson", "Group", "Patient"})


class Spot(NamedTuple):
    """Where a value stands: its entry, its source, its FHIRPath and the response it belongs to."""

    at: int
    source: Source
    path: str
    response: str
    preliminary: bool


def meaning_of(draft: Draft, concept: Code | CodeableConcept | None) -> Meaning | None:
    """What a code means; of several codings a question about suicide comes first, then totals, answers and results."""
    codings = concept.coding if concept is not None else None
    if not codings:
        return None
    if len(codings) == 1:
        return draft.lookup.get((codings[0].system, codings[0].code))
    found = [meaning for one in codings if (meaning := draft.lookup.get((one.system, one.code))) is not None]
    if len(found) < 2:
        return found[0] if found else None
    if all(meaning.kind is Kind.RECORD for meaning in found):
        targets = cast("list[frozenset[Concept]]", [meaning.target for meaning in found])
        return found[0]._replace(target=frozenset().union(*targets))
    return min(found, key=_rank)


def _rank(meaning: Meaning) -> int:
    return -1 if is_safety(meaning) else _RANKS.index(meaning.kind)


_RANKS: Final = (Kind.SCORE, Kind.ITEM, Kind.RESULT, Kind.RECORD, Kind.DENIAL, Kind.PANEL, Kind.FORM)


def is_safety(meaning: Meaning) -> bool:
    """True when a code is about suicide or self-harm."""
    if meaning.kind is Kind.ITEM:
        return meaning.target in SAFETY_ITEMS
    return meaning.kind is Kind.RECORD and not SAFETY_CONCEPTS.isdisjoint(cast("frozenset[Concept]", meaning.target))


def read_observation(
    draft: Draft, index: int, observation: Observation, meaning: Meaning | None, source: Source
) -> None:
    """Everything that one Observation says, in its value and in its components."""
    parts = _parts(draft, index, observation, meaning, source)
    if not parts:
        return
    objection = _objection(draft, observation)
    if observation.status in _WITHDRAWN:
        reject_status(draft, index, source, observation.status)
    elif objection is not None:
        _refuse_all(draft, parts, source, objection)
    else:
        for one in parts:
            _read(draft, observation, one)


def _objection(draft: Draft, observation: Observation) -> Refusal | None:
    """Why an Observation as a whole is not to be used; of modifiers only contained ones get as far as this."""
    if observation.implicitRules or given(observation.modifierExtension):
        return Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
    if not given(observation.focus):
        return None
    try:
        another = _is_about_another(draft, observation)
    except WrongTypeError as wrong:
        return Refusal(wrong.element, Reason.WRONG_TYPE, wrong.text)
    text = "The Observation is about somebody else than its subject."
    return Refusal("focus", Reason.ABOUT_ANOTHER, text) if another else None


class Part(NamedTuple):
    """The value of an Observation or of one of its components, what its code means, and where it stands."""

    holder: Observation | Component
    meaning: Meaning
    spot: Spot


def _parts(draft: Draft, index: int, observation: Observation, meaning: Meaning | None, source: Source) -> list[Part]:
    """The value and the components that a rule reads."""
    path = source.expression
    preliminary = observation.status not in USABLE
    parts = []
    if meaning is not None:
        spot = Spot(index, source, path, draft.responses.key(path), preliminary)
        parts.append(Part(observation, meaning, spot))
    if not given(observation.component):
        return parts
    try:
        components = part(COMPONENTS, observation.component, "component")
    except WrongTypeError as wrong:
        draft.reject(index, f"{path}.{wrong.element}", Reason.WRONG_TYPE, wrong.text)
        return parts
    response = draft.responses.key(path) or path
    for number, component in enumerate(components):
        known = meaning_of(draft, component.code)
        if known is not None:
            spot = Spot(index, source, f"{path}.component[{number}]", response, preliminary)
            parts.append(Part(component, known, spot))
    return parts


def _refuse_all(draft: Draft, parts: list[Part], source: Source, refusal: Refusal) -> None:
    """Lists an Observation that is not to be used, once, and keeps what was in it as unreadable."""
    safety = any(is_safety(one.meaning) for one in parts)
    path = f"{source.expression}.{refusal.element}"
    draft.reject(parts[0].spot.at, path, refusal.reason, refusal.text, safety=safety)
    if refusal.reason != Reason.ABOUT_ANOTHER:
        for one in parts:
            _lose(draft, one.spot, one.meaning)


def reject_status(draft: Draft, index: int, source: Source, status: str | None) -> None:
    """Lists a resource whose status says that it is not to be used; a withdrawn one is remembered as such."""
    known = status if status in _WITHDRAWN or status in _OTHER_STATUSES else "other"
    draft.reject(
        index,
        f"{source.expression}.status",
        f"status-{known}",
        f"A resource with the status {known} is not used.",
    )


def link_observation(draft: Draft, index: int, observation: Observation, source_path: str) -> None:
    """Ties an Observation to its members and to what it was derived from."""
    for element, raw in (("hasMember", observation.hasMember), ("derivedFrom", observation.derivedFrom)):
        if not given(raw):
            continue
        for reference in part(REFERENCES, raw, element):
            linked = draft.path_of(reference, index, observation)
            if linked:
                draft.responses.link(source_path, linked)


def _is_about_another(draft: Draft, observation: Observation) -> bool:
    for reference in part(REFERENCES, observation.focus, "focus"):
        parts = literal(reference.reference or "")
        if parts is not None and parts.kind in _OTHER_PEOPLE and not draft.subject.means(reference.reference or ""):
            return True
    return False


UNKNOWN_MODIFIER: Final = "An extension here changes the meaning in a way that is not known; send it without."


def _read(draft: Draft, observation: Observation, one: Part) -> None:
    holder, meaning, spot = one
    if isinstance(holder, Component) and given(holder.modifierExtension):
        _refuse(draft, spot, meaning, Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER))
        return
    try:
        _read_kind(draft, spot, observation, holder, meaning)
    except WrongTypeError as wrong:
        _refuse(draft, spot, meaning, Refusal(wrong.element, Reason.WRONG_TYPE, wrong.text))


def _read_kind(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    match meaning.kind:
        case Kind.SCORE:
            _read_score(draft, spot, observation, holder, cast("Instrument", meaning.target))
        case Kind.RESULT:
            _read_result(draft, spot, observation, holder, meaning)
        case Kind.ITEM:
            _read_item(draft, spot, observation, holder, cast("Item", meaning.target))
        case Kind.PANEL:
            _read_panel(draft, spot, observation, holder, cast("Instrument", meaning.target))
        case Kind.FORM:
            draft.use(spot.at)
        case _:
            _read_record(draft, spot, observation, holder, meaning)


def _refuse(draft: Draft, spot: Spot, meaning: Meaning | None, refusal: Refusal) -> None:
    """Lists what cannot be used, and keeps that a question about suicide, or an event, was there."""
    safety = meaning is not None and is_safety(meaning)
    path = f"{spot.path}.{refusal.element}" if refusal.element else spot.path
    draft.reject(spot.at, path, refusal.reason, refusal.text, safety=safety)
    if meaning is not None:
        _lose(draft, spot, meaning)


def _lose(draft: Draft, spot: Spot, meaning: Meaning) -> None:
    if meaning.kind is Kind.ITEM:
        draft.unreadable_answer(cast("Item", meaning.target), spot.source, response=spot.response)
    elif meaning.kind is Kind.RECORD:
        draft.unreadable_record(cast("frozenset[Concept]", meaning.target), spot.source)


def _read_score(
    draft: Draft,
    spot: Spot,
    observation: Observation,
    holder: Observation | Component,
    instrument: Instrument,
) -> None:
    if spot.preliminary and instrument not in SAFETY_TOTALS:
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    when = observed(observation, start_first=False)
    if holder.dataAbsentReason is not None:
        _read_absent_score(draft, spot, holder.dataAbsentReason, when)
        return
    found = score(holder, instrument)
    if isinstance(found, Refusal):
        _refuse(draft, spot, None, found)
        return
    value, received = found
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text)
        return
    first, last, instant = when
    draft.scores.append(
        Score(
            instrument,
            value,
            first,
            last,
            instant,
            spot.source,
            received,
            spot.response,
            (),
            False,
            spot.preliminary,
        )
    )
    draft.use(spot.at)


def _read_absent_score(draft: Draft, spot: Spot, reason: CodeableConcept, when: Moment | Refusal) -> None:
    if is_declined(reason) and not isinstance(when, Refusal) and when[0] == when[1]:
        draft.declined.append(when[0])
        draft.use(spot.at)
        return
    text = "There is a reason for having no value, so no value is read."
    _refuse(draft, spot, None, Refusal("dataAbsentReason", Reason.ABSENT, text))


def _read_panel(
    draft: Draft,
    spot: Spot,
    observation: Observation,
    holder: Observation | Component,
    instrument: Instrument,
) -> None:
    """A panel groups its members; a plain number on it is taken for the total, with a word about it."""
    if not value_name(holder) and holder.dataAbsentReason is None:
        draft.use(spot.at)
        return
    known = len(draft.scores)
    _read_score(draft, spot, observation, holder, instrument)
    if len(draft.scores) > known:
        text = (
            f"A value on a panel code was taken for the {instrument.name} total; send it under the code of the total."
        )
        draft.issues.append(DataIssue("panel-value-as-total", text, spot.path))


def _read_item(draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, item: Item) -> None:
    safety = item in SAFETY_ITEMS
    if spot.preliminary and not (safety and (value_name(holder) or holder.dataAbsentReason)):
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    when = observed(observation, start_first=False)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text, safety=safety)
        if not safety:
            return
        when = UNDATED
    text = question(draft.terminology, holder.code)
    found = answer(holder, item, draft.terminology)
    value, received, extent = None, "", Extent.UNREADABLE
    if not isinstance(found, Refusal):
        value, received, extent = found.value, found.received, Extent.READ
    reason, missing = holder.dataAbsentReason, absence(holder.valueCodeableConcept)
    if reason is not None and not (safety and value):
        value, extent = None, Extent.DECLINED if is_declined(reason) else Extent.ABSENT
    elif missing is not None:
        extent = missing
    elif isinstance(found, Refusal):
        draft.reject(spot.at, f"{spot.path}.{found.element}", found.reason, found.text, safety=safety)
    first, last, instant = when
    draft.answers.append(
        Answer(
            item,
            value,
            first,
            last,
            instant,
            spot.source,
            extent,
            received,
            text,
            spot.response,
            spot.preliminary,
        )
    )
    if extent is not Extent.UNREADABLE:
        draft.use(spot.at)


def _read_result(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    analyte = cast("Analyte", meaning.target)
    if spot.preliminary:
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    when = observed(observation, start_first=True)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text)
        return
    if holder.dataAbsentReason is not None:
        text = "There is a reason for having no value, so no value is read."
        _refuse(draft, spot, None, Refusal("dataAbsentReason", Reason.ABSENT, text))
        return
    read = quantitative if analyte.low is not None else qualitative
    found = read(holder, meaning, when, spot.source, draft.terminology)
    if isinstance(found, Refusal):
        _refuse(draft, spot, None, found)
        if analyte is CRP:
            draft.results.append(Result(CRP, None, *when, spot.source, "", found.text, meaning.assay))
        return
    draft.results.append(found)
    draft.use(spot.at)


def _read_record(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    concepts = cast("frozenset[Concept]", meaning.target)
    safety = not SAFETY_CONCEPTS.isdisjoint(concepts)
    if spot.preliminary and not safety:
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    if holder.dataAbsentReason is not None:
        text = "There is a reason for having no value, so neither presence nor absence is read."
        draft.reject(spot.at, f"{spot.path}.dataAbsentReason", Reason.ABSENT, text, safety=safety)
        return
    there = is_there(holder, draft.terminology)
    if isinstance(there, Refusal) or (meaning.kind is Kind.DENIAL and not there):
        text = "The code denies the finding, and the value denies the code; send one denial."
        refusal = there if isinstance(there, Refusal) else Refusal(value_name(holder), Reason.BAD_VALUE, text)
        _refuse(draft, spot, meaning, refusal)
        return
    when = observed(observation, start_first=True)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text, safety=safety)
        when = UNDATED
    first, last, instant = when
    asserted = there and meaning.kind is Kind.RECORD
    draft.records.append(
        Record(
            concepts,
            first,
            last,
            instant,
            spot.source,
            question(draft.terminology, holder.code),
            asserted=asserted,
        )
    )
    draft.use(spot.at)
