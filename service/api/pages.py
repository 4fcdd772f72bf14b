"""The OpenAPI document, and the same as a page that loads nothing from elsewhere."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api.cds_documentation import cds_schemas
from service.api.cds_example import CdsExample
from service.api.documentation import CHECK_PATH, PATIENT_WRITE_PATH, RESOURCE
from service.api.errors import answer_problem
from service.api.example import example_answer, example_request, example_written
from service.api.nearness import shown_to
from service.api.responses import FHIR_JSON
from service.api.schemas import TEXT, Json, list_of, object_of
from service.api.security_told import add_security
from service.errors import NotFound

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.assessment import Context
    from service.settings import Settings

_COUNT: Json = {"type": "integer", "minimum": 0}


def add_pages(app: FastAPI, context: Context, settings: Settings) -> None:
    """Adds /openapi.json and /docs, which are not part of the document themselves."""
    pages = _Pages(app, context, settings)

    async def document(request: Request) -> Response:
        shown_to(request, settings)
        return Response(pages.document, media_type="application/json")

    async def page(request: Request) -> Response:
        shown_to(request, settings)
        return HTMLResponse(pages.page)

    app.add_api_route("/openapi.json", document, methods=["GET"], include_in_schema=False)
    app.add_api_route("/docs", page, methods=["GET"], include_in_schema=False)


class _Pages:
    """Both forms, made when somebody first asks."""

    def __init__(self, app: FastAPI, context: Context, settings: Settings) -> None:
        self._app = app
        self._context = context
        self._settings = settings

    @cached_property
    def document(self) -> bytes:
        return msgspec.json.encode(openapi_document(self._app, self._context, self._settings))

    @cached_property
    def page(self) -> str:
        jinja = Environment(
            loader=PackageLoader("service.api"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        jinja.filters["pretty"] = lambda value: msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        return jinja.get_template("docs.html.j2").render(document=msgspec.json.decode(self.document))


def openapi_document(app: FastAPI, context: Context, settings: Settings) -> Json:
    """The OpenAPI document with examples that the service itself has answered."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    document["components"] = {"schemas": _schemas() | cds_schemas()}
    check = document["paths"][CHECK_PATH]["post"]
    request = example_request(context)
    for content in check["requestBody"]["content"].values():
        content["example"] = request
    check["responses"]["200"]["content"][FHIR_JSON]["example"] = example_answer(context)
    write = document["paths"][PATIENT_WRITE_PATH]["post"]
    write["responses"]["200"]["content"][FHIR_JSON]["example"] = example_written(context)
    _exemplify_hooks(document, CdsExample(settings, context))
    _exemplify_errors(document)
    add_security(document, settings)
    return document


def _exemplify_hooks(document: Json, example: CdsExample) -> None:
    schemas = document["components"]["schemas"]
    schemas["CdsServices"]["example"] = example.discovery
    schemas["CdsRequest"]["example"] = example.request
    schemas["CdsAnswer"]["example"] = example.answer
    schemas["CdsFeedback"]["example"] = example.feedback


def _exemplify_errors(document: Json) -> None:
    """Shows the outcome of one error as it is sent; the others differ in code and text."""
    outcome = msgspec.json.decode(bytes(answer_problem(NotFound("There is no such resource or operation here.")).body))
    document["components"]["schemas"]["OperationOutcome"]["example"] = outcome


def _schemas() -> Json:
    """Shapes as far as a client that knows no FHIR needs them; FHIR defines the rest."""
    return {
        "Resource": {**RESOURCE, "description": "Any FHIR R4 resource."},
        "Bundle": _shape("Bundle", {"type": TEXT, "total": _COUNT, "entry": list_of(_entry())}, ["type"]),
        "Parameters": _shape("Parameters", {"parameter": list_of(_named())}, ["parameter"]),
        "OperationOutcome": _shape("OperationOutcome", {"issue": {**list_of(_issue()), "minItems": 1}}, ["issue"]),
        "Answer": {"oneOf": [{"$ref": "#/components/schemas/Bundle"}, {"$ref": "#/components/schemas/Parameters"}]},
    }


def _shape(name: str, properties: Json, required: list[str]) -> Json:
    return object_of({"resourceType": {"type": "string", "const": name}, **properties}, ["resourceType", *required])


def _entry() -> Json:
    search = object_of({"mode": TEXT}, ["mode"])
    request = object_of(dict.fromkeys(("method", "url", "ifMatch", "ifNoneExist"), TEXT), ["method", "url"])
    return object_of({"fullUrl": TEXT, "resource": RESOURCE, "search": search, "request": request}, [])


def _named() -> Json:
    values = {f"value{kind}": TEXT for kind in ("String", "Code", "DateTime")}
    return object_of({"name": TEXT, "resource": RESOURCE, **values}, ["name"])


def _issue() -> Json:
    coding = list_of(object_of({"system": TEXT, "code": TEXT}, ["system", "code"]))
    details = object_of({"text": TEXT, "coding": coding}, ["text"])
    properties = {"severity": TEXT, "code": TEXT, "details": details, "expression": list_of(TEXT)}
    return object_of(properties, ["severity", "code", "details"])
