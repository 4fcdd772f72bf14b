"""Three verdicts and how they combine (Kleene's strong logic)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(IntEnum):
    """What a criterion or a rule says of a patient; the order is the one that `and` (min) and `or` (max) need."""

    NOT_MET = 0
    UNKNOWN = 1
    MET = 2

    @property
    def negated(self) -> Verdict:
        """The verdict of the opposite statement; UNKNOWN stays UNKNOWN."""
        return _NEGATED[self]


_NEGATED = (Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET)


def at_least_n_of(verdicts: Iterable[Verdict], n: int) -> Verdict:
    """MET when `n` are MET; NOT_MET when even the UNKNOWN ones could not make `n`; else UNKNOWN."""
    met = possible = 0
    for verdict in verdicts:
        met += verdict is Verdict.MET
        possible += verdict is not Verdict.NOT_MET
    if met >= n:
        return Verdict.MET
    return Verdict.UNKNOWN if possible >= n else Verdict.NOT_MET
