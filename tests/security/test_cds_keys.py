"""Are the keys of a client those that it has now, and are they had from where the site says and from nowhere else?"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.responses import RedirectResponse, Response
from structlog.testing import capture_logs

from service.errors import NotBelieved
from service.security import key_sets
from service.security.cds_clients import CdsClients
from service.security.json_web_keys import read_key_set
from service.security.key_fetching import MOST_BYTES, KeyFetching, KeysUnavailable
from service.settings import SettingsError
from tests.security.cds import (
    KID,
    SECONDS,
    Clock,
    Signer,
    Verified,
    believed,
    clock,
    is_believed,
    key_set,
    known,
    reasons,
    rsa_signer,
    run,
    signed,
    signer,
    verified,
    write_set,
)
from tests.security.key_server import KeyServer

__all__ = ["clock", "verified"]


def _at(url: str, by: Signer | None = None, **changed: Any) -> bytes:
    return signed(by or signer(), {"jku": url}, **changed)


def test_a_key_set_is_fetched_once_for_many_tokens(key_server: KeyServer) -> None:
    url = key_server.serve("keys", key_set(signer(), rsa_signer("rsa")))
    assert believed(known(key_urls=[url]), _at(url), _at(url), _at(url, rsa_signer("rsa"))) == [True] * 3
    assert key_server.asked == {"keys": 1}
    (sent,) = key_server.headers
    assert "authorization" not in sent
    assert sent["accept-encoding"] == "identity"


def test_many_at_a_time_are_one_request(key_server: KeyServer) -> None:
    url = key_server.serve("keys", key_set(signer()))
    key_server.delay = 0.2

    async def ask(clients: CdsClients) -> list[bool]:
        return await asyncio.gather(*(is_believed(clients, _at(url)) for _ in range(20)))

    assert run(known(key_urls=[url]), ask) == [True] * 20
    assert key_server.asked == {"keys": 1}


def test_who_gives_up_waiting_leaves_the_keys_to_the_others(key_server: KeyServer) -> None:
    url = key_server.serve("keys", key_set(signer()))
    key_server.delay = 0.3

    async def ask(clients: CdsClients) -> bool:
        impatient = asyncio.ensure_future(is_believed(clients, _at(url)))
        patient = asyncio.ensure_future(is_believed(clients, _at(url)))
        await asyncio.sleep(0.1)
        impatient.cancel()
        return await patient

    assert run(known(key_urls=[url]), ask)
    assert key_server.asked == {"keys": 1}


def test_an_end_of_the_service_does_not_wait_for_keys(key_server: KeyServer) -> None:
    url = key_server.serve("keys", key_set(signer()))
    key_server.delay = 2.0

    async def ask(clients: CdsClients) -> bool:
        asking = asyncio.ensure_future(is_believed(clients, _at(url)))
        await asyncio.sleep(0.1)
        await clients.close()
        await asyncio.gather(asking, return_exceptions=True)
        return asking.cancelled()

    assert run(known(key_urls=[url]), ask)


def test_an_address_that_is_not_listed_is_never_asked(key_server: KeyServer) -> None:
    url = key_server.serve("keys", key_set(signer()))
    others = [key_server.serve(path, key_set(signer())) for path in ("other", "keys/", "keys/more", "KEYS")]
    others += [f"{url}?a=b", f"{url}#a", url.replace("http://", "http://user@"), url.replace("127.0.0.1", "localhost")]
    with capture_logs() as logs:
        assert believed(known(key_urls=[url]), *map(_at, others)) == [False] * len(others)
    assert key_server.asked == {}
    assert all("key_urls" in one or "cannot be read" in one for one in reasons(logs))


def test_a_client_without_addresses_has_none_asked(key_server: KeyServer, tmp_path: Path) -> None:
    url = key_server.serve("keys", key_set(signer("theirs")))
    clients = known(key_file=write_set(tmp_path / "keys", signer()))
    assert believed(clients, _at(url), _at(url, signer("theirs"))) == [True, False]
    assert key_server.asked == {}


def test_each_address_is_for_its_own_client(key_server: KeyServer) -> None:
    mine, theirs = key_server.serve("mine", key_set(signer())), key_server.serve("theirs", key_set(signer("theirs")))
    other = {"issuer": "https://lab.example", "key_urls": [theirs]}
    ehr = {"issuer": "https://ehr.example", "key_urls": [mine]}
    clients = known(settings={"cds_clients": {"ehr": ehr, "lab": other}})
    assert believed(clients, _at(theirs, signer("theirs")), _at(mine)) == [False, True]
    assert key_server.asked == {"mine": 1}


def test_where_no_address_is_told_the_known_ones_are_meant(key_server: KeyServer) -> None:
    urls = [key_server.serve("a", key_set(signer("a"))), key_server.serve("b", key_set(signer()))]
    clients = known(key_urls=urls)
    assert believed(clients, signed(signer()), signed(signer("a")), signed(signer("c"))) == [True, True, False]
    assert believed(known(key_urls=urls), _at(urls[0])) == [False]


def test_a_redirect_is_not_followed(key_server: KeyServer) -> None:
    target = key_server.serve("target", key_set(signer()))
    url = key_server.serve("keys", RedirectResponse(target, 302))
    with capture_logs() as logs:
        assert believed(known(key_urls=[url]), _at(url)) == [False]
    assert key_server.asked == {"keys": 1}
    assert any("redirects" in str(one.get("reason")) for one in logs)


def test_a_new_key_is_found_at_once(key_server: KeyServer, clock: Clock) -> None:
    url = key_server.serve("keys", key_set(signer()))
    new = signer("new")

    async def ask(clients: CdsClients) -> list[bool]:
        before = await is_believed(clients, _at(url))
        key_server.serve("keys", key_set(new))
        clock.now += 1
        return [before, await is_believed(clients, _at(url, new)), await is_believed(clients, _at(url))]

    # The old key went with the set that it was in.
    assert run(known(key_urls=[url]), ask) == [True, True, False]
    assert key_server.asked == {"keys": 2}


def test_who_invents_names_of_keys_has_them_looked_for_three_times_a_minute(
    key_server: KeyServer, clock: Clock
) -> None:
    url = key_server.serve("keys", key_set(signer()))

    async def invent(clients: CdsClients, number: int) -> bool:
        return await is_believed(clients, _at(url, signer()._replace(kid=f"k{number}")), peer=f"192.0.2.{number}")

    async def ask(clients: CdsClients) -> list[int]:
        assert await is_believed(clients, _at(url))
        counts = []
        for seconds in (1, 1, 1, 1, 16, 1, 20, 60):
            clock.now += seconds
            assert not any(await asyncio.gather(*(invent(clients, number) for number in range(50))))
            counts.append(key_server.asked["keys"])
        assert await is_believed(clients, _at(url))
        return counts

    # Three at once, and one more each twenty seconds.
    assert run(known(key_urls=[url]), ask) == [2, 3, 4, 4, 4, 5, 6, 7]


def test_a_first_token_of_an_unknown_key_is_one_request(key_server: KeyServer, clock: Clock) -> None:
    url = key_server.serve("keys", key_set(signer()))
    assert believed(known(key_urls=[url]), _at(url, signer("other"))) == [False]
    assert key_server.asked == {"keys": 1}


def test_a_new_key_that_is_being_fetched_is_waited_for(key_server: KeyServer, clock: Clock) -> None:
    url = key_server.serve("keys", key_set(signer()))
    new = signer("new")

    async def ask(clients: CdsClients) -> list[bool]:
        assert await is_believed(clients, _at(url))
        key_server.serve("keys", key_set(signer(), new))
        key_server.delay = 0.2
        clock.now += 1
        return await asyncio.gather(*(is_believed(clients, _at(url, new)) for _ in range(5)))

    assert run(known(key_urls=[url]), ask) == [True] * 5
    assert key_server.asked == {"keys": 2}


def test_a_key_that_was_withdrawn_is_good_for_minutes(key_server: KeyServer, clock: Clock) -> None:
    url = key_server.serve("keys", key_set(signer(), signer("other")))

    async def ask(clients: CdsClients) -> list[bool]:
        before = await is_believed(clients, _at(url))
        key_server.serve("keys", key_set(signer("other")))
        clock.now += key_sets.FRESH_SECONDS
        still = await is_believed(clients, _at(url))
        clock.now += 1
        return [
            before,
            still,
            await is_believed(clients, _at(url)),
            await is_believed(clients, _at(url, signer("other"))),
        ]

    assert run(known(key_urls=[url]), ask) == [True, True, False, True]


def test_the_keys_of_a_server_that_is_down_are_good_for_a_day(key_server: KeyServer, clock: Clock) -> None:
    url = key_server.serve("keys", key_set(signer()))

    async def ask(clients: CdsClients) -> list[tuple[bool, int]]:
        seen = []
        assert await is_believed(clients, _at(url))
        key_server.served.clear()
        for seconds in (key_sets.FRESH_SECONDS + 1, 5, key_sets.AFTER_FAILURE, key_sets.KEPT_SECONDS):
            clock.now += seconds
            seen.append((await is_believed(clients, _at(url)), key_server.asked["keys"]))
        return seen

    with capture_logs() as logs:
        # Left alone for some seconds after it failed.
        assert run(known(key_urls=[url]), ask) == [(True, 2), (True, 2), (True, 3), (False, 4)]
    assert {one["client"] for one in logs} == {"ehr"}
    assert "its server answered with status 404" in {one["reason"] for one in logs}


def test_a_server_of_keys_that_comes_back_is_asked_again(
    key_server: KeyServer, clock: Clock, verified: Verified
) -> None:
    async def ask(clients: CdsClients) -> list[bool]:
        url = key_server.url("keys")
        # That there are no keys is nobody's failure, however often.
        taken = [await is_believed(clients, _at(url)) for _ in range(30)]
        assert verified.count == 0
        key_server.serve("keys", key_set(signer()))
        clock.now += key_sets.AFTER_FAILURE
        return [any(taken), await is_believed(clients, _at(url))]

    assert run(known(key_urls=[key_server.url("keys")]), ask) == [False, True]
    assert key_server.asked == {"keys": 2}


def _reason(served: Any, key_server: KeyServer, *, seconds: float = 5.0) -> str:
    url = key_server.url("keys") if served is None else key_server.serve("keys", served)

    async def fetch() -> None:
        fetching = KeyFetching(seconds)
        fetching.may_ask(url, "ehr")
        try:
            await fetching.fetch(url)
        finally:
            await fetching.close()

    with pytest.raises(KeysUnavailable) as told:
        asyncio.run(fetch())
    assert told.value.__cause__ is None
    assert url not in told.value.reason
    return told.value.reason


@pytest.mark.parametrize(
    ("served", "told"),
    [
        (None, "status 404"),
        (Response(status_code=500), "status 500"),
        (Response(b"<html>"), "no JSON Web Key Set"),
        (Response(b"\xff"), "no JSON Web Key Set"),
        ([], "no JSON Web Key Set"),
        ({"keys": {}}, "no JSON Web Key Set"),
        (Response(b'{"keys":' * 3000), "no JSON Web Key Set"),
        ({"keys": []}, "holds no key"),
        ({"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]}, "holds no key"),
        (Response(b" " * (MOST_BYTES + 1)), "more than is read"),
        (Response(gzip.compress(b'{"keys":[]}'), headers={"Content-Encoding": "gzip"}), "compressed"),
    ],
)
def test_what_is_no_key_set_is_told(key_server: KeyServer, served: Any, told: str) -> None:
    assert told in _reason(served, key_server)


def test_a_slow_server_of_keys_is_given_up(key_server: KeyServer) -> None:
    key_server.delay = 2.0
    assert "in time" in _reason(key_set(signer()), key_server, seconds=0.2)


def test_a_server_of_keys_that_is_not_there_is_told() -> None:
    async def fetch(url: str) -> str:
        fetching = KeyFetching()
        fetching.may_ask(url, "ehr")
        with pytest.raises(KeysUnavailable) as told:
            await fetching.fetch(url)
        await fetching.close()
        return told.value.reason

    assert "could not be reached" in asyncio.run(fetch("http://127.0.0.1:1/keys"))


def test_the_environment_names_no_proxy(key_server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    url = key_server.serve("keys", key_set(signer()))
    assert believed(known(key_urls=[url]), _at(url)) == [True]


def test_what_was_never_fetched_is_closed_all_the_same() -> None:
    assert believed(known(key_urls=["https://ehr.example/keys"]), None) == [False]


def _replaced(file: Path, *signers: Signer) -> None:
    """As a rotation does: the new file takes the place of the old."""
    os.replace(write_set(file.with_suffix(".new"), *signers), file)


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    file = write_set(tmp_path / "keys.json", signer())
    new = signer("new")

    async def ask(clients: CdsClients) -> list[bool]:
        before = [await is_believed(clients, signed(one)) for one in (signer(), new)]
        _replaced(file, new)
        return before + [await is_believed(clients, signed(one)) for one in (signer(), new)]

    assert run(known(key_file=file), ask) == [True, False, False, True]


def test_a_file_that_cannot_be_read_any_more_leaves_its_last_keys(tmp_path: Path) -> None:
    file = write_set(tmp_path / "keys.json", signer())
    new = signer("new")

    async def ask(clients: CdsClients) -> list[bool]:
        file.write_text("{", encoding="utf-8")
        taken = [await is_believed(clients, signed(signer())) for _ in range(3)]
        _replaced(file, new)
        return [*taken, await is_believed(clients, signed(signer())), await is_believed(clients, signed(new))]

    clients = known(key_file=file)
    with capture_logs() as logs:
        assert run(clients, ask) == [True, True, True, False, True]
    (told,) = [one for one in logs if one["log_level"] == "error"]
    assert "no JSON Web Key Set" in told["reason"]


def test_a_file_that_was_taken_away_takes_its_keys_along(tmp_path: Path) -> None:
    file = write_set(tmp_path / "keys.json", signer())

    async def ask(clients: CdsClients) -> list[bool]:
        file.unlink()
        gone = await is_believed(clients, signed(signer()))
        write_set(file, signer())
        return [gone, await is_believed(clients, signed(signer()))]

    assert run(known(key_file=file), ask) == [False, True]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "cannot be read"),
        ("{", "no JSON Web Key Set"),
        ('{"keys": []}', "no JSON Web Key Set"),
        ("[]", "Key Set"),
    ],
)
def test_a_file_of_no_use_is_told_at_the_start(tmp_path: Path, written: str | None, told: str) -> None:
    file = tmp_path / "keys.json"
    if written is not None:
        file.write_text(written, encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"^MOODMARKER_CDS_CLIENTS: ehr: the key_file .*{told}"):
        known(key_file=file)


def _kids(*keys: Any) -> list[str]:
    return [key.kid for key in read_key_set(json.dumps({"keys": keys}).encode())]


def test_a_set_may_hold_keys_for_others() -> None:
    good = signer().public
    others: list[Any] = [
        7,
        {},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "okp"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "quantum"},
        OctKey.import_key("secret-secret-secret").as_dict(private=True) | {"kid": "oct"},
        ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "p256"},
        ECKey.generate_key("P-521").as_dict(private=False) | {"kid": "p521"},
    ]
    assert _kids(*others, good, *others) == [KID]


def test_a_small_or_huge_modulus_is_passed_over() -> None:
    good = rsa_signer().public
    assert _kids(good) == [KID]
    for modulus in ("wQ", "AAAA" * 100 + "wQ", good["n"] * 5, "", "!", "A"):
        assert _kids(good | {"n": modulus}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"alg": "ES256"},
        {"alg": "RS384"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kid": ""},
        {"kid": 7},
        {"x": signer("another").public["x"]},
        {"x": "AA"},
        {"x": 7},
        {"crv": "P-256"},
        {"kty": "RSA"},
    ],
)
def test_a_key_that_is_not_for_our_use_is_passed_over(changes: dict[str, Any]) -> None:
    assert _kids(signer().public | changes) == []
    without = {name: value for name, value in signer().public.items() if name not in changes}
    assert _kids(without) == ([] if {"kid", "x", "crv", "kty"} & set(changes) else [KID])


def test_a_key_may_say_more_of_its_use() -> None:
    assert _kids(signer().public | {"key_ops": ["verify"], "x5t": "AA", "exp": 7, "ext": True}) == [KID]


@pytest.mark.parametrize("exponent", ["", "AQ", "Ag", "!"])
def test_an_exponent_that_signs_nothing_is_passed_over(exponent: str) -> None:
    """With the exponent 1 everybody could sign."""
    assert _kids(rsa_signer().public | {"e": exponent}) == []


def test_of_a_private_key_the_public_part_is_kept() -> None:
    for private in (signer().private, rsa_signer().private):
        whole = private.as_dict(private=True) | {"kid": "a"}
        (key,) = read_key_set(json.dumps({"keys": [whole]}).encode())
        assert isinstance(key.key, ECKey | RSAKey)
        assert not key.key.is_private


@pytest.mark.parametrize(
    ("wrong", "alg"),
    [
        (signer("rsa", "ES384"), "RS384"),
        (signer("rsa", "ES256", "P-256"), "ES384"),
        (rsa_signer("rsa"), "ES384"),
    ],
)
def test_a_key_signs_with_its_own_algorithm_alone(tmp_path: Path, verified: Verified, wrong: Signer, alg: str) -> None:
    clients = known(key_file=write_set(tmp_path / "keys.json", signer(), wrong))
    token = signed(wrong, exp=SECONDS + 10)
    header, rest = token.split(b".", 1)
    claimed = signed(signer() if alg == "ES384" else rsa_signer(), {"kid": "rsa"}).split(b".", 1)[0]
    assert header != claimed
    assert believed(clients, claimed + b"." + rest) == [False]
    assert verified.count == 0


def test_two_keys_of_one_name_are_told_apart_by_their_algorithm(tmp_path: Path) -> None:
    clients = known(key_file=write_set(tmp_path / "keys.json", signer(), rsa_signer()))
    assert believed(clients, signed(signer()), signed(rsa_signer())) == [True, True]


def test_a_caller_who_is_not_believed_learns_nothing(key_server: KeyServer, tmp_path: Path) -> None:
    url = key_server.serve("keys", Response(status_code=500))
    told = set()
    for clients, token in (
        (known(key_urls=[url]), _at(url)),
        (known(key_file=write_set(tmp_path / "keys.json", signer())), signed(signer(), exp=1)),
        (known(key_file=write_set(tmp_path / "keys.json", signer())), None),
    ):

        async def ask(one: CdsClients, sent: bytes | None = token) -> str:
            with pytest.raises(NotBelieved) as refused:
                await is_known(one, sent)
            return f"{refused.value.text}{refused.value.expression}{refused.value.__cause__}"

        told.add(run(clients, ask))
    assert told == {"None"}


async def is_known(clients: CdsClients, sent: bytes | None) -> None:
    from tests.security.cds import NOW, PEER, SERVICE

    await clients.caller(sent, SERVICE, PEER, NOW)
