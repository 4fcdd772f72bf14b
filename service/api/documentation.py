"""What the OpenAPI document says of each route: parameters, bodies and every error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from service.api.parameters import CHECK, GENERAL
from service.api.responses import FHIR_JSON
from service.fhir.operation import CODE, WRITE_CODE, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECK_PATH = f"/fhir/${CODE}"
PATIENT_CHECK_PATH = f"/fhir/Patient/{{id}}/${CODE}"
PATIENT_WRITE_PATH = f"/fhir/Patient/{{id}}/${WRITE_CODE}"
TITLE = "Moodmarker"
DESCRIPTION = (
    "Reads FHIR R4 data of one patient, pairs mood change with immune activity by clinical rules, and "
    "answers with Flags, at most one draft CarePlan, and an account of what was read. "
    "Nothing of a request is kept; a site may keep a ledger of decisions under pseudonyms.\n\n"
    "It signposts; it does not diagnose, and it never says to begin or end a medicine. "
    "A health professional decides."
)
_JSON = "application/json"
_CHECK = "The check"
_WRITE = "Writing back"
_BY_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "Patient.id"}
_AS_OF = {"name": "asOf", "valueDateTime": "2026-06-30"}
_CONTRACTS = "Contracts"
_RUNNING = "Running the service"
RESOURCE = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
}

ERRORS: dict[int, str] = {
    400: "The body is not JSON or not the shape, or a parameter is unknown, repeated or has a wrong value.",
    401: "The caller has to send a token that the site takes, or where it takes none to be on this machine.",
    403: "The caller's token does not allow it, or the operator has not allowed to write to the FHIR server.",
    404: "No such resource or operation.",
    406: "The caller takes neither application/fhir+json nor application/json of FHIR R4.",
    412: "The data without which nothing can be said were not sent and could not be fetched.",
    413: "The body is past a limit: as sent, decompressed, growth, members of the gzip file, or entries.",
    415: "The body's media type, charset, coding or FHIR version is not read here.",
    421: "The service does not answer for the Host named.",
    422: "The data belong to more than one patient, or to nobody.",
    429: "Too many checks of this caller, or refused tokens from this address; Retry-After says when to come again.",
    500: "A fault of the service, told by an id.",
    502: "The FHIR server to fetch from failed, or is not understood.",
    504: "The FHIR server to fetch from did not answer in time.",
    503: "Too much work at a time, or a request that took too long; Retry-After says when to try again.",
}


def query_parameters(parameters: Iterable[Parameter]) -> list[dict[str, Any]]:
    """OpenAPI's objects for the parameters of a query."""
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.sentence,
            "schema": _schema(parameter),
        }
        for parameter in parameters
    ]


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.allowed:
        schema |= {"enum": list(parameter.allowed), "default": parameter.default}
    return {"type": "array", "items": schema} if parameter.repeats else schema


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's response objects for the errors that a route may answer."""
    return {
        status: {
            "description": ERRORS[status],
            "content": {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
            **({"headers": {"Retry-After": _header("Seconds to wait.", "integer")}} if status in (429, 503) else {}),
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


RECEIPT = _header("Where the site gives receipts: a compact JWS that proves this answer, as moodmarker receipt tells.")


def document_check() -> dict[str, Any]:
    """The check, as arguments of a route."""
    schema = {"oneOf": [{"$ref": "#/components/schemas/Parameters"}, {"$ref": "#/components/schemas/Bundle"}]}
    answer = _fhir("Flags, at most one draft CarePlan, and last one OperationOutcome with the account.", "Answer")
    answer["headers"] = {
        "Moodmarker-Urgent": _header("true when a flag of the highest priority is active after this evaluation."),
        "Moodmarker-Receipt": RECEIPT,
        "X-Request-Id": _header("The id of this exchange in the service's log; the caller's own is kept."),
    }
    return {
        "operation_id": CODE,
        "tags": [_CHECK],
        "summary": "Evaluate the data of one patient",
        "description": "Takes Parameters with a Bundle as `data`, or a bare Bundle, the rest in the query.",
        "response_class": Response,
        "responses": {200: answer, **errors(400, 401, 403, 406, 413, 415, 421, 422, 429, 500, 503)},
        "openapi_extra": {
            "parameters": query_parameters(CHECK["system"]),
            "requestBody": {
                "required": True,
                "content": {kind: {"schema": schema} for kind in (FHIR_JSON, _JSON)},
            },
        },
    }


def document_patient_check(method: str) -> dict[str, Any]:
    """The check of a patient who is fetched, as arguments of a route."""
    parameters = {"parameters": [_BY_ID, *query_parameters(CHECK["instance"])]}
    return document_check() | {
        "operation_id": f"{CODE}-patient-{method.lower()}",
        "summary": "Fetch the data of one patient and evaluate them",
        "description": "Takes its parameters in the query, or as Parameters without `data`.",
        "responses": document_check()["responses"] | errors(404, 502, 504),
        "openapi_extra": parameters | ({"requestBody": _asked(_AS_OF)} if method == "POST" else {}),
    }


def document_patient_write() -> dict[str, Any]:
    """The write of a patient who is fetched, as arguments of a route."""
    answer = document_check()["responses"][200]
    written = _fhir("The answer of the check; its OperationOutcome tells what became of each resource.", "Bundle")
    return {
        "operation_id": WRITE_CODE,
        "tags": [_WRITE],
        "summary": "Fetch the data of one patient, evaluate them, and store what was found",
        "description": "Takes its parameters in the query, or as Parameters. It stores Flags and a draft CarePlan on "
        "the FHIR server that the patient was fetched from, or Tasks where that server takes no Flag; only where the "
        "operator has allowed it. What could not be stored is an issue of the OperationOutcome, each with a code. "
        "It is done as of today: an `asOf` of another day is refused.",
        "response_class": Response,
        "responses": {
            200: written | {"headers": answer["headers"]},
            **errors(400, 401, 403, 404, 406, 413, 415, 421, 422, 429, 500, 502, 503, 504),
        },
        "openapi_extra": {
            "parameters": [_BY_ID, *query_parameters(CHECK["write"])],
            "requestBody": _asked({"name": "server", "valueCode": "main"}),
        },
    }


def _asked(parameter: dict[str, str]) -> dict[str, Any]:
    example = {"resourceType": "Parameters", "parameter": [parameter]}
    schema = {"$ref": "#/components/schemas/Parameters"}
    return {"content": {kind: {"schema": schema, "example": example} for kind in (FHIR_JSON, _JSON)}}


def document_metadata(asked: Iterable[Parameter]) -> dict[str, Any]:
    """The CapabilityStatement's route."""
    return {
        "operation_id": "capabilities",
        "tags": [_CONTRACTS],
        "summary": "What this service can do",
        "response_class": Response,
        "responses": {200: _fhir("A CapabilityStatement.", "Resource"), **errors(400, 406, 421, 500)},
        "openapi_extra": {"parameters": query_parameters(asked)},
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
        "openapi_extra": {"parameters": [by_id, *query_parameters(GENERAL)]},
    }


def document_search(name: str, asked: Iterable[Parameter]) -> dict[str, Any]:
    """The route that searches one type of artifact."""
    return {
        "operation_id": f"search-{name}",
        "tags": [_CONTRACTS],
        "summary": f"Find each {name}",
        "response_class": Response,
        "responses": {200: _fhir("A Bundle of type searchset.", "Bundle"), **errors(400, 406, 421, 500)},
        "openapi_extra": {"parameters": query_parameters(asked)},
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
    "ready": _plain(
        "ready",
        "Is the service ready, and by which rules?",
        "Version and digest of the rule set, and how many of its rules are off and in shadow; where subscriptions are "
        "on, their store answers and they are worked off.",
        _JSON,
        **{
            "503": {
                "description": "The store of subscriptions does not answer, or they are not worked off, as is told.",
                "content": {_JSON: {"schema": {"type": "object"}}},
            }
        },
    ),
    "servers": _plain(
        "servers",
        "Do the FHIR servers give tokens?",
        "`ready`: each gave one when it was last asked. `unknown`: one was not asked yet.",
        _JSON,
        **{
            "404": errors(404)[404],
            "421": errors(421)[421],
            "503": {
                "description": "The last request for a token failed for a server that is named, with the reason.",
                "content": {_JSON: {"schema": {"type": "object"}}},
            },
        },
    ),
}
JWKS_DOCUMENTATION = _plain(
    "jwks",
    "Public keys of the service",
    "A JSON Web Key Set: what the service signs with, what it signed with, and what it is to sign with next.",
    _JSON,
    **{str(status): told for status, told in errors(404, 421).items()},
)
SMART_DOCUMENTATION = {
    "smart_configuration": _plain(
        "smart-configuration",
        "Where tokens are had, and which scopes count",
        "The SMART configuration of this service.",
        _JSON,
        **{str(status): told for status, told in errors(404, 421).items()},
    ),
}
METRICS_DOCUMENTATION = _plain(
    "metrics", "Numbers for Prometheus", "Prometheus' text format.", "text/plain", **{"404": errors(404)[404]}
)
