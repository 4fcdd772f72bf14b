"""Resources with a wrong JSON type somewhere: refused whole, and remembered for what they were about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from service.domain.concepts import Item
from service.domain.facts import Source
from service.fhir.reading.account import Reason
from service.fhir.reading.containers import Undecodable
from service.fhir.reading.gate import READ_TYPES
from service.fhir.reading.losses import codes_in, is_read, lose
from service.fhir.reading.ownership import check_broken
from service.fhir.reading.receiving import Broken, is_type, unknown_type
from service.fhir.reading.shapes import joined
from service.fhir.reading.spots import reject_depth

if TYPE_CHECKING:
    from service.fhir.reading.draft import Draft

_CONTAINED: Final = frozenset({"Observation", "QuestionnaireResponse"})


def lose_broken(draft: Draft, index: int, broken: Broken) -> None:
    """An entry that could not be decoded: it is still known whose it is, and what was lost with it."""
    kind, document = broken.kind, broken.document
    path = draft.expressions[index]
    if broken.is_too_deep:
        # It may hold a form that asks about suicide.
        draft.unreadable_answer(Item.PHQ9_9, Source("", path, "Bundle", display="Bundle"))
        reject_depth(draft, index, path, safety=True)
        return
    owner = check_broken(draft, index, document)
    codes = codes_in(draft, document)
    # What has no readable code may be about anything, so it is refused aloud.
    sure = bool(kind) and not broken.is_unknown
    if sure and (kind not in READ_TYPES or (codes and not is_read(draft, kind, codes))):
        return
    name = document.get("id")
    source = Source(f"{kind}/{name}" if sure and isinstance(name, str) else "", path, kind, display=kind or "resource")
    # Without a type, a code of a question or a result still tells what was lost.
    safety = lose(draft, source, kind if kind in READ_TYPES else "Observation", codes)
    if safety and owner == Reason.NO_SUBJECT:
        draft.subjectless.append(source)
    element = joined(path.removesuffix(".resource"), broken.element)
    draft.reject(index, element, Reason.WRONG_TYPE, broken.text, safety=safety)


def lose_contained(draft: Draft, index: int, source: Source, fault: Undecodable) -> None:
    """The same for a contained resource, if it is of a kind that is read there."""
    document = json.loads(bytes(fault.raw), parse_int=float)
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        return
    if not is_type(kind):
        kind, text = unknown_type(kind)
        fault = fault._replace(element="resourceType", text=text)
    if kind not in _CONTAINED:
        return
    codes = codes_in(draft, document)
    if is_read(draft, kind, codes):
        safety = lose(draft, source, kind, codes)
        path = joined(source.expression, fault.element)
        draft.reject(index, path, Reason.WRONG_TYPE, fault.text, safety=safety)
