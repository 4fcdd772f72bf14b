"""Laboratory, bedside and imaging results: numbers in the canonical unit, and positive or negative findings."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

import msgspec

from service.domain.analytes import CRP, PROCALCITONIN, SODIUM, TEMPERATURE
from service.domain.facts import Result
from service.fhir.reading.account import Reason
from service.fhir.reading.answering import coded
from service.fhir.reading.codes import words
from service.fhir.reading.elements import CodeableConcept, given
from service.fhir.reading.numerals import Refusal, no_number, number, value_name
from service.fhir.reading.quantities import as_sent, is_above_range, measure
from service.fhir.reading.shapes import part

if TYPE_CHECKING:
    from service.domain.analytes import Analyte
    from service.domain.facts import Source
    from service.fhir.reading.dates import Moment
    from service.fhir.reading.elements import Component
    from service.fhir.reading.resources import Observation
    from service.terminology.meanings import Meaning
    from service.terminology.terminology import Terminology

INTERPRETATIONS: Final = msgspec.json.Decoder(list[CodeableConcept])
# What the laboratory that measured these thinks of them is not asked for: the rules have limits of their own.
_JUDGED_BY_FIXED_LIMITS: Final = frozenset({CRP, PROCALCITONIN, SODIUM, TEMPERATURE})
_new: Final = tuple.__new__
_MARKS: Final = frozenset({"H", "HH", "A"})
_POSITIVE, _NEGATIVE = "POS", "NEG"
_TITRE: Final = re.compile(r"\s*(?P<comparator>[<>]=?)?\s*1\s*:\s*(?P<value>\d{1,9})\s*", re.ASCII)


def quantitative(holder: Observation | Component, meaning: Meaning, when: Moment, source: Source) -> Result | Refusal:
    """A result with a number; a refusal names the element and the reason."""
    _, target, assay, refusal = meaning
    if refusal:
        return Refusal("code", Reason.NOT_COMPARABLE, refusal)
    analyte: Analyte = target  # type: ignore[assignment]  # as the kind says
    found = measure(holder, analyte)
    if isinstance(found, Refusal):
        return found
    value, received, conversion = found
    first, last, instant = when
    above = marked = False
    if analyte not in _JUDGED_BY_FIXED_LIMITS:
        above = given(holder.referenceRange) and is_above_range(holder, value, conversion, analyte)
        marked = given(holder.interpretation) and not _MARKS.isdisjoint(_interpretation(holder))
    fields = (analyte, value, first, last, instant, source, received, "", assay, above, marked, None)
    return _new(Result, fields)


def refused(
    holder: Observation | Component, meaning: Meaning, when: Moment, source: Source, refusal: Refusal
) -> Result:
    """A result without a usable value: that it was made, and what the laboratory says of it all the same."""
    analyte = cast("Analyte", meaning.target)
    first, last, instant = when
    received, above, marked = "", False, False
    if not meaning.refusal and analyte not in _JUDGED_BY_FIXED_LIMITS:
        marked = given(holder.interpretation) and not _MARKS.isdisjoint(_interpretation(holder))
        if refusal.reason == Reason.UNIT:
            received, above = as_sent(holder)
    fields = (analyte, None, first, last, instant, source, received, refusal.text, meaning.assay, above, marked, None)
    return _new(Result, fields)


def qualitative(
    holder: Observation | Component, meaning: Meaning, when: Moment, source: Source, terminology: Terminology
) -> Result | Refusal:
    """A result that is positive or negative: by its value, a titre, or the interpretation."""
    analyte = cast("Analyte", meaning.target)
    positive, received = _positive(holder, analyte, terminology)
    codes = _interpretation(holder) if given(holder.interpretation) else frozenset()
    marked = not _MARKS.isdisjoint(codes)
    if positive is None:
        positive = True if _POSITIVE in codes else False if _NEGATIVE in codes else None
    if positive is None and not marked:
        if not value_name(holder):
            return no_number(holder)
        text = "This value says neither positive nor negative; send a mapped code, a titre, or the interpretation."
        return Refusal(value_name(holder), Reason.BAD_VALUE, text)
    first, last, instant = when
    return Result(analyte, None, first, last, instant, source, received, marked=marked, positive=positive)


def _interpretation(holder: Observation | Component) -> frozenset[str]:
    return frozenset(
        one.code
        for concept in part(INTERPRETATIONS, holder.interpretation, "interpretation")
        for one in concept.coding or ()
        if one.code
    )


def _positive(holder: Observation | Component, analyte: Analyte, terminology: Terminology) -> tuple[bool | None, str]:
    if holder.valueBoolean is not None:
        return holder.valueBoolean, str(holder.valueBoolean).lower()
    concept = holder.valueCodeableConcept
    if concept is not None:
        value = coded(concept, analyte, terminology)
        return None if value is None else bool(value), words(concept)
    limit = terminology.positive_titre(analyte)
    titre = _titre(holder)
    if limit is None or titre is None:
        return None, holder.valueString or ""
    comparator, found = titre
    received = f"{comparator}1:{found}"
    if comparator in ("", ">", ">=") and found >= limit:
        return True, received
    # '<1:10' lies below the limit, '>1:5' may lie on either side of it.
    below = found <= limit if comparator == "<" else found < limit
    return (False if below and comparator in ("", "<", "<=") else None), received


def _titre(holder: Observation | Component) -> tuple[str, Decimal] | None:
    """The comparator and the 320 of 1:320, from a Ratio or a string."""
    ratio = holder.valueRatio
    if ratio is not None:
        one = number(ratio.numerator.value) if ratio.numerator else None
        many = number(ratio.denominator.value) if ratio.denominator else None
        if one is None or many is None or one.value != 1:
            return None
        # A bound on the ratio would turn around on its denominator, so only one on the denominator is read.
        has_bound = ratio.numerator is not None and ratio.numerator.comparator
        return None if has_bound else ((ratio.denominator.comparator if ratio.denominator else None) or "", many.value)
    found = _TITRE.fullmatch(holder.valueString or "")
    return (found["comparator"] or "", Decimal(found["value"])) if found else None
