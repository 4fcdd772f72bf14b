"""The four records of a medicine: which ingredient, by which route, and from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.days import EARLIEST
from service.domain.facts import Exposure
from service.fhir.reading.account import Reason
from service.fhir.reading.dates import NO_PERIOD, Moment, dated, within
from service.fhir.reading.elements import modifies
from service.fhir.reading.ingredients import Product, is_systemic, product
from service.fhir.reading.numerals import Refusal
from service.fhir.reading.resources import MedicationDispense, MedicationRequest
from service.fhir.reading.spots import UNKNOWN_MODIFIER
from service.fhir.reading.supplies import days_of, repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.domain.facts import Source
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import Dosage, Period, Timing
    from service.fhir.reading.resources import (
        MedicationAdministration,
        MedicationStatement,
        MedicineRecord,
    )
    from service.terminology.meanings import Drug

_ORDERS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_NOT_TAKEN: Final = frozenset({"not-done", "not-taken"})
_TOLD: Final = frozenset({"entered-in-error", "cancelled", "draft", "unknown", "intended", "preparation", "declined"})
# What says that there was no use, or none yet. Any other status, `unknown` or no code at all, leaves that open.
_NOT_USED: Final = frozenset(
    {
        *_NOT_TAKEN,
        "entered-in-error",
        "cancelled",
        "draft",
        "intended",
        "preparation",
        "declined",
        "in-progress",
        "on-hold",
        "stopped",
    }
)
# A score counts for 30 days, and the result that it is paired with may be 30 days older: rules ask after medicines
# of no earlier day, except for what began long before.
_ASKED_ABOUT: Final = 60
_REQUESTED: Final = frozenset({"active", "on-hold", "completed", "stopped"})
_STATED: Final = frozenset({"active", "completed", "stopped", "on-hold", "unknown"})
_GIVEN: Final = frozenset({"in-progress", "completed", "stopped"})
_DISPENSED: Final = frozenset({"completed"})
_BOUNDS: Final = "dosageInstruction.timing.repeat.boundsPeriod"


class Use(NamedTuple):
    """From when to when a medicine was used, as one record tells it.

    Without an `end` it lasts `days` from `since` (or from the start), which None leaves to the ingredient; an
    `open_ended` use goes on until somebody says otherwise. `stated` is False when the start is only a paper's date.
    """

    start: Moment | Refusal
    end: int | None = None
    days: int | None = None
    since: int | None = None
    open_ended: bool = False
    stated: bool = True

    def last_day(self, start: int, interval: int) -> int | None:
        """The last day of use, None when it has not ended."""
        if self.end is not None:
            return self.end
        if self.days is None and self.open_ended:
            return None
        return (start if self.since is None else self.since) + (interval if self.days is None else self.days)


def read_request(draft: Draft, index: int, request: MedicationRequest, source: Source) -> None:
    """A prescription that is an order."""
    if request.doNotPerform:
        text = "A request not to give a medicine is not a use of it."
        draft.reject(index, f"{source.expression}.doNotPerform", Reason.DO_NOT_PERFORM, text)
    elif request.intent not in _ORDERS:
        text = "Only an order counts as a use; a plan, proposal or option does not."
        draft.reject(index, f"{source.expression}.intent", Reason.INTENT, text)
    else:
        dosages = request.dosageInstruction or []
        _read(draft, index, request, source, _REQUESTED, dosages, _requested(request, dosages))


def read_statement(draft: Draft, index: int, statement: MedicationStatement, source: Source) -> None:
    """What the patient is said to take."""
    period = statement.effectivePeriod
    start = _effective(statement.effectiveDateTime, period)
    use = Use(start, end=_end_of(period), open_ended=statement.status == "active")
    _read(draft, index, statement, source, _STATED, statement.dosage or [], use)


def read_administration(draft: Draft, index: int, administration: MedicationAdministration, source: Source) -> None:
    """A dose that was given: it lasts from the end of giving it for the interval of its ingredient."""
    period = administration.effectivePeriod
    start = _effective(administration.effectiveDateTime, period)
    dosages = [administration.dosage] if administration.dosage is not None else []
    _read(draft, index, administration, source, _GIVEN, dosages, Use(start, since=_end_of(period), stated=False))


def read_dispense(draft: Draft, index: int, dispense: MedicationDispense, source: Source) -> None:
    """A supply that was handed out."""
    if dispense.whenHandedOver is not None:
        start = dated(dispense.whenHandedOver, "whenHandedOver")
    elif dispense.whenPrepared is not None:
        start = dated(dispense.whenPrepared, "whenPrepared")
    else:
        start = NO_PERIOD
    use = Use(start, days=days_of(dispense.daysSupply), stated=False)
    _read(draft, index, dispense, source, _DISPENSED, dispense.dosageInstruction or [], use)


def _effective(text: str | None, period: Period | None) -> Moment | Refusal:
    if text is not None:
        return dated(text, "effectiveDateTime")
    if period is None or period.start is None:
        return NO_PERIOD
    return within(period, "effectivePeriod", start_first=True)


def _end_of(period: Period | None) -> int | None:
    """The last possible day of a period; None when it has no end that can be read."""
    if period is None or period.end is None:
        return None
    found = dated(period.end, "end")
    return None if isinstance(found, Refusal) else found[1]


def _requested(request: MedicationRequest, dosages: Sequence[Dosage]) -> Use:
    """The bounds of the dosages, else what the prescription lets a pharmacy supply."""
    repeated = [
        timing.repeat for dosage in dosages if (timing := dosage.timing) is not None and timing.repeat is not None
    ]
    periods = [repeat.boundsPeriod for repeat in repeated if repeat.boundsPeriod is not None]
    start, stated = _requested_start(request, periods)
    ends = [last for period in periods if (last := _end_of(period)) is not None]
    durations = [days for repeat in repeated if (days := days_of(repeat.boundsDuration)) is not None]
    if ends and durations and not isinstance(start, Refusal):
        ends.append(start[1] + max(durations))
    supply = request.dispenseRequest
    days = max(durations, default=None)
    if days is None and supply is not None and (supplied := days_of(supply.expectedSupplyDuration)) is not None:
        days = supplied * (1 + repeats(supply.numberOfRepeatsAllowed))
    return Use(start, max(ends, default=None), days, None, request.status == "active", stated)


def _requested_start(request: MedicationRequest, periods: Sequence[Period]) -> tuple[Moment | Refusal, bool]:
    """The earliest bound, else the start of validity, else the date of the prescription, which is only a paper's."""
    starts = [dated(period.start, f"{_BOUNDS}.start") for period in periods if period.start is not None]
    if starts:
        return min(starts, key=lambda one: EARLIEST if isinstance(one, Refusal) else one[0]), True
    supply = request.dispenseRequest
    if supply is not None and supply.validityPeriod is not None and supply.validityPeriod.start is not None:
        return within(supply.validityPeriod, "dispenseRequest.validityPeriod", start_first=True), True
    return NO_PERIOD if request.authoredOn is None else dated(request.authoredOn, "authoredOn"), False


