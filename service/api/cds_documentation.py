"""What the OpenAPI document says of the routes of CDS Hooks."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from service.api.documentation import RECEIPT, RESOURCE, errors
from service.api.schemas import TEXT, list_of, object_of

_JSON: Final = "application/json"
_TAG: Final = "CDS Hooks"
_SERVICE: Final = {
    "name": "service",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The id of the CDS service.",
}

_NOT_BELIEVED: Final = {401: {"description": "The caller is not known by what it sent, and is told nothing of why."}}

_CODING: Final = object_of({"system": TEXT, "code": TEXT, "display": TEXT}, ["system", "code"])


def document_discovery() -> dict[str, Any]:
    """The discovery, as arguments of a route."""
    return _documented(
        "cds-services",
        "Which CDS services there are",
        "Each hook with what clients are asked to send along.",
        _json("CdsServices"),
        errors(421, 429, 500, 503),
    )


def document_call() -> dict[str, Any]:
    """A call of a hook, as arguments of a route."""
    documented = _documented(
        "cds-service",
        "Call a hook",
        "Cards for the patient whose chart is open: none where there is nothing to say.",
        _json("CdsAnswer"),
        errors(400, 404, 412, 413, 415, 421, 429, 500, 503),
        parameters=[_SERVICE],
        requestBody={"required": True, "content": _json("CdsRequest")},
    )
    documented["responses"][200]["headers"] = {"Moodmarker-Receipt": RECEIPT}
    return documented


def document_feedback() -> dict[str, Any]:
    """Feedback, as arguments of a route."""
    return _documented(
        "cds-feedback",
        "Tell what became of cards",
        "It is taken. Codes and times are kept by rule; what a clinician wrote is not read.",
        {},
        errors(400, 404, 413, 415, 421, 429, 500, 503),
        parameters=[_SERVICE],
        requestBody={"required": True, "content": _json("CdsFeedback")},
    )


def _documented(
    operation: str, summary: str, answer: str, content: dict[str, Any], refused: dict[int | str, Any], **extra: Any
) -> dict[str, Any]:
    return {
        "operation_id": operation,
        "tags": [_TAG],
        "summary": summary,
        "response_class": Response,
        "responses": {
            200: {"description": answer, **({"content": content} if content else {})},
            **_NOT_BELIEVED,
            **refused,
        },
        "openapi_extra": extra,
    }


def _json(schema: str) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def cds_schemas() -> dict[str, Any]:
    """Shapes of the bodies, as CDS Hooks 2.0 has them."""
    service = dict.fromkeys(("hook", "title", "description", "id", "usageRequirements", "version"), TEXT)
    prefetch = {"type": "object", "additionalProperties": TEXT}
    services = object_of({**service, "prefetch": prefetch}, ["hook", "title", "description", "id", "prefetch"])
    context = object_of({"userId": TEXT, "patientId": TEXT, "encounterId": TEXT}, ["userId", "patientId"])
    lent = object_of({"access_token": TEXT, "token_type": TEXT, "scope": TEXT}, ["access_token", "token_type"])
    call = {"hook": TEXT, "hookInstance": {**TEXT, "format": "uuid"}, "context": context, "fhirServer": TEXT}
    call |= {"fhirAuthorization": lent, "prefetch": {"type": "object"}}
    item = {"card": TEXT, "outcome": {**TEXT, "enum": ["accepted", "overridden"]}, "outcomeTimestamp": TEXT}
    item |= {"acceptedSuggestions": list_of(object_of({"id": TEXT}, ["id"])), "overrideReason": {"type": "object"}}
    return {
        "CdsServices": object_of({"services": list_of(services)}, ["services"]),
        "CdsRequest": object_of(call, ["hook", "hookInstance", "context"]),
        "CdsAnswer": object_of({"cards": list_of(_card()), "systemActions": list_of(_action())}, ["cards"]),
        "CdsFeedback": object_of({"feedback": list_of(object_of(item, ["card", "outcome"]))}, ["feedback"]),
    }


def _card() -> dict[str, Any]:
    source = object_of({"label": TEXT, "url": TEXT, "topic": _CODING}, ["label", "topic"])
    suggestion = object_of({"label": TEXT, "uuid": TEXT, "actions": list_of(_action())}, ["label", "uuid", "actions"])
    link = object_of({"label": TEXT, "url": TEXT, "type": TEXT, "appContext": TEXT}, ["label", "url", "type"])
    texts = {"uuid": TEXT, "summary": {**TEXT, "maxLength": 139}, "detail": TEXT, "selectionBehavior": TEXT}
    indicator = {**TEXT, "enum": ["info", "warning", "critical"]}
    lists = {"suggestions": list_of(suggestion), "overrideReasons": list_of(_CODING), "links": list_of(link)}
    properties = {**texts, "indicator": indicator, "source": source, **lists}
    return object_of(properties, ["uuid", "summary", "indicator", "source"])


def _action() -> dict[str, Any]:
    kind = {**TEXT, "enum": ["create", "update"]}
    return object_of({"type": kind, "description": TEXT, "resource": RESOURCE}, ["type", "description", "resource"])
