"""Is a server asked for what the rules read, and is nothing left behind where it refuses?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from service.assessment import Context
from service.errors import InvalidParameter, NotAllowed, UpstreamFailed
from service.fhir.client.faults import Fault
from service.fhir.subscriptions.subscription import Wanted, read_subscription, renewed, write_subscription
from service.fhir.subscriptions.topics import read_topics
from service.store import Cursor, Notice, Store
from service.subscriptions.names import may_name
from service.subscriptions.registering import Registrar
from service.subscriptions.remote import Remote
from service.subscriptions.wishes import Choice, read, written
from tests.fhir.conformance.checking import problems
from tests.subscriptions.fhir_server import FhirServer, answering
from tests.subscriptions.notices import TOPIC
from tests.subscriptions.parts import KEY, Parts, with_parts

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
Test = Callable[[Parts, Registrar], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture
def fhir() -> Iterator[FhirServer]:
    with answering() as server:
        yield server


@pytest.fixture
def run(database: str, context: Context) -> Run:
    def runs(test: Test, **more: Any) -> None:
        async def with_registrar(parts: Parts) -> None:
            await test(parts, Registrar(parts.store, parts.servers, parts.remote))

        with_parts(database, context, with_registrar, **more)

    return runs


def by_search(fhir: FhirServer) -> dict[str, Any]:
    return {sent["criteria"].partition("?")[0]: sent for _, sent in fhir.written}


def test_by_search_there_is_one_for_each_type_that_the_rules_read_and_the_server_has(
    run: Run, fhir: FhirServer
) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        made = await registrar.subscribe("main", Choice())
        assert [address for address, _ in fhir.written] == [f"PUT Subscription/{one.subscription}" for one in made]
        sent = by_search(fhir)
        assert list(sent) == ["Condition", "Encounter", "Observation"]
        assert sent["Condition"]["criteria"] == "Condition?"
        assert "http://loinc.org|44261-6" in sent["Observation"]["criteria"]
        for one in made:
            cursor = await parts.cursor(one.subscription)
            assert (cursor.server, cursor.status, cursor.heartbeat_seconds) == ("main", "requested", None)
            assert not may_name(one.subscription, TOPIC)
        assert sent["Observation"]["channel"] == {
            "type": "rest-hook",
            "endpoint": parts.remote.endpoint(made[2].subscription),
            "header": [f"Authorization: Bearer {parts.remote.secret(made[2].subscription)}"],
            "payload": "application/fhir+json",
        }

    run(test)


def test_codes_are_left_out_where_the_server_cannot_be_searched_by_them(run: Run, fhir: FhirServer) -> None:
    async def test(_parts: Parts, registrar: Registrar) -> None:
        await registrar.subscribe("main", Choice(types=("Observation",), content="empty"))
        (sent,) = by_search(fhir).values()
        assert sent["criteria"] == "Observation?"
        assert "payload" not in sent["channel"]

    run(test, search_by_code=False)


def test_by_topic_there_is_one_as_the_backport_spells_it(run: Run, fhir: FhirServer) -> None:
    fhir.topics = (TOPIC,)
    end = datetime(2027, 1, 1, tzinfo=UTC)
    choice = Choice(f"{TOPIC}|1.0", ("Observation?category=survey",), heartbeat=30, end=end)

    async def test(parts: Parts, registrar: Registrar) -> None:
        (made,) = await registrar.subscribe("main", choice)
        ((_, sent),) = fhir.written
        assert (sent["criteria"], sent["end"]) == (f"{TOPIC}|1.0", "2027-01-01T00:00:00Z")
        assert sent["meta"]["profile"] == [f"{BACKPORT}subscription"]
        assert sent["_criteria"]["extension"] == [
            {"url": f"{BACKPORT}filter-criteria", "valueString": "Observation?category=survey"}
        ]
        assert sent["channel"]["_payload"]["extension"] == [
            {"url": f"{BACKPORT}payload-content", "valueCode": "id-only"}
        ]
        assert sent["channel"]["extension"] == [
            {"url": f"{BACKPORT}heartbeat-period", "valueUnsignedInt": 30},
            {"url": f"{BACKPORT}timeout", "valueUnsignedInt": 10},
            {"url": f"{BACKPORT}max-count", "valuePositiveInt": 20},
        ]
        assert made.heartbeat_seconds == 30
        assert may_name(made.subscription, TOPIC)

    run(test)


def test_a_server_that_chooses_ids_itself_is_found_by_our_address(run: Run, fhir: FhirServer) -> None:
    fhir.takes_ids = False

    async def test(parts: Parts, registrar: Registrar) -> None:
        made = await registrar.subscribe("main", Choice(types=("Condition", "Observation")))
        assert [address for address, _ in fhir.written] == ["POST Subscription"] * 2
        assert all("id" not in sent for _, sent in fhir.written)
        found = await parts.remote.find("main", made[1].subscription)
        assert found is not None
        assert found.stored.criteria.startswith("Observation?")
        assert await parts.remote.find("main", "nobody") is None
        await registrar.delete("main")
        assert sorted(fhir.asked_for("DELETE")) == ["DELETE Subscription/own-1", "DELETE Subscription/own-2"]

    run(test)


@pytest.mark.parametrize("known", [(), ("url",)])
def test_only_a_search_that_was_whole_says_that_there_is_none(
    run: Run, fhir: FhirServer, known: tuple[str, ...]
) -> None:
    fhir.takes_ids, fhir.search_parameters = False, known
    fhir.refuses["GET Subscription?"] = 403

    async def test(parts: Parts, _registrar: Registrar) -> None:
        with pytest.raises(Fault):
            await parts.remote.find("main", "x")
        (asked,) = fhir.asked_for("GET Subscription?")
        assert ("url=" in asked) is bool(known)

    run(test)


def test_where_one_is_refused_none_is_left(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        create = parts.remote.create

        async def refuse_the_last(server: str, name: str, wanted: Wanted) -> None:
            if wanted.criteria.startswith("Observation"):
                raise Fault("it answered with status 422", 422)
            await create(server, name, wanted)

        parts.remote.create = refuse_the_last  # type: ignore[method-assign]
        with pytest.raises(UpstreamFailed, match="main did not take the Subscription: it answered with status 422"):
            await registrar.subscribe("main", Choice())
        assert await parts.store.cursors() == []
        assert not any(address.startswith("Subscription/") for address in fhir.resources)

    run(test)


def test_what_cannot_be_is_refused_before_anything_is_sent(run: Run, fhir: FhirServer) -> None:
    fhir.topics = (TOPIC,)
    wrong = {
        "no such topic": Choice("http://topics.example/other"),
        "content is one of": Choice(content="all"),
        "whole resource, or with empty nothing": Choice(content="id-only"),
        "Filters narrow a topic": Choice(filters=("Observation?x=y",)),
        "No rule reads Basic": Choice(types=("Basic",)),
    }

    async def test(parts: Parts, registrar: Registrar) -> None:
        for text, choice in wrong.items():
            with pytest.raises(InvalidParameter, match=text):
                await registrar.subscribe("main", choice)
        await parts.subscribed()
        with pytest.raises(InvalidParameter, match="subscribed to already"):
            await registrar.subscribe("main", Choice())
        assert fhir.written == []

    run(test)


def test_a_server_that_may_not_be_written_to_is_not_subscribed_to(run: Run, fhir: FhirServer) -> None:
    async def test(_parts: Parts, registrar: Registrar) -> None:
        with pytest.raises(NotAllowed):
            await registrar.subscribe("main", Choice())
        assert fhir.asked == []

    run(test, write=False)


def test_a_server_without_subscriptions_or_types_is_told(run: Run, fhir: FhirServer) -> None:
    async def test(_parts: Parts, registrar: Registrar) -> None:
        with pytest.raises(InvalidParameter, match="no resource type that the rules read"):
            await registrar.subscribe("main", Choice())

    async def without(_parts: Parts, registrar: Registrar) -> None:
        fhir.interactions = ("read",)
        with pytest.raises(UpstreamFailed, match="does not offer Subscriptions"):
            await registrar.subscribe("main", Choice())

    run(test, not_searched=["Condition", "Encounter", "Observation"])
    run(without)


def test_renewing_asks_again_with_a_new_end(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        name = await parts.subscribed(status="off")
        fhir.subscription(name, end="2026-01-01T00:00:00Z", reason="theirs")
        await registrar.renew("main", datetime(2027, 1, 1, tzinfo=UTC))
        ((address, sent),) = fhir.written
        assert address == f"PUT Subscription/{name}"
        assert (sent["status"], sent["end"], sent["reason"]) == ("requested", "2027-01-01T00:00:00Z", "theirs")
        assert (await parts.cursor(name)).status == "requested"

    run(test)


def test_what_was_asked_for_is_kept_without_the_secret_and_renewed_with_a_new_end(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        (made,) = await registrar.subscribe("main", Choice(types=("Condition",)))
        kept = (await parts.cursor(made.subscription)).wish
        assert read(kept) == Wanted("", "", "Condition?", "full-resource")
        end = datetime(2027, 1, 1, tzinfo=UTC)
        await registrar.renew("main", end)
        await registrar.renew("main", None)
        assert read((await parts.cursor(made.subscription)).wish) == Wanted(
            "", "", "Condition?", "full-resource", end=end
        )
        assert parts.remote.secret(made.subscription) not in kept

    run(test)


def test_renewing_leaves_alone_what_the_service_takes_meanwhile(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        wish = written(Wanted("", "", "Observation?", "empty"))
        name = await parts.subscribed(status="requested", last_event=5, wish=wish)
        fhir.subscription(name)

        async def meanwhile(store: Store) -> None:
            await store.accept(Notice(name, (6, 7, 8), ("ada",), 8))

        moving(parts, monkeypatch, meanwhile)
        end = datetime(2027, 1, 1, tzinfo=UTC)
        await registrar.renew("main", end)
        cursor = await parts.cursor(name)
        assert (cursor.last_event, cursor.missing, cursor.status) == (8, (), "requested")
        assert cursor.heard_at is not None
        assert cursor.needs_resync
        assert read(cursor.wish) == Wanted("", "", "Observation?", "empty", end=end)

    run(test)


def test_one_that_is_deleted_while_it_is_renewed_is_left_nowhere(
    run: Run, fhir: FhirServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)

        async def meanwhile(store: Store) -> None:
            await store.drop_cursor(name)
            fhir.resources.clear()

        moving(parts, monkeypatch, meanwhile)
        await registrar.renew("main", datetime(2027, 1, 1, tzinfo=UTC))
        assert await parts.store.cursor(name) is None
        assert fhir.resources == {}

    run(test)


def moving(parts: Parts, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Store], Awaitable[None]]) -> None:
    """Has something happen just after a cursor is read."""
    reads = parts.store.cursor

    async def cursor(name: str) -> Cursor | None:
        found = await reads(name)
        monkeypatch.setattr(parts.store, "cursor", reads)
        await meanwhile(parts.store)
        return found

    monkeypatch.setattr(parts.store, "cursor", cursor)


@pytest.mark.parametrize("there", [False, True])
def test_a_renewal_that_fails_is_told(run: Run, fhir: FhirServer, there: bool) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        name = await parts.subscribed()
        if there:
            fhir.subscription(name)
            fhir.refuses["PUT"] = 403
        with pytest.raises(UpstreamFailed, match="status 403" if there else "delete it and subscribe anew"):
            await registrar.renew(None, None)

    run(test)


def test_a_deletion_that_fails_keeps_taking_notifications(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)
        fhir.refuses["DELETE"] = 500
        with pytest.raises(UpstreamFailed, match="still taken"):
            await registrar.delete("main")
        assert await parts.store.cursor(name) is not None
        fhir.refuses.clear()
        await registrar.delete("main")
        assert await parts.store.cursor(name) is None
        with pytest.raises(InvalidParameter, match="no subscription to main"):
            await registrar.delete("main")
        with pytest.raises(InvalidParameter, match="no subscription to any server"):
            await registrar.renew(None, None)

    run(test)


def test_the_list_says_how_each_is_by_its_servers_word(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        well, gone, failing, other = [await parts.subscribed() for _ in range(3)] + [await parts.subscribed(server="x")]
        fhir.subscription(well)
        fhir.refuses[f"GET Subscription/{failing}"] = 500
        found = {line.cursor.subscription: line.status async for line in registrar.lines(None)}
        assert found == {
            well: "active",
            gone: "not there",
            failing: "it answered with status 500",
            other: "its server is not configured",
        }

    async def down(parts: Parts, registrar: Registrar) -> None:
        fhir.refuses["GET metadata"] = 500
        statuses = [line.status async for line in registrar.lines("main")]
        assert [("status 500" in status) for status in statuses] == [True] * 3

    run(test)
    run(down)


def test_waiting_ends_when_no_server_is_about_to_begin_any_more(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, registrar: Registrar) -> None:
        name = await parts.subscribed()
        cursor = await parts.cursor(name)
        fhir.subscription(name)["status"] = "requested"
        (line,) = await registrar.settled([cursor], 0.7)
        assert line.status == "requested"
        fhir.subscription(name)
        (line,) = await registrar.settled([cursor], 30)
        assert line.status == "active"

    run(test)


def test_without_our_own_address_nothing_is_written(run: Run, fhir: FhirServer) -> None:
    async def test(parts: Parts, _registrar: Registrar) -> None:
        name = await parts.subscribed()
        fhir.subscription(name)
        nowhere = Remote(parts.servers, KEY, None)
        found = await nowhere.find("main", name)
        assert found is not None
        with pytest.raises(Fault, match="MOODMARKER_PUBLIC_URL"):
            await nowhere.renew("main", name, found)
        assert fhir.written == []

    run(test)


@pytest.mark.parametrize("topic", [False, True])
def test_what_is_sent_is_fhir(topic: bool) -> None:
    wanted = Wanted(
        "https://moodmarker.example/subscriptions/1",
        "secret",
        TOPIC if topic else "Observation?code=x",
        "id-only",
        topic=topic,
        filters=("Observation?category=survey",) if topic else (),
        heartbeat=60,
        timeout=10,
        most=5,
        end=datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert problems(write_subscription(wanted, "1")) == []
    stored = read_subscription(write_subscription(wanted, "1"))
    assert stored.searches == ((("Observation", ()),) if topic else (("Observation", (("code", "x"),)),))
    assert problems(renewed(write_subscription(wanted, "1"), "https://x.example/1", "other")) == []


@pytest.mark.parametrize(
    "document", [b"{", b"[]", b'{"resourceType":"Basic","id":"1"}', b'{"resourceType":"Subscription"}']
)
def test_what_is_no_subscription_is_a_fault(document: bytes) -> None:
    with pytest.raises(Fault):
        read_subscription(document)


def test_a_statement_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(Fault):
        read_topics(b"[]")
