"""Is every parameter checked in query and body alike, and is a wrong one told by its name and place?"""

import json
from typing import Any

import httpx
import pytest

from service.api.edge import Edge
from service.fhir.operation import primitives
from tests.api.asking import ask, check, issue_code, outcome_text, parameters

PATIENT = {"resourceType": "Patient", "id": "a"}
BARE = b'{"resourceType":"Bundle","type":"collection"}'
AS_OF = "asOf is a date"


def _check_parameter(app: Edge, name: str, value: str, kind: str = "valueString") -> httpx.Response:
    """A check with one parameter, the second in the body."""
    data = {"name": "data", "resource": json.loads(BARE)}
    whole = {"resourceType": "Parameters", "parameter": [data, {"name": name, kind: value}]}
    return check(app, json.dumps(whole).encode())


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?asof=2026-06-30", "asof"),
        ("?asOf=2026-06-30&asOf=2026-07-01", "asOf"),
        ("?explain=full&explain=full", "explain"),
        ("?server=a", "The parameter server is not a parameter here. Known: subject, asOf"),
        ("?data=x", "data"),
        ("?Mrs%20Jane%20Doe=1", "One parameter"),
        ("?Jane-4711=1", "One parameter"),
        ("?subject=%FF", "UTF-8"),
        ("?" + "&".join(["incomplete=Observation"] * 101), "more than 100 parameters"),
        ("?_pretty=yes", "_pretty is one of: true, false"),
        ("?_pretty=", "_pretty"),
    ],
)
def test_a_wrong_query_is_told_by_name(app: Edge, body: bytes, query: str, told: str) -> None:
    refused = check(app, body, query)
    assert refused.status_code == 400
    assert issue_code(refused) == "value"
    assert told in outcome_text(refused)
    assert "Jane" not in refused.text


def test_a_hundred_parameters_are_read(app: Edge) -> None:
    assert check(app, BARE, "?" + "&".join(["incomplete=Observation"] * 100)).status_code == 200


WRONG = [
    ("asOf", "", AS_OF),
    ("asOf", "yesterday", AS_OF),
    ("asOf", "2026-13-01", AS_OF),
    ("asOf", "2026-06-30T12:00:00", AS_OF),
    ("asOf", "0001-01-01", "The year of the parameter asOf lies between 0203 and 9797"),
    ("asOf", "0000-01-01", "lies between"),
    ("asOf", "9999-12-31T23:59:59Z", "lies between"),
    ("explain", "", "explain is one of: none, summary, full"),
    ("explain", "all", "explain is one of"),
    ("mode", "loose", "mode is one of"),
    ("as", "batch", "as is one of"),
    ("incomplete", "", "The parameter incomplete names a resource type of FHIR R4"),
    (
        "incomplete",
        "Conditions",
        "incomplete names a resource type of FHIR R4, spelled as there; did you mean Condition?",
    ),
    ("incomplete", "observation", "did you mean Observation?"),
    ("incomplete", "Xyz", "such as Observation."),
    *(
        ("subject", value, "The parameter subject is Patient/id, an absolute URL that ends in Patient/id, urn:")
        for value in (
            "",
            " ",
            "ZZp1",
            "patient/ZZp1",
            "Patient",
            "Patient/",
            " Patient/a",
            "Patient/a b",
            "Patient/a|b",
            "Patient?identifier=urn:x|1",
            "Observation/a",
            "Group/Patient/a",
            "http://ehr.example/fhir/Observation/a",
            "http://ehr.example/fhir/Patient/",
            "urn:",
            "|",
            "http://mrn|",
            "http://mrn| ",
        )
    ),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG)
def test_a_wrong_value_is_told(app: Edge, name: str, value: str, told: str) -> None:
    in_query = check(app, BARE, str(httpx.URL("", params={name: value})))
    in_body = _check_parameter(app, name, value)
    for refused in (in_query, in_body):
        assert refused.status_code == 400
        assert issue_code(refused) == "value"
        assert told in outcome_text(refused)
    assert "expression" not in in_query.json()["issue"][0]
    assert in_body.json()["issue"][0]["expression"] == ["Parameters.parameter[1].valueString"]


