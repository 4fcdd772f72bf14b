"""Which bodies are read, and in which form may the answer be taken?"""

import gzip

import pytest

from service.api.edge import Edge
from tests.api.asking import CHECK, ask, check, issue_code, outcome_text


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json",
        "Application/FHIR+JSON; Charset=UTF-8",
        'application/fhir+json; charset="utf-8"; fhirVersion=4.0',
        "application/fhir+json; fhirVersion=4.0.1",
        "application/fhir+json;fhirversion=4.3",
    ],
)
def test_reads_json_of_fhir_r4(app: Edge, body: bytes, content_type: str) -> None:
    assert check(app, body, Content_Type=content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+xml",
        "application/xml",
        "text/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/fhir+json; charset=iso-8859-1",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+ndjson",
        "",
    ],
)
def test_refuses_any_other_body(app: Edge, body: bytes, content_type: str) -> None:
    refused = check(app, body, Content_Type=content_type)
    assert refused.status_code == 415
    assert issue_code(refused) == "not-supported"
    assert "application/fhir+json" in outcome_text(refused)


def test_refuses_a_body_without_a_content_type(app: Edge, body: bytes) -> None:
    assert ask(app, "POST", CHECK, content=body).status_code == 415


def test_refuses_two_content_types(app: Edge, body: bytes) -> None:
    headers = [("Content-Type", "application/fhir+json"), ("Content-Type", "text/plain")]
    assert ask(app, "POST", CHECK, content=body, headers=headers).status_code == 415


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/fhir+json",
        "application/json",
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+xml, application/fhir+json;q=0.1",
        "application/fhir+json, */*; q=0.1",
        "text/html, */*;q=0.5",
    ],
)
def test_answers_whoever_takes_json(app: Edge, body: bytes, accept: str) -> None:
    answered = check(app, body, Accept=accept)
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "application/fhir+json"


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json;q=0",
        "application/fhir+json;q=0, application/json;q=0.000, */*",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; q=nonsense",
        "text/html, */*;q=0",
    ],
)
def test_refuses_whoever_does_not(app: Edge, body: bytes, accept: str) -> None:
    refused = check(app, body, Accept=accept)
    assert refused.status_code == 406
    assert issue_code(refused) == "not-supported"


@pytest.mark.parametrize("wanted", ["json", "application/json", "application/fhir+json", "application/fhir%2Bjson"])
def test_format_wins_over_accept(app: Edge, body: bytes, wanted: str) -> None:
    assert check(app, body, f"?_format={wanted}", Accept="text/html").status_code == 200


@pytest.mark.parametrize("wanted", ["xml", "application/fhir+xml", "html", "", "json;fhirVersion=5.0"])
def test_format_may_ask_for_what_is_not_written(app: Edge, body: bytes, wanted: str) -> None:
    assert check(app, body, f"?_format={wanted}").status_code == 406


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "x, *;q=0.1"])
def test_compresses_for_whoever_asks(app: Edge, body: bytes, accepted: str) -> None:
    answered = check(app, body, Accept_Encoding=accepted)
    assert answered.headers["content-encoding"] == "gzip"
    assert answered.json()["resourceType"] == "Bundle"
    assert answered.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_does_not_compress_for_others(app: Edge, body: bytes, accepted: str) -> None:
    assert "content-encoding" not in check(app, body, Accept_Encoding=accepted).headers


def test_does_not_compress_what_is_short(app: Edge) -> None:
    found = ask(app, "GET", "/fhir/CodeSystem?url=none", headers={"Accept-Encoding": "gzip"})
    assert found.status_code == 200
    assert "content-encoding" not in found.headers


def test_reads_gzip(app: Edge, body: bytes) -> None:
    plain = check(app, body)
    assert check(app, gzip.compress(body), Content_Encoding="gzip").content == plain.content


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_reads_no_other_coding(app: Edge, body: bytes, coding: str) -> None:
    refused = check(app, body, Content_Encoding=coding)
    assert refused.status_code == 415
    assert "gzip" in outcome_text(refused)


def test_indents_on_request(app: Edge, body: bytes) -> None:
    pretty = check(app, body, "?_pretty=true")
    assert pretty.text.startswith('{\n  "resourceType"')
    assert pretty.json() == check(app, body).json()
