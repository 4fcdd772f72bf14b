"""Observations of the usual shape, read in one go: nearly all of a feed.

Whatever is out of the ordinary is left to the long way, which reads the same values with the same functions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from service.domain.facts import Reading as Extent
from service.domain.facts import Result, Score
from service.fhir.reading.answering import Answered, answer, answer_in
from service.fhir.reading.codes import is_padded, question
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

    from service.domain.concepts import Item
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.gate import Gate
    from service.terminology.meanings import Meaning
    from service.terminology.terminology import Terminology

# Facts are made without the checks of their class here: this runs for every one of them.
_new: Final = tuple.__new__
_READ: Final = Extent.READ


class Known:
    """What a code means, and what is needed of that for every Observation that has it.

    `keep` is None for what is not read in one go; `text` is what the code stands for in words.
    """

    __slots__ = ("keep", "meaning", "target", "text")

    def __init__(self, meaning: Meaning, text: str = "") -> None:
        target: Any = meaning.target
        is_number = meaning.kind is not Kind.RESULT or (target.low is not None and not meaning.refusal)
        self.meaning, self.target, self.text = meaning, target, text
        self.keep = _KEEP.get(meaning.kind) if is_number else None


@lru_cache(maxsize=8)
def _known_codes(terminology: Terminology) -> dict[str | None, dict[str | None, Known]]:
    """Every code that may be read, by itself and then by its system; without a system where it is a known mistake."""
    known: dict[str | None, dict[str | None, Known]] = {code: {} for code in terminology.codes}
    for (system, code), meaning in terminology.lookup.items():
        known[code][system] = Known(meaning, terminology.display(system, code))
    return known


def read_plain(draft: Draft, gate: Gate) -> list[int]:
    """Reads the patient's Observations of the usual shape and passes over those that no rule reads; returns the rest.

    A feed is made of these two, so this one loop tells them apart at the lowest cost.
    """
    rest: list[int] = []
    owned, codes, absent = draft.subject.known, _known_codes(draft.terminology), ABSENT
    entries, owner, asks = draft.received.entries, None, gate.asks
    for index, resource in enumerate(draft.received.resources):
        if type(resource) is not Observation:
            rest.append(index)
            continue
        reference, code, meta = resource.subject, resource.code, resource.meta
        if meta is not None and (meta.tag or meta.security):
            draft.coverage.note_meta("Observation", meta)
        if reference is None or code is None or not (codings := code.coding):
            rest.append(index)
            continue
        named = reference.reference
        # Nearly all name the patient as the one before did.
        if named is None or named != owner:
            if owned.get(named):
                owner = named
            elif whose(draft, index, resource, draft.expressions[index]):
                rest.append(index)
                continue
        one = codings[0]
        systems = codes.get(one.code)
        if systems is not None:
            known = systems.get(one.system)
            # A known code of an unknown system may be misspelt, or one of those that feeds are known to use wrongly.
            if (
                known is None
                or asks
                or len(codings) > 1
                or resource.hasMember is not absent
                or resource.derivedFrom is not absent
                or entries[index].modifierExtension is not absent
                or not is_read(draft, index, resource, known)
            ):
                rest.append(index)
        elif (
            resource.status == "entered-in-error"
            or resource.component is not absent
            or resource.contained is not absent
            or resource.hasMember is not absent
            or resource.derivedFrom is not absent
            or is_padded(one.code)
            or (len(codings) > 1 and any(other.code in codes or is_padded(other.code) for other in codings))
        ):
            rest.append(index)
    return rest


def is_read(draft: Draft, index: int, observation: Observation, known: Known) -> bool:
    """True when the Observation was read; False, and nothing done, when it is not of the usual shape."""
    text, keep = observation.effectiveDateTime, known.keep
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
        if not keep(draft, index, observation, known, when):
            return False
    except WrongTypeError:
        return False
    draft.states[index] = True
    return True


def _keep_score(draft: Draft, index: int, observation: Observation, known: Known, when: Moment) -> bool:
    instrument: Instrument = known.target
    found = score(observation, instrument)
    if type(found) is not Number:
        return False
    value, received = found
    first, last, instant = when
    source = draft.source(index, observation)
    fields = (instrument, value, first, last, instant, source, received, "", (), False, False, ())
    draft.scores.append(_new(Score, fields))
    return True


def _keep_result(draft: Draft, index: int, observation: Observation, known: Known, when: Moment) -> bool:
    found = quantitative(observation, known.meaning, when, draft.source(index, observation))
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


def _keep_answer(draft: Draft, index: int, observation: Observation, known: Known, when: Moment) -> bool:
    item: Item = known.target
    quantity = observation.valueQuantity
    if quantity is ABSENT:
        found = None if _is_unclear(observation) else answer(observation, item, draft.terminology)
    elif (
        observation.valueCodeableConcept is not None
        or observation.valueInteger is not ABSENT
        or observation.valueBoolean is not None
        or observation.valueString is not None
    ):
        return False
    else:
        found = answer_in(bytes(quantity), item)
    if type(found) is not Answered:
        return False
    value, received = found
    first, last, instant = when
    code = observation.code
    text = known.text if code is not None and code.text is ABSENT else question(draft.terminology, observation)
    draft.untied.append((item, value, first, last, instant, draft.source(index, observation), _READ, received, text))
    return True


_KEEP: Final[dict[Kind, Callable[[Draft, int, Observation, Known, Moment], bool]]] = {
    Kind.SCORE: _keep_score,
    Kind.RESULT: _keep_result,
    Kind.ITEM: _keep_answer,
}
