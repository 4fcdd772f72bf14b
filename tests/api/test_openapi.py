"""Does the OpenAPI document hold, and say all that is so?"""

from collections.abc import Iterator
from typing import Any

import pytest

from service.api.edge import Edge
from service.api.errors import STATUS
from tests.api.asking import CHECK, ask, check

Json = dict[str, Any]


@pytest.fixture
def document(app: Edge) -> Json:
    told: Json = ask(app, "GET", "/openapi.json").json()
    return told


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_every_reference_leads_somewhere(document: Json) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document["paths"])) == known


def test_every_operation_is_told_once_and_explained(document: Json) -> None:
    operations = [operation for *_, operation in _operations(document)]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert operation["tags"]
        assert all(parameter["description"] for parameter in operation.get("parameters", []))
        assert all(response["description"] for response in operation["responses"].values())


def test_every_path_parameter_is_told(document: Json) -> None:
    for path, _, operation in _operations(document):
        named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
        assert named == ({"id"} if "{id}" in path else set())


def test_the_check_tells_every_error_it_can_give(document: Json) -> None:
    told = {int(status) for status in document["paths"][CHECK]["post"]["responses"]}
    # An address that is not there, and a method that it does not take, belong to no operation.
    assert told == {200} | set(STATUS.values()) - {404, 405}


def test_the_example_is_answered_as_the_document_says(app: Edge, document: Json, body: bytes) -> None:
    post = document["paths"][CHECK]["post"]
    for content in post["requestBody"]["content"].values():
        assert content["example"]["resourceType"] == "Parameters"
    answered = check(app, body).json()
    assert post["responses"]["200"]["content"]["application/fhir+json"]["example"] == answered
    assert answered["entry"][0]["resource"]["resourceType"] == "Flag"


def test_the_page_shows_every_operation_and_loads_nothing(app: Edge, document: Json) -> None:
    page = ask(app, "GET", "/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path, method, operation in _operations(document):
        assert f"{method.upper()} {path}" in page.text
        assert operation["summary"] in page.text
    assert "src=" not in page.text
    assert "<script" not in page.text
