"""Is what did not arrive found out, in few requests, and is silence noticed?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.assessment import Context
from service.store import Store, StoreUnavailable
from tests.subscriptions.fhir_server import FhirServer, answering
from tests.subscriptions.notices import BASE, event, notification, observation
from tests.subscriptions.parts import QUICK, Parts, with_parts

Run = Callable[..., None]
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def fhir() -> Iterator[FhirServer]:
    with answering() as server:
        yield server


@pytest.fixture
def run(database: str, context: Context) -> Run:
    def runs(test: Callable[[Parts], Awaitable[None]], **more: object) -> None:
        with_parts(database, context, test, **more)

    return runs


async def settled(parts: Parts, fhir: FhirServer, last_event: int | None = None, **changed: Any) -> str:
    """A subscription that the watch has looked at and found well."""
    fhir.counter = last_event or 0
    changed["last_event"] = last_event
    name = await parts.subscribed(**changed)
    fhir.subscription(name)
    await parts.watch.look()
    assert not (await parts.cursor(name)).needs_resync
    fhir.asked.clear()
    return name


def test_when_the_watch_begins_everything_is_looked_for_once(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1"), observation("2", f"{BASE}/Patient/bo"), observation("3")]

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)
        for _ in range(3):
            await parts.watch.look()
        assert await parts.queue() == ["ada", "bo"]
        assert len(fhir.asked_for("GET Observation?_lastUpdated=ge")) == 1
        since = (await parts.cursor(name)).since
        assert since is not None
        assert since > datetime.now(UTC) - timedelta(seconds=30)

    run(test)


def test_what_is_subscribed_to_by_search_is_searched_for(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1")]

    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        fhir.subscription(name, "Observation?code=http://loinc.org|30522-7&status=final")
        await parts.watch.look()
        (asked,) = fhir.asked_for("GET Observation?")
        assert asked.startswith("GET Observation?code=http://loinc.org|30522-7&status=final&_lastUpdated=ge")
        assert fhir.asked_for("GET Condition") == []

    run(test)


def test_filters_say_which_types_a_topic_is_about(run: Run, fhir: FhirServer) -> None:
    filters = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria",
                "valueString": "Condition?category=x",
            }
        ]
    }

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.subscription(name, _criteria=filters)
        await parts.watch.look()
        assert len(fhir.asked_for("GET Condition?_lastUpdated")) == 1
        assert fhir.asked_for("GET Observation") == []

    run(test)


def test_a_gap_is_asked_for_by_its_numbers_after_the_grace_time(run: Run, fhir: FhirServer) -> None:
    fhir.events = [event(22, "Observation/22", "Patient/lost"), event(24, "Observation/24")]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, last_event=21)
        for number in (23, 25):
            body = notification("event-notification", event(number, "Patient/ada"), counter=number)
            await parts.receiver.notified(name, body)
        assert (await parts.cursor(name)).missing == (22, 24)
        await parts.watch.look()
        assert fhir.asked_for("GET") == []
        await asyncio.sleep(0.3)
        await parts.watch.look()
        assert (await parts.cursor(name)).missing == ()
        assert await parts.queue() == ["Observation/24", "ada", "lost"]
        (asked,) = fhir.asked_for(f"GET Subscription/{name}/$events")
        assert "eventsSinceNumber=22&eventsUntilNumber=24" in asked
        assert fhir.asked_for("GET Observation") == []

    run(test, timings=QUICK._replace(grace=0.2))


@pytest.mark.parametrize("offered", [True, False])
def test_a_gap_that_cannot_be_told_by_numbers_is_recovered_by_what_changed(
    run: Run, fhir: FhirServer, offered: bool
) -> None:
    fhir.operations = ("status", "events") if offered else ("status",)
    fhir.changed["Condition"] = [{"resourceType": "Condition", "id": "1", "subject": {"reference": "Patient/lost"}}]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, last_event=1)
        await parts.queue()
        await parts.receiver.notified(name, notification("heartbeat", counter=3))
        await parts.watch.look()
        assert (await parts.cursor(name)).missing == ()
        assert await parts.queue() == ["lost"]
        assert len(fhir.asked_for("GET Condition?_lastUpdated")) == 1

    run(test)


def test_a_thousand_empty_notifications_make_no_storm(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1")]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        for _ in range(10):
            await asyncio.gather(*(parts.receiver.notified(name, b"") for _ in range(100)))
            await parts.watch.look()
        assert await parts.queue() == ["ada"]
        # One resync has gone by before, and the next is not due yet.
        assert len(fhir.asked) == 0
        assert (await parts.cursor(name)).needs_resync

    run(test, timings=QUICK._replace(between_resyncs=60.0))


def test_a_resync_that_is_asked_for_while_one_runs_is_done_after_it(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.receiver.notified(name, b"")
        stale = await parts.cursor(name)
        await parts.receiver.notified(name, b"")
        registration = await parts.remote.find("main", name)
        assert registration is not None
        await parts.recovery.of_changes(stale, registration, parts.sources.of("main"))
        assert (await parts.cursor(name)).needs_resync

    run(test)


def test_a_recovery_that_sees_only_a_part_is_no_recovery(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, since=LONG_AGO)
        before = (await parts.cursor(name)).since
        await parts.receiver.notified(name, b"")
        fhir.refuses["GET Observation?"] = 500
        await parts.watch.look()
        cursor = await parts.cursor(name)
        assert (cursor.needs_resync, cursor.since) == (True, before)
        fhir.refuses.clear()
        await asyncio.sleep(0.1)
        await parts.watch.look()
        assert not (await parts.cursor(name)).needs_resync

    run(test)


@pytest.mark.parametrize(("heard", "asked"), [(10, 0), (80, 0), (100, 1)])
def test_an_overdue_heartbeat_makes_it_ask(run: Run, fhir: FhirServer, heard: int, asked: int) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, last_event=0)
        cursor = await parts.cursor(name)
        await parts.store.save_cursor(cursor._replace(heard_at=datetime.now(UTC) - timedelta(seconds=heard)))
        fhir.counter = 1
        await parts.watch.look()
        await parts.watch.look()
        assert len(fhir.asked_for(f"GET Subscription/{name}/$status")) == asked
        # What the answer counts and nobody notified of is recovered.
        assert (await parts.cursor(name)).last_event == asked

    run(test)


def test_a_server_without_heartbeats_is_asked_now_and_then(run: Run, fhir: FhirServer) -> None:
    fhir.operations = ()

    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="", status="requested")
        fhir.subscription(name, "Observation?")
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "active"
        await parts.watch.look()
        asked = len(fhir.asked)
        await asyncio.sleep(0.5)
        await parts.watch.look()
        assert fhir.asked[asked:] == [f"GET Subscription/{name}"]

    run(test, timings=QUICK._replace(check=0.4))


def test_what_nobody_counts_is_looked_for_once_in_a_while(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.store.save_cursor((await parts.cursor(name))._replace(since=LONG_AGO))
        await parts.watch.look()
        assert len(fhir.asked_for("GET Observation?_lastUpdated")) == 1
        counted = await settled(parts, fhir, last_event=3)
        await parts.store.save_cursor((await parts.cursor(counted))._replace(since=LONG_AGO))
        await parts.watch.look()
        assert fhir.asked_for("GET Observation") == []

    run(test)


def test_a_subscription_in_error_is_recovered_and_asked_for_again(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1", "Patient/lost")]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.queue()
        await parts.receiver.notified(name, notification("heartbeat", counter=0, status="error"))
        fhir.status = "error"
        fhir.subscription(name, channel={"type": "rest-hook", "endpoint": "https://old.example"}, error="no answer")
        await parts.watch.look()
        assert await parts.queue() == ["lost"]
        (address, sent), *others = fhir.written
        assert (address, others) == (f"PUT Subscription/{name}", [])
        assert (sent["status"], "error" in sent) == ("requested", False)
        assert sent["channel"] == {
            "type": "rest-hook",
            "endpoint": parts.remote.endpoint(name),
            "header": [f"Authorization: Bearer {parts.remote.secret(name)}"],
        }
        assert (await parts.cursor(name)).status == "requested"
        await parts.receiver.notified(name, notification("handshake", counter=0, status="requested"))
        assert (await parts.cursor(name)).status == "active"

    run(test)


def test_a_server_that_refuses_to_begin_again_is_asked_again_later(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.receiver.notified(name, notification("heartbeat", counter=0, status="error"))
        fhir.status, fhir.refuses["PUT Subscription"] = "error", 500
        for _ in range(5):
            await parts.watch.look()
        assert (await parts.cursor(name)).status == "error"
        assert len(fhir.asked_for("PUT")) == 1
        fhir.refuses.clear()
        await asyncio.sleep(2.1)
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "requested"

    run(test, timings=QUICK._replace(first_pause=2.0))


@pytest.mark.parametrize("gone", [True, False])
def test_a_subscription_that_has_ended_is_told_and_left_alone(run: Run, fhir: FhirServer, gone: bool) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.status = "off"
        if not gone:
            fhir.subscription(name)
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "off"
        fhir.asked.clear()
        await parts.watch.look()
        assert fhir.asked == []

    run(test)


def test_a_server_that_is_not_configured_any_more_is_left_alone(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        await parts.subscribed(server="gone")
        await parts.watch.look()
        assert fhir.asked == []

    run(test)


def test_a_server_that_does_not_answer_keeps_nobody_else_waiting(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        first, second = sorted([await parts.subscribed(), await parts.subscribed()])
        fhir.subscription(second)
        fhir.refuses[f"GET Subscription/{first}"] = 500
        await parts.watch.look()
        assert (await parts.cursor(second)).since != (await parts.cursor(first)).since
        fhir.asked.clear()
        await parts.watch.look()
        assert fhir.asked_for(f"GET Subscription/{first}") == []

    run(test, timings=QUICK._replace(first_pause=5.0))


def test_answers_that_nobody_understands_are_told_and_tried_again(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.receiver.notified(name, b"")

        async def fails(*_: object) -> None:
            raise RuntimeError("of patient ada")

        with monkeypatch.context() as patch:
            patch.setattr(parts.recovery, "of_changes", fails)
            await parts.watch.look()
        assert (await parts.cursor(name)).needs_resync
        await asyncio.sleep(0.2)
        await parts.watch.look()
        assert not (await parts.cursor(name)).needs_resync

    run(test, timings=QUICK._replace(check=0.1))


def test_only_one_of_two_processes_watches_and_the_other_takes_over(
    database: str, context: Context, fhir: FhirServer
) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        other = Parts(parts.store, context, QUICK)
        await other.watch.look()
        assert fhir.asked == []
        watching = asyncio.create_task(parts.watch.run())
        await asyncio.sleep(0.2)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await other.watch.look()
        # Who takes over cannot know what was lost in between.
        assert len(fhir.asked_for(f"GET Subscription/{name}/$status")) == 1
        await other.servers.close()

    with_parts(database, context, test)


def test_a_store_that_fails_ends_no_watch(run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def fails(*_: object) -> bool:
        tries.append(1)
        raise (StoreUnavailable("it is down") if len(tries) % 2 else RuntimeError("of patient ada"))

    async def test(parts: Parts) -> None:
        monkeypatch.setattr(Store, "take_lease", fails)
        monkeypatch.setattr(Store, "release_lease", fails)
        watching = asyncio.create_task(parts.watch.run())
        await asyncio.sleep(0.4)
        assert not watching.done()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert len(tries) > 2

    run(test)
