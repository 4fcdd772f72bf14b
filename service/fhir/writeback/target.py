"""What is written to a server: Flag and CarePlan, else a Task, else nothing; by what it says, or the site knows."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.fhir.client.capability import Capability
    from service.settings import FhirServer

NOTHING_TAKEN = (
    "its CapabilityStatement does not offer to create and update Flag and CarePlan, nor Task; if it takes them all "
    "the same, the operator sets `write_as` for it in MOODMARKER_SERVERS"
)
NOTHING_WANTED = "the operator has set `write_as` to none for it in MOODMARKER_SERVERS"


class Target(StrEnum):
    """The form of what is stored."""

    FLAG = "flag"
    TASK = "task"
    NONE = "none"


def target_of(server: FhirServer, capability: Capability) -> tuple[Target, str]:
    """The target, and for none the reason."""
    if server.write_as is not None:
        target = Target(server.write_as)
        return target, NOTHING_WANTED if target is Target.NONE else ""
    if capability.stores("Flag") and capability.stores("CarePlan"):
        return Target.FLAG, ""
    if capability.stores("Task"):
        return Target.TASK, ""
    return Target.NONE, NOTHING_TAKEN


def chooses_ids(server: FhirServer, capability: Capability, resource_type: str) -> bool:
    """Whether a resource may be stored under an id that we choose."""
    return capability.of(resource_type).update_create if server.update_create is None else server.update_create


def checks_existence(server: FhirServer, capability: Capability, resource_type: str) -> bool:
    """Whether If-None-Exist with our identifier keeps a second one from being stored."""
    if server.conditional_create is not None:
        return server.conditional_create
    known = capability.of(resource_type)
    # A server that cannot search by identifier would take any Flag for ours, or all of them.
    return known.conditional_create and "identifier" in known.search_parameters
