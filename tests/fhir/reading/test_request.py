"""The body of a request: a Bundle, or Parameters around one; and everything that is neither."""

import json
from datetime import UTC
from typing import Any

import pytest

from service.errors import BodyUnreadable, InvalidParameter, Problem
from service.fhir.reading import RequestBody, read_bundle, read_request, wrap
from service.terminology.terminology import Terminology
from tests.fhir.reading.feeding import PHQ9, bundle, entry, observation, patient, read_body, refused, score_of

PLAIN = bundle(patient(), observation(PHQ9, **score_of(9)))


def spelled(body: Any) -> bytes:
    return json.dumps(body).encode()


def parameters(*given: dict[str, Any]) -> bytes:
    return spelled({"resourceType": "Parameters", "parameter": list(given)})


def values_of(request: RequestBody) -> dict[str, list[str]]:
    return {name: [one.value for one in given] for name, given in request.parameters.items()}


def test_bundle_alone_has_no_parameters() -> None:
    request = read_request(spelled(PLAIN))
    assert request.parameters == {}
    assert request.bundle is not None
    assert len(request.bundle.entries) == 2


def test_parameters_hold_values_and_the_bundle() -> None:
    body = parameters(
        {"name": "asOf", "valueDateTime": "2026-03-01"},
        {"name": "incomplete", "valueCode": "Condition"},
        {"name": "data", "resource": PLAIN},
        {"name": "incomplete", "valueString": "Procedure"},
    )
    request = read_request(body)
    assert values_of(request) == {"asOf": ["2026-03-01"], "incomplete": ["Condition", "Procedure"]}
    assert [one.expression for one in request.parameters["incomplete"]] == [
        "Parameters.parameter[1].valueCode",
        "Parameters.parameter[3].valueString",
    ]
    assert request.bundle is not None
    assert json.loads(request.bundle.raw(1)) == PLAIN["entry"][1]["resource"]
    assert len(read_body(body).chart.scores) == 1


def test_parameters_without_data_have_no_bundle() -> None:
    for body in (parameters(), b'{"resourceType":"Parameters"}'):
        assert read_request(body) == ({}, None)


def test_bundle_in_parameters_with_a_fault_is_read_entry_by_entry() -> None:
    faulty = bundle(observation(PHQ9, "a", status=1), observation(PHQ9, "b", **score_of(9)))
    body = parameters({"name": "asOf", "valueDate": "2026-03-01"}, {"name": "data", "resource": faulty})
    assert values_of(read_request(body)) == {"asOf": ["2026-03-01"]}
    reading = read_body(body)
    assert refused(reading) == [("wrong-type", "Bundle.entry[0].resource.status")]
    assert len(reading.chart.scores) == 1


def test_resource_type_may_come_last() -> None:
    body = {key: PLAIN[key] for key in ("entry", "type", "resourceType")}
    assert len(read_body(spelled(body)).chart.scores) == 1
    turned = bundle(*[dict(reversed(one["resource"].items())) for one in PLAIN["entry"]])
    assert len(read_body(spelled(turned)).chart.scores) == 1


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b" \r\n\t", b"\xef\xbb\xbf "])
def test_byte_order_mark_and_space_are_dropped(prefix: bytes) -> None:
    assert len(read_body(prefix + spelled(PLAIN)).chart.scores) == 1


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b"{}",
        b"{",
        b'{"resourceType":"Bundle"',
        b'{"resourceType":"Bundle"} x',
        b'{"resourceType":"Bundle","a":NaN}',
        b'{"resourceType":"Bundle","a":Infinity}',
        b'{"resourceType":"Bundle","a":01}',
        b'{"resourceType":"Bundle","a":"\x01"}',
        b'{"resourceType":"Bundle","a":"\xff"}',
        b'{"resourceType":"Bundle","a":"\\ud800"}',
        b'{"resourceType":"Bundle","id":"\\ud800\\u0041"}',
        b'{"resourceType":"Bundle","id":"\xed\xa0\x80"}',
        b'{"resourceType":"Bundle","a":' + DEEP + b"}",
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","component":' + DEEP + b"}}]}",
        b'{"resourceType":"Bundle","entry":['
        + b'{"resource":{"resourceType":"Bundle","entry":[' * 9000
        + b"]}}" * 9000
        + b"]}",
        b'{"resourceType":"Patient"}',
        b'{"resourceType":"Nonsense"}',
        b'{"resourceType":7}',
        b'{"resourceType":null}',
        b'{"resourceType":"Bundle","entry":{}}',
        b'{"resourceType":"Bundle","entry":"x"}',
        b'{"resourceType":"Bundle","link":{}}',
        b'{"resourceType":"Bundle","type":"history"}',
        b'{"resourceType":"Bundle","type":"message"}',
        b'{"resourceType":"Bundle","type":"history","link":[7]}',
        b'{"resourceType":"Bundle","implicitRules":"http://x"}',
        b'{"resourceType":"Parameters","parameter":{}}',
        b'{"resourceType":"Parameters","parameter":[7]}',
        '{"resourceType":"Bundle"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_body_that_is_neither_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(BodyUnreadable) as caught:
        read_body(body)
    assert caught.value.text


def test_wrong_type_in_the_envelope_is_named() -> None:
    with pytest.raises(BodyUnreadable) as caught:
        read_request(b'{"resourceType":"Bundle","link":[{"relation":5}]}')
    assert caught.value.expression == "Bundle.link[0].relation"


