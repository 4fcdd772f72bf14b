"""The row that every code table is made of: a code, what it means here, and where that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from service.domain.rule import Code
from service.terminology.systems import LOINC, SNOMED

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)


class Tier(StrEnum):
    """How good the place is where code and display were seen together."""

    A = "A"  # an authority: HL7 guide, loinc.org, VSAC value set, OHDSI Athena export, ICD-10-CM package
    B = "B"  # an institution: laboratory catalogue, national mapping, LOINC mirror
    C = "C"  # public repositories only


A, B, C = Tier.A, Tier.B, Tier.C


@dataclass(frozen=True, slots=True)
class Row(Generic[M_co]):
    """One verified code; `means` is the thing that rules read under it."""

    system: str
    code: str
    display: str
    means: M_co
    tier: Tier
    evidence: str

    @property
    def coding(self) -> Code:
        """The row as a code with its display."""
        return Code(self.system, self.code, self.display)


def loinc(code: str, display: str, means: M, tier: Tier, evidence: str) -> Row[M]:
    """A row of a LOINC table."""
    return Row(LOINC, code, display, means, tier, evidence)


def snomed(code: str, display: str, means: M, tier: Tier, evidence: str) -> Row[M]:
    """A row of a SNOMED CT table."""
    return Row(SNOMED, code, display, means, tier, evidence)
