"""Findings as an evaluation gives them."""

from __future__ import annotations

from service.domain.facts import Source
from service.domain.findings import FlagFinding, FlagState
from service.domain.rule import Priority
from service.rules import RULES


def source(reference: str) -> Source:
    return Source(reference, f"Bundle.entry.where({reference})")


def finding(*evidence: Source, identifier: str = "a" * 40, priority: Priority = Priority.PM) -> FlagFinding:
    return FlagFinding(
        rule=RULES[2],
        identifier=identifier,
        state=FlagState.ACTIVE,
        priority=priority,
        start=739_000,
        end=None,
        sentence="A sentence.",
        evidence=evidence or (source("Observation/phq"), source("Observation/crp")),
    )
