"""Is every notification taken once, from those who were subscribed to, and from nobody else?"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from service.assessment import Context
from service.errors import BodyUnreadable, NotAuthenticated, NotFound
from service.store import Notice
from service.subscriptions.names import may_name, new_name
from tests.subscriptions.notices import BASE, TOPIC, event, notification, observation, status_r4b
from tests.subscriptions.parts import Parts, authorization, with_parts

Run = Callable[[Callable[[Parts], Awaitable[None]]], None]


@pytest.fixture
def run(database: str, context: Context) -> Run:
    return lambda test: with_parts(database, context, test)


def observations(*numbers: int) -> list[bytes]:
    """One notification an event, each about a patient of its own."""
    return [
        notification("event-notification", event(n, f"Observation/{n}", f"Patient/p{n}"), counter=n) for n in numbers
    ]


def test_a_handshake_makes_it_active_and_counts_nothing(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(status="requested")
        await parts.receiver.notified(name, notification("handshake", counter=0, status="requested"))
        cursor = await parts.cursor(name)
        assert (cursor.status, cursor.last_event, cursor.missing) == ("active", 0, ())
        assert cursor.heard_at is not None
        assert await parts.queue() == []

    run(test)


def test_a_heartbeat_is_heard_and_counts_nothing(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=4)
        await parts.receiver.notified(name, notification("heartbeat", counter=4))
        cursor = await parts.cursor(name)
        assert (cursor.status, cursor.last_event, cursor.needs_resync) == ("active", 4, False)
        assert cursor.heard_at is not None

    run(test)


def test_a_heartbeat_that_counts_further_tells_what_was_lost(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=4)
        await parts.receiver.notified(name, notification("heartbeat", counter=6))
        assert (await parts.cursor(name)).missing == (5, 6)

    run(test)


@pytest.mark.parametrize("sent", [notification, status_r4b])
def test_an_event_is_enqueued_before_it_is_answered(run: Run, sent: Callable[..., bytes]) -> None:
    part = (
        event(1, "Observation/1", "Patient/ada")
        if sent is notification
        else {
            "eventNumber": "1",
            "focus": {"reference": "Observation/1"},
            "additionalContext": [{"reference": f"{BASE}/Patient/ada"}],
        }
    )

    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        await parts.receiver.notified(name, sent("event-notification", part, counter="1"))
        assert parts.woken == 1
        assert await parts.queue() == ["ada"]
        assert (await parts.cursor(name)).last_event == 1

    run(test)


def test_repeated_events_bring_no_work(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=0)
        for body in observations(1) * 19:
            await parts.receiver.notified(name, body)
        assert await parts.queue() == ["p1"]
        await parts.receiver.notified(name, observations(1)[0])
        assert await parts.queue() == []
        assert b'seen="repeated"} 19.0' in parts.metrics.text()

    run(test)


def test_a_server_that_counts_anew_by_id_only_is_not_taken_to_repeat_itself(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=0)
        for body in observations(1, 2, 3):
            await parts.receiver.notified(name, body)
        assert await parts.queue() == ["p1", "p2", "p3"]
        for number in (1, 2):
            sent = event(number, f"Observation/later-{number}", "Patient/bo")
            await parts.receiver.notified(name, notification("event-notification", sent, counter=number))
            assert await parts.queue() == ["bo"]
        cursor = await parts.cursor(name)
        assert (cursor.last_event, cursor.needs_resync) == (2, True)

    run(test)


def test_what_of_a_notification_names_nobody_is_looked_for_beside_what_does(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=0)
        events = event(1, "Observation/1", "Patient/ada"), event(2, "https://other.example/fhir/Observation/2")
        await parts.receiver.notified(name, notification("event-notification", *events, counter=2))
        assert await parts.queue() == ["ada"]
        assert (await parts.cursor(name)).needs_resync

    run(test)


def test_a_change_of_status_is_told_once(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        for status in ("active", "off", "off"):
            await parts.receiver.notified(name, notification("heartbeat", counter=0, status=status))

    run(test)
    told = capsys.readouterr().out
    assert told.count("subscription status changed") == 1
    assert "off" in told


def test_events_out_of_order_are_taken_and_gaps_close(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(last_event=0)
        for body in observations(1, 4, 2):
            await parts.receiver.notified(name, body)
        assert (await parts.cursor(name)).missing == (3,)
        await parts.receiver.notified(name, observations(3)[0])
        assert (await parts.cursor(name)).missing == ()
        assert await parts.queue() == ["p1", "p2", "p3", "p4"]

    run(test)


def test_a_repeated_version_of_a_resource_brings_no_work_and_a_new_one_does(run: Run) -> None:
    def body(version: str) -> bytes:
        return json.dumps(observation("1", version=version)).encode()

    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        await parts.receiver.changed(name, "Observation", "1", body("1"))
        assert await parts.queue() == ["ada"]
        await parts.receiver.changed(name, "Observation", "1", body("1"))
        assert await parts.queue() == []
        await parts.receiver.notified(name, body("2"))
        assert await parts.queue() == ["ada"]

    run(test)


def test_a_server_without_handshake_is_active_once_it_sends(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="", status="requested")
        await parts.receiver.changed(name, "Observation", "1", json.dumps(observation("1")).encode())
        cursor = await parts.cursor(name)
        assert (cursor.status, cursor.needs_resync) == ("active", True)

    run(test)


@pytest.mark.parametrize("body", [b"", b" \n", notification("event-notification", event(1), counter=1)])
def test_what_names_nobody_asks_for_one_resync(run: Run, body: bytes) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        for _ in range(3):
            await parts.receiver.notified(name, body)
        cursor = await parts.cursor(name)
        assert (cursor.needs_resync, cursor.resyncs) == (True, 3)
        assert await parts.queue() == []

    run(test)


def test_a_deleted_resource_is_looked_up_later(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        await parts.receiver.deleted(name, "Observation", "1")
        await parts.receiver.deleted(name, "Flag", "1")
        assert await parts.queue() == ["Observation/1"]

    run(test)


@pytest.mark.parametrize(("told", "kept"), [("error", "error"), ("off", "off"), ("entered-in-error", "off")])
def test_a_server_that_says_how_it_is_gets_it_recorded(run: Run, told: str, kept: str) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        await parts.receiver.notified(name, notification("heartbeat", counter=0, status=told))
        assert (await parts.cursor(name)).status == kept

    run(test)


def test_a_status_that_is_asked_for_elsewhere_is_no_notification(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        for kind in ("query-status", "query-event"):
            with pytest.raises(BodyUnreadable, match="event-notification, handshake, heartbeat"):
                await parts.receiver.notified(name, notification(kind))

    run(test)


def test_another_topic_is_refused_and_another_version_of_the_same_is_not(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed()
        for topic in ("http://topics.example/other", f"{TOPIC}/more"):
            with pytest.raises(NotFound, match="another topic"):
                await parts.receiver.notified(
                    name, notification("event-notification", event(1, "Patient/ada"), topic=topic)
                )
        assert (await parts.cursor(name)).heard_at is None
        assert await parts.queue() == []
        await parts.receiver.notified(
            name, notification("event-notification", event(1, "Patient/ada"), topic=f"{TOPIC}|2.0")
        )
        assert await parts.queue() == ["ada"]

    run(test)


def test_a_subscription_by_search_has_no_topic(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        with pytest.raises(NotFound, match="another topic"):
            await parts.receiver.notified(name, notification("handshake"))

    run(test)


def test_ids_are_unlike_and_marked_with_their_topic() -> None:
    names = {new_name(TOPIC) for _ in range(50)} | {new_name() for _ in range(50)}
    assert len(names) == 100
    assert all(len(name) <= 64 for name in names)
    assert all(may_name(name, "") for name in names)
    assert sum(may_name(name, TOPIC) for name in names) == 50


def test_only_the_subscriptions_own_secret_is_taken(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name, other = await parts.subscribed(), await parts.subscribed()
        parts.receiver.require_known(name, authorization(name))
        for sent in (b"", b"Bearer ", authorization(other), authorization(name)[:-1], authorization(name) + b"0"):
            with pytest.raises(NotAuthenticated) as refused:
                parts.receiver.require_known(name, sent)
            assert name not in refused.value.text

    run(test)


@pytest.mark.parametrize("body", [b"", notification("handshake", topic=""), json.dumps(observation("1")).encode()])
def test_an_id_that_is_not_known_is_told(run: Run, body: bytes) -> None:
    async def test(parts: Parts) -> None:
        with pytest.raises(NotFound):
            await parts.receiver.notified(new_name(), body)
        gone = await parts.subscribed(topic="", server="gone")
        with pytest.raises(NotFound):
            await parts.receiver.notified(gone, body)
        assert await parts.queue() == []

    run(test)


def test_a_subscription_that_is_deleted_meanwhile_is_not_known(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")

        async def accept(_notice: Notice, **_more: float) -> None:
            raise LookupError

        monkeypatch.setattr(parts.store, "accept", accept)
        with pytest.raises(NotFound):
            await parts.receiver.deleted(name, "Observation", "1")

    run(test)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        json.dumps(observation("2")).encode(),
        notification("handshake", topic=""),
        b'{"resourceType":"Flag"}',
    ],
)
def test_a_put_of_something_else_is_refused(run: Run, body: bytes) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        with pytest.raises(BodyUnreadable):
            await parts.receiver.changed(name, "Observation", "1", body)
        assert await parts.queue() == []

    run(test)


def test_a_deletion_of_no_resource_is_refused(run: Run) -> None:
    async def test(parts: Parts) -> None:
        name = await parts.subscribed(topic="")
        with pytest.raises(BodyUnreadable):
            await parts.receiver.deleted(name, "Observation", "1?x")

    run(test)
