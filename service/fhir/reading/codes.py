"""Concepts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.fhir.reading.elements import CodeableConcept


def words(concept: CodeableConcept | None) -> str:
    """A concept in words, else its first code."""
    if concept is None:
        return ""
    if concept.text:
        return concept.text
    return next((one.display or one.code or "" for one in concept.coding or ()), "")
