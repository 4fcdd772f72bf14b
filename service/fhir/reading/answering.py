"""What was answered: the number behind a code, an integer, a string or a yes; and whether a finding is there."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.concepts import GAD7_ITEMS, PHQ9_ITEMS, Item
from service.domain.facts import Reading as Extent
from service.fhir.reading.account import Reason
from service.fhir.reading.codes import words
from service.fhir.reading.numerals import (
    LONGEST_QUANTITY,
    Refusal,
    no_number,
    quantity_text,
    score,
    score_in,
    value_name,
)

if TYPE_CHECKING:
    from service.fhir.reading.elements import CodeableConcept, Component
    from service.fhir.reading.numerals import Number
    from service.fhir.reading.resources import Observation
    from service.terminology.answers import Asked
    from service.terminology.terminology import Terminology


class Grades:
    """Whole numbers from 0."""

    __slots__ = ("high", "low", "whole")

    def __init__(self, high: Decimal) -> None:
        """`high` is the highest."""
        self.low = Decimal(0)
        self.high = high
        self.whole = True


# The highest grade of each question; all others are answered yes or no.
_ZERO_TO_THREE: Final = Grades(Decimal(3))
_NO_OR_YES: Final = Grades(Decimal(1))
_GRADES: Final = dict.fromkeys((*PHQ9_ITEMS, *GAD7_ITEMS, Item.CMS_9_FREQUENCY), _ZERO_TO_THREE)
# Members are slow to reach through their class, and every answer asks for this one.
_RISK: Final = Item.CSSRS_RISK
_WORDS: Final = {"present": True, "absent": False}
DECLINED: Final = "asked-declined"
# Reasons for having no value that say that there is none anywhere.
NOT_MEASURED: Final = frozenset({"not-performed", "not-applicable", "not-asked", DECLINED})
_ABSENT_REASONS: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


class Answered(NamedTuple):
    """An answer as a number, and as it was sent."""

    value: int
    received: str


# Any number that stands for a risk.
_POSITIVE: Final = Answered(1, "")


def answer(holder: Observation | Component, item: Item, terminology: Terminology) -> Answered | Refusal:
    """The answer to one question."""
    concept = holder.valueCodeableConcept
    if item is _RISK:
        return _risk(holder, terminology)
    if concept is not None:
        value = coded(concept, item, terminology)
        if value is None:
            text = "The answer's code is not among those of this question; a site can map its own codes."
            return Refusal("valueCodeableConcept", Reason.CODE, text)
        return Answered(value, words(concept))
    grades = _GRADES.get(item, _NO_OR_YES)
    if holder.valueBoolean is not None and grades is _NO_OR_YES:
        return Answered(int(holder.valueBoolean), str(holder.valueBoolean).lower())
    quantity = quantity_text(holder)
    return answer_in(quantity, item) if quantity else _scored(score(holder, grades))


def _scored(found: Number | Refusal) -> Answered | Refusal:
    return found if isinstance(found, Refusal) else Answered(int(found.value), found.received)


def answer_in(quantity: bytes, item: Item) -> Answered | Refusal:
    """The answer to one question from the JSON of its valueQuantity; raises WrongTypeError."""
    return _graded(quantity, item) if len(quantity) <= LONGEST_QUANTITY else _graded_anew(quantity, item)


def _graded_anew(quantity: bytes, item: Item) -> Answered | Refusal:
    found = score_in(quantity, _GRADES.get(item, _NO_OR_YES))
    return _POSITIVE if item is _RISK else _scored(found)


# Answers take few values, and a feed spells them all alike.
_graded: Final = lru_cache(maxsize=4096)(_graded_anew)


def _risk(holder: Observation | Component, terminology: Terminology) -> Answered | Refusal:
    """Any answer but a low risk, or one that a site maps to no risk, is a positive one."""
    name = value_name(holder)
    if not name:
        return no_number(holder)
    concept = holder.valueCodeableConcept
    if concept is None:
        return Answered(1, holder.valueString or "")
    if not concept.coding and not concept.text:
        return Refusal(name, Reason.NO_VALUE, "The answer is empty.")
    return Answered(0 if coded(concept, Item.CSSRS_RISK, terminology) == 0 else 1, words(concept))


def coded(concept: CodeableConcept, asked: Asked, terminology: Terminology) -> int | None:
    """The highest number that the codings of an answer stand for; None when none of them is an answer."""
    values = [
        value
        for one in concept.coding or ()
        if (value := terminology.answer(one.system or "", one.code or "", asked)) is not None
    ]
    return max(values, default=None)


def is_there(holder: Observation | Component, terminology: Terminology) -> bool | Refusal:
    """Whether a finding that came as an Observation is there: no value says that it is."""
    if holder.valueBoolean is not None:
        return holder.valueBoolean
    concept = holder.valueCodeableConcept
    if concept is not None:
        value = coded(concept, None, terminology)
        if value is None and not concept.coding:
            value = _WORDS.get((concept.text or "").strip().lower())
        if value is None:
            value_text = "This value neither affirms nor denies the finding; send true or false, or map the code."
            return Refusal("valueCodeableConcept", Reason.CODE, value_text)
        return bool(value)
    name = value_name(holder)
    if not name:
        return True
    word = _WORDS.get((holder.valueString or "").strip().lower())
    if word is None:
        return Refusal(name, Reason.BAD_VALUE, "This value neither affirms nor denies the finding; send true or false.")
    return word


def absence(concept: CodeableConcept | None) -> Extent | None:
    """That there is no answer, told in the place of one; None for an answer."""
    for one in (concept.coding or ()) if concept is not None else ():
        if one.system == _ABSENT_REASONS:
            return Extent.DECLINED if one.code == DECLINED else Extent.ABSENT
    return None


def is_declined(reason: CodeableConcept) -> bool:
    """True when the patient was asked and would not answer."""
    return any(one.code == DECLINED for one in reason.coding or ())
