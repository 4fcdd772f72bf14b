"""Is what has to be known of a stored resource read from what servers send?"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from service.fhir.client.connection import Reply
from service.fhir.writeback.heads import head_in, head_of, place_of

FLAG: dict[str, Any] = {"resourceType": "Flag", "id": "7", "meta": {"versionId": "3"}}


def body(**elements: Any) -> bytes:
    return json.dumps(FLAG | elements).encode()


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        (Reply(201, b"", "", "https://ehr.example/fhir/Flag/9/_history/2"), ("9", "2")),
        (Reply(201, b"", 'W/"5"', "Flag/9"), ("9", "5")),
        (Reply(201, b"", '"5"', "https://ehr.example/fhir/Flag/9/"), ("9", "5")),
        (Reply(201, body(), "", ""), ("7", "3")),
        (Reply(201, body(), "", "https://ehr.example/fhir/Flag/7"), ("7", "3")),
        (Reply(201, body(), "", "https://ehr.example/queue/abc/"), ("7", "3")),
        (Reply(200, body(meta=None), "nonsense", ""), ("7", "")),
        (Reply(201, b'{"resourceType":"OperationOutcome","id":"o"}', "", ""), ("", "")),
        (Reply(201, b"<html>", "", ""), ("", "")),
    ],
)
def test_a_stored_resource_is_found_by_whatever_the_answer_tells(reply: Reply, place: tuple[str, str]) -> None:
    assert place_of(reply, "Flag") == place


@pytest.mark.parametrize("document", [b"", b"[]", body(id=None), body(id="a/b"), body(meta=3), b"[" * 100_000])
def test_what_has_no_id_is_no_resource(document: bytes) -> None:
    assert head_of(document) is None


def test_an_entry_without_a_resource_has_none() -> None:
    assert head_in(msgspec.Raw(b"{}")) is None
    assert head_in(msgspec.Raw(b"[]")) is None
    assert head_in(msgspec.Raw(b'{"resource":' + body() + b"}")) is not None


def test_a_resource_without_a_time_is_the_youngest() -> None:
    known, unknown = head_of(body(meta={"lastUpdated": "2026-06-30T10:00:00Z"})), head_of(body())
    assert known is not None
    assert unknown is not None
    assert known.age < unknown.age


def test_identifiers_are_told_by_their_system() -> None:
    head = head_of(body(identifier=[{"value": "x"}, {"system": "urn:a", "value": "1"}, {"system": "urn:b"}]))
    assert head is not None
    assert (head.named("urn:a"), head.named("urn:b"), head.named("urn:c")) == ("1", "", "")
