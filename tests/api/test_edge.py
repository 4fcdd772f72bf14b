"""Does every answer pass the outermost layer, and does it refuse who is not meant to be here?"""

import asyncio
import re
from collections.abc import Callable

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from service.api import check as checking
from service.api.edge import Edge
from service.api.errors import answer_problem, problem_of
from service.settings import load_settings
from service.telemetry import Metrics
from tests.api.asking import CHECK, ask, check, issue_code, outcome_text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080", "LocalHost"])
def test_loopback_names_are_answered(app: Edge, host: str) -> None:
    assert ask(app, "GET", "/fhir/metadata", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "a b", "ehr.example:99999999", "127.0.0.1, x"]
)
def test_other_hosts_are_not(app: Edge, host: str) -> None:
    refused = ask(app, "GET", "/fhir/metadata", headers={"Host": host})
    assert refused.status_code == 421
    assert issue_code(refused) == "security"
    assert "MOODMARKER_ALLOWED_HOSTS" in outcome_text(refused)


def test_two_hosts_are_one_too_many(app: Edge) -> None:
    assert ask(app, "GET", "/fhir/metadata", headers=[("Host", "127.0.0.1"), ("Host", "x")]).status_code == 421


def test_a_site_adds_hosts(make_app: Callable[..., Edge]) -> None:
    app = make_app(allowed_hosts="EHR.example moodmarker.internal:8443")
    for host in ("ehr.example", "moodmarker.internal:443"):
        assert ask(app, "GET", "/fhir/metadata", headers={"Host": host}).status_code == 200


def test_hosts_are_not_remembered_without_end(app: Edge) -> None:
    for number in range(400):
        ask(app, "GET", "/fhir/metadata", headers={"Host": f"h{number}"})
    assert len(app._hosts._known) <= 256


def test_a_probe_may_ask_by_address(app: Edge) -> None:
    assert ask(app, "GET", "/health/live", headers={"Host": "10.1.2.3:8080"}).status_code == 200


def test_the_request_id_is_the_callers_or_ours(app: Edge) -> None:
    assert ask(app, "GET", "/health/live", headers={"X-Request-Id": "a.b-C_9"}).headers["x-request-id"] == "a.b-C_9"
    for malformed in ("", "a b", "x" * 65, "ä"):
        made = ask(app, "GET", "/health/live", headers={"X-Request-Id": malformed.encode()}).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{16}", made)


@pytest.mark.parametrize("path", ["/fhir/metadata", "/nowhere", "/health/live"])
def test_every_answer_carries_the_security_headers(app: Edge, path: str) -> None:
    headers = ask(app, "GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/fhir", "/fhir/", "/fhir/Patient/1", "/fhir/$other", "/fhir/metadata/"])
def test_what_is_not_there_is_told_as_an_outcome(app: Edge, path: str) -> None:
    missing = ask(app, "GET", path)
    assert missing.status_code == 404
    assert issue_code(missing) == "not-found"
    assert "metadata" in outcome_text(missing)


def test_head_is_get(app: Edge) -> None:
    assert ask(app, "HEAD", "/fhir/metadata").status_code == 200
    assert ask(app, "HEAD", "/nowhere").status_code == 404


def test_a_fault_is_told_by_its_id_alone(app: Edge, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("Jane Doe 1984-03-05")

    monkeypatch.setattr(checking, "assess", fail)
    failed = check(app, body, X_Request_Id="this-one")
    assert failed.status_code == 500
    assert "this-one" in outcome_text(failed)
    assert failed.headers["x-request-id"] == "this-one"
    for secret in ("Jane", "KeyError", "Traceback", ".py"):
        assert secret not in failed.text


def _sent(app: Edge, path: str = "/", method: str = "GET") -> list[Message]:
    """What is sent to a caller who has left."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_fault_after_the_answer_began_is_not_answered_twice() -> None:
    async def fail(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    sent = _sent(Edge(fail, load_settings(), Metrics()))
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_a_fault_of_the_framework_is_answered_too() -> None:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    started, _ = _sent(Edge(fail, load_settings(), Metrics()))
    assert started["status"] == 500


def test_a_caller_who_leaves_is_no_fault(app: Edge) -> None:
    started, _ = _sent(app, CHECK, "POST")
    assert started["status"] == 499


def test_the_router_may_refuse_for_reasons_of_its_own() -> None:
    refused = answer_problem(problem_of(HTTPException(431, "Jane Doe")))
    assert refused.status_code == 500
    assert b"status 431" in refused.body
    assert b"Jane" not in refused.body
