"""Are settings that would leave a door open, or have no effect, refused with the remedy?"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from uvicorn.config import STARTUP_FAILURE

from service.api.edge import AllowedHosts
from service.api.serving import build
from service.security.rotation import make_key
from service.settings import Settings, SettingsError, load_settings, require_safe_listener
from tests.api.serving import PATIENCE, serving

BASE = "https://ehr.example/fhir"
TOKEN = "t" * 32
KEY = "k" * 40
STORE = "sqlite:////var/lib/moodmarker/store.sqlite"
# From elsewhere: by the address listened on, or through a proxy, which a name of its own shows.
ELSEWHERE: list[dict[str, Any]] = [
    {"host": "0.0.0.0", "allow_unauthenticated": True},  # noqa: S104 - what is to be refused
    {"host": "::", "allow_unauthenticated": True},
    {"host": "moodmarker.example", "allow_unauthenticated": True},
    {"allowed_hosts": "moodmarker.example"},
    {"public_url": "https://moodmarker.example", "service_key": KEY, "store": STORE},
]
TRUSTED: list[dict[str, Any]] = [{"write": True}, {"token": "fixed"}, {"client_id": "us"}]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_key(tmp_path / "keys", "ES384", time.time())
    return tmp_path / "keys"


def refusal(**settings: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(**settings)
    return str(refused.value)


@pytest.mark.parametrize("reached", ELSEWHERE, ids=str)
@pytest.mark.parametrize("server", TRUSTED, ids=str)
def test_who_is_reached_from_elsewhere_demands_a_token_for_what_servers_trust_it_with(
    keys: Path, reached: dict[str, Any], server: dict[str, Any]
) -> None:
    chosen = {"servers": {"main": {"url": BASE, **server}}, "keys": keys, **reached}
    with pytest.raises(SettingsError, match=r"MOODMARKER_BEARER_TOKEN: .* of main .*at least 32 random characters"):
        require_safe_listener(load_settings(**chosen))
    require_safe_listener(load_settings(**chosen, bearer_token=TOKEN))


@pytest.mark.parametrize("reached", ELSEWHERE, ids=str)
def test_who_is_trusted_with_nothing_needs_no_token(reached: dict[str, Any]) -> None:
    require_safe_listener(load_settings(servers={"main": {"url": BASE}}, **reached))


@pytest.mark.parametrize("server", TRUSTED, ids=str)
def test_on_this_machine_alone_no_token_is_needed(keys: Path, server: dict[str, Any]) -> None:
    near = {"public_url": "http://127.0.0.1:8080", "service_key": KEY, "store": STORE, "allowed_hosts": "localhost"}
    require_safe_listener(load_settings(servers={"main": {"url": BASE, **server}}, keys=keys, **near))


def test_another_server_that_runs_the_application_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODMARKER_SERVERS", json.dumps({"main": {"url": BASE, "write": True}}))
    monkeypatch.setenv("MOODMARKER_ALLOWED_HOSTS", "moodmarker.example")
    with capture_logs() as lines, pytest.raises(SystemExit) as ended:
        build()
    assert ended.value.code == STARTUP_FAILURE
    assert "MOODMARKER_BEARER_TOKEN" in lines[-1]["reason"]


def test_on_loopback_the_log_warns_of_proxies_and_a_token_ends_it() -> None:
    servers = json.dumps({"main": {"url": BASE, "write": True}})
    with serving(SERVERS=servers) as served:
        told = served.wait_for("callers need no token")
    assert told["level"] == "warning"
    assert "Behind a proxy set MOODMARKER_BEARER_TOKEN" in str(told["reason"])
    with serving(SERVERS=servers, BEARER_TOKEN=TOKEN) as served:
        served.end()
        assert served.process.stderr is not None
        assert b"callers need no token" not in served.process.stderr.read()


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("t" * 31, "use at least 32 random characters"),
        ("t" * 32 + "\n", "no header carries it"),
        ("t" * 32 + " t", "no header carries it"),
        ("ü" * 32, "no header carries it"),
    ],
)
def test_a_token_that_is_none_is_refused_and_not_repeated(token: str, told: str) -> None:
    text = refusal(bearer_token=token)
    assert text.startswith("MOODMARKER_BEARER_TOKEN: ")
    assert told in text
    assert token not in text


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"token_url": "https://ehr.example/token"}, "token_url"),
        ({"algorithm": "RS384"}, "algorithm"),
        ({"scopes": "v1", "token": "fixed"}, "scopes"),
        ({"scopes": "v1", "algorithm": "ES384"}, "algorithm and scopes"),
    ],
)
def test_what_only_a_client_id_gives_a_meaning_is_refused_without_one(server: dict[str, Any], told: str) -> None:
    text = refusal(servers={"main": {"url": BASE, **server}})
    assert f"server main has {told} without a client_id" in text
    assert "give the client_id that the server registered, or leave it out" in text


def test_an_address_for_subscriptions_that_are_off_is_refused() -> None:
    text = refusal(public_url="https://moodmarker.example")
    assert "MOODMARKER_PUBLIC_URL is set without MOODMARKER_SERVICE_KEY" in text


def test_subscriptions_that_are_kept_nowhere_are_refused() -> None:
    text = refusal(service_key=KEY)
    assert "MOODMARKER_SERVICE_KEY is set without MOODMARKER_STORE" in text
    assert "as in sqlite:////" in text


@pytest.mark.parametrize("start", ["sqlite:///", "sqlite+pysqlite:///"])
@pytest.mark.parametrize("file", ["moodmarker.sqlite", "data/store.db", "../store.db", "./store.db"])
def test_a_store_that_depends_on_the_working_folder_is_refused_with_the_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start: str, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = refusal(service_key=KEY, store=start + file)
    assert text.startswith(f"MOODMARKER_STORE: {file} is another file in each folder")
    whole = re.search(r"write it whole: (\S+)$", text)
    assert whole is not None
    assert whole[1] == f"{start}{tmp_path}/{file.removeprefix('./')}"
    assert load_settings(service_key=KEY, store=whole[1]).store.get_secret_value() == whole[1]


@pytest.mark.parametrize(
    "store", [STORE, "postgresql://u:secret@h/n", "sqlite:///:memory:", "sqlite:///file:x?uri=true"]
)
def test_other_stores_are_left_to_whoever_opens_them(store: str) -> None:
    assert load_settings(service_key=KEY, store=store).store.get_secret_value() == store


def test_the_host_of_notifications_is_answered_and_no_other() -> None:
    chosen = {"service_key": KEY, "store": STORE, "public_url": "https://MoodMarker.example:8443/mood"}
    hosts = AllowedHosts(load_settings(**chosen))
    assert hosts.admit(b"moodmarker.example:8443")
    assert hosts.admit(b"moodmarker.example")
    assert not hosts.admit(b"evil.example")
    assert not AllowedHosts(Settings()).admit(b"moodmarker.example")


def test_a_served_process_answers_under_the_host_of_notifications(tmp_path: Path) -> None:
    chosen = {"SERVICE_KEY": KEY, "STORE": f"sqlite:///{tmp_path}/store.db", "PUBLIC_URL": "https://moodmarker.example"}
    with serving(**chosen) as served:
        answers = [
            httpx.get(f"{served.url}/fhir/metadata", headers={"Host": host}, trust_env=False, timeout=PATIENCE)
            for host in ("moodmarker.example", "evil.example")
        ]
    assert [one.status_code for one in answers] == [200, 421]
