"""Spans, bands and limits that the words share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from service.domain.days import Span

ZERO = timedelta(0)
DAY = timedelta(days=1)
FRESH = timedelta(days=30)
BASELINE_LOOKBACK = Span("baseline-lookback", 90, 60, 180)
BASELINE_GAP = Span("baseline-gap", 14, 7, 28)
STALE_BASELINE = timedelta(days=365)
QUIET = timedelta(days=90)
PAIR = Span("pair-window", 30, 7, 60)


class Band(StrEnum):
    """A band of an instrument that a score may reach."""

    ANY = "any score"
    MILD = "mild"
    ELEVATED = "elevated"


class MarkerClass(StrEnum):
    """Classes of a CRP value; INDETERMINATE intervals straddle a limit and are not readable."""

    LOW = "low"
    LOW_GRADE = "low-grade"
    HIGH = "high"
    INDETERMINATE = "indeterminate"


READABLE = (MarkerClass.LOW, MarkerClass.LOW_GRADE, MarkerClass.HIGH)


@dataclass(frozen=True, slots=True, eq=False)
class MarkerLimits:
    """Where low ends and high begins, in the analyte's unit: low is at most `low`, high is above `high`."""

    low: Decimal
    high: Decimal


CRP_LIMITS = MarkerLimits(Decimal("3.0"), Decimal("10.0"))
