"""What is kept of an entry that has to be refused whole: that something about suicide, an event or a drug was there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from service.domain.closing import ENTERED_IN_ERROR
from service.domain.concepts import ABOUT_SUICIDE
from service.domain.facts import Exposure
from service.fhir.reading.codes import bare, label
from service.fhir.reading.dates import UNDATED, moment
from service.fhir.reading.forms import code_of, codes_asked
from service.fhir.reading.meanings import is_safety
from service.terminology.meanings import Kind
from service.terminology.systems import LOINC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft

Document: TypeAlias = dict[str, Any]

_OBSERVED: Final = frozenset({"Observation", "DiagnosticReport", "QuestionnaireResponse"})
# What is read where it is contained in another resource.
CONTAINED: Final = frozenset({"Observation", "QuestionnaireResponse"})
_MEDICINES: Final = frozenset(
    {"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"}
)
_UNREAD: Final = "a medicine that could not be read"
# Where a resource says what it is about; values are no part of that.
_TELLING: Final = frozenset(
    {
        "code",
        "component",
        "item",
        "conclusionCode",
        "medicationCodeableConcept",
        "reasonCode",
        "vaccineCode",
    }
)


def document_of(draft: Draft, index: int) -> Document:
    """A resource as plain JSON."""
    return cast("Document", json.loads(draft.received.raw(index), parse_int=float))


def codes_in(draft: Draft, document: Document) -> list[tuple[str, str]]:
    """Every code that says what a resource is about; of a form the linkIds, definitions and address of its questions.

    A code with a misspelt system is told under the one that is meant.
    """
    found: dict[tuple[str, str], None] = {}
    waiting: list[Any] = [value for name, value in document.items() if name in _TELLING]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += [inner for name, inner in value.items() if not name.startswith(("value", "answer"))]
            waiting += _under_answers(value)
            found |= dict.fromkeys(_told_by(draft, value))
    found |= dict.fromkeys(_told_by_form(draft, document))
    return list(found)


def _under_answers(question: Document) -> list[Any]:
    """The questions that stand under the answers to another."""
    answers = question.get("answer")
    return [one.get("item") for one in answers if isinstance(one, dict)] if isinstance(answers, list) else []


def _told_by(draft: Draft, element: Document) -> Iterator[tuple[str, str]]:
    system, code, link = element.get("system"), element.get("code"), element.get("linkId")
    if isinstance(code, str):
        system = system if isinstance(system, str) else ""
        code = bare(code)
        yield draft.terminology.meant_by(system, code) or system, code
    if isinstance(link, str):
        yield LOINC, bare(link.rpartition("/")[2])
    definition = element.get("definition")
    if isinstance(definition, str) and (named := code_of(definition)) is not None:
        yield named


def _told_by_form(draft: Draft, response: Document) -> Iterator[tuple[str, str]]:
    """The form's own code, and those of its questions where the form is in the Bundle, or contained in the response."""
    url = form_named_by(response).partition("|")[0]
    if not url:
        return
    name = url.rstrip("/").rpartition("/")[2]
    yield from ((LOINC, name), (url, name))
    for _, form in draft.index.forms(url):
        yield from codes_asked(draft, form)
    contained = response.get("contained")
    for one in contained if isinstance(contained, list) else [contained]:
        if isinstance(one, dict) and one.get("resourceType") == "Questionnaire":
            yield from _read_of(draft, one)


def lose_contained_in(draft: Draft, source: Source, document: Document) -> bool | None:
    """Keeps unreadable candidates in the place of what a refused resource contains; True when it was about suicide.

    None when it contains nothing that a rule would have read.
    """
    if document.get("status") == ENTERED_IN_ERROR:
        return None
    contained = document.get("contained")
    safety: bool | None = None
    inner = [one for one in (contained if isinstance(contained, list) else [contained]) if isinstance(one, dict)]
    # The questions of each contained form once, and of them only those that are read: many may answer it.
    forms = {f"#{one.get('id')}": _read_of(draft, one) for one in inner if one.get("resourceType") == "Questionnaire"}
    for one in inner:
        kind = one.get("resourceType")
        if not isinstance(kind, str) or kind not in CONTAINED or _is_void(one):
            continue
        codes = codes_in(draft, one) + forms.get(form_named_by(one), [])
        if is_read(draft, kind, codes):
            safety = lose(draft, source, kind, codes, when_of(one)) or bool(safety)
    return safety


