"""Are the service's public keys shown to everybody, and is it told when servers give no token?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from service.api.edge import Edge
from service.assessment import Context
from service.security.rotation import make_key, rotate
from service.settings import SettingsError
from tests.api.asking import FHIR, ask, outcome_text

JWKS = "/.well-known/jwks.json"
BASE = "https://ehr.example/fhir"
CHECK = "/fhir/Patient/p1/$mood-immune-check"
Made = Callable[..., Edge]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_key(tmp_path / "keys", "ES384", time.time() - 5000)
    return tmp_path / "keys"


@pytest.fixture
def servers() -> dict[str, Any]:
    return {"main": {"url": BASE, "client_id": "us"}, "open": {"url": "https://open.example/fhir"}}


@pytest.fixture
def ehr() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/.well-known/smart-configuration").respond(json={"token_endpoint": f"{BASE}/token"})
        yield router


def test_the_public_keys_are_shown_to_everybody(make_app: Made, folder: Path) -> None:
    told = ask(make_app(keys=folder), "GET", JWKS, peer="10.0.0.9")
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/json"
    assert told.headers.get_list("cache-control") == ["public, max-age=300"]
    (key,) = told.json()["keys"]
    assert set(key) == {"kty", "kid", "alg", "use", "crv", "x", "y"}


def test_a_rotation_shows_both_keys_without_a_restart(make_app: Made, folder: Path) -> None:
    app = make_app(keys=folder)
    before = ask(app, "GET", JWKS).json()["keys"]
    made = rotate(folder, "ES384", time.time()).made
    assert made is not None
    after = ask(app, "GET", JWKS).json()["keys"]
    assert [key["kid"] for key in after] == [made.kid, before[0]["kid"]]


def test_without_keys_there_is_no_key_set(app: Edge) -> None:
    told = ask(app, "GET", JWKS)
    assert told.status_code == 404
    assert "MOODMARKER_KEYS" in outcome_text(told)
    assert told.headers.get_list("cache-control") == ["no-store"]


def test_keys_that_are_not_safe_stop_the_start(make_app: Made, folder: Path) -> None:
    next(folder.iterdir()).chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        make_app(keys=folder)


def test_a_server_whose_algorithm_has_no_key_stops_the_start(make_app: Made, folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"main wants requests signed with RS384.*keys new --algorithm RS384"):
        make_app(keys=folder, servers={"main": {"url": BASE, "client_id": "us", "algorithm": "RS384"}})


def test_a_server_that_was_not_asked_for_a_token_is_unknown(
    make_app: Made, folder: Path, servers: dict[str, Any]
) -> None:
    app = make_app(keys=folder, servers=servers)
    assert "servers" not in ask(app, "GET", "/health/ready").json()
    told = ask(app, "GET", "/health/servers")
    assert told.status_code == 200
    assert told.json() == {"status": "unknown", "servers": {"main": {"token": "not asked for yet"}}}


def test_without_such_servers_there_is_nothing_to_tell(app: Edge) -> None:
    assert ask(app, "GET", "/health/servers").json() == {"status": "ready", "servers": {}}


def test_a_refusal_is_told_and_takes_nobody_out_of_rotation(
    make_app: Made, folder: Path, servers: dict[str, Any], ehr: respx.MockRouter
) -> None:
    ehr.post(f"{BASE}/token").respond(401, json={"error": "invalid_client", "error_description": "us?"})
    app = make_app(keys=folder, servers=servers)
    refused = ask(app, "GET", f"{CHECK}?server=main")
    assert refused.status_code == 502
    reason = "its token endpoint refuses (invalid_client): check the client id"
    assert outcome_text(refused).startswith("The FHIR server main ")
    assert reason in outcome_text(refused)
    ready = ask(app, "GET", "/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    told = ask(app, "GET", "/health/servers")
    assert (told.status_code, told.json()["status"]) == (503, "failed")
    assert told.json()["servers"]["main"]["token"].startswith(f"failed: {reason}")
    assert "us?" not in told.text + ready.text
    assert BASE not in told.text + ready.text


def test_a_token_that_is_given_is_kept_from_request_to_request(
    make_app: Made, folder: Path, servers: dict[str, Any], ehr: respx.MockRouter, context: Context
) -> None:
    given = {"access_token": "t0k3n", "token_type": "Bearer", "expires_in": 300}
    asked = ehr.post(f"{BASE}/token").respond(json=given)
    refusing = ehr.get(url__startswith=BASE).mock(return_value=httpx.Response(403, json={}, headers=FHIR))
    app = make_app(keys=folder, servers=servers)
    for _ in range(3):
        answer = ask(app, "GET", f"{CHECK}?server=main")
        assert answer.status_code == 502
        assert "status 403, for it does not permit this to the service" in outcome_text(answer)
    assert refusing.calls[0].request.headers["authorization"] == "Bearer t0k3n"
    assert asked.call_count == 1
    told = ask(app, "GET", "/health/servers").json()
    assert told == {"status": "ready", "servers": {"main": {"token": "ok"}}}


def test_a_fixed_token_is_sent_as_it_is(make_app: Made, ehr: respx.MockRouter) -> None:
    refusing = ehr.get(f"{BASE}/metadata").mock(return_value=httpx.Response(401, json={}, headers=FHIR))
    app = make_app(servers={"main": {"url": BASE, "token": "fixed"}})
    answer = ask(app, "GET", CHECK)
    assert "status 401, for it does not know the service" in outcome_text(answer)
    assert [call.request.headers["authorization"] for call in refusing.calls] == ["Bearer fixed"]
    assert "fixed" not in answer.text