@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ({"valueString": "x"}, "Parameters.parameter[0].name"),
        ({"name": "asOf"}, "Parameters.parameter[0]"),
        ({"name": "asOf", "valueInteger": 5}, "Parameters.parameter[0]"),
        ({"name": "asOf", "valueString": 5}, "Parameters.parameter[0]"),
        ({"name": "asOf", "valueString": "a", "valueCode": "b"}, "Parameters.parameter[0]"),
        ({"name": "asOf", "part": []}, "Parameters.parameter[0]"),
        ({"name": "bundle", "resource": PLAIN}, "Parameters.parameter[0]"),
        ({"name": "data", "resource": patient()}, "Parameters.parameter[0].resource"),
        ({"name": "data", "resource": 7}, "Parameters.parameter[0].resource"),
        ({"name": "data", "resource": {"resourceType": 7}}, "Parameters.parameter[0].resource"),
        ({"name": "data", "resource": None}, "Parameters.parameter[0]"),
    ],
)
def test_parameter_that_makes_no_sense_is_named(given: dict[str, Any], expression: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read_request(parameters(given))
    assert caught.value.expression == expression


@pytest.mark.parametrize("value", [{"valueString": "x"}, {}])
def test_data_without_a_resource_is_told_what_it_needs(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter, match="data needs a resource"):
        read_request(parameters({"name": "data", **value}))


@pytest.mark.parametrize("fault", [{}, {"status": 5}])
def test_rules_and_modifiers_that_are_not_known_are_refused(fault: dict[str, Any]) -> None:
    data = {"name": "data", "resource": bundle(patient(), observation(PHQ9, **fault))}
    ruled = {"resourceType": "Parameters", "implicitRules": "http://x", "parameter": [data]}
    with pytest.raises(BodyUnreadable) as caught:
        read_request(spelled(ruled))
    assert caught.value.expression == "Parameters.implicitRules"
    with pytest.raises(BodyUnreadable) as caught:
        read_request(parameters({**data, "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}))
    assert caught.value.expression == "Parameters.parameter[0].modifierExtension"


def test_second_bundle_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        read_request(parameters({"name": "data", "resource": PLAIN}, {"name": "data", "resource": PLAIN}))


def test_bundles_within_a_bundle_stand_in_its_place() -> None:
    inner = bundle(observation(PHQ9, "a", **score_of(9)), observation(PHQ9, "b", **score_of(40)))
    body = bundle(patient(), entry(inner), observation(PHQ9, "c", effectiveDateTime="2026-03-02", **score_of(4)))
    body["entry"][1]["resource"]["link"] = [{"relation": "next", "url": "http://x"}]
    reading = read_body(spelled(body))
    assert [score.source.expression for score in reading.chart.scores] == [
        "Bundle.entry[1].resource.entry[0].resource",
        "Bundle.entry[2].resource",
    ]
    assert refused(reading) == [("out-of-range", "Bundle.entry[1].resource.entry[1].resource.valueQuantity.value")]
    assert (reading.account.received, reading.account.used) == (4, 3)
    assert "Condition" in reading.chart.not_covered


def test_bundles_within_a_bundle_are_read_around_a_fault() -> None:
    inner = bundle(observation(PHQ9, "a", status=5), observation(PHQ9, "b", **score_of(9)))
    whole = bundle(observation(PHQ9, "d", **score_of(3), effectiveDateTime="2026-03-05"))
    body = bundle(patient(), entry(inner), entry(whole))
    request = read_request(spelled(body))
    assert request.bundle is not None
    assert json.loads(request.bundle.raw(2))["id"] == "b"
    reading = read_body(spelled(body))
    assert refused(reading) == [("wrong-type", "Bundle.entry[1].resource.entry[0].resource.status")]
    assert [score.source.reference for score in reading.chart.scores] == ["Observation/b", "Observation/d"]


@pytest.mark.parametrize("fault", [{}, {"status": 5}])
@pytest.mark.parametrize(
    ("inner", "element"),
    [
        ({"type": "history"}, "type"),
        ({"implicitRules": "http://x"}, "implicitRules"),
        ({"entry": True}, "entry"),
        ({"link": [7]}, "link[0]"),
    ],
)
def test_bundle_within_a_bundle_that_cannot_be_read_is_rejected_alone(
    inner: dict[str, Any], element: str, fault: dict[str, Any]
) -> None:
    body = bundle(patient(), {"resource": {**bundle(), **inner}}, observation(PHQ9, **score_of(9)))
    body["entry"].append({"resource": observation(PHQ9, "faulty", **fault)})
    reading = read_body(spelled(body))
    assert f"Bundle.entry[1].resource.{element}" in [one.expression for one in reading.rejections]
    assert len(reading.chart.scores) == 1


def test_raw_bundle_is_read_without_a_request() -> None:

    reading = read_bundle(spelled(PLAIN), Terminology.default(), UTC)
    assert len(reading.chart.scores) == 1


def test_one_resource_is_wrapped() -> None:
    for body in (spelled(patient()), b"\xef\xbb\xbf\n" + spelled(patient()) + b"\n"):
        assert json.loads(wrap(body)) == bundle(patient())


def test_lines_are_wrapped() -> None:
    lines = b"\n\n".join([spelled(patient()), spelled(observation(PHQ9, **score_of(9)))]) + b"\r\n"
    assert len(read_body(wrap(lines)).chart.scores) == 1


@pytest.mark.parametrize("body", [spelled(PLAIN), parameters({"name": "data", "resource": PLAIN})])
def test_bundle_and_parameters_stay_as_they_are(body: bytes) -> None:
    assert wrap(body) == body


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1}\n{x', b'{"resourceType":"Patient"}\nnonsense', DEEP])
def test_file_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Problem):
        wrap(body)


def test_resource_without_a_type_is_wrapped_and_refused() -> None:
    assert read_body(wrap(b'{"id":"x"}\n' + spelled(patient()))).account.rejected == {"wrong-type": 1}
    assert json.loads(wrap(b'{"resourceType":5}'))["entry"] == [{"resource": {"resourceType": 5}}]