def _read_of(draft: Draft, form: Document) -> list[tuple[str, str]]:
    return [key for key in codes_in(draft, form) if key in draft.lookup]


def form_named_by(document: Document) -> str:
    """The form that a response names, which no other resource does; empty for any other."""
    named = document.get("questionnaire")
    return named if isinstance(named, str) else ""


def labels_of(document: Document) -> tuple[tuple[str, str, str], ...]:
    """The security labels of a refused resource, as far as they can be told."""
    meta = document.get("meta")
    held = meta.get("security") if isinstance(meta, dict) else None
    codings = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    parts = ([one.get(name) for name in ("system", "code", "display")] for one in codings)
    return tuple(label(*(part if isinstance(part, str) else "" for part in several)) for several in parts)


def _is_void(contained: Document) -> bool:
    """Whether a contained resource was withdrawn, or is about somebody else than its container's patient."""
    subject = contained.get("subject")
    about = subject.get("reference") if isinstance(subject, dict) else None
    return contained.get("status") == ENTERED_IN_ERROR or (
        isinstance(about, str) and about.startswith("#") and about != "#"
    )


def when_of(document: Document) -> Moment:
    """The time of a refused resource, as far as it can be told."""
    period = document.get("effectivePeriod")
    bounds = [period.get("end"), period.get("start")] if isinstance(period, dict) else []
    written = [*map(document.get, ("effectiveDateTime", "effectiveInstant", "authored")), *bounds]
    text = next((one for one in written if isinstance(one, str)), "")
    return moment(text) or UNDATED


def is_read(draft: Draft, kind: str, codes: Iterable[tuple[str, str]]) -> bool:
    """True when a rule would have read a resource of this type with one of these codes."""
    if kind == "Observation":
        return any(key in draft.lookup for key in codes)
    if kind in ("Condition", "Procedure", "Encounter"):
        return any(draft.terminology.concepts(*key) for key in codes)
    return True


def lose(draft: Draft, source: Source, kind: str, codes: Iterable[tuple[str, str]], when: Moment = UNDATED) -> bool:
    """Keeps unreadable candidates in the place of what is refused; True when it was about suicide.

    `when` is told of scores and results, of which a later one leaves an earlier one open.
    """
    safety = False
    if kind in _MEDICINES:
        _lose_medicine(draft, source, codes)
        return False
    for key in codes:
        if kind in _OBSERVED:
            safety |= _lose_observed(draft, source, kind, key, when)
        else:
            concepts = draft.terminology.concepts(*key)
            draft.unreadable_record(concepts, source)
            safety |= not ABOUT_SUICIDE.isdisjoint(concepts)
    return safety


def _lose_medicine(draft: Draft, source: Source, codes: Iterable[tuple[str, str]]) -> None:
    drugs = [drug for key in codes if (drug := draft.terminology.drug(*key)) is not None]
    draft.exposures += [Exposure(drug.ingredient, drug.group, None, None, None, source) for drug in drugs]
    draft.medicines[_UNREAD] = bool(drugs) and draft.medicines.get(_UNREAD, True)


def _lose_observed(draft: Draft, source: Source, kind: str, key: tuple[str, str], when: Moment) -> bool:
    meaning = draft.lookup.get(key)
    if meaning is None:
        return False
    if meaning.kind in (Kind.PANEL, Kind.FORM):
        return kind == "QuestionnaireResponse" and _lose_form(draft, source, key)
    # Of an answer nothing was read: another of its day does not answer for it, so that its date is not told.
    draft.unreadable(meaning, source, UNDATED if meaning.kind is Kind.ITEM else when)
    return is_safety(meaning)


def _lose_form(draft: Draft, source: Source, key: tuple[str, str]) -> bool:
    """A form that asks about suicide."""
    questions = draft.terminology.safety_questions(*key)
    for item in questions[:1]:
        draft.unreadable_answer(item, source)
    return bool(questions)