def _read(
    draft: Draft,
    index: int,
    record: MedicineRecord,
    source: Source,
    accepted: frozenset[str],
    dosages: Sequence[Dosage],
    use: Use,
) -> None:
    if record.status not in accepted:
        _reject_status(draft, index, record.status, source)
        if record.status in _NOT_USED:
            return
        use = Use(NO_PERIOD)
    found = product(draft, index, record)
    # Whatever may have been used was sent: nobody may say that there was no medicine.
    draft.medicines[found.name] = bool(found.drugs) or draft.medicines.get(found.name, False)
    modified = _modified(record, dosages)
    if modified:
        draft.reject(index, f"{source.expression}.{modified}", Reason.MODIFIER, UNKNOWN_MODIFIER)
        use = Use(NO_PERIOD)
    start = _start_day(draft, index, source, use.start)
    if start is not None and (draft.oldest_medicine is None or start < draft.oldest_medicine):
        draft.oldest_medicine, draft.oldest_medicine_source = start, source
    for drug in found.drugs:
        _expose(draft, drug, found, dosages, source, use, start)
    if found.drugs and record.status in accepted:
        draft.use(index)


def _expose(
    draft: Draft,
    drug: Drug,
    found: Product,
    dosages: Sequence[Dosage],
    source: Source,
    use: Use,
    start: int | None,
) -> None:
    systemic = is_systemic(draft, drug, found, dosages)
    if start is None or isinstance(use.start, Refusal):
        draft.exposures.append(
            Exposure(drug.ingredient, drug.group, None, None, None, source, found.name, systemic=systemic)
        )
        return
    first, last, instant = use.start
    end = use.last_day(start, drug.interval_days)
    # Of a start that is not known to the day only the last possible one is certain, and it is no beginning.
    stated = use.stated and first == last
    certain = Exposure(drug.ingredient, drug.group, start, end, instant, source, found.name, stated, systemic)
    if first == last or not _may_matter(draft, first, last):
        draft.exposures.append(certain)
        return
    # Before that day the medicine may have been in use: until then it counts as one without a start.
    draft.exposures.append(certain._replace(start=None, end=None, instant=None, stated_start=True))
    if draft.as_of is None or draft.as_of.is_past(last, None):
        draft.exposures.append(certain)


def _may_matter(draft: Draft, first: int, last: int) -> bool:
    """Whether a rule may ask about a day between the first and the last possible start."""
    as_of = draft.as_of
    return as_of is None or (as_of.is_past(first, None) and last > as_of.day - _ASKED_ABOUT)


def _start_day(draft: Draft, index: int, source: Source, start: Moment | Refusal) -> int | None:
    if not isinstance(start, Refusal):
        return start[1]
    if start is not NO_PERIOD:
        draft.reject(index, f"{source.expression}.{start.element}", start.reason, start.text)
    return None


def _modified(record: MedicineRecord, dosages: Sequence[Dosage]) -> str:
    """The element of which an extension changes the meaning; empty when there is none."""
    if any(modifies(dosage.modifierExtension) or _is_modified(dosage.timing) for dosage in dosages):
        return "dosageInstruction" if isinstance(record, MedicationRequest | MedicationDispense) else "dosage"
    supply = record.dispenseRequest if isinstance(record, MedicationRequest) else None
    return "dispenseRequest" if supply is not None and modifies(supply.modifierExtension) else ""


def _is_modified(timing: Timing | None) -> bool:
    return timing is not None and modifies(timing.modifierExtension)


def _reject_status(draft: Draft, index: int, status: str | None, source: Source) -> None:
    path = f"{source.expression}.status"
    if status in _NOT_TAKEN:
        draft.reject(index, path, Reason.NOT_DONE, "What was not taken or given is not used.")
        return
    known = status if status in _TOLD else "other"
    text = f"A medicine with the status {known} is not used."
    if status not in _NOT_USED:
        text = "The status does not tell whether the medicine was used, so from when to when is left open."
    draft.reject(index, path, f"status-{known}", text)
