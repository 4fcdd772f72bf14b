"""What one criterion said of one patient: verdict, evidence, and the raw values a sentence can be made of later."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from service.domain.criteria import Criterion
    from service.domain.facts import Source
    from service.domain.verdict import Verdict


class Want(StrEnum):
    """Why something is unknown."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNDATED = "undated"
    NOT_COVERED = "not-covered"


class Lack(NamedTuple):
    """What was missing, in words that name the remedy."""

    want: Want
    text: str


# What an outcome without values has; nobody changes it.
NO_VALUES: Final[dict[str, Any]] = {}


class Outcome:
    """One step of the trace; nests in the shape of the criterion.

    `day` is the date on which the criterion held (t0 for what is paired with it), None when it has none.
    `values` are raw values for the sentence, by name; text is rendered only when somebody reads it.
    `lacks` says what was missing when UNKNOWN. `weak` is True when a baseline was stale or absent.
    Nothing changes it; it is no tuple, since its parts are asked for too often.
    """

    __slots__ = ("criterion", "day", "inner", "lacks", "used", "values", "verdict", "weak")

    def __init__(
        self,
        criterion: Criterion,
        verdict: Verdict,
        day: int | None = None,
        used: tuple[Source, ...] = (),
        values: dict[str, Any] = NO_VALUES,
        inner: tuple[Outcome, ...] = (),
        lacks: tuple[Lack, ...] = (),
        weak: bool = False,
    ) -> None:
        self.criterion = criterion
        self.verdict = verdict
        self.day = day
        self.used = used
        self.values = values
        self.inner = inner
        self.lacks = lacks
        self.weak = weak

    def _replace(self, **changes: Any) -> Outcome:
        """The same with other parts."""
        return Outcome(**{name: getattr(self, name) for name in self.__slots__} | changes)


class Entry(NamedTuple):
    """One dated entry behind an outcome of which each date counts (suicidality, acute presentations)."""

    day: int
    date: str
    source: Source
    text: str
    criterion: Criterion
