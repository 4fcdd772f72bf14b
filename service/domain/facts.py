"""Facts: what a feed says of one patient, parsed once at the edge, in one unit each, with its source.

Dates are day ordinals in the datum's own offset. A partial date is the closed range [first, last];
an undated record is the range [EARLIEST, LATEST]. `instant` is seconds since the epoch where the feed gave an offset.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from service.domain.days import EARLIEST, LATEST

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept, DrugGroup, Item
    from service.domain.instruments import Instrument
    from service.domain.interval import Interval


class Source(NamedTuple):
    """The resource a fact was read from.

    `reference` is the literal reference to echo (a contained resource gives its container); empty when the resource
    has no id, and then `identifier` (system, value) or `display` stands in. `expression` is its FHIRPath in the Bundle.
    `updated` is meta.lastUpdated in epoch seconds. `labels` are the meta.security codings (system, code, display).
    `test_data` is True for the HTEST label.
    """

    reference: str
    expression: str
    resource_type: str = "Observation"
    identifier: tuple[str, str] | None = None
    display: str = ""
    updated: float | None = None
    labels: tuple[tuple[str, str, str], ...] = ()

    @property
    def rank(self) -> tuple[str, str]:
        """Orders what is equal otherwise by its own name: the order of entries in a feed is chance."""
        return self.reference, self.expression


class Reading(StrEnum):
    """How far an answer or a result could be read."""

    READ = "read"
    UNREADABLE = "could not be read"
    ABSENT = "absent with a reason"
    DECLINED = "declined"


class Score(NamedTuple):
    """A total or T-score. `response` names the response that it belongs to.

    `preliminary` scores are read by the suicidality rules alone.
    `items` holds the answered items when the response gave any: index 0 is item 1; None is a missing item.
    """

    instrument: Instrument
    value: Decimal
    first: int
    last: int
    instant: float | None
    source: Source
    received: str = ""
    response: str = ""
    items: tuple[int | None, ...] = ()
    prorated: bool = False
    preliminary: bool = False
    evidence: tuple[Source, ...] = ()


class Answer(NamedTuple):
    """An answer to one question; `value` is None unless it was read; yes is 1 and no is 0.

    C-SSRS risk level: 0 is low or 'no risk', 1 anything else. `text` is the question, `received` the answer as sent.
    """

    item: Item
    value: int | None
    first: int
    last: int
    instant: float | None
    source: Source
    reading: Reading = Reading.READ
    received: str = ""
    text: str = ""
    response: str = ""
    preliminary: bool = False


class Result(NamedTuple):
    """A laboratory, bedside or imaging result in the canonical unit of its analyte.

    `value` is None when it could not be used, and `refusal` then says why in words ('unit nmol/L is not accepted'),
    as it does where there is no date; the laboratory may have marked it all the same.
    `assay` is 'hs' or 'conventional' for CRP. `above_reference` compares with the result's own referenceRange.high.
    `marked` is True when the interpretation is H, HH or A. `positive` is for qualitative results (and titres).
    """

    analyte: Analyte
    value: Interval | None
    first: int
    last: int
    instant: float | None
    source: Source
    received: str = ""
    refusal: str = ""
    assay: str = ""
    above_reference: bool = False
    marked: bool = False
    positive: bool | None = None


# The verification statuses of what turned out not to be so.
DISBELIEVED = frozenset({"refuted", "entered-in-error"})


class Record(NamedTuple):
    """A coded record: Condition, Procedure, Immunization, Encounter reason, or an event sent as Observation.

    `first`/`last` bound the onset (the undated range when none was given), `recorded_first`/`recorded_last` the
    recorded date, `abated_last` the last possible abatement day (None: not abated). `asserted` False is an explicit
    negative (a relapse Observation with valueBoolean false). `status` is clinicalStatus,
    `verification` verificationStatus. `imprecise` marks a date that stands in for another (an Encounter's start).
    """

    concepts: frozenset[Concept]
    first: int
    last: int
    instant: float | None
    source: Source
    text: str = ""
    recorded_first: int = EARLIEST
    recorded_last: int = LATEST
    abated_last: int | None = None
    asserted: bool = True
    status: str = ""
    verification: str = ""
    imprecise: bool = False

    @property
    def is_dated(self) -> bool:
        """True when any onset was given."""
        return self.last != LATEST


class Exposure(NamedTuple):
    """One medicine record with a known ingredient: [start, end]; `end` None means still active at the as-of instant.

    `start` None: the record has no start date (an unreadable candidate), or only a month or year that may reach into
    what rules ask about; from the last day of that on there is another, dated one. `stated_start` is False when
    `start` comes from authoredOn, a dispense or an administration. `systemic` is False for a local route.
    """

    ingredient: str
    group: DrugGroup
    start: int | None
    end: int | None
    instant: float | None
    source: Source
    text: str = ""
    stated_start: bool = True
    systemic: bool = True


class PriorFlag(NamedTuple):
    """One of our own Flags that the caller sent back.

    `evidence` holds what it names as `Type/id`, or as `system|value` where there is only an identifier; `nameless`
    says that it also names something that has neither. `ended` is the last instant at which it can have been closed,
    and `closed_after` the instant before which it cannot; None where nothing tells. `closed_by_rule` says that we ended
    it: inactive, or entered in error. `stays_closed` says that what somebody else ended cannot be opened again, and
    `in_hand` that somebody is dealing with it, so that what it says cannot be changed.
    """

    rule: str
    identifier: str
    status: str
    start: int | None
    end: int | None
    ended: float | None
    evidence: tuple[str, ...]
    closed_by_rule: bool
    priority: str
    source: Source
    entry: int
    nameless: bool = False
    closed_after: float | None = None
    stays_closed: bool = False
    in_hand: bool = False


class PriorPlan(NamedTuple):
    """One of our own CarePlans that the caller sent back; `closed_by_rule` says that we ended it.

    `rules` are the names of those whose flags it answers, as far as it says.
    """

    identifier: str
    status: str
    source: Source
    entry: int
    closed_by_rule: bool = False
    rules: tuple[str, ...] = ()


class Patient(NamedTuple):
    """The one subject; birth dates are bounds; `deceased` is the day of death, EARLIEST when only 'true' was sent.

    `labels` are the meta.security codings of the Patient resource.
    """

    key: str
    reference: str
    birth_first: int = EARLIEST
    birth_last: int = LATEST
    deceased: int | None = None
    labels: tuple[tuple[str, str, str], ...] = ()


class DataIssue(NamedTuple):
    """Something about the data that a reader must know: `code` is stable, `text` is for people."""

    code: str
    text: str
    expression: str = ""
    safety: bool = False


class UnreadScore(NamedTuple):
    """A total that was sent and could not be read, or is not final, with the days that it may be of.

    `value` is known where what is missing is only its exact day, or that it is final. A `preliminary` one keeps flags
    from clearing and leaves no other criterion open. `written` is the day in its own offset where another one counts.
    """

    instrument: Instrument
    first: int
    last: int
    value: Decimal | None = None
    preliminary: bool = False
    instant: float | None = None
    written: int | None = None


class Chart(NamedTuple):
    """Everything that was read for one patient, before any rule has looked at it.

    `not_covered` maps a resource type to the reason why absence cannot be concluded from it.
    `retracted` holds the references of resources that came as entered-in-error.
    `oldest_medicine` is the earliest day any medicine record begins, whatever the medicine, and its source: an order
    begins something new only if the data reach back further. `conditions_sent` counts Conditions received,
    `active_conditions` those that count as active. `deleted` holds identifiers of our Flags that were deleted where
    they were stored.
    """

    patient: Patient
    scores: tuple[Score, ...] = ()
    unread_scores: tuple[UnreadScore, ...] = ()
    answers: tuple[Answer, ...] = ()
    results: tuple[Result, ...] = ()
    records: tuple[Record, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    flags: tuple[PriorFlag, ...] = ()
    plans: tuple[PriorPlan, ...] = ()
    issues: tuple[DataIssue, ...] = ()
    not_covered: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple default that nobody mutates
    retracted: frozenset[str] = frozenset()
    conditions_sent: int = 0
    active_conditions: int = 0
    medicines_sent: int = 0
    medicines_recognised: int = 0
    unrecognised_medicines: tuple[str, ...] = ()
    oldest_medicine: int | None = None
    oldest_medicine_source: Source | None = None
    subjectless_safety: tuple[Source, ...] = ()
    declined_screening: tuple[int, ...] = ()
    history_complete: bool = False
    deleted: frozenset[str] = frozenset()
    entries: int = 0
