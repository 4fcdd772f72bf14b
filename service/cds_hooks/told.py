"""How each finding was told in the answer to a hook, in the words that a record of it uses."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.cds_hooks.ranking import Ranked
    from service.domain.findings import FlagFinding


class Told(StrEnum):
    """On a card of its own (or its rule's), on the one that gathers the rest, left out as told before, or not at all.

    What was told before may be named on a reminder. What has ended has no card.
    """

    CARD = "card"
    FOLDED = "folded"
    REMINDED = "reminded"
    REPEATED = "repeated"
    UNTOLD = "untold"


def told_of(
    flags: Sequence[FlagFinding], shown: Ranked, reminded: Iterable[FlagFinding], repeated: frozenset[str]
) -> tuple[str, ...]:
    """How each of the findings was told; `repeated` are the identifiers of those that were told before."""
    # Two findings may have one identifier.
    how = {id(flag): Told.REMINDED for flag in reminded}
    how |= {id(flag): Told.FOLDED for flag in shown.together}
    how |= {id(flag): Told.CARD for of_rule in shown.alone for flag in of_rule}
    return tuple(how.get(id(flag), _left_out(flag, repeated)).value for flag in flags)


def _left_out(flag: FlagFinding, repeated: frozenset[str]) -> Told:
    return Told.REPEATED if flag.is_open and flag.identifier in repeated else Told.UNTOLD
