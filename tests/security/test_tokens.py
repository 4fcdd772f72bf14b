"""Is a token asked for as SMART Backend Services wants it, seldom, and by one request however many wait for it?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.fhir.client.faults import Fault
from service.security.assertions import client_assertion
from service.security.backend_services import BackendServices
from service.security.keys import KeyFolder
from service.security.rotation import rotate
from tests.fhir.client.test_faults import page
from tests.security.asking import Clock, clock, fetch_p1, fetched, server_at, token, with_tokens
from tests.security.authority import ASSERTION_TYPE, CLIENT, Authority

__all__ = ["clock"]


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_server_that_checks_everything_gives_a_token(authority: Authority, folder: Path, algorithm: Any) -> None:
    assert token(server_at(authority, algorithm=algorithm), folder) == authority.given[0]
    (asked,) = authority.asked
    key = KeyFolder(folder).signing(algorithm)
    assert key is not None
    assert asked.header == {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    assert set(asked.claims) == {"iss", "sub", "aud", "exp", "iat", "nbf", "jti"}
    assert asked.claims["iss"] == asked.claims["sub"] == CLIENT
    assert asked.claims["aud"] == f"{authority.origin}/token"
    now = time.time()
    assert now + 200 < asked.claims["exp"] <= now + 300
    assert asked.claims["nbf"] == asked.claims["iat"] < now


def test_the_request_is_a_form_of_four_fields(authority: Authority, folder: Path) -> None:
    token(server_at(authority), folder)
    (asked,) = authority.asked
    assert set(asked.form) == {"grant_type", "scope", "client_assertion_type", "client_assertion"}
    assert asked.form["grant_type"] == "client_credentials"
    assert asked.form["client_assertion_type"] == ASSERTION_TYPE
    assert asked.form["scope"].split() == [
        "system/Condition.rs",
        "system/Medication.rs",
        "system/MedicationRequest.rs",
        "system/Observation.rs",
        "system/Patient.rs",
    ]
    assert asked.sent["content-type"] == "application/x-www-form-urlencoded"
    assert asked.sent["accept"] == "application/json"
    assert "authorization" not in asked.sent
    assert authority.discovered[0]["accept"] == "application/json"


def test_old_servers_are_asked_in_their_words(authority: Authority, folder: Path) -> None:
    token(server_at(authority, scopes="v1"), folder)
    assert "system/Observation.read" in authority.asked[0].form["scope"].split()


def test_the_fixture_refuses_an_assertion_that_it_has_seen_or_that_lasts_too_long(
    authority: Authority, folder: Path
) -> None:
    key = KeyFolder(folder).signing("ES384")
    assert key is not None
    now = int(time.time())

    def send(assertion: str) -> int:
        form = {
            "grant_type": "client_credentials",
            "scope": "system/Observation.rs",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return httpx.post(f"{authority.origin}/token", data=form, trust_env=False).status_code

    good = client_assertion(key, CLIENT, f"{authority.origin}/token", now)
    assert [send(good), send(good)] == [200, 400]
    assert send(client_assertion(key, CLIENT, f"{authority.origin}/token", now + 90)) == 400
    assert send(client_assertion(key, CLIENT, "https://elsewhere.example/token", now)) == 400
    assert send(client_assertion(key, "somebody", f"{authority.origin}/token", now)) == 400


@pytest.mark.parametrize("ahead", [-55, 55, 200])
def test_clocks_may_be_a_minute_apart(authority: Authority, folder: Path, ahead: float) -> None:
    authority.clock_ahead = ahead
    assert token(server_at(authority), folder)


@pytest.mark.parametrize("lifetime", [300, "300", 300.0, None, -1, 1e300])
def test_a_token_of_five_minutes_is_asked_for_once(
    authority: Authority, folder: Path, clock: Clock, lifetime: Any
) -> None:
    authority.lifetime = lifetime

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> list[str]:
        found = [await tokens.token() for _ in range(20)]
        clock.now += 269
        return [*found, await tokens.token()]

    found = with_tokens(server_at(authority), folder, ask)
    assert set(found) == set(authority.given)
    assert len(authority.asked) == 1
    assert len(authority.discovered) == 1


@pytest.mark.parametrize(("lifetime", "late"), [(300, 271), (3600, 3571), (10, 9.5)])
def test_a_token_is_replaced_before_its_end(
    authority: Authority, folder: Path, clock: Clock, lifetime: int, late: float
) -> None:
    authority.lifetime = lifetime

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> list[str]:
        first = await tokens.token()
        clock.now += late
        return [first, await tokens.token()]

    assert with_tokens(server_at(authority), folder, ask) == authority.given
    assert len({asked.claims["jti"] for asked in authority.asked}) == 2


def test_many_at_a_time_share_one_request(authority: Authority, folder: Path) -> None:
    authority.answers.append(0.2)

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> list[str]:
        return await asyncio.gather(*(tokens.token() for _ in range(50)))

    assert set(with_tokens(server_at(authority), folder, ask)) == set(authority.given)
    assert len(authority.asked) == 1


def test_who_gives_up_waiting_does_not_end_the_request_of_the_others(authority: Authority, folder: Path) -> None:
    authority.answers.append(0.3)

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> str:
        impatient = asyncio.ensure_future(asyncio.wait_for(tokens.token(), 0.05))
        await asyncio.sleep(0.01)
        patient = asyncio.ensure_future(tokens.token())
        with pytest.raises(TimeoutError):
            await impatient
        return await patient

    assert [with_tokens(server_at(authority), folder, ask)] == authority.given
    assert len(authority.asked) == 1


def test_a_token_that_is_no_longer_taken_is_replaced_once(authority: Authority, folder: Path) -> None:
    server = server_at(authority)

    async def ask(tokens: BackendServices, client: httpx.AsyncClient) -> None:
        await fetch_p1(tokens, client, server)
        authority.revoke()
        found = await fetch_p1(tokens, client, server)
        assert found.gaps == {}

    with_tokens(server, folder, ask)
    assert len(authority.asked) == 2
    assert len({asked.claims["jti"] for asked in authority.asked}) == 2


def test_a_server_that_refuses_every_token_is_told_and_not_asked_for_more(authority: Authority, folder: Path) -> None:
    server = server_at(authority)

    async def ask(tokens: BackendServices, client: httpx.AsyncClient) -> None:
        for _ in range(5):
            with pytest.raises(Fault, match="status 401, for it does not know the service"):
                await fetch_p1(tokens, client, server)

    authority.forgets = True
    with_tokens(server, folder, ask)
    assert len(authority.asked) == 2


def test_no_more_than_one_token_in_some_seconds_is_made_for_a_server_that_refuses_them(
    authority: Authority, folder: Path, clock: Clock
) -> None:
    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        first = await tokens.token()
        assert tokens.refused(first)
        second = await tokens.token()
        assert tokens.refused(first)
        assert not tokens.refused(second)
        clock.now += 6
        assert tokens.refused(second)
        assert tokens.access.permits("Observation", "rs")

    with_tokens(server_at(authority), folder, ask)
    assert len(authority.asked) == 2


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_rotation_needs_no_restart(authority: Authority, folder: Path, clock: Clock, algorithm: Any) -> None:
    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        await tokens.token()
        rotate(folder, algorithm, time.time(), wait=0)
        clock.now += 1000
        await tokens.token()

    with_tokens(server_at(authority, algorithm=algorithm), folder, ask)
    first, second = (asked.header["kid"] for asked in authority.asked)
    assert first != second
    assert len(authority.given) == 2


def test_the_token_goes_to_the_fhir_server_alone(authority: Authority, folder: Path) -> None:
    port = authority.origin.rpartition(":")[2]
    authority.found = page(following=f"http://localhost:{port}/fhir/Observation?page=2")
    found = fetched(server_at(authority), folder)
    assert set(found.gaps.values()) == {"it points to another server"}
    assert len(authority.fhir) == 4
    assert {sent for _, sent in authority.fhir} == {f"Bearer {authority.given[0]}"}
    assert all("authorization" not in headers for headers in authority.discovered)
