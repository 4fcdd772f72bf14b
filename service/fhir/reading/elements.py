"""The FHIR data types, with only the elements that are read.

Numbers, and whatever is looked at in few resources, stay raw JSON until somebody asks: `msgspec.Raw()` is absent.
"""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct

ABSENT: Final = Raw()
NULL: Final = Raw(b"null")


def given(raw: Raw) -> bool:
    """True when an element that was left raw is there and is not null."""
    return raw is not ABSENT and raw != NULL


def modifies(raw: Raw) -> bool:
    """True when a modifierExtension is there and holds anything."""
    return given(raw) and bytes(raw).translate(None, b" \t\r\n") != b"[]"


class Element(Struct, gc=False):
    """Anything in FHIR; unknown elements pass."""


class Coding(Element):
    """A code in its system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element):
    """Codings that mean the same, and words for it."""

    coding: list[Coding] | None = None
    text: str | None = None


class Key(Element):
    """A code in its system and nothing else."""

    system: str | None = None
    code: str | None = None


class Code(Element):
    """What an Observation is about; the words for it are looked at in few of them."""

    coding: list[Key] | None = None
    text: Raw = ABSENT


class Identifier(Element):
    """A business identifier."""

    system: str | None = None
    value: str | None = None


class Reference(Element):
    """A literal reference, or an identifier where there is none."""

    reference: str | None = None
    type: str | None = None
    identifier: Raw = ABSENT
    display: str | None = None


class Period(Element):
    """From one time to another, either of which may be missing."""

    start: str | None = None
    end: str | None = None


class Quantity(Element):
    """A number as it was written, with its unit."""

    value: Raw = ABSENT
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Ratio(Element):
    """A titre such as 1:10."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Meta(Element):
    """Version, security labels and tags."""

    versionId: str | None = None
    lastUpdated: str | None = None
    security: list[Coding] | None = None
    tag: list[Coding] | None = None


class ReferenceRange(Element):
    """What a laboratory calls usual."""

    modifierExtension: Raw = ABSENT
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None


class Extension(Element):
    """An extension, with the values that ours have."""

    url: str | None = None
    valueReference: Reference | None = None
    valueCodeableConcept: CodeableConcept | None = None
    valueCode: str | None = None
    valueString: str | None = None
    extension: Raw = ABSENT


class Link(Element):
    """A link of a Bundle."""

    relation: str | None = None


class Search(Element):
    """Why an entry of a search result is there."""

    mode: str | None = None


class Repeat(Element):
    """How long a medicine is to be taken."""

    boundsPeriod: Period | None = None
    boundsDuration: Quantity | None = None


class Timing(Element):
    """When a medicine is to be taken."""

    modifierExtension: Raw = ABSENT
    repeat: Repeat | None = None


class Dosage(Element):
    """How a medicine is given."""

    modifierExtension: Raw = ABSENT
    timing: Timing | None = None
    route: CodeableConcept | None = None


class DispenseRequest(Element):
    """What a prescription lets a pharmacy hand out."""

    modifierExtension: Raw = ABSENT
    validityPeriod: Period | None = None
    numberOfRepeatsAllowed: Raw = ABSENT
    expectedSupplyDuration: Quantity | None = None


class Ingredient(Element):
    """A part of a Medication."""

    modifierExtension: Raw = ABSENT
    itemCodeableConcept: CodeableConcept | None = None
    itemReference: Reference | None = None


class Component(Element):
    """A part of an Observation."""

    modifierExtension: Raw = ABSENT
    code: Code | None = None
    valueQuantity: Raw = ABSENT
    valueCodeableConcept: CodeableConcept | None = None
    valueString: str | None = None
    valueBoolean: bool | None = None
    valueInteger: Raw = ABSENT
    valueRatio: Ratio | None = None
    dataAbsentReason: CodeableConcept | None = None
    interpretation: Raw = ABSENT
    referenceRange: Raw = ABSENT


class Diagnosis(Element):
    """A diagnosis of an Encounter, which is a Condition somewhere else."""

    modifierExtension: Raw = ABSENT
    condition: Reference | None = None


class Answered(Element):
    """One answer of a QuestionnaireResponse."""

    modifierExtension: Raw = ABSENT
    valueBoolean: bool | None = None
    valueDecimal: Raw = ABSENT
    valueInteger: Raw = ABSENT
    valueString: str | None = None
    valueCoding: Coding | None = None
    valueQuantity: Raw = ABSENT
    item: list[AnsweredItem] | None = None


class AnsweredItem(Element):
    """One question of a QuestionnaireResponse with its answers."""

    modifierExtension: Raw = ABSENT
    linkId: str | None = None
    definition: str | None = None
    text: str | None = None
    answer: list[Answered] | None = None
    item: list[AnsweredItem] | None = None


class QuestionnaireItem(Element):
    """One question of a Questionnaire."""

    linkId: str | None = None
    definition: str | None = None
    code: list[Coding] | None = None
    item: list[QuestionnaireItem] | None = None