@pytest.mark.parametrize(
    "value",
    [
        "Patient/ZZp1",
        "Patient/ZZp1/_history/4",
        "http://ehr.example/fhir/Patient/1",
        "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
        "urn:oid:1.2.3",
        "urn:oid:1.2.3|42",
        "http://mrn|42",
        "|42",
        "MRN|4 2",
    ],
)
def test_every_form_of_a_subject_is_taken(app: Edge, value: str) -> None:
    assert check(app, BARE, str(httpx.URL("", params={"subject": value}))).status_code == 200
    assert _check_parameter(app, "subject", value).status_code == 200


def test_a_subject_is_whom_the_data_have_to_be_about(app: Edge) -> None:
    body = parameters([PATIENT])
    assert check(app, body, "?subject=Patient/a").status_code == 200
    assert check(app, body, "?subject=Patient/b").status_code == 422


@pytest.mark.parametrize("sign", ["+", "%2B"])
def test_an_offset_is_read_whether_or_not_its_plus_is_encoded(app: Edge, sign: str) -> None:
    answered = check(app, BARE, f"?asOf=2026-06-30T12:00:00{sign}02:00")
    assert answered.status_code == 200
    assert "2026-06-30T12:00:00+02:00" in answered.text


@pytest.mark.parametrize("year", ["0203", "9797"])
def test_the_first_and_last_year_are_evaluated(app: Edge, year: str) -> None:
    for as_of in (f"{year}-01-01T00:00:00+23:59", f"{year}-12-31T23:59:59-23:59", f"{year}-12-31"):
        assert check(app, parameters([PATIENT], asOf=as_of)).status_code == 200


def test_the_same_parameter_in_query_and_body_is_refused(app: Edge, body: bytes) -> None:
    refused = check(app, body, "?asOf=2026-06-30")
    assert refused.status_code == 400
    assert "asOf" in outcome_text(refused)
    assert refused.json()["issue"][0]["expression"] == ["Parameters.parameter[0]"]


@pytest.mark.parametrize(
    ("sent", "expression"),
    [
        ([{"name": "server", "valueCode": "a"}], "Parameters.parameter[0].name"),
        ([{"name": "mode", "valueCode": "strict"}, {"name": "mode", "valueCode": "strict"}], "Parameters.parameter[1]"),
        ([{"name": "data", "valueString": "x"}], "Parameters.parameter[0]"),
        ([{"name": "mode", "valueBoolean": True}], "Parameters.parameter[0]"),
    ],
)
def test_a_wrong_parameter_in_the_body_is_told_by_its_place(
    app: Edge, sent: list[dict[str, Any]], expression: str
) -> None:
    refused = check(app, json.dumps({"resourceType": "Parameters", "parameter": sent}).encode())
    assert refused.status_code == 400
    assert refused.json()["issue"][0]["expression"] == [expression]


def test_every_parameter_is_told_the_same_everywhere(app: Edge) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    queried = {one["name"]: one for one in document["paths"]["/fhir/$mood-immune-check"]["post"]["parameters"]}
    definition = ask(app, "GET", "/fhir/OperationDefinition/mood-immune-check").json()
    defined = {one["name"]: one for one in definition["parameter"]}
    for parameter in primitives("system"):
        assert queried[parameter.name]["description"] == parameter.sentence
        assert defined[parameter.name]["documentation"].startswith(parameter.sentence)
        for value in parameter.allowed:
            assert value in queried[parameter.name]["schema"]["enum"]
            assert check(app, BARE, f"?{parameter.name}={value}").status_code == 200
    assert set(queried) == {parameter.name for parameter in primitives("system")} | {"_format", "_pretty"}
