"""Observations of the usual shape, read in one go: nearly all of a feed.

Whatever is out of the ordinary is left to the long way, which reads the same values with the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.facts import Answer, Score
from service.domain.facts import Reading as Extent
from service.fhir.reading.answering import answer, question
from service.fhir.reading.dates import moment
from service.fhir.reading.elements import ABSENT
from service.fhir.reading.observations import USABLE
from service.fhir.reading.quantities import Refusal, score
from service.fhir.reading.receiving import WrongTypeError
from service.fhir.reading.results import quantitative
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.domain.analytes import Analyte
    from service.domain.concepts import Item
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Meaning


def read_plain(draft: Draft, index: int, observation: Observation, meaning: Meaning) -> bool:
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
    ):
        return False
    when = moment(text)
    if when is None or not keep(draft, index, observation, meaning, when):
        return False
    draft.states[index] = True
    return True


def _keep_score(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    instrument: Instrument = meaning.target  # type: ignore[assignment]  # as the kind says
    found = score(observation, instrument)
    if isinstance(found, Refusal):
        return False
    value, received = found
    first, last, instant = when
    source = draft.source(index, observation)
    fields = (instrument, value, first, last, instant, source, received, "", (), False, False, ())
    draft.scores.append(tuple.__new__(Score, fields))
    return True


def _keep_result(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    analyte: Analyte = meaning.target  # type: ignore[assignment]  # as the kind says
    if analyte.low is None:
        return False
    try:
        found = quantitative(observation, meaning, when, draft.source(index, observation), draft.terminology)
    except WrongTypeError:
        return False
    if isinstance(found, Refusal):
        return False
    draft.results.append(found)
    return True


def _keep_answer(draft: Draft, index: int, observation: Observation, meaning: Meaning, when: Moment) -> bool:
    item: Item = meaning.target  # type: ignore[assignment]  # as the kind says
    found = answer(observation, item, draft.terminology)
    if isinstance(found, Refusal):
        return False
    value, received = found
    first, last, instant = when
    source, text = draft.source(index, observation), question(draft.terminology, observation.code)
    draft.answers.append(Answer(item, value, first, last, instant, source, Extent.READ, received, text))
    return True


_KEEP: Final[dict[Kind, Callable[[Draft, int, Observation, Meaning, Moment], bool]]] = {
    Kind.SCORE: _keep_score,
    Kind.RESULT: _keep_result,
    Kind.ITEM: _keep_answer,
}
