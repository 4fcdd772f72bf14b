"""The components of an Observation: one with a wrong JSON type costs itself alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw

from service.fhir.reading.account import Reason
from service.fhir.reading.dates import UNDATED, moment
from service.fhir.reading.elements import Component
from service.fhir.reading.losses import codes_in, lose
from service.fhir.reading.meanings import is_safety, meaning_of
from service.fhir.reading.shapes import WrongTypeError, part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.resources import Observation

_COMPONENT: Final = msgspec.json.Decoder(Component)
_COMPONENTS: Final = msgspec.json.Decoder(list[Component])
_RAWS: Final = msgspec.json.Decoder(list[Raw])


def components_of(
    draft: Draft, index: int, observation: Observation, source: Source
) -> Iterable[tuple[int, Component]]:
    """The components with their numbers; what a refused one was about is kept as unreadable."""
    try:
        every: list[Component] = part(_COMPONENTS, observation.component, "component")
        return enumerate(every)
    except WrongTypeError as wrong:
        whole = wrong
    try:
        raws = part(_RAWS, observation.component, "component")
    except WrongTypeError:
        _lose(draft, index, observation, source, observation.component, whole)
        return ()
    sound: list[tuple[int, Component]] = []
    broken: list[tuple[Raw, WrongTypeError]] = []
    for number, raw in enumerate(raws):
        try:
            sound.append((number, part(_COMPONENT, raw, f"component[{number}]")))
        except WrongTypeError as fault:
            broken.append((raw, fault))
    meanings = [meaning_of(draft, component.code) for _, component in sound]
    is_answered = any(meaning is not None and is_safety(meaning) for meaning in meanings)
    for raw, refused in broken:
        _lose(draft, index, observation, source, raw, refused, is_answered=is_answered)
    return sound


def _lose(
    draft: Draft,
    index: int,
    observation: Observation,
    source: Source,
    raw: Raw,
    wrong: WrongTypeError,
    *,
    is_answered: bool = False,
) -> None:
    """Of a component that does not say what it is about, what the panel asks about suicide is kept.

    `is_answered`: another component answers that.
    """
    codes = codes_in(draft, {"component": json.loads(bytes(raw), parse_int=float)})
    when = moment(observation.effectiveDateTime or "") or UNDATED
    safety = lose(draft, source, observation.kind, codes, when)
    if not is_answered and not any(system for system, _ in codes):
        for one in (observation.code.coding or ()) if observation.code is not None else ():
            for item in draft.terminology.safety_questions(one.system or "", one.code or "")[:1]:
                draft.unreadable_answer(item, source)
                safety = True
    draft.reject(index, f"{source.expression}.{wrong.element}", Reason.WRONG_TYPE, wrong.text, safety=safety)
