"""Observations of the usual shape, read in one go: nearly all of a feed.

Whatever is out of the ordinary is left to the long way, which reads the same values with the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.facts import Answer, Result, Score
from service.domain.facts import Reading as Extent
from service.fhir.reading.answering import Answered, answer
from service.fhir.reading.coding import SUSPECT, question
from service.fhir.reading.dates import moment
from service.fhir.reading.elements import ABSENT
from service.fhir.reading.numerals import Number, score
from service.fhir.reading.observations import USABLE
from service.fhir.reading.ownership import whose
from service.fhir.reading.resources import Observation
from service.fhir.reading.results import quantitative
from service.fhir.reading.shapes import WrongTypeError
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.domain.analytes import Analyte
    from service.domain.concepts import Item
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Key
    from service.fhir.reading.gate import Gate
    from service.fhir.reading.resources import Entry
    from service.terminology.meanings import Meaning

# Facts are made without the checks of their class here: this runs for every one of them.
_new: Final = tuple.__new__


def read_plain(draft: Draft, gate: Gate) -> list[tuple[int, Entry]]:
    """Reads the patient's Observations of the usual shape and passes over those that no rule reads; returns the rest.

    A feed is made of these two, so this one loop tells them apart at the lowest cost.
    """
    rest: list[tuple[int, Entry]] = []
    known, lookup, coverage = draft.subject.known, draft.lookup, draft.coverage
    for index, entry in enumerate(draft.received.entries):
        resource = entry.resource
        if type(resource) is not Observation:
            rest.append((index, entry))
            continue
        reference, code, meta = resource.subject, resource.code, resource.meta
        if meta is not None and (meta.tag or meta.security):
            coverage.note_meta("Observation", meta)
        if reference is None or code is None or not code.coding:
            rest.append((index, entry))
            continue
        if not known.get(reference.reference) and whose(draft, index, resource, draft.received.expression(index)):
            rest.append((index, entry))
            continue
        one = code.coding[0]
        meaning = lookup.get((one.system, one.code))
        if meaning is not None:
            if gate.asks or len(code.coding) > 1 or not _is_read(draft, index, entry, resource, meaning):
                rest.append((index, entry))
        elif (
            resource.status == "entered-in-error"
            or one.code in SUSPECT
            or resource.component is not ABSENT
            or resource.contained is not ABSENT
            or resource.hasMember is not ABSENT
            or resource.derivedFrom is not ABSENT
            or (len(code.coding) > 1 and _is_known(code.coding, lookup))
        ):
            rest.append((index, entry))
    return rest


def _is_known(codings: list[Key], lookup: Mapping[tuple[str | None, str | None], Meaning]) -> bool:
    return any((one.system, one.code) in lookup or one.code in SUSPECT for one in codings)


def _is_read(draft: Draft, index: int, entry: Entry, observation: Observation, meaning: Meaning) -> bool:
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
        or observation.hasMember is not ABSENT
        or observation.derivedFrom is not ABSENT
        or observation.modifierExtension is not ABSENT
        or observation.implicitRules is not None
        or entry.modifierExtension is not ABSENT
    ):
        return False
    when = moment(text)
    try:
        if when is None or not keep(draft, index, observation, meaning, when):
            return False
    except WrongTypeError:
        return False
    draft.states[index] = True
    return True


def _keep_score(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    instrument: Instrument = meaning.target  # type: ignore[assignment]  # as the kind says
    found = score(observation, instrument)
    if type(found) is not Number:
        return False
    source = draft.source(index, observation)
    fields = (instrument, found[0], *when, source, found[1], "", (), False, False, ())
    draft.scores.append(_new(Score, fields))
    return True


def _keep_result(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    analyte: Analyte = meaning.target  # type: ignore[assignment]  # as the kind says
    if analyte.low is None:
        return False
    found = quantitative(observation, meaning, when, draft.source(index, observation), draft.terminology)
    if type(found) is not Result:
        return False
    draft.results.append(found)
    return True


def _keep_answer(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    item: Item = meaning.target  # type: ignore[assignment]  # as the kind says
    found = answer(observation, item, draft.terminology)
    if type(found) is not Answered:
        return False
    source = draft.source(index, observation)
    fields = (item, found[0], *when, source, Extent.READ, found[1], question(draft, observation), "", False)
    draft.answers.append(_new(Answer, fields))
    return True


_KEEP: Final[dict[Kind, Callable[[Draft, int, Observation, Meaning, Moment], bool]]] = {
    Kind.SCORE: _keep_score,
    Kind.RESULT: _keep_result,
    Kind.ITEM: _keep_answer,
}
