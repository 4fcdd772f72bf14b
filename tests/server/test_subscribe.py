"""`moodmarker subscribe` with a real FHIR server: by search and by topic, renewed, listed, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.local_server import LocalServer
from tests.server.sekmet import running
from tests.server.subscribing import Site, crp, eventually, flags, low_mood
from tests.server.writing import INFLAMMATION

CROSS_VERSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic"
TOPIC = "http://topics.example/results"


@pytest.fixture(scope="module")
def own_sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server of this file's own, for it keeps notifying."""
    with running(tmp_path_factory.mktemp("sekmet")) as server:
        server.put(topic())
        yield server


@pytest.fixture
def site(own_sekmet: LocalServer, tmp_path: Path) -> Site:
    return Site.of(own_sekmet.base, tmp_path)


def topic() -> dict[str, Any]:
    """A topic of every Observation, as this server keeps topics."""
    trigger: list[dict[str, Any]] = [
        {"url": "resource", "valueUri": "http://hl7.org/fhir/StructureDefinition/Observation"},
        {"url": "supportedInteraction", "valueCode": "create"},
        {"url": "supportedInteraction", "valueCode": "update"},
    ]
    narrowed = [{"url": "resource", "valueUri": "Observation"}, {"url": "filterParameter", "valueString": "code"}]
    return {
        "resourceType": "Basic",
        "id": "topic-results",
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]},
        "extension": [
            {"url": f"{CROSS_VERSION}.url", "valueUri": TOPIC},
            {"url": f"{CROSS_VERSION}.title", "valueString": "Results"},
            {"url": f"{CROSS_VERSION}.resourceTrigger", "extension": trigger},
            {"url": f"{CROSS_VERSION}.canFilterBy", "extension": narrowed},
        ],
    }


def subscriptions(sekmet: LocalServer, site: Site) -> list[dict[str, Any]]:
    """What the server has of ours."""
    found = sekmet.client.get(f"{sekmet.base}/Subscription", params={"_count": 200}).json()
    resources = [entry["resource"] for entry in found.get("entry", ())]
    return [one for one in resources if one["channel"]["endpoint"].startswith(site.variables["PUBLIC_URL"])]


def has(sekmet: LocalServer, site: Site, *statuses: str) -> bool:
    return [one["status"] for one in subscriptions(sekmet, site)] == list(statuses)


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
def test_a_topic_is_shaken_hands_on_and_brings_flags(own_sekmet: LocalServer, site: Site, content: str) -> None:
    patient = f"topic-{content}"
    with site.serving():
        made = site.call("main", "--topic", TOPIC, "--content", content, "--heartbeat", "1")
        assert made.code == 0, made.err
        eventually(lambda: has(own_sekmet, site, "active"))
        own_sekmet.load([*low_mood(patient), crp(patient, "crp", 5.1, 8)])
        assert eventually(lambda: flags(own_sekmet, patient)) == [INFLAMMATION]
        assert "3 events" in eventually(lambda: told(site, "heard at"))
        assert site.call("main", "--delete").code == 0


def told(site: Site, what: str) -> str:
    """The list, once it says something."""
    listed = site.call("--list").out
    return listed if what in listed else ""


def test_a_topic_that_nobody_answers_for_is_told(own_sekmet: LocalServer, site: Site) -> None:
    made = site.call("main", "--topic", TOPIC)
    assert made.code == 3
    assert "error" in made.out
    assert f"reach it at {site.variables['PUBLIC_URL']}?" in made.err
    with site.serving():
        renewed = site.call("main", "--renew", "--days", "30")
        assert renewed.code == 0, renewed.err
        eventually(lambda: has(own_sekmet, site, "active"))
        assert subscriptions(own_sekmet, site)[0]["end"]
    deleted = site.call("main", "--delete")
    assert (deleted.code, deleted.out.count("deleted")) == (0, 1)
    assert subscriptions(own_sekmet, site) == []
    assert site.call("--list").out == ""


def test_a_subscription_in_error_is_repaired_by_the_service_itself(own_sekmet: LocalServer, site: Site) -> None:
    assert site.call("main", "--topic", TOPIC).code == 3
    own_sekmet.load([*low_mood("lost"), crp("lost", "crp", 5.1, 8)])
    with site.serving():
        assert eventually(lambda: flags(own_sekmet, "lost")) == [INFLAMMATION]
        eventually(lambda: has(own_sekmet, site, "active"))
        assert site.call("main", "--delete").code == 0


def test_by_search_it_can_be_one_type_and_empty(own_sekmet: LocalServer, site: Site) -> None:
    with site.serving():
        made = site.call("main", "--type", "Observation", "--content", "empty")
        assert made.code == 0, made.err
        (one,) = subscriptions(own_sekmet, site)
        assert "payload" not in one["channel"]
        own_sekmet.load([*low_mood("pinged"), crp("pinged", "crp", 5.1, 8)])
        assert eventually(lambda: flags(own_sekmet, "pinged")) == [INFLAMMATION]
        again = site.call("main")
        assert (again.code, "subscribed to already" in again.err) == (3, True)
        assert site.call("main", "--delete").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "name the server"),
        (("--delete",), 2, "name the server"),
        (("main", "--renew", "--list"), 2, "one of --renew, --delete and --list"),
        (("other",), 3, "Configured: main"),
        (("other", "--delete"), 3, "Configured: main"),
        (("main", "--delete"), 3, "no subscription to main"),
        (("--renew",), 3, "no subscription to any server"),
        (("main", "--topic", "http://topics.example/none"), 3, TOPIC),
        (("main", "--type", "Basic"), 3, "No rule reads Basic"),
    ],
)
def test_what_is_wrong_is_told(site: Site, arguments: tuple[str, ...], code: int, text: str) -> None:
    ended = site.call(*arguments)
    assert (ended.code, text in ended.err) == (code, True), ended.err


@pytest.mark.parametrize("missing", ["SERVICE_KEY", "PUBLIC_URL"])
def test_what_is_not_set_is_named(site: Site, missing: str) -> None:
    del site.variables[missing]
    ended = site.call("main")
    assert (ended.code, f"MOODMARKER_{missing}" in ended.err) == (2, True)


def test_a_server_that_is_down_is_told(tmp_path: Path) -> None:
    down = Site.of("http://127.0.0.1:9/fhir", tmp_path).call("main")
    assert down.code == 3
    assert "The FHIR server main cannot be asked: it could not be reached" in down.err


def test_without_leave_to_write_nothing_is_subscribed_to(own_sekmet: LocalServer, tmp_path: Path) -> None:
    refused = Site.of(own_sekmet.base, tmp_path, write=False).call("main")
    assert refused.code == 3
    assert "`write`" in refused.err
