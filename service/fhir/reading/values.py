"""The value of an Observation or component as a fact: a total, an answer, a result or a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from service.domain.analytes import CRP
from service.domain.concepts import ABOUT_SUICIDE
from service.domain.facts import Answer, DataIssue, Record, Score
from service.domain.facts import Reading as Extent
from service.domain.instruments import DEPRESSION, PHQ2, PHQA
from service.fhir.reading.account import Reason
from service.fhir.reading.answering import NOT_MEASURED, absence, answer, is_declined, is_there
from service.fhir.reading.codes import question
from service.fhir.reading.dates import UNDATED, observed
from service.fhir.reading.draft import SAFETY_ITEMS, SAFETY_TOTALS
from service.fhir.reading.numerals import SEVERAL_VALUES, Refusal, score, value_name, values_given
from service.fhir.reading.results import qualitative, quantitative, refused
from service.fhir.reading.spots import refuse, reject_status, status_refusal
from service.terminology.meanings import Kind

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.concepts import Concept, Item
    from service.domain.instruments import Instrument
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.draft import Draft
    from service.fhir.reading.elements import CodeableConcept, Component
    from service.fhir.reading.resources import Observation
    from service.fhir.reading.spots import Spot
    from service.terminology.meanings import Meaning

# What a depression screening that was declined would have given.
_SCREENS: Final = frozenset({*DEPRESSION.series, PHQ2, PHQA})


def read_value(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    """Reads a value as its code says; raises WrongTypeError for an element of the wrong type."""
    match meaning.kind:
        case Kind.SCORE:
            _read_score(draft, spot, observation, holder, cast("Instrument", meaning.target))
        case Kind.RESULT:
            _read_result(draft, spot, observation, holder, meaning)
        case Kind.ITEM:
            _read_item(draft, spot, observation, holder, cast("Item", meaning.target))
        case Kind.PANEL:
            _read_panel(draft, spot, observation, holder, cast("Instrument", meaning.target))
        case Kind.FORM:
            draft.use(spot.at)
        case _:
            _read_record(draft, spot, observation, holder, meaning)


def _read_score(
    draft: Draft,
    spot: Spot,
    observation: Observation,
    holder: Observation | Component,
    instrument: Instrument,
) -> None:
    when = observed(observation, start_first=False)
    dated = UNDATED if isinstance(when, Refusal) else when
    told = value_name(holder) and holder.dataAbsentReason is None
    if spot.preliminary and instrument not in SAFETY_TOTALS:
        if told:
            draft.unreadable_score(instrument, dated, preliminary=True)
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    if holder.dataAbsentReason is not None:
        _read_absent_score(draft, spot, holder.dataAbsentReason, when, instrument)
        return
    found = score(holder, instrument)
    if isinstance(found, Refusal):
        refuse(draft, spot, None, found)
        if told:
            draft.unreadable_score(instrument, dated, preliminary=spot.preliminary)
        return
    value, received = found
    if spot.preliminary:
        draft.unreadable_score(instrument, dated, preliminary=True, value=value)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text)
        if instrument not in SAFETY_TOTALS:
            return
    # A PHQ total may be too high without item 9 on whatever day it is.
    first, last, instant = dated
    draft.scores.append(
        Score(
            instrument,
            value,
            first,
            last,
            instant,
            spot.source,
            received,
            spot.response,
            (),
            False,
            spot.preliminary,
        )
    )
    draft.use(spot.at)


def _read_absent_score(
    draft: Draft, spot: Spot, reason: CodeableConcept, when: Moment | Refusal, instrument: Instrument
) -> None:
    declined = instrument in _SCREENS and is_declined(reason)
    if declined and not isinstance(when, Refusal) and when[0] == when[1]:
        draft.declined.append(when[0])
        draft.use(spot.at)
        return
    text = "There is a reason for having no value, so no value is read."
    refuse(draft, spot, None, Refusal("dataAbsentReason", Reason.ABSENT, text))


def _read_panel(
    draft: Draft,
    spot: Spot,
    observation: Observation,
    holder: Observation | Component,
    instrument: Instrument,
) -> None:
    """A panel groups its members; a plain number on it is taken for the total, with a word about it."""
    if not value_name(holder) and holder.dataAbsentReason is None:
        draft.use(spot.at)
        return
    known = len(draft.scores)
    _read_score(draft, spot, observation, holder, instrument)
    if len(draft.scores) > known:
        text = (
            f"A value on a panel code was taken for the {instrument.name} total; send it under the code of the total."
        )
        draft.issues.append(DataIssue("panel-value-as-total", text, spot.path))


def _read_item(draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, item: Item) -> None:
    safety = item in SAFETY_ITEMS
    if spot.preliminary and not (safety and (value_name(holder) or holder.dataAbsentReason)):
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    when = observed(observation, start_first=False)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text, safety=safety)
        if not safety:
            return
        when = UNDATED
    text = question(draft.terminology, holder)
    found = answer(holder, item, draft.terminology) if values_given(holder) < 2 else SEVERAL_VALUES
    value, received, extent = None, "", Extent.UNREADABLE
    if not isinstance(found, Refusal):
        value, received, extent = found.value, found.received, Extent.READ
    reason, missing = holder.dataAbsentReason, absence(holder.valueCodeableConcept)
    if reason is not None and not (safety and value):
        value, extent = None, Extent.DECLINED if is_declined(reason) else Extent.ABSENT
    elif missing is not None and not (safety and value):
        value, extent = None, missing
    elif isinstance(found, Refusal):
        draft.reject(spot.at, f"{spot.path}.{found.element}", found.reason, found.text, safety=safety)
    first, last, instant = when
    draft.answers.append(
        Answer(
            item,
            value,
            first,
            last,
            instant,
            spot.source,
            extent,
            received,
            text,
            spot.response,
            spot.preliminary,
        )
    )
    if extent is not Extent.UNREADABLE:
        draft.use(spot.at)


def _read_result(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    """A result; one that cannot be used is kept as such, for a rule must not take it for one that was not made."""
    when = observed(observation, start_first=True)
    day = UNDATED if isinstance(when, Refusal) else when
    refusal = _objection(spot, observation, holder)
    if refusal is not None:
        draft.reject(spot.at, f"{spot.path}.{refusal.element}", refusal.reason, refusal.text)
        if not _is_not_measured(observation, holder):
            draft.unreadable_result(meaning, spot.source, refusal.text, day)
        return
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text)
    analyte = cast("Analyte", meaning.target)
    if analyte.low is not None:
        found = quantitative(holder, meaning, day, spot.source)
    else:
        found = qualitative(holder, meaning, day, spot.source, draft.terminology)
    if isinstance(found, Refusal):
        draft.reject(spot.at, f"{spot.path}.{found.element}", found.reason, found.text)
        found = refused(holder, meaning, day, spot.source, found)
    elif isinstance(when, Refusal):
        # An undated CRP is none that a rule could pair with a score; of others the value may still be harmless.
        found = found._replace(value=None if analyte is CRP else found.value, refusal="it has no date that can be read")
    draft.results.append(found)
    if not isinstance(when, Refusal) and (not found.refusal or found.marked or found.above_reference):
        draft.use(spot.at)


def _objection(spot: Spot, observation: Observation, holder: Observation | Component) -> Refusal | None:
    """Why a value is not looked at: the status, or a reason for having none."""
    if spot.preliminary:
        return status_refusal(observation.status)
    if holder.dataAbsentReason is not None:
        text = "There is a reason for having no value, so no value is read."
        return Refusal("dataAbsentReason", Reason.ABSENT, text)
    return None


def _is_not_measured(observation: Observation, holder: Observation | Component) -> bool:
    """True for a result that is only expected, or of which it is said that nothing was measured."""
    reason = holder.dataAbsentReason
    if reason is None:
        return observation.status == "registered" or not value_name(holder)
    return any(one.code in NOT_MEASURED for one in reason.coding or ())


def _read_record(
    draft: Draft, spot: Spot, observation: Observation, holder: Observation | Component, meaning: Meaning
) -> None:
    concepts = cast("frozenset[Concept]", meaning.target)
    safety = not ABOUT_SUICIDE.isdisjoint(concepts)
    if spot.preliminary and not safety:
        reject_status(draft, spot.at, spot.source, observation.status)
        return
    if holder.dataAbsentReason is not None:
        text = "There is a reason for having no value, so neither presence nor absence is read."
        draft.reject(spot.at, f"{spot.path}.dataAbsentReason", Reason.ABSENT, text, safety=safety)
        return
    there = is_there(holder, draft.terminology)
    if isinstance(there, Refusal) or (meaning.kind is Kind.DENIAL and not there):
        text = "The code denies the finding, and the value denies the code; send one denial."
        refusal = there if isinstance(there, Refusal) else Refusal(value_name(holder), Reason.BAD_VALUE, text)
        refuse(draft, spot, meaning, refusal)
        return
    when = observed(observation, start_first=True)
    if isinstance(when, Refusal):
        draft.reject(spot.at, f"{spot.source.expression}.{when.element}", when.reason, when.text, safety=safety)
        when = UNDATED
    first, last, instant = when
    asserted = there and meaning.kind is Kind.RECORD
    draft.records.append(
        Record(
            concepts,
            first,
            last,
            instant,
            spot.source,
            question(draft.terminology, holder),
            asserted=asserted,
        )
    )
    draft.use(spot.at)
