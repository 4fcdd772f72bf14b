"""The OperationDefinition of the check: its parameters as they are read."""

from __future__ import annotations

from typing import Final

from service.fhir.artifacts.metadata import Json, metadata
from service.fhir.operation import CODE, PARAMETERS, Parameter

_DESCRIPTION: Final = (
    "Evaluates the rules on one patient's data: those that are sent, or on a Patient those that the service fetches "
    "from a configured server. It changes nothing anywhere. A Bundle (any type but "
    "history and message) may be posted instead of Parameters, with the other parameters in the query; a "
    "name given in both is refused. Each answer ends in an OperationOutcome that accounts for what was "
    "received, read, not read and rejected."
)
_RETURNED: Final = (
    "A Bundle of type collection: Flags, at most one draft CarePlan, our earlier drafts as revoked, with "
    "explain=full a GuidanceResponse for each rule, and last an OperationOutcome. With as=transaction: "
    "Parameters with `transaction` (a Bundle to post to a server), `outcome`, and with explain=full "
    "`guidance`, repeated."
)


def mood_immune_check() -> Json:
    """CANON/OperationDefinition/mood-immune-check."""
    definition = metadata("OperationDefinition", CODE, "Mood and immune activity check", _DESCRIPTION)
    returned = {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": _RETURNED, "type": "Resource"}
    return definition | {
        "kind": "operation",
        "affectsState": False,
        "code": CODE,
        "system": True,
        "type": False,
        "resource": ["Patient"],
        "instance": True,
        "parameter": [*map(_taken, PARAMETERS), returned],
    }


def _taken(parameter: Parameter) -> Json:
    spelled: Json = {
        "name": parameter.name,
        "use": "in",
        "min": 0,
        "max": "*" if parameter.repeats else "1",
        "documentation": parameter.described,
        "type": parameter.type,
    }
    if parameter.value_set:
        spelled["binding"] = {"strength": "required", "valueSet": parameter.value_set}
    return spelled
