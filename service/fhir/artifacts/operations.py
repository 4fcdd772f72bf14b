"""The OperationDefinition of the check: its parameters as they are read."""

from __future__ import annotations

from typing import Final

from service.fhir.artifacts.metadata import Json, metadata

_DESCRIPTION: Final = (
    "Evaluates the rules on one patient's data. It changes nothing anywhere. On the system level `data` is "
    "required; on a Patient the service fetches the data and `data` is not allowed. A Bundle (any type but "
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
    definition = metadata("OperationDefinition", "mood-immune-check", "Mood and immune activity check", _DESCRIPTION)
    return definition | {
        "kind": "operation",
        "affectsState": False,
        "code": "mood-immune-check",
        "resource": ["Patient"],
        "system": True,
        "type": False,
        "instance": True,
        "parameter": [
            _in(
                "data",
                "Bundle",
                "The patient's data. Required on the system level, not allowed on a Patient.",
            ),
            _in(
                "subject",
                "string",
                "Reference to the patient whom the data are about, where they leave it open.",
            ),
            _in("asOf", "dateTime", "The instant of decision; now, if absent. A date is the end of that day."),
            _incomplete(),
            _in("explain", "code", "none | summary | full; summary, if absent."),
            _in("mode", "code", "lenient | strict; lenient, if absent. Strict rejects what is not valid R4."),
            _in("as", "code", "collection | transaction; collection, if absent."),
            _in("server", "code", "The configured server to fetch from; only on a Patient."),
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": _RETURNED,
                "type": "Resource",
            },
        ],
    }


def _in(name: str, kind: str, documentation: str, most: str = "1") -> Json:
    return {"name": name, "use": "in", "min": 0, "max": most, "documentation": documentation, "type": kind}


def _incomplete() -> Json:
    text = "A resource type that the data do not hold whole: nothing is then concluded from its absence."
    binding = {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/resource-types|4.0.1"}
    return _in("incomplete", "code", text, "*") | {"binding": binding}
