"""POST /subscriptions/{id}, PUT and DELETE /subscriptions/{id}/{type}/{rid}: what FHIR servers notify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import RESOURCE, errors
from service.api.exchange import exchange_of
from service.api.negotiation import require_json
from service.api.responses import FHIR_JSON, answer_fhir
from service.errors import Overloaded
from service.fhir.outcomes import issue
from service.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from fastapi import FastAPI

    from service.api.intake import Intake
    from service.subscriptions.running import Subscriptions

_TAKEN = msgspec.json.encode(
    {"resourceType": "OperationOutcome", "issue": [issue("information", "informational", "The notification is taken.")]}
)


WHOLE_PATH, ONE_PATH = "/subscriptions/{id}", "/subscriptions/{id}/{type}/{rid}"
_NAMES = {"id": "The subscription.", "type": "A resource type.", "rid": "The id of a resource of this type."}


def add_subscriptions(app: FastAPI, endpoint: SubscriptionEndpoint) -> None:
    """Adds the routes, which are there whether subscriptions are on or off."""
    app.add_api_route(WHOLE_PATH, endpoint.notify, methods=["POST"], **_documented("notify", "Notify of events", 1))
    app.add_api_route(
        ONE_PATH, endpoint.change, methods=["PUT"], **_documented("notify-of-change", "Notify of a change", 3)
    )
    app.add_api_route(
        ONE_PATH, endpoint.delete, methods=["DELETE"], **_documented("notify-of-deletion", "Notify of a deletion", 3)
    )


def _documented(operation: str, summary: str, names: int) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": text}
        for name, text in list(_NAMES.items())[:names]
    ]
    taken = {FHIR_JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}}
    bodiless = operation == "notify-of-deletion"
    body = {} if bodiless else {"requestBody": {"content": {FHIR_JSON: {"schema": RESOURCE}}}}
    refused = (401, 404, 421, 500, 503) if bodiless else (400, 401, 404, 413, 415, 421, 500, 503)
    return {
        "operation_id": operation,
        "tags": ["Subscriptions"],
        "summary": summary,
        "description": "For FHIR servers that this service has subscribed to, with the header that it asked for.",
        "response_class": Response,
        "responses": {200: {"description": "It is durably taken.", "content": taken}, **errors(*refused)},
        "openapi_extra": {"parameters": parameters, **body},
    }


class SubscriptionEndpoint:
    """The routes of notifications: answered once what they hint at is durably enqueued."""

    def __init__(self, subscriptions: Subscriptions, intake: Intake) -> None:
        """`subscriptions` takes notifications where the site has turned them on; `intake` limits those at once.

        No rate is held against them: not every server sends a notification again that was refused.
        """
        self._subscriptions = subscriptions
        self._intake = intake

    async def notify(self, request: Request) -> Response:
        """Answers a POST, whose body may be empty."""
        name, receiver = self._known(request), self._subscriptions.receiver
        async with self._intake.taken(request, rated=False) as body:
            _require_json(request, body)
            return await _taken(request, receiver.notified(name, body))

    async def change(self, request: Request) -> Response:
        """Answers a PUT of a resource."""
        name, receiver = self._known(request), self._subscriptions.receiver
        kind, identity = str(request.path_params["type"]), str(request.path_params["rid"])
        async with self._intake.taken(request, rated=False) as body:
            _require_json(request, body)
            return await _taken(request, receiver.changed(name, kind, identity, body))

    async def delete(self, request: Request) -> Response:
        """Answers a DELETE of a resource."""
        name, receiver = self._known(request), self._subscriptions.receiver
        kind, identity = str(request.path_params["type"]), str(request.path_params["rid"])
        async with self._intake.taken(request, has_body=False, rated=False):
            return await _taken(request, receiver.deleted(name, kind, identity))

    def _known(self, request: Request) -> str:
        """The subscription, of a sender who has its secret; nothing is read from others."""
        name = str(request.path_params["id"])
        sent = exchange_of(request.scope).headers.get(b"authorization", b"")
        self._subscriptions.receiver.require_known(name, sent)
        return name


def _require_json(request: Request, body: bytes) -> None:
    if body.strip():
        require_json(exchange_of(request.scope).headers.get(b"content-type"))


async def _taken(request: Request, taking: Awaitable[None]) -> Response:
    try:
        await taking
    except StoreUnavailable:
        raise Overloaded("The notification could not be kept; send it again in a second.") from None
    return answer_fhir(_TAKEN, exchange_of(request.scope))
