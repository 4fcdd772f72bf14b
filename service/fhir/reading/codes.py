"""Concepts in words, and what an Observation is about in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from service.fhir.reading.elements import ABSENT, given

if TYPE_CHECKING:
    from service.fhir.reading.elements import CodeableConcept, Component
    from service.fhir.reading.resources import Observation
    from service.terminology.terminology import Terminology

_LOINC_CODE: Final = re.compile(r"\d{1,7}-\d", re.ASCII)


def words(concept: CodeableConcept | None) -> str:
    """A concept in words, else its first code."""
    if concept is None:
        return ""
    if concept.text:
        return concept.text
    return next((one.display or one.code or "" for one in concept.coding or ()), "")


def question(terminology: Terminology, holder: Observation | Component) -> str:
    """What an Observation or component is about in words: its own, else those of its first known code."""
    code = holder.code
    if code is None:
        return ""
    if code.text is not ABSENT and given(code.text):
        text = msgspec.json.decode(code.text)
        if isinstance(text, str) and text:
            return text
    for one in code.coding or ():
        shown = terminology.display(one.system or "", one.code or "")
        if shown:
            return shown
    return ""


def loinc_of(link: str) -> str:
    """The LOINC code that a linkId is, as such or as the end of a path such as `/44249-1/44260-8`; else empty."""
    code = link.rpartition("/")[2] if link.startswith("/") else link
    return code if _LOINC_CODE.fullmatch(code) else ""


def bare(code: str) -> str:
    """A code without the blanks around it, and without signs that nobody can see."""
    return (code if code.isprintable() else "".join(filter(str.isprintable, code))).strip()


def is_padded(code: str | None) -> bool:
    """Whether a code holds more than it would if it were well spelled."""
    return code is not None and not (code.isprintable() and code == code.strip())


def label(system: str, code: str, display: str) -> tuple[str, str, str]:
    """A security label; what we mark with it has to be valid, so that its code is told without blanks."""
    return system, bare(code), display
