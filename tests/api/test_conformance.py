"""Are the contracts served as they are, and found by their address?"""

import tomllib

import pytest

from service.api.edge import Edge
from service.fhir.artifacts import all_artifacts
from tests.api.asking import ask, issue_code, outcome_text
from tests.architecture.tree import ROOT

ARTIFACTS = {path: one for path, one in all_artifacts().items() if one["resourceType"] != "CapabilityStatement"}


def test_metadata_is_the_capability_statement(app: Edge) -> None:
    answered = ask(app, "GET", "/fhir/metadata?mode=full&_format=json")
    assert answered.status_code == 200
    assert answered.json()["resourceType"] == "CapabilityStatement"


def test_what_the_capability_statement_lists_is_served(app: Edge) -> None:
    (rest,) = ask(app, "GET", "/fhir/metadata").json()["rest"]
    for resource in (one for one in rest["resource"] if "interaction" in one):
        searched = ask(app, "GET", f"/fhir/{resource['type']}")
        assert searched.status_code == 200, resource["type"]
        for parameter in resource.get("searchParam", []):
            asked = ask(app, "GET", f"/fhir/{resource['type']}", params={parameter["name"]: "none"})
            assert asked.status_code == 200, parameter["name"]
            assert asked.json()["total"] == 0


def test_operations_are_listed_where_they_are_called(app: Edge) -> None:
    (rest,) = ask(app, "GET", "/fhir/metadata").json()["rest"]
    (patient,) = [one for one in rest["resource"] if one["type"] == "Patient"]
    definitions = {f"{one['url']}|{one['version']}": one for one in ARTIFACTS.values() if "url" in one}
    for level, operations in (("system", rest["operation"]), ("instance", patient["operation"])):
        called = [definitions[one["definition"]] for one in operations]
        assert [one["name"] for one in operations] == [one["code"] for one in called]
        assert {"mood-immune-check"} <= {one["code"] for one in called}
        assert all(one[level] for one in called)


@pytest.mark.parametrize("path", ARTIFACTS)
def test_every_artifact_is_read_and_found(app: Edge, path: str) -> None:
    artifact = ARTIFACTS[path]
    kind = artifact["resourceType"]
    assert ask(app, "GET", f"/fhir/{kind}/{artifact['id']}").json() == artifact
    for asked in (
        {"url": artifact["url"]},
        {"url": f"{artifact['url']}|{artifact['version']}"},
        {"_id": f"none,{artifact['id']}", "version": artifact["version"]},
    ):
        found = ask(app, "GET", f"/fhir/{kind}", params=asked).json()
        assert (found["type"], found["total"]) == ("searchset", 1)
        assert found["entry"][0]["resource"] == artifact


def test_without_parameters_all_of_a_type_are_found(app: Edge) -> None:
    everything = sum(one["resourceType"] == "ValueSet" for one in ARTIFACTS.values())
    assert ask(app, "GET", "/fhir/ValueSet").json()["total"] == everything


def test_what_is_not_there_is_told(app: Edge) -> None:
    missing = ask(app, "GET", "/fhir/CodeSystem/none")
    assert missing.status_code == 404
    assert issue_code(missing) == "not-found"
    assert "entry" not in ask(app, "GET", "/fhir/CodeSystem?url=none").json()


@pytest.mark.parametrize("path", ["/fhir/CodeSystem?name=x", "/fhir/CodeSystem/rule?url=x", "/fhir/metadata?x=1"])
def test_an_unknown_parameter_is_told(app: Edge, path: str) -> None:
    refused = ask(app, "GET", path)
    assert refused.status_code == 400
    assert "Known: " in outcome_text(refused)


def test_xml_is_not_written(app: Edge) -> None:
    assert ask(app, "GET", "/fhir/metadata?_format=xml").status_code == 406
    assert ask(app, "GET", "/fhir/CodeSystem", headers={"Accept": "application/fhir+xml"}).status_code == 406


def test_the_software_is_told_with_its_version(app: Edge) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    software = ask(app, "GET", "/fhir/metadata").json()["software"]
    assert software == {"name": "Moodmarker", "version": project["version"]}


def test_indents_on_request(app: Edge) -> None:
    assert ask(app, "GET", "/fhir/metadata?_pretty=1").status_code == 400
    assert ask(app, "GET", "/fhir/metadata?_pretty=true").text.startswith("{\n")
