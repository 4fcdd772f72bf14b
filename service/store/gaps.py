"""The arithmetic of event numbers: which are new, which came before, and which never came.

Numbers begin at 1 with a subscription and grow by one an event. In doubt an event counts as new: work that is
done twice is cheaper than a patient who is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_MISSING: Final = 1000
# An integer64 of FHIR, and a BIGINT of SQL.
LARGEST: Final = 2**63 - 1


class Progress(NamedTuple):
    """Everything up to `last_event` was accepted, save what is `missing`, or in doubt if a resync is needed."""

    last_event: int | None = None
    missing: tuple[int, ...] = ()
    needs_resync: bool = False
    resyncs: int = 0


class Arrival(NamedTuple):
    """The events of one notice that are new, and the progress with them."""

    progress: Progress
    new: frozenset[int]


def told_of(progress: Progress, counter: int) -> Progress:
    """Progress after a handshake or heartbeat: what it counts past the last event is missing.

    A lower count means that the server began anew, and what it counted since may never have come.
    """
    _require_numbers(counter)
    if counter < (progress.last_event or 0):
        return _in_doubt(progress, counter)
    return _reach(progress, counter, frozenset())


def arrived(progress: Progress, events: Iterable[int], counter: int | None, *, unseen: bool) -> Arrival:
    """What a notice brings; `unseen` says that it tells of something that nobody has told of before."""
    numbers = frozenset(events)
    _require_numbers(*numbers, *(() if counter is None else (counter,)))
    new = frozenset(number for number in numbers if _is_new(progress, number))
    if unseen and not new and counter is not None and counter < (progress.last_event or 0):
        # Numbers of old that tell of something else: the server began anew without a handshake.
        return Arrival(_in_doubt(progress, max(counter, *numbers, 0)), numbers)
    if unseen and not new:
        return Arrival(progress, numbers)
    if not numbers and counter is None:
        return Arrival(progress, new)
    return Arrival(_reach(progress, max((counter or 0, *numbers)), numbers), new)


def closed(progress: Progress, events: Iterable[int]) -> Progress:
    """Progress when events that were missing have been recovered."""
    found = frozenset(events)
    return progress._replace(missing=tuple(number for number in progress.missing if number not in found))


def _require_numbers(*numbers: int) -> None:
    if not all(0 <= number <= LARGEST for number in numbers):
        raise ValueError("event numbers and counters are whole numbers from 0 to 2^63 - 1")


def _is_new(progress: Progress, number: int) -> bool:
    last = progress.last_event
    return last is None or number > last or number in progress.missing or progress.needs_resync


def _reach(progress: Progress, top: int, present: frozenset[int]) -> Progress:
    """Progress up to `top`, which never goes back; numbers in between that are not present are missing."""
    last = progress.last_event or 0
    still = set(progress.missing) - present
    # Counted before they are listed: a wrong number may lie quintillions ahead.
    between = max(0, top - last) - sum(last < number <= top for number in present)
    if len(still) + between > MOST_MISSING:
        return _in_doubt(progress, max(top, last))
    still.update(number for number in range(last + 1, top + 1) if number not in present)
    return progress._replace(last_event=max(top, last), missing=tuple(sorted(still)))


def _in_doubt(progress: Progress, last: int) -> Progress:
    return Progress(last, (), needs_resync=True, resyncs=progress.resyncs + 1)
