"""Are health and numbers told, and the latter only nearby?"""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.api.edge import Edge
from service.assessment import Context
from service.subscriptions.working import Worker
from tests.api.asking import ask, check, parameters

NEAR_ONLY = ["/metrics", "/health/servers", "/openapi.json", "/docs"]


def _numbers(app: Edge) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(ask(app, "GET", "/metrics").text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_live(app: Edge) -> None:
    assert ask(app, "GET", "/health/live").json() == {"status": "live"}


def test_ready_names_the_rule_set(app: Edge, context: Context) -> None:
    told = ask(app, "GET", "/health/ready").json()
    assert told["status"] == "ready"
    rules = context.rule_set
    assert told["ruleSet"] == {"version": rules.version, "digest": rules.digest, "off": 1, "shadow": 0}


@pytest.mark.parametrize(("path", "status"), [("live", 200), ("ready", 200), ("servers", 421)])
def test_probes_alone_are_answered_under_any_host(app: Edge, path: str, status: int) -> None:
    told = ask(app, "GET", f"/health/{path}", headers={"Host": "evil.example"})
    assert told.status_code == status
    assert "servers" not in told.json()


@pytest.fixture
def with_store(tmp_path: Path) -> dict[str, str]:
    return {"service_key": "k" * 40, "store": f"sqlite:///{tmp_path}/store.db"}


async def readiness(app: Edge) -> tuple[int, dict[str, Any]]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        told = await client.get("/health/ready")
    return told.status_code, told.json()


def while_running(app: Edge, test: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with app.app.router.lifespan_context(app.app):  # type: ignore[attr-defined]
            await test()

    asyncio.run(run())


def test_with_subscriptions_ready_means_that_they_are_worked_off(
    make_app: Callable[..., Edge], with_store: dict[str, str]
) -> None:
    app = make_app(**with_store)

    async def test() -> None:
        status, told = await readiness(app)
        assert (status, told["status"]) == (200, "ready")
        assert told["subscriptions"] == {"store": "ready", "workers": "ready", "watch": "ready"}

    assert asyncio.run(readiness(app))[0] == 503
    while_running(app, test)


def test_a_store_that_does_not_answer_is_not_ready(make_app: Callable[..., Edge], with_store: dict[str, str]) -> None:
    app = make_app(**with_store)
    address = with_store["store"].removeprefix("sqlite:///")

    async def test() -> None:
        # What SQLite does for one transaction it refuses to everybody else.
        with closing(sqlite3.connect(address, isolation_level=None)) as hog:
            hog.execute("BEGIN EXCLUSIVE")
            status, told = await readiness(app)
        assert (status, told["status"]) == (503, "not ready")
        assert told["subscriptions"]["store"] == "failed: it does not answer"
        assert address not in json.dumps(told)

    while_running(app, test)


def test_workers_that_ended_are_not_ready(
    make_app: Callable[..., Edge], with_store: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(**with_store)

    async def ends(_: object) -> None:
        """As a worker that somebody cancelled."""

    monkeypatch.setattr(Worker, "run", ends)

    async def test() -> None:
        await asyncio.sleep(0)
        status, told = await readiness(app)
        assert (status, told["status"]) == (503, "not ready")
        assert told["subscriptions"]["workers"].startswith("failed: ")

    while_running(app, test)


def test_numbers_count_requests_verdicts_and_entries(app: Edge, body: bytes) -> None:
    check(app, body)
    check(app, b"no json")
    ask(app, "GET", "/a/path/that/names/Jane")
    numbers = _numbers(app)
    route = ("route", "/fhir/$mood-immune-check")
    assert numbers["moodmarker_requests_total", (("method", "POST"), route, ("status", "200"))] == 1
    assert numbers["moodmarker_requests_total", (("method", "POST"), route, ("status", "400"))] == 1
    assert numbers["moodmarker_request_seconds_count", (route,)] == 2
    assert numbers["moodmarker_entries_total", ()] == 4
    assert numbers["moodmarker_checks_in_flight", ()] == 0
    verdicts = {labels: value for (name, labels), value in numbers.items() if name == "moodmarker_verdicts_total"}
    assert sum(verdicts.values()) == len(verdicts)
    assert {dict(labels)["verdict"] for labels in verdicts} <= {"MET", "NOT_MET", "UNKNOWN"}
    assert not any("Jane" in str(key) for key in numbers)


@pytest.mark.parametrize("path", NEAR_ONLY)
def test_is_shown_on_loopback(app: Edge, path: str) -> None:
    assert ask(app, "GET", path).status_code == 200
    assert ask(app, "GET", path, peer="::1", headers={"Host": "localhost"}).status_code == 200


@pytest.mark.parametrize("path", NEAR_ONLY)
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("10.0.0.9", {}),
        ("127.0.0.1", {"Host": "ehr.example"}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.9"}),
    ],
)
def test_is_not_shown_to_others(make_app: Callable[..., Edge], path: str, peer: str, headers: dict[str, str]) -> None:
    app = make_app(allowed_hosts="ehr.example")
    assert ask(app, "GET", path, peer=peer, headers=headers).status_code == 404


@pytest.mark.parametrize("path", NEAR_ONLY)
def test_is_not_shown_where_the_service_listens_to_others(make_app: Callable[..., Edge], path: str) -> None:
    assert ask(make_app(host="10.0.0.1"), "GET", path).status_code == 404


@pytest.mark.parametrize("path", NEAR_ONLY)
def test_may_be_switched_on_and_off(make_app: Callable[..., Edge], path: str) -> None:
    on = make_app(host="10.0.0.1", metrics=True, openapi_page=True)
    assert ask(on, "GET", path, peer="10.0.0.9").status_code == 200
    off = make_app(metrics=False, openapi_page=False)
    assert ask(off, "GET", path).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Host": "ehr.example"}, {"Via": "1.1 proxy"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_who_comes_through_a_proxy_or_from_another_site_is_not_near(app: Edge, headers: dict[str, str]) -> None:
    assert ask(app, "GET", "/metrics", headers=headers).status_code == 404
    assert ask(app, "GET", "/metrics", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_the_numbers_tell_why_rules_could_not_be_judged(make_app: Callable[..., Edge]) -> None:
    app = make_app()
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-06-01",
        "valueInteger": 18,
    }
    people = [{"resourceType": "Patient", "id": "p", "birthDate": "1984-03-05"}]
    check(app, parameters([*people, observation], asOf="2026-06-30", incomplete="Condition"))
    reasons = {
        dict(labels)["reason"]: count
        for (name, labels), count in _numbers(app).items()
        if name == "moodmarker_unknown_verdicts_total"
    }
    assert reasons["missing"] > 0
    assert reasons["not-covered"] > 0
