"""What the service asks a FHIR server to be allowed: to read what rules read, and more only where a site wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.fhir.client.searches import Reach
    from service.settings import FhirServer

_READ: Final = "rs"
_WRITE: Final = "crus"
_SUBSCRIBE: Final = "cruds"
# What is fetched beside the searches: the patient, and the medicines that records refer to.
_BESIDE: Final = ("Medication", "Patient")
_FLAGS: Final = ("CarePlan", "Flag", "Provenance")
_TASKS: Final = ("Provenance", "Task")
_WRITTEN: Final = {"flag": _FLAGS, "task": _TASKS, "none": (), None: (*_FLAGS, *_TASKS)}


def permissions(server: FhirServer, reaches: Iterable[Reach], *, subscribes: bool) -> dict[str, str]:
    """The permissions, as letters of `cruds`, by resource type; what a site calls not searched is not to be read."""
    read = {*_BESIDE, *(reach.resource_type for reach in reaches)} - server.not_searched
    wanted = dict.fromkeys(read, _READ)
    if server.write:
        wanted |= dict.fromkeys(_WRITTEN[server.write_as], _WRITE)
    if subscribes:
        wanted["Subscription"] = _SUBSCRIBE
    return wanted
