"""What the OpenAPI document says of each route: parameters, bodies and every error."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from service.api.parameters import GENERAL, REPEATED, SINGLE
from service.api.responses import FHIR_JSON

CHECK_PATH = "/fhir/$mood-immune-check"
TITLE = "Moodmarker"
DESCRIPTION = (
    "Reads FHIR R4 data of one patient, pairs mood change with immune activity by clinical rules, and "
    "answers with Flags, at most one draft CarePlan, and an account of what was read. "
    "Nothing of a request is kept.\n\n"
    "It signposts; it does not diagnose, and it never says to begin or end a medicine. "
    "A health professional decides."
)
_JSON = "application/json"
_CHECK = "The check"
_CONTRACTS = "Contracts"
_RUNNING = "Running the service"
RESOURCE = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}

_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "asOf": (
        "The instant that is evaluated (default: now); a date means the end of that day.",
        {"type": "string"},
    ),
    "subject": ("The patient that resources without a subject belong to.", {"type": "string"}),
    "explain": (
        "How much is explained: nothing, what would change the answer, or one GuidanceResponse per rule.",
        {"type": "string", "enum": ["none", "summary", "full"], "default": "summary"},
    ),
    "mode": (
        "strict rejects every entry that is not valid FHIR, and lists it.",
        {"type": "string", "enum": ["lenient", "strict"], "default": "lenient"},
    ),
    "as": (
        "The form of the answer: a collection, or Parameters that hold a transaction.",
        {"type": "string", "enum": ["collection", "transaction"], "default": "collection"},
    ),
    "server": ("Refused here: the data are in the request.", {"type": "string"}),
    "incomplete": ("A resource type of which the data do not hold everything; repeats.", {"type": "string"}),
    "_format": ("application/fhir+json, application/json or json.", {"type": "string"}),
    "_pretty": ("true indents the answer.", {"type": "string", "enum": ["true", "false"]}),
}
ERRORS: dict[int, str] = {
    400: "The body is not JSON or not the shape, or a parameter is unknown, repeated or has a wrong value.",
    404: "No such resource or operation.",
    406: "The caller takes neither application/fhir+json nor application/json of FHIR R4.",
    413: "The body is past a limit of size, growth by decompression, or entries.",
    415: "The body's media type, charset, coding or FHIR version is not read here.",
    421: "The service does not answer for the Host named.",
    422: "The data belong to more than one patient, or to nobody.",
    500: "A fault of the service, told by an id.",
    503: "Too much work at a time, or a request that took too long; Retry-After says when to try again.",
}


def query_parameters(*names: str) -> list[dict[str, Any]]:
    """OpenAPI's parameter objects for parameters known by name."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": _PARAMETERS[name][0],
            "schema": {"type": "array", "items": _PARAMETERS[name][1]} if name in REPEATED else _PARAMETERS[name][1],
        }
        for name in names
    ]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's response objects for the errors that a route may answer."""
    return {
        status: {
            "description": ERRORS[status],
            "content": {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
            **({"headers": {"Retry-After": _header("Seconds to wait.", "integer")}} if status == 503 else {}),
        }
        for status in statuses
    }


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def _fhir(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {FHIR_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def document_check() -> dict[str, Any]:
    """The check, as arguments of a route."""
    schema = {"oneOf": [{"$ref": "#/components/schemas/Parameters"}, {"$ref": "#/components/schemas/Bundle"}]}
    answer = _fhir("Flags, at most one draft CarePlan, and last one OperationOutcome with the account.", "Answer")
    answer["headers"] = {
        "Moodmarker-Urgent": _header("true when a flag of the highest priority is active after this evaluation."),
        "X-Request-Id": _header("The id of this exchange in the service's log; the caller's own is kept."),
    }
    return {
        "operation_id": "mood-immune-check",
        "tags": [_CHECK],
        "summary": "Evaluate the data of one patient",
        "description": "Takes Parameters with a Bundle as `data`, or a bare Bundle, the rest in the query.",
        "response_class": Response,
        "responses": {200: answer, **errors(400, 406, 413, 415, 421, 422, 500, 503)},
        "openapi_extra": {
            "parameters": query_parameters(*SINGLE, *REPEATED, *GENERAL),
            "requestBody": {
                "required": True,
                "content": {kind: {"schema": schema} for kind in (FHIR_JSON, _JSON)},
            },
        },
    }


def document_metadata() -> dict[str, Any]:
    """The CapabilityStatement's route."""
    return {
        "operation_id": "capabilities",
        "tags": [_CONTRACTS],
        "summary": "What this service can do",
        "response_class": Response,
        "responses": {200: _fhir("A CapabilityStatement.", "Resource"), **errors(400, 406, 421, 500)},
        "openapi_extra": {
            "parameters": [
                {
                    "name": "mode",
                    "in": "query",
                    "required": False,
                    "schema": {"type": "string"},
                    "description": "Ignored.",
                },
                *query_parameters(*GENERAL),
            ]
        },
    }


def document_read(name: str) -> dict[str, Any]:
    """The route that reads one artifact."""
    by_id = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "Its id.",
    }
    return {
        "operation_id": f"read-{name}",
        "tags": [_CONTRACTS],
        "summary": f"Read one {name}",
        "response_class": Response,
        "responses": {200: _fhir(f"The {name}.", "Resource"), **errors(400, 404, 406, 421, 500)},
        "openapi_extra": {"parameters": [by_id, *query_parameters(*GENERAL)]},
    }


def document_search(name: str, searched: tuple[str, ...]) -> dict[str, Any]:
    """The route that searches one type of artifact."""
    parameters = [
        {
            "name": one,
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": f"Its {one.strip('_')}.",
        }
        for one in searched
    ]
    return {
        "operation_id": f"search-{name}",
        "tags": [_CONTRACTS],
        "summary": f"Find each {name}",
        "response_class": Response,
        "responses": {200: _fhir("A Bundle of type searchset.", "Bundle"), **errors(400, 406, 421, 500)},
        "openapi_extra": {"parameters": [*parameters, *query_parameters(*GENERAL)]},
    }


def _plain(operation: str, summary: str, answer: str, kind: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object"} if kind == _JSON else {"type": "string"}
    return {
        "operation_id": operation,
        "tags": [_RUNNING],
        "summary": summary,
        "response_class": Response,
        "responses": {200: {"description": answer, "content": {kind: {"schema": schema}}}, **more},
    }


HEALTH_DOCUMENTATION = {
    "live": _plain("live", "Is the process alive?", "It is.", _JSON),
    "ready": _plain("ready", "Is the service ready, and by which rules?", "Version and digest of the rule set.", _JSON),
}
METRICS_DOCUMENTATION = _plain(
    "metrics", "Numbers for Prometheus", "Prometheus' text format.", "text/plain", **{"404": errors(404)[404]}
)
