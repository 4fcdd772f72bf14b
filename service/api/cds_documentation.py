"""What the OpenAPI document says of the routes of CDS Hooks."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from service.api.documentation import RESOURCE, errors

_JSON: Final = "application/json"
_TAG: Final = "CDS Hooks"
_SERVICE: Final = {
    "name": "service",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The id of the CDS service.",
}


_TEXT: Final = {"type": "string"}
_CODING: Final = {
    "type": "object",
    "required": ["system", "code"],
    "properties": {"system": _TEXT, "code": _TEXT, "display": _TEXT},
}


def document_discovery() -> dict[str, Any]:
    """The discovery, as arguments of a route."""
    return _documented(
        "cds-services",
        "Which CDS services there are",
        "Each hook with what clients are asked to send along.",
        _json("CdsServices"),
        errors(401, 421, 429, 500, 503),
    )


def document_call() -> dict[str, Any]:
    """A call of a hook, as arguments of a route."""
    return _documented(
        "cds-service",
        "Call a hook",
        "Cards for the patient whose chart is open: none where there is nothing to say.",
        _json("CdsAnswer"),
        errors(400, 401, 404, 412, 413, 415, 421, 429, 500, 503),
        parameters=[_SERVICE],
        requestBody={"required": True, "content": _json("CdsRequest")},
    )


def document_feedback() -> dict[str, Any]:
    """Feedback, as arguments of a route."""
    return _documented(
        "cds-feedback",
        "Tell what became of cards",
        "It is taken. Codes and times are kept by rule; what a clinician wrote is not read.",
        {},
        errors(400, 401, 404, 413, 415, 421, 429, 500, 503),
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
        "responses": {200: {"description": answer, **({"content": content} if content else {})}, **refused},
        "openapi_extra": extra,
    }


def _json(schema: str) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def cds_schemas() -> dict[str, Any]:
    """Shapes of the bodies, as CDS Hooks 2.0 has them."""
    service = dict.fromkeys(("hook", "title", "description", "id", "usageRequirements", "version"), _TEXT)
    prefetch = {"type": "object", "additionalProperties": _TEXT}
    services = _object({**service, "prefetch": prefetch}, "hook", "title", "description", "id", "prefetch")
    context = _object({"userId": _TEXT, "patientId": _TEXT, "encounterId": _TEXT}, "userId", "patientId")
    lent = _object({"access_token": _TEXT, "token_type": _TEXT, "scope": _TEXT}, "access_token", "token_type")
    call = {"hook": _TEXT, "hookInstance": {**_TEXT, "format": "uuid"}, "context": context, "fhirServer": _TEXT}
    call |= {"fhirAuthorization": lent, "prefetch": {"type": "object"}}
    item = {"card": _TEXT, "outcome": {**_TEXT, "enum": ["accepted", "overridden"]}, "outcomeTimestamp": _TEXT}
    item |= {"acceptedSuggestions": _list(_object({"id": _TEXT}, "id")), "overrideReason": {"type": "object"}}
    return {
        "CdsServices": _object({"services": _list(services)}, "services"),
        "CdsRequest": _object(call, "hook", "hookInstance", "context"),
        "CdsAnswer": _object({"cards": _list(_card()), "systemActions": _list(_action())}, "cards"),
        "CdsFeedback": _object({"feedback": _list(_object(item, "card", "outcome"))}, "feedback"),
    }


def _card() -> dict[str, Any]:
    source = _object({"label": _TEXT, "url": _TEXT, "topic": _CODING}, "label", "topic")
    suggestion = _object({"label": _TEXT, "uuid": _TEXT, "actions": _list(_action())}, "label", "uuid", "actions")
    link = _object({"label": _TEXT, "url": _TEXT, "type": _TEXT, "appContext": _TEXT}, "label", "url", "type")
    texts = {"uuid": _TEXT, "summary": {**_TEXT, "maxLength": 139}, "detail": _TEXT, "selectionBehavior": _TEXT}
    indicator = {**_TEXT, "enum": ["info", "warning", "critical"]}
    lists = {"suggestions": _list(suggestion), "overrideReasons": _list(_CODING), "links": _list(link)}
    return _object(
        {**texts, "indicator": indicator, "source": source, **lists}, "uuid", "summary", "indicator", "source"
    )


def _action() -> dict[str, Any]:
    kind = {**_TEXT, "enum": ["create", "update"]}
    return _object({"type": kind, "description": _TEXT, "resource": RESOURCE}, "type", "description", "resource")


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
