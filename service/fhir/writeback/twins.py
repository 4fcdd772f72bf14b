"""Two open resources of one identifier: the one that was stored first stays, the others were an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from service.fhir.addresses import CARE_PLAN_SID, FLAG_SID
from service.fhir.reading.account import Reading
from service.fhir.writeback.heads import head_of
from service.fhir.writing.received import ReceivedResource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.fhir.writeback.heads import Head
    from service.fhir.writing.elements import Json

# The identifier that a type carries, and the status in which nobody but us has had a hand in it.
OURS: Final = {"Flag": (FLAG_SID, "active"), "CarePlan": (CARE_PLAN_SID, "draft"), "Task": (FLAG_SID, "requested")}


class Twin(NamedTuple):
    """A resource that is one too many, and the one that stays."""

    head: Head
    kept: Head


def twins_among(heads: Iterable[Head]) -> list[Twin]:
    """The open ones whose identifier an older open one has."""
    groups: dict[tuple[str, str], list[Head]] = {}
    for head in sorted(heads, key=lambda head: head.age):
        system, status = OURS[head.resource_type]
        identifier = head.named(system)
        if identifier and head.status == status:
            groups.setdefault((head.resource_type, identifier), []).append(head)
    return [Twin(head, oldest) for oldest, *others in groups.values() for head in others]


def set_aside(reading: Reading) -> tuple[Reading, list[Twin]]:
    """The reading without the twins among our own Flags and CarePlans, and those twins."""
    chart = reading.chart
    raws = (reading.prior_flags_raw, reading.prior_plans_raw)
    heads = {entry: head for held in raws for entry, raw in held.items() if (head := head_of(raw)) is not None}
    twins = twins_among(heads.values())
    if not twins:
        return reading, []
    gone = {id(twin.head) for twin in twins}
    entries = {entry for entry, head in heads.items() if id(head) in gone}
    rest = chart._replace(
        flags=tuple(flag for flag in chart.flags if flag.entry not in entries),
        plans=tuple(plan for plan in chart.plans if plan.entry not in entries),
    )
    return Reading(rest, reading.rejections, reading.account, *raws), twins


def withdrawn(head: Head) -> Json:
    """The resource as entered in error, and otherwise as it is."""
    resource = ReceivedResource(head.raw)
    resource.replace("status", "entered-in-error")
    return resource.members
