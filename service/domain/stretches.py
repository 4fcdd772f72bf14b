"""For how long a medicine was used: its records, put together where they follow closely on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.domain.concepts import DrugGroup
from service.domain.days import EARLIEST
from service.domain.facts import Chart, Exposure

if TYPE_CHECKING:
    from service.domain.facts import Source

BRIDGE = 30
NEW_AFTER = 90


class Stretch(NamedTuple):
    """A stretch of use of one ingredient; `new` None: whether it was begun then cannot be told.

    `older` is the older medicine record by which it can be told.
    """

    ingredient: str
    group: DrugGroup
    start: int
    end: int
    new: bool | None
    records: tuple[Exposure, ...]
    older: Source | None = None

    @property
    def shown_by(self) -> tuple[Source, ...]:
        """What shows that it was begun then."""
        records = dict.fromkeys(exposure.source for exposure in self.records)
        return (*records, self.older) if self.older is not None else tuple(records)


def stretches(exposures: list[Exposure], today: int, chart: Chart) -> list[Stretch]:
    """The stretches of use in order; what has not ended goes on `today`, and `chart` tells how far back records go."""
    exposures.sort(key=lambda e: (e.start, e.source.rank))
    found: list[Stretch] = []
    run: list[Exposure] = []
    end = previous_end = EARLIEST
    for exposure in exposures:
        start = exposure.start or EARLIEST
        if run and start - end - 1 > BRIDGE:
            found.append(_stretch(run, end, previous_end, chart))
            run, previous_end = [], end
        run.append(exposure)
        end = max(end, today if exposure.end is None else exposure.end, start)
    found.append(_stretch(run, end, previous_end, chart))
    return found


def _stretch(run: list[Exposure], end: int, previous_end: int, chart: Chart) -> Stretch:
    first = run[0]
    start = first.start or EARLIEST
    new: bool | None = start - previous_end - 1 >= NEW_AFTER
    if new and not any(e.stated_start for e in run if e.start == start):
        oldest = chart.oldest_medicine
        if oldest is None or oldest > start - NEW_AFTER:
            return Stretch(first.ingredient, first.group, start, end, None, tuple(run))
        return Stretch(first.ingredient, first.group, start, end, new, tuple(run), chart.oldest_medicine_source)
    return Stretch(first.ingredient, first.group, start, end, new, tuple(run))
