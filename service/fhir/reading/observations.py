"""Observations: totals, answers, results and findings, from the value or from the components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import msgspec

from service.fhir.reading.account import Reason
from service.fhir.reading.answering import answer, is_there
from service.fhir.reading.components import components_of
from service.fhir.reading.dates import UNDATED, observed
from service.fhir.reading.elements import Component, Reference, given, modifies
from service.fhir.reading.meanings import is_safety, meaning_of, misspelt
from service.fhir.reading.numerals import Refusal
from service.fhir.reading.references import literal
from service.fhir.reading.shapes import WrongTypeError, part
from service.fhir.reading.spots import (
    UNKNOWN_MODIFIER,
    WITHDRAWN,
    Part,
    Spot,
    refuse,
    reject_status,
)
from service.fhir.reading.values import read_value
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.domain.concepts import Item
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.meanings import Misspelt
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Meaning

REFERENCES: Final = msgspec.json.Decoder(list[Reference])

USABLE: Final = frozenset({"final", "amended", "corrected"})
_OTHER_PEOPLE: Final = frozenset({"RelatedPerson", "Group", "Patient"})


def read_observation(
    draft: Draft, index: int, observation: Observation, meaning: Meaning | None, source: Source
) -> None:
    """Everything that one Observation says, in its value and in its components."""
    parts = _parts(draft, index, observation, meaning, source)
    if not parts:
        return
    objection = _objection(draft, observation)
    if observation.status in WITHDRAWN:
        reject_status(draft, index, source, observation.status)
    elif objection is not None:
        when = observed(observation, start_first=False)
        _refuse_all(draft, parts, source, objection, UNDATED if isinstance(when, Refusal) else when)
    else:
        for one in parts:
            _read(draft, observation, one)


def _objection(draft: Draft, observation: Observation) -> Refusal | None:
    """Why an Observation as a whole is not to be used; of modifiers only contained ones get as far as this."""
    if observation.implicitRules or modifies(observation.modifierExtension):
        return Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
    if not given(observation.focus):
        return None
    try:
        another = _is_about_another(draft, observation)
    except WrongTypeError as wrong:
        return Refusal(wrong.element, Reason.WRONG_TYPE, wrong.text)
    text = "The Observation is about somebody else than its subject."
    return Refusal("focus", Reason.ABOUT_ANOTHER, text) if another else None


def _parts(draft: Draft, index: int, observation: Observation, meaning: Meaning | None, source: Source) -> list[Part]:
    """The value and the components that a rule reads."""
    path = source.expression
    preliminary = observation.status not in USABLE
    parts = []
    if meaning is not None:
        spot = Spot(index, source, path, draft.responses.key(path), preliminary)
        parts.append(Part(observation, meaning, spot))
    elif (near := misspelt(draft, observation.code)) is not None and near.meaning is not None:
        spot = Spot(index, source, path, draft.responses.key(path), preliminary)
        parts.append(Part(observation, near.meaning, spot, near))
    if not given(observation.component):
        return parts
    response = draft.responses.key(path) or path
    for number, component in components_of(draft, index, observation, source):
        known = meaning_of(draft, component.code)
        near = None if known is not None else misspelt(draft, component.code)
        known = known or (near.meaning if near is not None else None)
        if known is not None:
            spot = Spot(index, source, f"{path}.component[{number}]", response, preliminary)
            parts.append(Part(component, known, spot, near))
    return parts


def _refuse_all(draft: Draft, parts: list[Part], source: Source, refusal: Refusal, when: Moment) -> None:
    """Lists an Observation that is not to be used, once, and keeps what was in it as unreadable."""
    safety = any(is_safety(one.meaning) for one in parts)
    path = f"{source.expression}.{refusal.element}"
    draft.reject(parts[0].spot.at, path, refusal.reason, refusal.text, safety=safety)
    if refusal.reason != Reason.ABOUT_ANOTHER:
        for one in parts:
            # Of an answer nothing was read: another of its day does not answer for it, so that its date is not told.
            known = UNDATED if one.meaning.kind is Kind.ITEM else when
            draft.unreadable(one.meaning, one.spot.source, known, one.spot.response)


def link_observation(draft: Draft, index: int, observation: Observation, source_path: str) -> None:
    """Ties an Observation to its members and to what it was derived from."""
    for element, raw in (("hasMember", observation.hasMember), ("derivedFrom", observation.derivedFrom)):
        if not given(raw):
            continue
        linked = draft.paths_of(part(REFERENCES, raw, element), index, observation)
        if linked:
            draft.responses.link(source_path, linked)


def _is_about_another(draft: Draft, observation: Observation) -> bool:
    for reference in part(REFERENCES, observation.focus, "focus"):
        parts = literal(reference.reference or "")
        if parts is not None and parts.kind in _OTHER_PEOPLE and not draft.subject.means(reference.reference or ""):
            return True
    return False


def _read(draft: Draft, observation: Observation, one: Part) -> None:
    holder, meaning, spot, near = one
    if near is not None:
        _refuse_misspelt(draft, observation, one, near)
        return
    if isinstance(holder, Component) and modifies(holder.modifierExtension):
        refusal = Refusal("modifierExtension", Reason.MODIFIER, UNKNOWN_MODIFIER)
        refuse(draft, spot, meaning, refusal, _when(observation, meaning))
        return
    try:
        read_value(draft, spot, observation, holder, meaning)
    except WrongTypeError as wrong:
        refusal = Refusal(wrong.element, Reason.WRONG_TYPE, wrong.text)
        refuse(draft, spot, meaning, refusal, _when(observation, meaning))


def _when(observation: Observation, meaning: Meaning) -> Moment:
    """When a score or a result was of which the value is refused: an earlier one is then not the latest."""
    when = observed(observation, start_first=False)
    return UNDATED if isinstance(when, Refusal) or meaning.kind not in (Kind.SCORE, Kind.RESULT) else when


def _refuse_misspelt(draft: Draft, observation: Observation, one: Part, near: Misspelt) -> None:
    """A value under a code that was not sent as such: refused, and remembered unless it is a clear no."""
    holder, meaning, spot, _ = one
    when = observed(observation, start_first=meaning.kind is not Kind.ITEM)
    if _is_denied(draft, holder, meaning):
        # A clear no needs no follow-up, although it is no reassurance either.
        element, reason, text = near.refusal
        draft.reject(spot.at, f"{spot.path}.{element}", reason, text, safety=is_safety(meaning))
    else:
        refuse(draft, spot, meaning, near.refusal, UNDATED if isinstance(when, Refusal) else when)


def _is_denied(draft: Draft, holder: Observation | Component, meaning: Meaning) -> bool:
    try:
        if meaning.kind is Kind.ITEM:
            found = answer(holder, cast("Item", meaning.target), draft.terminology)
            return not isinstance(found, Refusal) and found.value == 0
        return meaning.kind is Kind.RECORD and is_there(holder, draft.terminology) is False
    except WrongTypeError:
        return False
