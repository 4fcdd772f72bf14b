"""Do the routes answer FHIR servers as they expect, and everybody else as strangers?"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.application import create_app
from service.api.edge import Edge
from service.assessment import Context
from service.settings import Settings, SettingsError
from service.store import Cursor, Store, StoreUnavailable
from service.subscriptions.leases import StoredLeases
from service.subscriptions.opening import open_store, require_store, require_subscriptions
from tests.api.asking import issue_code, outcome_text
from tests.cli.calling import call
from tests.subscriptions.fhir_server import answering
from tests.subscriptions.notices import BASE, event, notification, observation
from tests.subscriptions.parts import KEY, SERVICE, Parts, authorization

FHIR = {"Content-Type": "application/fhir+json"}


def settings(database: str, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "servers": {"main": {"url": BASE, "write": True}},
            "store": database,
            "service_key": KEY.get_secret_value(),
            "public_url": SERVICE,
        }
        | more
    )


class Site:
    """The running application, and the parts beside it on the same store."""

    def __init__(self, app: Edge, parts: Parts) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self.parts = parts

    async def send(self, method: str, name: str, path: str = "", body: bytes = b"", **headers: str) -> httpx.Response:
        """A notification with the right secret and type, unless told otherwise."""
        sent = {"Authorization": authorization(name).decode()} | (FHIR if body else {})
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return await self._client.request(method, f"/subscriptions/{name}{path}", content=body, headers=sent)


def running(chosen: Settings, context: Context, test: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        app = create_app(chosen, context)
        store = await Store.open(chosen.store.get_secret_value())
        parts = Parts(store, context)
        with answering():
            async with app.app.router.lifespan_context(app.app):  # type: ignore[attr-defined]
                await test(Site(app, parts))
        await parts.servers.close()
        await store.close()

    asyncio.run(run())


def test_every_kind_of_notification_is_answered_with_an_outcome(database: str, context: Context) -> None:
    changed = json.dumps(observation("1", "Group/1")).encode()

    async def test(site: Site) -> None:
        name = await site.parts.subscribed(topic="")
        topic = await site.parts.subscribed(status="requested")
        answers = [
            await site.send("POST", name),
            await site.send("POST", name, body=changed),
            await site.send("PUT", name, "/Observation/1", changed),
            await site.send("DELETE", name, "/Flag/1"),
            await site.send("POST", topic, body=notification("handshake", counter=0)),
            await site.send("POST", topic, body=notification("heartbeat", counter=0)),
            await site.send("POST", topic, body=notification("event-notification", event(1, "Flag/1"), counter=1)),
        ]
        assert [one.status_code for one in answers] == [200] * 7
        assert {outcome_text(one) for one in answers} == {"The notification is taken."}
        assert (await site.parts.cursor(topic)).last_event == 1

    running(settings(database), context, test)


def test_who_does_not_send_the_secret_gets_nothing_read(database: str, context: Context) -> None:
    async def test(site: Site) -> None:
        name = await site.parts.subscribed()
        for path, method in (("", "POST"), ("/Observation/1", "PUT"), ("/Observation/1", "DELETE")):
            for sent in ("Bearer wrong", "", f"Bearer {KEY.get_secret_value()}"):
                answer = await site.send(method, name, path, b"{", Authorization=sent, Content_Type="text/plain")
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == 'Bearer realm="moodmarker"'
        assert (await site.parts.cursor(name)).heard_at is None
        unknown = await site.send("POST", "unknown", body=notification("handshake"))
        assert (unknown.status_code, issue_code(unknown)) == (404, "not-found")

    running(settings(database), context, test)


def test_bodies_have_the_limits_that_the_check_has(database: str, context: Context) -> None:
    async def test(site: Site) -> None:
        name = await site.parts.subscribed()
        large = await site.send("POST", name, body=b" " * 2000)
        typed = await site.send("POST", name, body=notification("heartbeat"), Content_Type="application/fhir+xml")
        broken = await site.send("POST", name, body=b"{")
        unknown = await site.send("POST", name, body=notification("query-status"))
        assert [one.status_code for one in (large, typed, broken, unknown)] == [413, 415, 400, 400]

    running(settings(database, max_body_bytes=1024), context, test)


def test_no_more_are_taken_at_once_than_the_service_holds(
    database: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    cursor_of = Store.cursor

    async def slowly(store: Store, name: str) -> Cursor | None:
        entered.set()
        await go_on.wait()
        return await cursor_of(store, name)

    async def test(site: Site) -> None:
        name = await site.parts.subscribed(topic="")
        monkeypatch.setattr(Store, "cursor", slowly)
        first = asyncio.create_task(site.send("DELETE", name, "/Observation/1"))
        await entered.wait()
        body = json.dumps(observation("1")).encode()
        for method, path, sent in (
            ("POST", "", body),
            ("PUT", "/Observation/1", body),
            ("DELETE", "/Observation/1", b""),
        ):
            refused = await site.send(method, name, path, sent)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        # Who is a stranger is told so all the same.
        assert (await site.send("POST", name, Authorization="Bearer wrong")).status_code == 401
        go_on.set()
        assert (await first).status_code == 200
        assert (await site.send("POST", name, body=b"{")).status_code == 400
        assert (await site.send("POST", name, body=body)).status_code == 200

    running(settings(database, concurrency_limit=1, queue_limit=0), context, test)


def test_a_store_that_fails_has_it_sent_again(database: str, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(site: Site) -> None:
        name = await site.parts.subscribed()

        async def fails(*_: object) -> None:
            raise StoreUnavailable("it is down")

        monkeypatch.setattr(Store, "cursor", fails)
        answer = await site.send("POST", name)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "send it again" in outcome_text(answer)
        monkeypatch.undo()

    running(settings(database), context, test)


def test_without_a_key_subscriptions_are_off_and_no_store_is_opened(tmp_path: Path, context: Context) -> None:
    file = tmp_path / "never.db"
    off = settings(f"sqlite:///{file}", service_key=None, public_url=None)

    async def run() -> None:
        app = create_app(off, context)
        async with app.app.router.lifespan_context(app.app):  # type: ignore[attr-defined]
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                answer = await client.post("/subscriptions/x", headers={"Authorization": "Bearer x"})
                assert answer.status_code == 404
                assert "MOODMARKER_SERVICE_KEY" in outcome_text(answer)

    asyncio.run(run())
    asyncio.run(require_store(off))
    assert not file.exists()


def test_a_store_that_cannot_be_opened_is_told_before_anything_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"no database, but a text that is long enough to be told from one" * 20)
    monkeypatch.setenv("MOODMARKER_STORE", f"sqlite:///{file}")
    monkeypatch.setenv("MOODMARKER_SERVICE_KEY", KEY.get_secret_value())
    called = call("serve", "--port", "0")
    assert called.code == 2
    assert "MOODMARKER_STORE is a file of another kind" in called.err


def test_what_is_not_set_is_named(database: str) -> None:
    with pytest.raises(SettingsError, match="MOODMARKER_SERVICE_KEY"):
        require_subscriptions(settings(database, service_key=None, public_url=None))
    with pytest.raises(SettingsError, match="MOODMARKER_PUBLIC_URL"):
        require_subscriptions(settings(database, public_url=None))


def test_neither_key_nor_secret_is_in_the_store(database: str, context: Context) -> None:
    async def test(site: Site) -> None:
        name = await site.parts.subscribed(topic="")
        body = json.dumps(observation("1", "Group/1", version="1")).encode()
        assert (await site.send("POST", name, body=body)).status_code == 200
        secret = authorization(name).decode().removeprefix("Bearer ")
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as read:
            dump = "\n".join(read.iterdump())
        assert name in dump
        assert secret not in dump
        assert KEY.get_secret_value() not in dump

    running(settings(database), context, test)


def test_leases_wait_for_the_store_and_never_pretend(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.errors import Overloaded

    async def run() -> None:
        leases = StoredLeases()
        with pytest.raises(Overloaded):
            await leases.take_lease("x", "me", 1)
        await leases.release_lease("x", "me")
        leases.store = await open_store(settings(database), KEY)
        assert await leases.take_lease("x", "me", 60)
        assert not await leases.take_lease("x", "other", 60)
        await leases.release_lease("x", "me")
        assert await leases.take_lease("x", "other", 60)
        await leases.store.close()
        with pytest.raises(Overloaded):
            await leases.take_lease("x", "me", 1)

    asyncio.run(run())


def test_a_worker_whose_store_fails_says_why_and_does_not_start(
    tmp_path: Path, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        app = create_app(settings(f"sqlite:///{tmp_path}/none/store.db"), context)
        with pytest.raises(SettingsError):
            async with app.app.router.lifespan_context(app.app):  # type: ignore[attr-defined]
                raise AssertionError

    asyncio.run(run())
    assert "The folder of the database of MOODMARKER_STORE does not exist" in capsys.readouterr().out
