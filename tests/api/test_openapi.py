"""Does the OpenAPI document hold, and say all that is so?"""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from service.api.documentation import PATIENT_CHECK_PATH, PATIENT_WRITE_PATH
from service.api.edge import Edge
from service.api.errors import STATUS
from tests.api.asking import CHECK, FHIR, ask, check
from tests.fhir.conformance.checking import problems

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
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_the_check_tells_every_error_it_can_give(document: Json) -> None:
    of_data, of_patient, of_write = (
        {int(status) for status in document["paths"][path]["post"]["responses"]}
        for path in (CHECK, PATIENT_CHECK_PATH, PATIENT_WRITE_PATH)
    )
    # A method that an address does not take belongs to no operation; 412 is for CDS Hooks.
    assert of_write == {200} | set(STATUS.values()) - {405, 412, 431}
    assert of_patient == of_write
    assert of_data == of_patient - {404, 502, 504}


def test_the_example_is_answered_as_the_document_says(app: Edge, document: Json, body: bytes) -> None:
    post = document["paths"][CHECK]["post"]
    for content in post["requestBody"]["content"].values():
        assert content["example"]["resourceType"] == "Parameters"
    answered = check(app, body).json()
    assert post["responses"]["200"]["content"]["application/fhir+json"]["example"] == answered
    assert answered["entry"][0]["resource"]["resourceType"] == "Flag"


def test_the_example_of_a_write_is_one_that_the_service_could_give(app: Edge, document: Json) -> None:
    told = document["paths"][PATIENT_WRITE_PATH]["post"]["responses"]["200"]["content"]["application/fhir+json"]
    written = [entry["resource"] for entry in told["example"]["entry"]]
    assert [bool(one.get("id")) for one in written] == [one["resourceType"] != "OperationOutcome" for one in written]
    codes = {coding["code"] for issue in written[-1]["issue"] for coding in issue["details"].get("coding", ())}
    known = {one["code"] for one in ask(app, "GET", "/fhir/CodeSystem/issue").json()["concept"]}
    assert "write-created" in codes <= known
    jsonschema_rs.validate(_closed(told["schema"], document["components"]["schemas"]), told["example"])
    assert problems(json.dumps(told["example"]).encode()) == []


def _closed(schema: Any, schemas: Json) -> Any:
    """The schema as one that allows nothing it does not name, but within a resource."""
    if isinstance(schema, list):
        return [_closed(one, schemas) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _closed(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    closed = {key: _closed(value, schemas) for key, value in schema.items() if key != "example"}
    if schema.get("type") == "object" and set(schema["properties"]) != {"resourceType"}:
        closed["additionalProperties"] = False
    return closed


def _outcomes(answer: Json) -> Iterator[Json]:
    """Every OperationOutcome in an answer, without the extension that FHIR allows anywhere."""
    if answer["resourceType"] == "OperationOutcome":
        yield {key: value for key, value in answer.items() if key != "extension"}
    for holder in (*answer.get("entry", ()), *answer.get("parameter", ())):
        if "resource" in holder:
            yield from _outcomes(holder["resource"])


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("post", CHECK, "", 200),
        ("post", CHECK, "?explain=full&as=transaction", 200),
        ("post", CHECK, "?explain=all", 400),
        ("post", CHECK, "?subject=Patient/other", 422),
        ("get", "/fhir/CodeSystem", "", 200),
        ("get", "/fhir/CodeSystem", "?url=none", 200),
        ("get", "/fhir/CodeSystem", "?nonsense=1", 400),
        ("get", "/fhir/metadata", "?_format=xml", 406),
    ],
)
def test_answers_hold_nothing_that_the_document_does_not_name(
    app: Edge, document: Json, body: bytes, method: str, path: str, query: str, status: int
) -> None:
    sent = json.loads(body)
    refused = {
        "resourceType": "Observation",
        "id": "o",
        "status": "cancelled",
        "subject": {"reference": "Patient/example"},
    }
    sent["parameter"][1]["resource"]["entry"].append({"resource": refused | {"code": {"text": "x"}}})
    content: Json = {"content": json.dumps(sent).encode(), "headers": FHIR} if method == "post" else {}
    answered = ask(app, method.upper(), path + query, **content)
    assert answered.status_code == status
    schemas = document["components"]["schemas"]
    (told,) = document["paths"][path][method]["responses"][str(status)]["content"].values()
    jsonschema_rs.validate(_closed(told["schema"], schemas), answered.json())
    for outcome in _outcomes(answered.json()):
        jsonschema_rs.validate(_closed(schemas["OperationOutcome"], schemas), outcome)


def test_the_page_shows_every_operation_and_loads_nothing(app: Edge, document: Json) -> None:
    page = ask(app, "GET", "/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path, method, operation in _operations(document):
        assert f"{method.upper()} {path}" in page.text
        assert operation["summary"] in page.text
    assert "src=" not in page.text
    assert "<script" not in page.text
