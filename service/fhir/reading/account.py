"""What reading gives back: the facts, an account of every entry, and what was refused and why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from service.domain.facts import Chart


class Reason(StrEnum):
    """Why an entry, or a part of one, was refused; a refused status is told as `status-<code>`."""

    WRONG_TYPE = "wrong-type"
    TOO_DEEP = "too-deep"
    STRICT = "not-valid-fhir"
    MODIFIER = "modifier-extension"
    IMPLICIT_RULES = "implicit-rules"
    NOT_DONE = "not-done"
    DO_NOT_PERFORM = "do-not-perform"
    INTENT = "intent"
    REFUTED = "refuted"
    NO_SUBJECT = "no-subject"
    NOT_A_PATIENT = "subject-not-a-patient"
    ABOUT_ANOTHER = "focus"
    NO_DATE = "no-date"
    BAD_DATE = "invalid-date"
    NO_VALUE = "no-value"
    BAD_VALUE = "value"
    ABSENT = "absent"
    UNIT = "unit"
    COMPARATOR = "comparator"
    OUT_OF_RANGE = "out-of-range"
    CODE = "code"
    NOT_COMPARABLE = "not-comparable"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


class Rejection(NamedTuple):
    """Something that was refused: where (a FHIRPath rooted at the Bundle), why, and how to mend it.

    `safety` marks entries whose code is about suicide. An entry that gave other facts may still have refused parts.
    """

    expression: str
    reason_code: str
    text: str
    safety: bool = False


class Account(NamedTuple):
    """Every entry counted once: `received` = `used` + `not_read` + the sum of `rejected` (by reason)."""

    received: int
    used: int
    not_read: int
    rejected: dict[str, int]


class Reading:
    """What was read of one Bundle; rejections that are about suicide come first.

    `prior_flags_raw` and `prior_plans_raw` hold our own Flags and CarePlans as received, by the number of their entry.
    """

    __slots__ = ("account", "chart", "prior_flags_raw", "prior_plans_raw", "rejections")

    def __init__(
        self,
        chart: Chart,
        rejections: tuple[Rejection, ...],
        account: Account,
        prior_flags_raw: dict[int, bytes],
        prior_plans_raw: dict[int, bytes],
    ) -> None:
        self.chart = chart
        self.rejections = rejections
        self.account = account
        self.prior_flags_raw = prior_flags_raw
        self.prior_plans_raw = prior_plans_raw

    def of(self, chart: Chart) -> Reading:
        """The same account with another chart."""
        return Reading(chart, self.rejections, self.account, self.prior_flags_raw, self.prior_plans_raw)
