"""Does a check wait its turn, in order and not for long, and does no caller take more than its part?"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from service.api import check as checking
from service.api.admission import Admission
from service.api.application import create_app
from service.api.edge import Edge
from service.api.rates import _REMEMBERED, Rates
from service.assessment import Answer, Context
from service.errors import DeadlineExceeded, Overloaded, Throttled
from service.security.deadlines import deadline, seconds_left
from service.settings import load_settings
from service.telemetry import Metrics
from tests.api.asking import CHECK, FHIR, ask, check, issue_code, outcome_text
from tests.api.test_connections import number


def limited(app: Edge, limit: str) -> float:
    return number(app.bounds.metrics, f'moodmarker_limited_total{{limit="{limit}"}}')


async def _stays() -> Message:
    await asyncio.sleep(60)
    return {"type": "http.disconnect"}


async def _leaves() -> Message:
    await asyncio.sleep(0.05)
    return {"type": "http.disconnect"}


class Place:
    """Requests that take a place, and the order in which they had it."""

    def __init__(self, **settings: Any) -> None:
        self.metrics = Metrics()
        self.admission = Admission(load_settings(**settings), self.metrics)
        self.go_on = asyncio.Event()
        self.had: list[int] = []

    async def visit(self, name: int, receive: Any = _stays) -> None:
        async with self.admission.admitted(receive):
            self.had.append(name)
            await self.go_on.wait()

    @property
    def waiting(self) -> float:
        return number(self.metrics, "moodmarker_checks_waiting")


def test_a_queue_is_answered_in_order_of_arrival() -> None:
    async def run() -> None:
        place = Place(concurrency_limit=2, queue_limit=8)
        visits = [asyncio.create_task(place.visit(name)) for name in range(8)]
        await asyncio.sleep(0.05)
        assert place.had == [0, 1]
        assert place.waiting == 6
        place.go_on.set()
        await asyncio.gather(*visits)
        assert place.had == list(range(8))
        assert place.waiting == number(place.metrics, "moodmarker_checks_in_flight") == 0
        assert place.admission._held == 0

    asyncio.run(run())


def test_a_full_queue_sends_away_at_once_and_a_slow_one_in_time() -> None:
    async def run() -> None:
        place = Place(concurrency_limit=1, queue_limit=1, queue_seconds=0.2)
        first = asyncio.create_task(place.visit(0))
        await asyncio.sleep(0)
        second = asyncio.create_task(place.visit(1))
        await asyncio.sleep(0.01)
        with pytest.raises(Overloaded) as full:
            await place.visit(2)
        with pytest.raises(Overloaded) as slow:
            await second
        assert (full.value.limit, slow.value.limit) == ("queue_limit", "queue_seconds")
        place.go_on.set()
        await first
        await place.visit(3)
        assert place.had == [0, 3]
        assert place.admission._held == 0

    asyncio.run(run())


def test_who_hangs_up_or_is_cancelled_leaves_the_queue() -> None:
    async def run() -> None:
        place = Place(concurrency_limit=1, queue_limit=9)
        first = asyncio.create_task(place.visit(0))
        await asyncio.sleep(0)
        gone, cancelled = asyncio.create_task(place.visit(1, _leaves)), asyncio.create_task(place.visit(2))
        last = asyncio.create_task(place.visit(3))
        with pytest.raises(ClientDisconnect):
            await gone
        cancelled.cancel()
        with suppress(asyncio.CancelledError):
            await cancelled
        assert place.waiting == 1
        place.go_on.set()
        await asyncio.gather(first, last)
        assert place.had == [0, 3]
        assert place.admission._held == 0

    asyncio.run(run())


def test_a_place_that_is_given_to_one_who_is_cancelled_goes_on_to_the_next() -> None:
    async def run() -> None:
        place = Place(concurrency_limit=1, queue_limit=9)
        first = asyncio.create_task(place.visit(0))
        await asyncio.sleep(0)
        second, third = asyncio.create_task(place.visit(1)), asyncio.create_task(place.visit(2))
        await asyncio.sleep(0)
        place.admission._release()  # as the first does when it ends
        second.cancel()
        await asyncio.sleep(0.01)
        place.admission._held += 1
        assert place.had == [0, 2]
        place.go_on.set()
        await asyncio.gather(first, third)
        assert place.admission._held == 0

    asyncio.run(run())


def test_work_that_was_given_up_has_its_place_before_who_waits() -> None:
    """The thread goes on past the deadline, so that one more would be one more than there are."""

    async def run() -> None:
        place = Place(concurrency_limit=1, queue_limit=9, deadline_seconds=0.2)
        ended = threading.Event()

        async def given_up() -> None:
            async with place.admission.admitted(_stays):
                await place.admission.aside(ended.wait)

        first = asyncio.create_task(given_up())
        await asyncio.sleep(0)
        with deadline(60.0):
            waiting = asyncio.create_task(place.visit(1))
        with pytest.raises(DeadlineExceeded):
            await first
        await asyncio.sleep(0.05)
        assert (place.had, place.admission._held, place.waiting) == ([], 1, 1)
        ended.set()
        async with asyncio.timeout(10):
            while not place.had:
                await asyncio.sleep(0.01)
        assert place.admission._held == 1
        place.go_on.set()
        await waiting
        assert place.admission._held == 0
        place.admission.close()

    asyncio.run(run())


def test_checks_in_a_queue_are_all_answered(
    make_app: Callable[..., Edge], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(concurrency_limit=1, queue_limit=2, queue_seconds=5)

    async def run() -> list[httpx.Response]:
        go_on = asyncio.Event()

        async def slowly(*_: object) -> Answer:
            await go_on.wait()
            return Answer(body=b"{}", urgent=False, verdicts=(), entries=0)

        monkeypatch.setattr(checking.CheckEndpoint, "_assess", slowly)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            sent = [asyncio.create_task(client.post(CHECK, content=body, headers=FHIR)) for _ in range(3)]
            await asyncio.sleep(0.1)
            refused = await client.post(CHECK, content=body, headers=FHIR)
            go_on.set()
            return [refused, *await asyncio.gather(*sent)]

    refused, *answered = asyncio.run(run())
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert issue_code(refused) == "throttled"
    assert [one.status_code for one in answered] == [200] * 3
    assert limited(app, "queue_limit") == 1


def test_bodies_are_held_up_to_a_bound(make_app: Callable[..., Edge]) -> None:
    app = make_app(body_memory_bytes=1024, max_body_bytes=2048, max_decompressed_bytes=4096)

    async def run() -> httpx.Response:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slowly() -> Any:
            yield b" " * 1500
            arrived.set()
            await go_on.wait()
            yield b"{}"

        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            slow = [asyncio.create_task(client.post(CHECK, content=slowly(), headers=FHIR)) for _ in range(2)]
            await arrived.wait()
            refused = await client.post(CHECK, content=b" " * 1500, headers=FHIR)
            go_on.set()
            assert {one.status_code for one in await asyncio.gather(*slow)} == {400}
            return refused

    refused = asyncio.run(run())
    assert refused.status_code == 503
    assert "memory" in outcome_text(refused)
    assert limited(app, "body_memory_bytes") == 1
    assert check(app, b" " * 1500).status_code == 400


def test_a_runaway_loop_is_slowed_and_told_when_to_come_again(make_app: Callable[..., Edge], body: bytes) -> None:
    app = make_app(rate_per_second=0.5, rate_burst=2)
    assert [check(app, body).status_code for _ in range(3)] == [200, 200, 429]
    refused = check(app, body)
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert issue_code(refused) == "throttled"
    assert "MOODMARKER_RATE_PER_SECOND" in outcome_text(refused)
    assert limited(app, "rate_per_second") == 2
    other = ask(app, "POST", CHECK, peer="::1", content=body, headers=FHIR)
    assert other.status_code == 200
    for path in ("/health/live", "/health/ready", "/metrics", "/fhir/metadata"):
        assert [ask(app, "GET", path).status_code for _ in range(4)] == [200] * 4


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    rates = Rates(load_settings(rate_per_second=10, rate_burst=3), lambda: now[0])
    for _ in range(3):
        rates.require("a")
    with pytest.raises(Throttled) as refused:
        rates.require("a")
    assert refused.value.seconds == pytest.approx(0.1)
    now[0] = 0.1
    rates.require("a")
    now[0] = 100.0
    for _ in range(3):
        rates.require("a")
    with pytest.raises(Throttled):
        rates.require("a")


def test_callers_are_remembered_in_bounded_memory_and_the_busy_ones_stay() -> None:
    rates = Rates(load_settings(rate_per_second=0.001, rate_burst=3), lambda: 0.0)
    for number_of_caller in range(3 * _REMEMBERED):
        if number_of_caller % 1000 == 0:
            with suppress(Throttled):
                rates.require("busy")
        rates.require(str(number_of_caller))
    assert len(rates._buckets) == _REMEMBERED
    with pytest.raises(Throttled):
        rates.require("busy")


def test_no_rate_is_no_limit() -> None:
    rates = Rates(load_settings(rate_per_second=0, rate_burst=1))
    for _ in range(100):
        rates.require("a")


def test_one_clock_for_a_whole_request() -> None:
    async def run() -> None:
        assert seconds_left(7) == 7
        with deadline(0.2):
            assert 0.1 < seconds_left(7) <= 0.2
            assert seconds_left(0.05) == 0.05
            await asyncio.sleep(0.25)
            assert seconds_left(7) == 0
        assert seconds_left(7) == 7

    asyncio.run(run())


def test_what_a_body_took_is_not_had_again_by_the_evaluation(
    make_app: Callable[..., Edge], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(deadline_seconds=0.6)
    left: list[float] = []

    def assess(*_: object) -> Answer:
        return Answer(body=b"{}", urgent=False, verdicts=(), entries=0)

    aside = Admission.aside

    async def noting(self: Admission, work: Any) -> Any:
        left.append(seconds_left(60))
        return await aside(self, work)

    monkeypatch.setattr(checking, "assess", assess)
    monkeypatch.setattr(Admission, "aside", noting)

    async def slowly() -> Any:
        yield body[:10]
        await asyncio.sleep(0.4)
        yield body[10:]

    assert check(app, slowly(), "?mode=strict").status_code == 200
    assert left[0] < 0.25


def test_a_body_that_is_late_counts_as_past_the_deadline(make_app: Callable[..., Edge]) -> None:
    app = make_app(deadline_seconds=0.1)

    async def never() -> Any:
        yield b"{"
        await asyncio.sleep(1)

    assert issue_code(check(app, never())) == "timeout"
    assert limited(app, "deadline_seconds") == 1


@pytest.mark.parametrize(
    ("limit", "settings", "sent", "headers"),
    [
        ("max_body_bytes", {"max_body_bytes": 1024}, b" " * 1025, {}),
        ("max_entries", {"max_entries": 1}, json.dumps({"resourceType": "Bundle", "entry": [{}, {}]}).encode(), {}),
        ("max_depth", {}, b'{"resourceType":"Bundle","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}),
    ],
)
def test_every_refusal_is_counted_by_its_setting(
    limit: str, settings: dict[str, int], sent: bytes, headers: dict[str, str]
) -> None:
    chosen = load_settings(**settings)
    app = create_app(chosen, Context.load(chosen))
    assert check(app, sent, **headers).status_code in (400, 413)
    assert limited(app, limit) == 1


def test_data_that_no_interpreter_can_follow_are_the_sender_s_fault(
    app: Edge, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(*_: object) -> Answer:
        raise RecursionError

    monkeypatch.setattr(checking, "assess", too_deep)
    refused = check(app, body)
    assert refused.status_code == 400
    assert "MOODMARKER_MAX_DEPTH" in outcome_text(refused)
