"""The chart in the making: facts, rejections and what became of each entry, as they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Raw, ValidationError

from service.domain.concepts import ABOUT_SUICIDE, SUICIDALITY_ITEMS, Concept, Item
from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Answer, Reading, Record, Result, Source, UnreadScore
from service.domain.instruments import PHQ9, PHQ9_CMS, PHQA
from service.errors import BodyTooLarge
from service.fhir.reading.account import Account, Rejection
from service.fhir.reading.codes import label, words
from service.fhir.reading.containers import Containers
from service.fhir.reading.dates import UNDATED, seconds
from service.fhir.reading.elements import ABSENT, CodeableConcept, Element
from service.fhir.reading.references import Index, fragment, identifiers_of
from service.fhir.reading.resources import Medication, Resource
from service.fhir.reading.responses import Responses
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from decimal import Decimal

    from service.domain.analytes import Analyte
    from service.domain.days import AsOf
    from service.domain.facts import DataIssue, Exposure, PriorFlag, PriorPlan, Score
    from service.domain.instruments import Instrument
    from service.fhir.reading.coverage import Coverage
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.elements import Meta, Reference
    from service.fhir.reading.receiving import Received
    from service.fhir.reading.subjects import Subject
    from service.terminology.meanings import Meaning
    from service.terminology.terminology import Terminology


class _Unnamed(Element):
    """What a resource without an id is told by."""

    identifier: Raw = ABSENT
    code: CodeableConcept | None = None


# What may not be lost, whatever else is wrong with an entry.
SAFETY_ITEMS: Final = frozenset(SUICIDALITY_ITEMS)
# Totals of which a high one cannot come from the other eight questions alone.
SAFETY_TOTALS: Final = frozenset({PHQ9, PHQ9_CMS, PHQA})

# A record of an event without any date stands for one that could not be read; of a disease it would be a diagnosis.
_EVENTS: Final = ABOUT_SUICIDE | {
    Concept.RELAPSE,
    Concept.PSYCHOSIS,
    Concept.MANIA,
    Concept.DELIRIUM,
    Concept.CATATONIA,
    Concept.SEIZURE,
    Concept.FOCAL_SIGN,
    Concept.MOVEMENT_DISORDER,
    Concept.DECREASED_CONSCIOUSNESS,
    Concept.AUTONOMIC_INSTABILITY,
    Concept.ANTIPSYCHOTIC_REACTION,
    Concept.HEADACHE,
    Concept.NEUROLOGICAL_SYMPTOM,
    Concept.INFECTION,
    Concept.SURGERY,
    Concept.TRAUMA,
    Concept.VACCINATION,
}
_new: Final = tuple.__new__
_UNNAMED: Final = msgspec.json.Decoder(_Unnamed)


class Draft:
    """Everything that is gathered while the entries of one Bundle are read."""

    __slots__ = (
        "active_conditions",
        "answers",
        "as_of",
        "conditions_sent",
        "containers",
        "coverage",
        "dates_updates",
        "declined",
        "exposures",
        "expressions",
        "flags",
        "followed",
        "index",
        "issues",
        "lookup",
        "medicines",
        "older",
        "oldest_medicine",
        "oldest_medicine_source",
        "plans",
        "raw_flags",
        "raw_plans",
        "received",
        "records",
        "rejections",
        "responses",
        "results",
        "retracted",
        "scores",
        "states",
        "subject",
        "subjectless",
        "terminology",
        "times",
        "unread_scores",
        "untied",
        "zone",
    )

    def __init__(
        self,
        received: Received,
        terminology: Terminology,
        zone: tzinfo,
        subject: Subject,
        coverage: Coverage,
        as_of: AsOf | None = None,
    ) -> None:
        """`received` are the entries to be read; `subject` is whoever they belong to; None: `as_of` is not known."""
        self.as_of = as_of
        self.subject = subject
        self.coverage = coverage
        self.received = received
        self.expressions = received.expressions
        self.terminology = terminology
        self.zone = zone
        self.lookup: Mapping[tuple[str | None, str | None], Meaning] = terminology.lookup  # type: ignore[assignment]
        self.index = Index(received)
        self.containers = Containers()
        self.responses = Responses()
        # Clinical times by the text they were read from.
        self.times: dict[str, Moment] = {}
        # Per entry: None not read, True used, else the reason of its rejection.
        self.states: list[bool | str | None] = [None] * len(received.entries)
        self.rejections: list[Rejection] = []
        self.issues: list[DataIssue] = []
        self.scores: list[Score] = []
        self.unread_scores: list[UnreadScore] = []
        self.answers: list[Answer] = []
        # Answers of the usual shape, up to the response that they belong to: that is known when all are read.
        self.untied: list[tuple[Any, ...]] = []
        self.results: list[Result] = []
        self.records: list[Record] = []
        self.exposures: list[Exposure] = []
        self.flags: list[PriorFlag] = []
        self.plans: list[PriorPlan] = []
        self.raw_flags: dict[int, bytes] = {}
        self.raw_plans: dict[int, bytes] = {}
        self.retracted: set[str] = set()
        self.subjectless: list[Source] = []
        self.declined: list[int] = []
        self.conditions_sent = 0
        self.active_conditions = 0
        self.medicines: dict[str, bool] = {}
        # The entries of which the Bundle holds a later version.
        self.older: set[int] = set()
        self.oldest_medicine: int | None = None
        self.oldest_medicine_source: Source | None = None
        self.followed = 0
        # Only a Flag that was closed asks when its evidence was last changed.
        self.dates_updates = False

    def source(self, index: int, resource: Resource) -> Source:
        """Where the facts of an entry come from."""
        kind, name, meta = type(resource).__name__, resource.id, resource.meta
        if not name or self.dates_updates or (meta is not None and meta.security):
            return self._told_fully(index, resource)
        # Made without the checks of the class: this runs for every fact.
        return _new(Source, (f"{kind}/{name}", self.expressions[index], kind, None, "", None, ()))

    def _told_fully(self, index: int, resource: Resource) -> Source:
        kind, meta, expression = resource.kind, resource.meta, self.expressions[index]
        labels = _labels(meta) if meta is not None and meta.security else ()
        updated = seconds(meta.lastUpdated) if meta is not None and self.dates_updates else None
        if not resource.id:
            return self._told_otherwise(index, Source("", expression, kind, None, "", updated, labels))
        return Source(f"{kind}/{resource.id}", expression, kind, None, "", updated, labels)

    def _told_otherwise(self, index: int, source: Source) -> Source:
        """A resource without an id is told by its address, an identifier, or the words of its code."""
        url = self.received.entries[index].fullUrl
        if url and url.startswith(("http://", "https://")):
            return source._replace(reference=url)
        try:
            found = _UNNAMED.decode(self.received.raw(index))
        except ValidationError:
            return source._replace(display=source.resource_type)
        for one in identifiers_of(found.identifier):
            if one.value:
                return source._replace(identifier=(one.system or "", one.value))
        return source._replace(display=words(found.code) or source.resource_type)

    def use(self, index: int) -> None:
        """Counts an entry as used."""
        self.states[index] = True

    def reject(self, index: int, expression: str, reason: str, text: str, *, safety: bool = False) -> None:
        """Lists what was refused; the entry counts as rejected unless something else of it was used."""
        sentence = f"{text[:1].upper()}{text[1:].rstrip('.')}."
        self.rejections.append(Rejection(expression, reason, sentence, safety))
        if self.states[index] is None:
            self.states[index] = reason

    def unreadable_answer(self, item: Item, source: Source, response: str = "", when: Moment = UNDATED) -> None:
        """Keeps the knowledge that a question about suicide was there and could not be read."""
        if item in SAFETY_ITEMS:
            self.answers.append(Answer(item, None, *when, source, Reading.UNREADABLE, "", "", response))

    def unreadable_score(
        self, instrument: Instrument, when: Moment, *, preliminary: bool = False, value: Decimal | None = None
    ) -> None:
        """Keeps the knowledge that a total was there that could not be read, or is not final.

        Of one without a date only a PHQ total matters, which may be too high without item 9.
        """
        first, last, instant = when
        if when is not UNDATED or instrument in SAFETY_TOTALS:
            self.unread_scores.append(UnreadScore(instrument, first, last, value, preliminary, instant))

    def unreadable_record(self, concepts: frozenset[Concept], source: Source, text: str = "") -> None:
        """Keeps the knowledge that an event was recorded which could not be read."""
        events = concepts & _EVENTS
        if events:
            self.records.append(Record(events, EARLIEST, LATEST, None, source, text))

    def unreadable_result(
        self, meaning: Meaning, source: Source, refusal: str = "it could not be read", when: Moment = UNDATED
    ) -> None:
        """Keeps the knowledge that something was measured, and why its value cannot be used."""
        analyte = cast("Analyte", meaning.target)
        self.results.append(Result(analyte, None, *when, source, "", refusal, meaning.assay))

    def unreadable(self, meaning: Meaning, source: Source, when: Moment = UNDATED, response: str = "") -> None:
        """Keeps the knowledge that a question about suicide, an event, a result or a total was there."""
        target: Any = meaning.target
        if meaning.kind is Kind.ITEM:
            self.unreadable_answer(target, source, response, when)
        elif meaning.kind is Kind.RECORD:
            self.unreadable_record(target, source)
        elif meaning.kind is Kind.RESULT:
            self.unreadable_result(meaning, source, when=when)
        elif meaning.kind is Kind.SCORE:
            self.unreadable_score(target, when)

    def resolve(self, reference: Reference, index: int, resource: Resource) -> Resource | None:
        """The resource that a reference in `resource` means, contained or in the Bundle."""
        self.follow()
        name = fragment(reference)
        if name:
            inside = self.containers.find(resource, name)
            return None if inside is None else inside[1]
        found = self.index.find(reference, index)
        return None if found is None else self._resolved(found)

    def follow(self, steps: int = 1) -> None:
        """Counts what is looked at because something refers to it, which may be the same for every entry.

        Raises BodyTooLarge where it is more than anybody's data need.
        """
        self.followed += steps
        if self.followed > self.received.limits.references:
            raise BodyTooLarge(
                f"The Bundle has more than {self.received.limits.references} references to follow. "
                "Send fewer entries at a time, or ask the operator to raise MOODMARKER_MAX_REFERENCES.",
                "Bundle.entry",
                limit="max_references",
            )

    def _resolved(self, index: int) -> Resource | None:
        """A Medication that a record refers to is used through it."""
        resource = self.received.entries[index].resource
        if isinstance(resource, Medication):
            self.use(index)
        return resource

    def paths_of(self, references: list[Reference], index: int, resource: Resource) -> list[str]:
        """The FHIRPaths of the resources that references in `resource` mean, of those that are in the Bundle."""
        by_url, base = self.index.around(index)
        paths = []
        for one in references:
            text = one.reference
            # Most references are relative and name their target as its fullUrl does.
            found = by_url.get(f"{base}/{text}") if base and text and text[0] != "#" else None
            path = self._path_of(one, index, resource) if found is None else self.expressions[found]
            if path:
                paths.append(path)
        return paths

    def _path_of(self, reference: Reference, index: int, resource: Resource) -> str:
        """Empty when the resource is not in the Bundle."""
        name = fragment(reference)
        if name:
            inside = self.containers.find(resource, name)
            return "" if inside is None else f"{self.expressions[index]}.contained[{inside[0]}]"
        found = self.index.find(reference, index)
        return "" if found is None else self.expressions[found]

    def account(self) -> Account:
        """Every entry, counted once."""
        told = [state for state in self.states if state is not None]
        used = told.count(True)
        rejected: dict[str, int] = {}
        if used < len(told):
            for state in told:
                if isinstance(state, str):
                    rejected[str(state)] = rejected.get(str(state), 0) + 1
        return Account(len(self.states), used, len(self.states) - len(told), rejected)


def _labels(meta: Meta) -> tuple[tuple[str, str, str], ...]:
    return tuple(label(one.system or "", one.code or "", one.display or "") for one in meta.security or ())
