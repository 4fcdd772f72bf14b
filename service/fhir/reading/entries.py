"""Entry by entry: whose it is, whether it may be read, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from service.domain.closing import ENTERED_IN_ERROR
from service.domain.facts import Answer, Score, Source
from service.domain.facts import Patient as Person
from service.fhir.reading.account import Reason
from service.fhir.reading.breakage import lose_broken, lose_contained
from service.fhir.reading.conditions import is_withdrawn, read_condition
from service.fhir.reading.containers import Undecodable, contained_source, contents
from service.fhir.reading.draft import Draft
from service.fhir.reading.duplicates import Versions, drop_repeated
from service.fhir.reading.elements import ABSENT
from service.fhir.reading.encounters import read_encounter
from service.fhir.reading.flags import read_flag, read_plan
from service.fhir.reading.gate import Gate
from service.fhir.reading.meanings import meaning_of, misspelt
from service.fhir.reading.medicines import (
    read_administration,
    read_dispense,
    read_request,
    read_statement,
)
from service.fhir.reading.observations import link_observation, read_observation
from service.fhir.reading.ownership import OWNED, check_unread, whose
from service.fhir.reading.patients import read_patient
from service.fhir.reading.plain import Known, is_read, read_plain
from service.fhir.reading.questionnaires import read_questionnaire_response
from service.fhir.reading.receiving import Broken
from service.fhir.reading.records import read_immunization, read_procedure
from service.fhir.reading.references import server_of
from service.fhir.reading.reports import read_report
from service.fhir.reading.resources import (
    CarePlan,
    Condition,
    DiagnosticReport,
    Encounter,
    Flag,
    Immunization,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Patient,
    Procedure,
    Questionnaire,
    QuestionnaireResponse,
    Unread,
)
from service.fhir.reading.shapes import WrongTypeError
from service.fhir.reading.shortfalls import reports_problem
from service.fhir.reading.takeback import take_back
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.fhir.reading.resources import Entry, Resource
    from service.terminology.meanings import Meaning

R = TypeVar("R", bound="Resource")
Tied = TypeVar("Tied", Score, Answer)

Reader: TypeAlias = Callable[[Draft, int, Any, Source], None]

_new: Final = tuple.__new__
# Members are slow to reach through their class.
_SCORE: Final = Kind.SCORE
_SOURCE: Final = Answer._fields.index("source")
_READERS: Final[dict[type, Reader]] = {
    Condition: read_condition,
    Procedure: read_procedure,
    Immunization: read_immunization,
    Encounter: read_encounter,
    DiagnosticReport: read_report,
    QuestionnaireResponse: read_questionnaire_response,
    MedicationRequest: read_request,
    MedicationStatement: read_statement,
    MedicationAdministration: read_administration,
    MedicationDispense: read_dispense,
    Flag: read_flag,
    CarePlan: read_plan,
}


class Seen(NamedTuple):
    """A resource that is to be read once all links between resources are known."""

    at: int
    resource: Resource
    meaning: Meaning | None
    owner: str
    source: Source


def read_entries(draft: Draft, *, strict: bool) -> Person:
    """Reads every entry and says who the patient is."""
    versions = _survey(draft)
    draft.older = versions.older
    gate = Gate(draft, strict=strict)
    found: list[Seen] = []
    for index in read_plain(draft, gate):
        entry = draft.received.entries[index]
        if isinstance(entry, Broken):
            lose_broken(draft, index, entry, versions)
        elif type(entry.resource) is Observation:
            _look_at_observation(gate, index, entry, entry.resource, found)
        else:
            _look_at(gate, index, entry, found)
    person = draft.subject.patient()
    for seen in found:
        if type(seen.resource) is Patient:
            person = read_patient(draft, seen.at, seen.resource, seen.source, person)
        else:
            _read(draft, seen)
    if draft.retracted:
        draft.retracted -= _standing(draft)
    _tie_all(draft)
    drop_repeated(draft)
    return person


def _standing(draft: Draft) -> set[str]:
    """What was withdrawn on one server and stands on another: of which of them a Flag speaks, its name does not say."""
    withdrawn: dict[str, set[str]] = {}
    standing: dict[str, set[str]] = {}
    for index, entry in enumerate(draft.received.entries):
        resource = entry.resource
        if (
            resource is not None
            and index not in draft.older
            and (name := f"{resource.kind}/{resource.id}") in draft.retracted
        ):
            is_gone = resource.status == ENTERED_IN_ERROR or is_withdrawn(resource)
            (withdrawn if is_gone else standing).setdefault(name, set()).add(server_of(entry))
    # A copy without an address may be of any server.
    return {name for name, servers in standing.items() if servers - withdrawn.get(name, set()) or "" in servers}


def _survey(draft: Draft) -> Versions:
    """Names the patient, notices our own Flags, and finds older versions of the same resource."""
    entries, resources = draft.received.entries, draft.received.resources
    kinds = draft.received.kinds
    # Only a Flag that was closed asks when its evidence was last changed.
    draft.dates_updates = Flag in kinds
    if Patient in kinds:
        for index, resource in enumerate(resources):
            if type(resource) is Patient:
                url = entries[index].fullUrl or ""
                draft.subject.add_patient(resource, url, draft.expressions[index])
    if draft.received.has_escapes:
        _drop_ids(draft)
    ids = {resource.id for resource in resources if resource is not None}
    return Versions(entries if len(ids) < len(resources) else ())


def _drop_ids(draft: Draft) -> None:
    """Takes away every id with a sign that nobody can see: it would go on into every reference to the resource."""
    for index, resource in enumerate(draft.received.resources):
        if resource is not None and resource.id and not resource.id.isprintable():
            if type(resource) is not Patient:
                resource.id = None
            text = "The id holds a sign that cannot be printed, so it is not used; send letters, digits, '-' and '.'."
            draft.reject(index, f"{draft.expressions[index]}.id", Reason.BAD_VALUE, text)


def _tie_all(draft: Draft) -> None:
    """Gives totals and answers the response they belong to, now that all links are known."""
    keys = draft.responses.keys()
    if keys:
        draft.scores = _tied(draft.scores, Score, keys)
        draft.answers = _tied(draft.answers, Answer, keys)
    usual = [_new(Answer, (*fields, keys.get(fields[_SOURCE].expression, ""), False)) for fields in draft.untied]
    draft.answers = usual + draft.answers


def _tied(facts: list[Tied], kind: type[Tied], keys: dict[str, str]) -> list[Tied]:
    at = kind._fields.index("response")
    tied: list[Tied] = []
    for fact in facts:
        found = keys.get(fact.response or fact.source.expression)
        if found is None:
            tied.append(fact)
            continue
        # As `_replace` does, at a fraction of its cost.
        fields = list(fact)
        fields[at] = found
        tied.append(_new(kind, fields))
    return tied


def _look_at_observation(gate: Gate, index: int, entry: Entry, observation: Observation, found: list[Seen]) -> None:
    """Keeps an Observation that a rule reads, or that holds others or ties them together."""
    draft = gate.draft
    owner = whose(draft, index, observation, draft.expressions[index])
    meaning = meaning_of(draft, observation.code)
    if meaning is None and not _may_be_read(draft, observation):
        _pass_over(draft, index, observation)
    elif gate.admits(index, entry, observation):
        source = draft.source(index, observation)
        if observation.status == ENTERED_IN_ERROR:
            draft.retracted.add(source.reference)
        _tie(draft, index, observation, source)
        found.append(Seen(index, observation, meaning, owner, source))
        if observation.contained is not ABSENT:
            _look_inside(draft, index, observation, source, owner, found)


def _may_be_read(draft: Draft, observation: Observation) -> bool:
    """True for an Observation whose own code says nothing: by its parts, or if its code is merely misspelt."""
    return (
        observation.component is not ABSENT
        or observation.contained is not ABSENT
        or observation.hasMember is not ABSENT
        or observation.derivedFrom is not ABSENT
        or misspelt(draft, observation.code) is not None
    )


def _pass_over(draft: Draft, index: int, observation: Observation) -> None:
    """An Observation that no rule reads: remembered if it was withdrawn, refused if its code is a known mistake."""
    if observation.status == ENTERED_IN_ERROR and observation.id:
        draft.retracted.add(f"{observation.kind}/{observation.id}")
    for one in (observation.code.coding or ()) if observation.code is not None else ():
        trap = draft.terminology.trap(one.system or "", one.code or "")
        if trap is not None:
            draft.reject(index, f"{draft.expressions[index]}.code", Reason.CODE, trap.text)
            return


def _tie(draft: Draft, index: int, observation: Observation, source: Source) -> None:
    try:
        link_observation(draft, index, observation, source.expression)
    except WrongTypeError as wrong:
        draft.reject(index, f"{source.expression}.{wrong.element}", Reason.WRONG_TYPE, wrong.text)


def _look_at(gate: Gate, index: int, entry: Entry, found: list[Seen]) -> None:
    """Keeps any other resource that is read, and the Observations it may contain."""
    draft, resource = gate.draft, entry.resource
    if reports_problem(entry):
        draft.coverage.note_problem(draft.expressions[index])
    if resource is None:
        return
    if resource.meta is not None:
        draft.coverage.note_meta(resource.kind, resource.meta)
    owner: str = OWNED
    if isinstance(resource, Unread):
        check_unread(draft, index, resource)
    elif type(resource) in _READERS:
        owner = whose(draft, index, resource, draft.expressions[index])
    elif type(resource) is not Patient:
        return
    if gate.admits(index, entry, resource):
        _keep_other(draft, Seen(index, resource, None, owner, draft.source(index, resource)), found)


def _keep_other(draft: Draft, seen: Seen, found: list[Seen]) -> None:
    index, resource, _, owner, source = seen
    if resource.status == ENTERED_IN_ERROR or is_withdrawn(resource):
        draft.retracted.add(source.reference)
    if not isinstance(resource, Unread):
        found.append(seen)
    if resource.contained is not ABSENT and resource.status != ENTERED_IN_ERROR:
        _look_inside(draft, index, resource, source, owner, found)


def _look_inside(draft: Draft, index: int, container: Resource, source: Source, owner: str, found: list[Seen]) -> None:
    """Keeps contained Observations and forms: they are the container's patient's unless they say otherwise."""
    try:
        inside = contents(container)
    except WrongTypeError as wrong:
        draft.reject(index, f"{source.expression}.{wrong.element}", Reason.WRONG_TYPE, wrong.text)
        return
    forms = {one.id: one for one in inside if isinstance(one, Questionnaire) and one.id}
    for number, one in enumerate(inside):
        inner = contained_source(source, number)
        if isinstance(one, Undecodable):
            lose_contained(draft, index, inner, one, forms)
        elif isinstance(one, Observation | QuestionnaireResponse):
            _keep_inner(draft, Seen(index, _within(container, one), None, owner, inner), found)


def _keep_inner(draft: Draft, seen: Seen, found: list[Seen]) -> None:
    index, one, _, owner, source = seen
    if one.meta is not None:
        draft.coverage.note_meta(one.kind, one.meta)
    if one.subject is not None and one.subject.reference != "#":
        owner = whose(draft, index, one, source.expression)
    meaning = None
    if isinstance(one, Observation):
        meaning = meaning_of(draft, one.code)
        _tie(draft, index, one, source)
    found.append(Seen(index, one, meaning, owner, source))


def _within(container: Resource, inner: R) -> R:
    """A contained resource that finds its fellows: a fragment means a resource in the same container."""
    return msgspec.structs.replace(inner, contained=container.contained)


def _read(draft: Draft, seen: Seen) -> None:
    index, resource, meaning, owner, source = seen
    if type(resource) is Observation:
        if owner:
            take_back(draft, index, source, owner, lambda: read_observation(draft, index, resource, meaning, source))
        elif meaning is None or meaning.kind is not _SCORE or not is_read(draft, index, resource, Known(meaning)):
            read_observation(draft, index, resource, meaning, source)
    else:
        reader = _READERS[type(resource)]
        if owner:
            take_back(draft, index, source, owner, lambda: reader(draft, index, resource, source))
        else:
            reader(draft, index, resource, source)
