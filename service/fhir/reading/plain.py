"""Observations of the usual shape, read in one go: nearly all of a feed.

Whatever is out of the ordinary is left to the long way, which reads the same values with the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.facts import Answer, Result, Score, Source
from service.domain.facts import Reading as Extent
from service.fhir.reading.answering import Answered, answer
from service.fhir.reading.codes import question
from service.fhir.reading.dates import moment
from service.fhir.reading.elements import ABSENT
from service.fhir.reading.numerals import Number, score, values_given
from service.fhir.reading.observations import USABLE
from service.fhir.reading.ownership import whose
from service.fhir.reading.resources import Observation
from service.fhir.reading.results import quantitative
from service.fhir.reading.shapes import WrongTypeError
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.domain.analytes import Analyte
    from service.domain.concepts import Item
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Key
    from service.fhir.reading.gate import Gate
    from service.terminology.meanings import Meaning

# Facts are made without the checks of their class here: this runs for every one of them.
_new: Final = tuple.__new__
_READ: Final = Extent.READ


def read_plain(draft: Draft, gate: Gate) -> list[int]:
    """Reads the patient's Observations of the usual shape and passes over those that no rule reads; returns the rest.

    A feed is made of these two, so this one loop tells them apart at the lowest cost.
    """
    rest: list[int] = []
    known, lookup, watched, absent = draft.subject.known, draft.lookup, draft.terminology.codes, ABSENT
    entries, owner = draft.received.entries, None
    for index, resource in enumerate(draft.received.resources):
        if type(resource) is not Observation:
            rest.append(index)
            continue
        reference, code, meta = resource.subject, resource.code, resource.meta
        if meta is not None and (meta.tag or meta.security):
            draft.coverage.note_meta("Observation", meta)
        if reference is None or code is None or not code.coding:
            rest.append(index)
            continue
        named = reference.reference
        # Nearly all name the patient as the one before did.
        if named is None or named != owner:
            if known.get(named):
                owner = named
            elif whose(draft, index, resource, draft.expressions[index]):
                rest.append(index)
                continue
        one = code.coding[0]
        if one.code in watched:
            meaning = lookup.get((one.system, one.code))
            # A known code of an unknown system may be misspelt, or one of those that feeds are known to use wrongly.
            if (
                meaning is None
                or gate.asks
                or len(code.coding) > 1
                or resource.hasMember is not absent
                or resource.derivedFrom is not absent
                or entries[index].modifierExtension is not absent
                or not is_read(draft, index, resource, meaning, _source(draft, index, resource))
            ):
                rest.append(index)
        elif (
            resource.status == "entered-in-error"
            or resource.component is not absent
            or resource.contained is not absent
            or resource.hasMember is not absent
            or resource.derivedFrom is not absent
            or (len(code.coding) > 1 and _is_known(code.coding, watched))
        ):
            rest.append(index)
    return rest


def _is_known(codings: list[Key], watched: frozenset[str]) -> bool:
    return any(one.code in watched for one in codings)


def is_read(draft: Draft, index: int, observation: Observation, meaning: Meaning, source: Source) -> bool:
    """True when the Observation was read; False, and nothing done, when it is not of the usual shape."""
    text = observation.effectiveDateTime
    keep = _KEEP.get(meaning.kind)
    if (
        text is None
        or keep is None
        or observation.status not in USABLE
        or observation.dataAbsentReason is not None
        or observation.focus is not ABSENT
        or observation.component is not ABSENT
        or observation.contained is not ABSENT
        or observation.modifierExtension is not ABSENT
        or observation.implicitRules is not None
    ):
        return False
    # The answers of one form share their time.
    when = draft.times.get(text)
    if when is None:
        when = moment(text)
        if when is None:
            return False
        draft.times[text] = when
    try:
        if not keep(draft, observation, meaning, when, source):
            return False
    except WrongTypeError:
        return False
    draft.states[index] = True
    return True


def _source(draft: Draft, index: int, observation: Observation) -> Source:
    """As `draft.source`, which is asked only when there is more to say than the id."""
    name, meta = observation.id, observation.meta
    if not name or draft.dates_updates or (meta is not None and meta.security):
        return draft.source(index, observation)
    fields = (f"Observation/{name}", draft.expressions[index], "Observation", None, "", None, ())
    return _new(Source, fields)


def _keep_score(draft: Draft, observation: Observation, meaning: Meaning, when: Moment, source: Source) -> bool:
    instrument: Instrument = meaning.target  # type: ignore[assignment]  # as the kind says
    found = score(observation, instrument)
    if type(found) is not Number:
        return False
    value, received = found
    first, last, instant = when
    fields = (instrument, value, first, last, instant, source, received, "", (), False, False, ())
    draft.scores.append(_new(Score, fields))
    return True


def _keep_result(draft: Draft, observation: Observation, meaning: Meaning, when: Moment, source: Source) -> bool:
    analyte: Analyte = meaning.target  # type: ignore[assignment]  # as the kind says
    if analyte.low is None:
        return False
    found = quantitative(observation, meaning, when, source)
    if type(found) is not Result:
        return False
    draft.results.append(found)
    return True


def _is_unclear(observation: Observation) -> bool:
    """True with more than one value, or with several codes, of which one may be that of having no answer."""
    concept = observation.valueCodeableConcept
    if concept is None:
        return values_given(observation) > 1
    return (
        (concept.coding is not None and len(concept.coding) > 1)
        or observation.valueInteger is not ABSENT
        or observation.valueBoolean is not None
        or observation.valueString is not None
    )


def _keep_answer(draft: Draft, observation: Observation, meaning: Meaning, when: Moment, source: Source) -> bool:
    item: Item = meaning.target  # type: ignore[assignment]  # as the kind says
    if observation.valueQuantity is not ABSENT:
        # One value is all there can be.
        if (
            observation.valueCodeableConcept is not None
            or observation.valueInteger is not ABSENT
            or observation.valueBoolean is not None
            or observation.valueString is not None
        ):
            return False
    elif _is_unclear(observation):
        return False
    found = answer(observation, item, draft.terminology)
    if type(found) is not Answered:
        return False
    value, received = found
    first, last, instant = when
    fields = (
        item,
        value,
        first,
        last,
        instant,
        source,
        _READ,
        received,
        question(draft.terminology, observation),
        "",
        False,
    )
    draft.answers.append(_new(Answer, fields))
    return True


_KEEP: Final[dict[Kind, Callable[[Draft, Observation, Meaning, Moment, Source], bool]]] = {
    Kind.SCORE: _keep_score,
    Kind.RESULT: _keep_result,
    Kind.ITEM: _keep_answer,
}
