"""GET /fhir/metadata and the artifacts behind it: read by id, and searched by url, _id or version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from service.api.documentation import document_metadata, document_read, document_search
from service.api.exchange import exchange_of
from service.api.negotiation import require_acceptable
from service.api.parameters import GENERAL, format_asked, pretty_asked, read_pairs
from service.api.responses import answer_fhir
from service.api.security_told import NEEDS, security_of
from service.errors import NotFound
from service.fhir.artifacts import all_artifacts
from service.fhir.artifacts.capability import secured
from service.fhir.operation import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import FastAPI

    from service.settings import Settings

Resource = dict[str, Any]
SEARCHED = (
    Parameter("url", "uri", "Its canonical address, with or without |version."),
    Parameter("_id", "id", "Its id."),
    Parameter("version", "string", "Its business version."),
)
_OF_METADATA = (Parameter("mode", "code", "Ignored."), *GENERAL)
_OF_SEARCH = (*SEARCHED, *GENERAL)
_encode = msgspec.json.encode


def add_conformance(app: FastAPI, settings: Settings) -> None:
    """Adds the routes of every type of artifact that there is."""
    by_type: dict[str, list[Resource]] = {}
    for resource in all_artifacts().values():
        by_type.setdefault(resource["resourceType"], []).append(resource)
    (statement,) = by_type.pop("CapabilityStatement")
    if settings.demands_credentials:
        statement = secured(statement, security_of(settings), NEEDS)
    app.add_api_route("/fhir/metadata", _Fixed(statement), methods=["GET"], **document_metadata(_OF_METADATA))
    for name, resources in sorted(by_type.items()):
        app.add_api_route(f"/fhir/{name}", _Search(resources), methods=["GET"], **document_search(name, _OF_SEARCH))
        app.add_api_route(f"/fhir/{name}/{{id}}", _Read(resources), methods=["GET"], **document_read(name))


class _Fixed:
    """One resource, whatever is asked."""

    def __init__(self, resource: Resource) -> None:
        self._body = _encode(resource)

    async def __call__(self, request: Request) -> Response:
        return _answer(request, self._body, read_pairs(request.scope["query_string"], _OF_METADATA))


class _Read:
    """One resource of a type by its id."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._bodies = {resource["id"]: _encode(resource) for resource in resources}

    async def __call__(self, request: Request) -> Response:
        asked = read_pairs(request.scope["query_string"], GENERAL)
        body = self._bodies.get(request.path_params["id"])
        if body is None:
            raise NotFound("There is no such resource here; search its type to see what there is.")
        return _answer(request, body, asked)


class _Search:
    """The resources of a type that have the url, id and version asked for, as a searchset."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = tuple(resources)

    async def __call__(self, request: Request) -> Response:
        asked = read_pairs(request.scope["query_string"], _OF_SEARCH)
        wanted = {name: asked[name][0] for name, *_ in SEARCHED if name in asked}
        found = [resource for resource in self._resources if _matches(resource, wanted)]
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
            "entry": [{"fullUrl": one["url"], "resource": one, "search": {"mode": "match"}} for one in found],
        }
        if not found:
            del bundle["entry"]
        return _answer(request, _encode(bundle), asked)


def _matches(resource: Resource, wanted: dict[str, str]) -> bool:
    """Each parameter may list values with commas, as in any FHIR search; a url may carry |version."""
    held = {"_id": {resource["id"]}, "version": {resource.get("version", "")}}
    held["url"] = {resource["url"], f"{resource['url']}|{resource.get('version', '')}"}
    return all(held[name] & set(values.split(",")) for name, values in wanted.items())


def _answer(request: Request, body: bytes, asked: dict[str, list[str]]) -> Response:
    exchange = exchange_of(request.scope)
    require_acceptable(exchange.headers.get(b"accept"), format_asked(asked))
    return answer_fhir(body, exchange, pretty=pretty_asked(asked))
