"""Is what did not arrive found out, in few requests, and is silence noticed?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.assessment import Context
from service.fhir.client.connection import Connection
from service.fhir.client.pages import Found
from service.fhir.client.pages import run as search_all
from service.fhir.client.searches import Search
from service.fhir.subscriptions.subscription import Wanted
from service.store import Cursor, Store, StoreUnavailable
from service.subscriptions.registering import Registrar
from service.subscriptions.remote import Registration
from service.subscriptions.upkeep import Upkeep
from service.subscriptions.watching import LEASE
from service.subscriptions.wishes import Choice, written
from tests.subscriptions.fhir_server import FhirServer, answering
from tests.subscriptions.notices import BASE, event, notification, observation
from tests.subscriptions.parts import QUICK, Parts, open_parts, with_parts

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


def test_what_is_renewed_while_the_service_repairs_is_not_written_over(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        fhir.status = "error"
        fhir.subscription(name)

        async def renewed_meanwhile(_cursor: Cursor, _registration: Registration) -> None:
            fhir.subscription(name, end="2030-01-01T00:00:00Z")

        await Upkeep(parts.store, parts.remote).check(await parts.cursor(name), renewed_meanwhile)
        ((_, sent),) = fhir.written
        assert (sent["status"], sent["end"]) == ("requested", "2030-01-01T00:00:00Z")

        async def deleted_meanwhile(_cursor: Cursor, _registration: Registration) -> None:
            del fhir.resources[f"Subscription/{name}"]

        await Upkeep(parts.store, parts.remote).check(await parts.cursor(name), deleted_meanwhile)
        assert len(fhir.written) == 1

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


@pytest.mark.parametrize("kind", ["Observation", "Condition"])
def test_what_was_read_is_enqueued_and_other_types_are_read_whatever_failed(
    run: Run, fhir: FhirServer, kind: str
) -> None:
    fhir.changed["Observation"] = [observation("1", "Patient/ada")]
    fhir.changed["Condition"] = [observation("1", "Patient/bo") | {"resourceType": "Condition"}]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.queue()
        await parts.receiver.notified(name, b"")
        fhir.refuses[f"GET {kind}?"] = 500
        await parts.watch.look()
        assert await parts.queue() == (["bo"] if kind == "Observation" else ["ada"])
        assert (await parts.cursor(name)).needs_resync
        assert f'unrecovered{{server="main",subscription="{name}"}} 1.0'.encode() in parts.metrics.text()
        fhir.refuses.clear()
        await asyncio.sleep(0.1)
        await parts.watch.look()
        assert await parts.queue() == ["ada", "bo"]
        assert f'unrecovered{{server="main",subscription="{name}"}} 0.0'.encode() in parts.metrics.text()

    run(test)


def test_what_was_read_before_a_page_failed_is_enqueued(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1", "Patient/ada")]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, last_event=1)
        await parts.queue()
        await parts.receiver.notified(name, b"")
        fhir.next_page["Observation"], fhir.refuses["GET Observation?page=2"] = "Observation?page=2", 500
        await parts.watch.look()
        assert await parts.queue() == ["ada"]
        assert len(fhir.asked_for("GET Observation?page=2")) == 1
        assert (await parts.cursor(name)).needs_resync

    run(test)


def test_what_changed_and_names_nobody_is_counted_and_told(
    run: Run, fhir: FhirServer, capsys: pytest.CaptureFixture[str]
) -> None:
    unreadable: dict[str, Any] = observation("2") | {"subject": [{"reference": "Patient/bo"}]}
    outcome: dict[str, Any] = {"resourceType": "OperationOutcome"}
    fhir.changed["Observation"] = [unreadable, observation("3", "Group/1"), observation("1"), outcome]

    async def test(parts: Parts) -> None:
        fhir.subscription(await parts.subscribed())
        await parts.watch.look()
        assert await parts.queue() == ["ada"]
        assert b'moodmarker_queue_work_total{result="nobody"} 2.0' in parts.metrics.text()

    run(test)
    assert "names nobody who can be found" in capsys.readouterr().out


def test_an_entry_that_is_none_is_counted(run: Run, fhir: FhirServer) -> None:
    no_resource: Any = 3
    fhir.changed["Observation"] = [no_resource, observation("1")]

    async def test(parts: Parts) -> None:
        fhir.subscription(await parts.subscribed())
        await parts.watch.look()
        assert await parts.queue() == ["ada"]
        assert b'moodmarker_queue_work_total{result="nobody"} 1.0' in parts.metrics.text()

    run(test)


def test_an_error_of_our_own_in_one_type_leaves_the_others_and_is_told(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fhir.changed["Observation"] = [observation("1")]

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)

        async def fails(connection: Connection, search: Search) -> Found:
            if search.resource_type == "Condition":
                raise RuntimeError("of patient ada")
            return await search_all(connection, search)

        monkeypatch.setattr("service.subscriptions.recovering.run", fails)
        await parts.watch.look()
        assert await parts.queue() == ["ada"]
        assert (await parts.cursor(name)).needs_resync

    run(test)
    told = capsys.readouterr().out
    assert "RuntimeError" in told
    assert "patient ada" not in told


def test_a_store_that_fails_ends_a_recovery(run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise StoreUnavailable("it is down")

    async def test(parts: Parts) -> None:
        fhir.subscription(await parts.subscribed())
        with monkeypatch.context() as patch:
            patch.setattr(parts.store, "enqueue", fails)
            with pytest.raises(StoreUnavailable):
                await parts.watch.look()
        assert len([one for one in fhir.asked if "_lastUpdated" in one]) == 1

    run(test)


def test_a_filter_without_a_type_is_one_of_every_type(run: Run, fhir: FhirServer) -> None:
    url = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria"
    filters = [{"url": url, "valueString": one} for one in ("?category=x", "Condition?category=x")]

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.subscription(name, _criteria={"extension": filters})
        await parts.watch.look()
        assert len(fhir.asked_for("GET Condition?_lastUpdated")) == 1
        assert len(fhir.asked_for("GET Observation?_lastUpdated")) == 1
        assert fhir.asked_for("GET ?") == []

    run(test)


def test_a_server_that_can_be_searched_for_nothing_is_no_recovery(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)
        await parts.watch.look()
        assert (await parts.cursor(name)).needs_resync
        assert not any("_lastUpdated" in one for one in fhir.asked)

    run(test, not_searched=["Condition", "Encounter", "Observation"])


def test_a_server_that_fails_to_tell_lost_events_is_asked_what_changed(run: Run, fhir: FhirServer) -> None:
    fhir.changed["Observation"] = [observation("1", "Patient/lost")]

    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir, last_event=1)
        await parts.queue()
        fhir.refuses[f"GET Subscription/{name}/$events"] = 500
        await parts.receiver.notified(name, notification("heartbeat", counter=3))
        await parts.watch.look()
        assert (await parts.cursor(name)).missing == ()
        assert await parts.queue() == ["lost"]

    run(test)


def test_a_subscription_in_error_is_asked_for_again_even_if_nothing_can_be_recovered(
    run: Run, fhir: FhirServer
) -> None:
    async def test(parts: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.receiver.notified(name, notification("heartbeat", counter=0, status="error"))
        fhir.status, fhir.refuses["GET Observation?"] = "error", 500
        await parts.watch.look()
        assert [address for address, _ in fhir.written] == [f"PUT Subscription/{name}"]
        cursor = await parts.cursor(name)
        assert (cursor.status, cursor.needs_resync) == ("requested", True)
        fhir.status = "active"
        fhir.refuses.clear()
        fhir.changed["Observation"] = [observation("1", "Patient/lost")]
        await asyncio.sleep(0.1)
        await parts.watch.look()
        assert await parts.queue() == ["lost"]
        assert not (await parts.cursor(name)).needs_resync

    run(test)


@pytest.mark.parametrize("gone", [True, False])
def test_a_subscription_that_has_ended_is_told_and_what_it_missed_is_looked_for(
    run: Run, fhir: FhirServer, gone: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    fhir.changed["Observation"] = [observation("1", "Patient/lost")]

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.status = "off"
        if not gone:
            fhir.subscription(name)
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "off"
        assert await parts.queue() == ["lost"]
        assert shown(parts, name) == "off"
        fhir.asked.clear()
        await parts.watch.look()
        assert fhir.asked == []
        await parts.store.drop_cursor(name)
        await parts.watch.look()
        assert shown(parts, name) == ""

    run(test)
    told = capsys.readouterr().out
    assert told.count("subscription ended") == told.count("subscription status changed") == 1


def shown(parts: Parts, name: str) -> str:
    """The status of a subscription that the numbers show."""
    lines = parts.metrics.text().decode().splitlines()
    start = "moodmarker_subscription_status{"
    found = [one for one in lines if one.startswith(start) and name in one and one.endswith(" 1.0")]
    assert len(found) <= 1
    return found[0].partition('status="')[2].partition('"')[0] if found else ""


@pytest.mark.parametrize("takes_ids", [True, False])
def test_one_that_its_server_has_no_more_is_made_again_as_it_was_wished_for(
    run: Run, fhir: FhirServer, takes_ids: bool
) -> None:
    fhir.takes_ids = takes_ids
    fhir.changed["Condition"] = [observation("1", "Patient/lost") | {"resourceType": "Condition"}]

    async def test(parts: Parts) -> None:
        (made,) = await Registrar(parts.store, parts.servers, parts.remote).subscribe(
            "main", Choice(types=("Condition",))
        )
        ((_, first),) = fhir.written
        name = made.subscription
        fhir.resources.clear()
        fhir.written.clear()
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "off"
        assert fhir.written == []
        assert await parts.queue() == ["lost"]
        assert fhir.asked_for("GET Observation") == []
        await look_an_hour_later(parts)
        address = f"PUT Subscription/{name}" if takes_ids else "POST Subscription"
        assert fhir.written == [(address, first)]
        cursor = await parts.cursor(name)
        assert (cursor.status, cursor.last_event) == ("requested", 0)
        assert await parts.queue() == ["lost"]

    run(test)


async def look_an_hour_later(parts: Parts) -> None:
    """As if the time for ended ones had passed, and only now."""
    usual = parts.watch._timings
    parts.watch._timings = usual._replace(revive=0.0)
    await parts.watch.look()
    parts.watch._timings = usual


def test_one_that_its_server_turned_off_is_asked_for_again_now_and_then(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        fhir.status = "off"
        fhir.subscription(name)
        await parts.watch.look()
        fhir.refuses["PUT"] = 500
        await look_an_hour_later(parts)
        for _ in range(3):
            await parts.watch.look()
        assert len(fhir.asked_for("PUT")) == 1
        assert (await parts.cursor(name)).status == "off"
        fhir.refuses.clear()
        await look_an_hour_later(parts)
        assert [address for address, _ in fhir.written] == [f"PUT Subscription/{name}"]
        assert (await parts.cursor(name)).status == "requested"

    run(test, timings=QUICK._replace(first_pause=0.0))


@pytest.mark.parametrize(("status", "end"), [("entered-in-error", ""), ("off", "2026-01-01T00:00:00Z")])
def test_one_that_is_not_wanted_any_more_is_left_alone(run: Run, fhir: FhirServer, status: str, end: str) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(status="off")
        fhir.operations, fhir.status = (), status
        fhir.subscription(name, end=end)
        await parts.watch.look()
        cursor = await parts.cursor(name)
        await look_an_hour_later(parts)
        assert fhir.asked_for("PUT") == []
        assert await parts.cursor(name) == cursor
        assert not cursor.needs_resync

    run(test)


@pytest.mark.parametrize("end", ["2026-01-01T00:00:00", "some day", ""])
def test_an_end_that_says_no_instant_is_none(run: Run, fhir: FhirServer, end: str) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(status="off")
        fhir.status = "off"
        fhir.subscription(name, end=end)
        await parts.watch.look()
        assert (await parts.cursor(name)).status == "requested"

    run(test)


def test_a_wish_that_has_run_out_is_not_made_again(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts) -> None:
        wish = written(Wanted("", "", "Observation?", "empty", end=LONG_AGO))
        name = await parts.subscribed(topic="", status="off", wish=wish)
        await parts.watch.look()
        assert fhir.written == []
        assert (await parts.cursor(name)).status == "off"

    run(test)


def test_one_that_is_deleted_while_it_is_asked_for_is_not_left_on_its_server(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts) -> None:
        wish = written(Wanted("", "", "Observation?", "empty"))
        name = await parts.subscribed(topic="", status="off", wish=wish)
        create = parts.remote.create

        async def meanwhile(server: str, asked: str, wanted: Wanted) -> None:
            await create(server, asked, wanted)
            await parts.store.drop_cursor(asked)

        monkeypatch.setattr(parts.remote, "create", meanwhile)
        await parts.watch.look()
        assert len(fhir.written) == 1
        assert f"Subscription/{name}" not in fhir.resources

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


def test_a_look_that_outlasts_the_lease_keeps_others_from_looking(
    database: str, context: Context, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts, other: Parts) -> None:
        wish = written(Wanted("", "", "Observation?", "empty"))
        await parts.subscribed(topic="", status="off", wish=wish)
        looks = Held(parts, monkeypatch)
        looking = asyncio.create_task(parts.watch.look())
        await looks.began.wait()
        await asyncio.sleep(2.0)
        asked = len(fhir.asked)
        await other.watch.look()
        assert len(fhir.asked) == asked
        looks.goes_on.set()
        await looking
        assert [address for address, _ in fhir.written] == ["POST Subscription"]

    fhir.takes_ids = False
    with_two(database, context, test, lease=1.5)


def test_who_loses_the_lease_stops_looking_and_begins_anew_when_it_is_had_again(
    database: str, context: Context, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts, other: Parts) -> None:
        name = await settled(parts, fhir)
        await parts.store.ask_resync(name)
        wanted = await parts.subscribed(topic="", status="off", wish=written(Wanted("", "", "Observation?", "empty")))
        looks = Held(parts, monkeypatch)
        looking = asyncio.create_task(parts.watch.look())
        await looks.began.wait()
        # As when this process had stood still for longer than the lease.
        await asyncio.gather(
            parts.store.release_lease(LEASE, parts.watch._holder),
            parts.store.take_lease(LEASE, other.watch._holder, 60),
        )
        await other.watch.look()
        assert len(fhir.written) == 1
        async with asyncio.timeout(30):
            await looking
        assert (looks.ended, len(fhir.written)) == (1, 1)
        looks.goes_on.set()
        await other.store.release_lease(LEASE, other.watch._holder)
        fhir.asked.clear()
        await parts.watch.look()
        # What was lost in between nobody knows.
        assert len(fhir.asked_for(f"GET Subscription/{name}/$status")) == 1
        assert len(fhir.asked_for(f"GET Subscription/{wanted}/$status")) == 1

    with_two(database, context, test, lease=0.6)


def test_a_look_that_waits_and_waits_gives_no_sign_however_long_it_holds_the_lease(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts) -> None:
        await parts.subscribed()
        looks = Held(parts, monkeypatch)
        looking = asyncio.create_task(parts.watch.look())
        await looks.began.wait()
        await asyncio.sleep(0.8)
        assert not parts.watch.alive
        looks.goes_on.set()
        await looking
        assert parts.watch.alive

    run(test, timings=QUICK._replace(lease=0.6, watch_silence=0.5))


class Held:
    """Keeps one process waiting for its answer to where a Subscription is."""

    def __init__(self, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()
        self.ended = 0
        self._find = parts.remote.find
        monkeypatch.setattr(parts.remote, "find", self._held)

    async def _held(self, server: str, name: str) -> Registration | None:
        found = await self._find(server, name)
        self.began.set()
        try:
            await self.goes_on.wait()
        finally:
            self.ended += 1
        return found


def with_two(database: str, context: Context, test: Callable[[Parts, Parts], Awaitable[None]], lease: float) -> None:
    """Two processes on one store, of which the first has a lease that soon runs out."""

    async def inner() -> None:
        async with (
            open_parts(database, context, timings=QUICK._replace(lease=lease)) as one,
            open_parts(database, context) as other,
        ):
            await test(one, other)

    asyncio.run(inner())


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
