"""The discovery document: one service, under each hook that it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from service.cds_hooks.names import HOOKS, SERVICE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.cds_hooks.templates import Template

# Of the specification, as 3.0 has it; clients of 2.0 do not look for it.
_VERSION: Final = "2.0.1"
_TITLE: Final = "Mood and immune activity"
_DESCRIPTION: Final = (
    "Pairs mood change with immune activity (relapse, inflammation, immune medicines) by published clinical rules and "
    "shows what a clinician may want to look at. It informs; it does not diagnose, and it proposes no change of "
    "medicines."
)
_REPEATS: Final = (
    "A finding is shown again until a Flag of it is in the record: give this service the patient's Flags, in the "
    "prefetch or by a token that lets it read them."
)
_NEEDS: Final = (
    "Needs the Patient and the data that warn of danger, in the prefetch or through a fhirServer with a token that was "
    "agreed upon; without them it answers 412."
)


def discovery(templates: Iterable[Template], *, remembers: bool, tells_version: bool) -> dict[str, Any]:
    """The document; `remembers`: what was shown is remembered where Flags cannot be read."""
    service: dict[str, Any] = {
        "title": _TITLE,
        "description": _DESCRIPTION,
        "id": SERVICE_ID,
        "prefetch": {template.key: template.query for template in templates},
        "usageRequirements": _NEEDS if remembers else f"{_NEEDS} {_REPEATS}",
    }
    if tells_version:
        service["version"] = _VERSION
    return {"services": [{"hook": hook, **service} for hook in HOOKS]}
