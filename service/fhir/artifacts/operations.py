"""The OperationDefinitions: the parameters of our operations as they are read."""

from __future__ import annotations

from typing import Final

from service.fhir.artifacts.metadata import Json, metadata
from service.fhir.operation import CODE, PARAMETERS, WRITE_CODE, Parameter, named

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
_WRITE_DESCRIPTION: Final = (
    "Fetches one patient's data from a configured server, evaluates the rules on them, and stores what was found "
    "there: Flags and a draft CarePlan, or Tasks where the server takes no Flag. It has to be allowed for each "
    "server. It is done as of today: an `asOf` of another day is refused. A resource that is there already is changed "
    "only where it would say something else, and nothing that a clinician has closed, changed or taken further is "
    "overwritten."
)
_WRITE_RETURNED: Final = (
    "A Bundle of type collection as mood-immune-check returns it. The OperationOutcome at its end has an issue for "
    "each resource that was stored, changed, left as it is, or could not be stored."
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


def mood_immune_write() -> Json:
    """CANON/OperationDefinition/mood-immune-write."""
    definition = metadata("OperationDefinition", WRITE_CODE, "Mood and immune activity write", _WRITE_DESCRIPTION)
    returned = {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": _WRITE_RETURNED}
    return definition | {
        "kind": "operation",
        "affectsState": True,
        "code": WRITE_CODE,
        "resource": ["Patient"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [*map(_taken, named("write").values()), returned | {"type": "Bundle"}],
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
