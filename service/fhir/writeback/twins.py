"""Several open resources of one identifier: one that nobody has changed gives way, one that somebody has stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from service.domain.closing import DUPLICATE, ENTERED_IN_ERROR
from service.fhir.addresses import CARE_PLAN_SID, FLAG_SID
from service.fhir.writeback.heads import head_of
from service.fhir.writing.received import ReceivedResource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from service.fhir.reading.account import Reading
    from service.fhir.writeback.heads import Head
    from service.fhir.writing.elements import Json

# The identifier that a type carries, and the status in which it is open, and nobody deals with it.
OURS: Final = {"Flag": (FLAG_SID, "active"), "CarePlan": (CARE_PLAN_SID, "draft"), "Task": (FLAG_SID, "requested")}
# What differs between two that say the same: where each is stored, and when each was written.
_OF_ITSELF: Final = frozenset({"id", "meta", "created", "authoredOn"})
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_encode: Final = msgspec.json.Encoder().encode


class Twin(NamedTuple):
    """A resource that is one too many, and the one that stays."""

    head: Head
    kept: Head


class Twins(NamedTuple):
    """The twins of one patient: those that are `gone`, and those `standing` that are nobody's to take away."""

    gone: tuple[Twin, ...] = ()
    standing: tuple[Twin, ...] = ()

    def beside(self, other: Twins) -> Twins:
        """Both together."""
        return Twins((*self.gone, *other.gone), (*self.standing, *other.standing))


async def sort_twins(heads: Iterable[Head], is_as_created: Callable[[Head], Awaitable[bool]]) -> Twins:
    """Which of the open ones give way; `is_as_created` is asked only where two of one identifier differ."""
    groups: dict[tuple[str, str], list[Head]] = {}
    for head in sorted(heads, key=lambda head: head.age):
        system, status = OURS[head.resource_type]
        identifier = head.named(system)
        if identifier and head.status == status:
            groups.setdefault((head.resource_type, identifier), []).append(head)
    twins = Twins()
    for group in groups.values():
        if len(group) > 1:
            twins = twins.beside(await _sorted(group, is_as_created))
    return twins


async def nobody_knows(_head: Head) -> bool:
    """For resources that were stored this very moment: whether somebody has changed one cannot be looked up."""
    return False


async def _sorted(group: Sequence[Head], is_as_created: Callable[[Head], Awaitable[bool]]) -> Twins:
    """The first that was stored stays, unless somebody has changed another one: then that stays."""
    kept, gone, standing = [group[0]], [], []
    rest = group[1:]
    if any(_said(head) != _said(group[0]) for head in rest):
        untouched = [head for head in group if await is_as_created(head)]
        first, *rest = sorted(group, key=lambda head: head in untouched)
        kept = [first]
    else:
        untouched = []
    for head in rest:
        same = next((one for one in kept if _said(one) == _said(head)), None)
        if same is not None or head in untouched:
            gone.append(Twin(head, same or kept[0]))
        else:
            standing.append(Twin(head, kept[0]))
            kept.append(head)
    return Twins(tuple(gone), tuple(standing))


def _said(head: Head) -> dict[str, Any]:
    return {name: value for name, value in _decode(head.raw).items() if name not in _OF_ITSELF}


def heads_in(reading: Reading) -> dict[int, Head]:
    """Our own Flags and CarePlans by their entry; what has no id is nobody's twin."""
    raws = (reading.prior_flags_raw, reading.prior_plans_raw)
    return {entry: head for held in raws for entry, raw in held.items() if (head := head_of(raw)) is not None}


def set_aside(reading: Reading, twins: Twins) -> Reading:
    """The reading without what gives way."""
    if not twins.gone:
        return reading
    gone = {(twin.head.resource_type, twin.head.id) for twin in twins.gone}
    entries = {entry for entry, head in heads_in(reading).items() if (head.resource_type, head.id) in gone}
    rest = reading.chart._replace(
        flags=tuple(flag for flag in reading.chart.flags if flag.entry not in entries),
        plans=tuple(plan for plan in reading.chart.plans if plan.entry not in entries),
    )
    return reading.of(rest)


def withdrawn(head: Head) -> Json:
    """The resource as entered in error by us, and otherwise as it is; of a Task, the Flag within it is marked."""
    resource = ReceivedResource(head.raw)
    if head.resource_type == "Task":
        resource.replace("status", ENTERED_IN_ERROR)
        inside = resource.value("contained") or ()
        resource.replace("contained", [_withdrawn_inside(one) for one in inside])
    else:
        resource.end(ENTERED_IN_ERROR, DUPLICATE)
    return resource.members


def _withdrawn_inside(contained: Json) -> Json:
    if contained.get("resourceType") != "Flag":
        return contained
    flag = ReceivedResource(_encode(contained))
    flag.end(ENTERED_IN_ERROR, DUPLICATE)
    return flag.members
