"""Resources with a wrong JSON type somewhere: refused whole, and remembered for what they were about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.domain.closing import ENTERED_IN_ERROR
from service.domain.concepts import Item
from service.domain.facts import Source
from service.fhir.reading.account import Reason
from service.fhir.reading.containers import Undecodable
from service.fhir.reading.duplicates import LATER_VERSION
from service.fhir.reading.forms import codes_asked
from service.fhir.reading.losses import (
    CONTAINED,
    codes_in,
    form_named_by,
    is_read,
    labels_of,
    lose,
    lose_contained_in,
    when_of,
)
from service.fhir.reading.meanings import is_safety
from service.fhir.reading.ownership import check_broken
from service.fhir.reading.receiving import Broken, is_type, unknown_type
from service.fhir.reading.references import is_id, names_of
from service.fhir.reading.resources import READ_TYPES
from service.fhir.reading.shapes import joined
from service.fhir.reading.shortfalls import reports_problem
from service.fhir.reading.spots import reject_depth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.fhir.reading.draft import Draft
    from service.fhir.reading.duplicates import Versions
    from service.fhir.reading.resources import Questionnaire

_FORM, _RESPONSE, _OUTCOME = "Questionnaire", "QuestionnaireResponse", "OperationOutcome"


def lose_broken(draft: Draft, index: int, broken: Broken, versions: Versions) -> None:
    """An entry that could not be decoded: it is still known whose it is, and what was lost with it."""
    document, path = broken.document, draft.expressions[index]
    if broken.is_bundle:
        _lose_bundle(draft, index, broken, path)
        return
    if broken.kind == _OUTCOME or reports_problem(broken):
        draft.coverage.note_problem(path)
    owner = check_broken(draft, index, document)
    # What has no readable code may be about anything, so it is refused aloud.
    sure = bool(broken.kind) and not broken.is_unknown
    kind = _RESPONSE if not sure and form_named_by(document) else broken.kind
    codes, source = codes_in(draft, document), _source_of(broken, kind, path, sure=sure)
    element = joined(path.removesuffix(".resource"), broken.element)
    has_later = versions.has_later(broken)
    if document.get("status") == ENTERED_IN_ERROR and not has_later:
        draft.retracted.add(source.reference)
        draft.reject(index, element, Reason.WRONG_TYPE, broken.text)
        return
    inner = None if has_later else lose_contained_in(draft, source, document)
    itself = not sure or (kind in READ_TYPES and (not codes or is_read(draft, kind, codes)))
    if not itself and inner is None:
        return
    if has_later:
        draft.reject(index, path, LATER_VERSION.reason, LATER_VERSION.text)
        return
    safety = bool(inner)
    if kind == _FORM and draft.index.is_answered(names_of(document.get("url"), broken.fullUrl, document.get("id"))):
        # What its responses answer cannot be told any more.
        kind = _RESPONSE
        if not codes:
            draft.unreadable_answer(Item.PHQ9_9, source)
            safety = True
    if itself:
        # Without a type, a code of a question or a result still tells what was lost.
        safety |= lose(draft, source, kind if kind in READ_TYPES else "Observation", codes, when_of(document))
    if safety and owner == Reason.NO_SUBJECT and broken.kind != _FORM:
        draft.subjectless.append(source)
    draft.reject(index, element, Reason.WRONG_TYPE, broken.text, safety=safety)


def _source_of(broken: Broken, kind: str, path: str, *, sure: bool) -> Source:
    name = broken.document.get("id")
    reference = f"{kind}/{name}" if sure and isinstance(name, str) and is_id(name) else ""
    return Source(reference, path, kind, display=kind or "resource", labels=labels_of(broken.document))


def _lose_bundle(draft: Draft, index: int, broken: Broken, path: str) -> None:
    """A Bundle within the Bundle may hold a form that asks about suicide, unless its bytes say that it does not."""
    safety = not broken.text or _may_ask(draft, draft.received.raw(index))
    if safety:
        kind = broken.kind or "Bundle"
        draft.unreadable_answer(Item.PHQ9_9, Source("", path, kind, display=kind))
    if broken.text:
        element = joined(path.removesuffix(".resource"), broken.element)
        draft.reject(index, element, Reason.WRONG_TYPE, broken.text, safety=safety)
    else:
        reject_depth(draft, index, path, safety=True)


def _may_ask(draft: Draft, raw: bytes) -> bool:
    if f'"{_RESPONSE}"'.encode() in raw:
        return True
    return any(is_safety(meaning) and f'"{code}"'.encode() in raw for (_, code), meaning in draft.lookup.items())


def lose_contained(
    draft: Draft, index: int, source: Source, fault: Undecodable, forms: Mapping[str, Questionnaire]
) -> None:
    """The same for a contained resource, if it is of a kind that is read there."""
    document = json.loads(bytes(fault.raw), parse_int=float)
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        return
    if not is_type(kind):
        kind, text = unknown_type(kind)
        fault = fault._replace(element="resourceType", text=text)
    if kind == _FORM and source.resource_type == _RESPONSE:
        # Its questions are those that the response answers.
        kind = source.resource_type
    if kind not in CONTAINED:
        return
    codes = codes_in(draft, document)
    form = forms.get(form_named_by(document).removeprefix("#"))
    if form is not None:
        codes += codes_asked(draft, form)
    if is_read(draft, kind, codes):
        safety = lose(draft, source, kind, codes, when_of(document))
        path = joined(source.expression, fault.element)
        draft.reject(index, path, Reason.WRONG_TYPE, fault.text, safety=safety)
