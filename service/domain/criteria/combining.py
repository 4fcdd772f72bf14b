"""Words that combine others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.domain.criteria import Criterion


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """Every criterion holds."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """At least one criterion holds; the first that does gives day and wording, or with `earliest`, the earliest."""

    criteria: tuple[Criterion, ...]
    earliest: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """At least `n` of the criteria hold."""

    n: int
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The criterion does not hold."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """`then` holds at the day on which `first` held.

    `first_decides`: an unknown `first` makes the pair unknown whatever `then` says; otherwise `then` is asked
    for every day that `first` could have, and may settle the pair as not met. `each`: where `first` has several
    dated entries, any of their days will do.
    """

    first: Criterion
    then: Criterion
    first_decides: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """A named criterion that several rules share."""

    name: str
    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Now:
    """The criterion holds at the as-of day, whatever t0 is."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Documented:
    """`positive` holds; not met only when `negative` holds; otherwise unknown, since silence proves nothing.

    A `negative` settles it although other questions were not asked, but not against an undated or uncovered positive.
    """

    positive: Criterion
    negative: Criterion | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WhenMeasured:
    """The criterion holds; a measurement that was simply not made counts as not met."""

    criterion: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class NoneMet:
    """No rule named here is met for this patient (unknown ones do not count)."""

    rules: tuple[str, ...]
