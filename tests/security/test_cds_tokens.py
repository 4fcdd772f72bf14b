"""Is a call believed for a good token of a known client, and for nothing else?"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from structlog.testing import capture_logs

from service.errors import NotAuthenticated, NotBelieved
from service.security.cds_clients import NOBODY, CdsClients
from service.security.replays import ReplaysOfProcess
from service.security.signed_tokens import MOST_BYTES
from service.settings import load_settings
from tests.security.cds import (
    DISCOVERY,
    FEEDBACK,
    ISSUER,
    KID,
    NOW,
    PEER,
    PUBLIC_URL,
    SECONDS,
    SERVICE,
    Verified,
    believed,
    caller,
    claims,
    key_set,
    known,
    reasons,
    rsa_signer,
    run,
    segments,
    signed,
    signer,
    verified,
    write_set,
)

__all__ = ["verified"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_set(tmp_path / "ehr.json", signer(), rsa_signer("rsa"))


@pytest.mark.parametrize("by", [signer(), rsa_signer("rsa")], ids=["ES384", "RS384"])
def test_both_algorithms_of_the_specification_are_taken(file: Path, by: Any) -> None:
    known_by = caller(known(key_file=file), signed(by))
    assert known_by.name == "ehr"
    assert known_by.client is not None
    assert known_by.client.issuer == ISSUER


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_every_route_needs_a_token(file: Path, path: str) -> None:
    good = signed(signer(), aud=PUBLIC_URL + path)
    assert believed(known(key_file=file), None, b"", good, path=path) == [False, False, True]


@pytest.mark.parametrize("typ", ["JWT", "jwt", None])
def test_the_type_is_jwt_or_not_told(file: Path, typ: str | None) -> None:
    assert believed(known(key_file=file), signed(signer(), {"typ": typ})) == [True]


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER  "])
def test_the_scheme_may_be_written_in_any_case(file: Path, scheme: bytes) -> None:
    assert believed(known(key_file=file), scheme + signed(signer())[len(b"Bearer ") :]) == [True]


def test_what_is_not_known_of_a_header_is_passed_over(file: Path) -> None:
    assert believed(known(key_file=file), signed(signer(), {"x-vendor": "1", "cty": "JWT"})) == [True]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"typ": "at+jwt"}, "typ"),
        ({"kid": ""}, "names no key"),
        ({"kid": None}, "lack"),
        ({"kid": 7}, "lack"),
        ({"kid": "other"}, "does not have"),
        ({"kid": "rsa"}, "does not have for its alg"),
        ({"jku": 7}, "lack"),
        ({"jku": "no address"}, "signature"),
        ({"cty": 7}, "signature"),
        ({"crit": ["exp"], "exp": 1}, "extension"),
    ],
)
def test_a_header_that_is_not_right_is_refused(file: Path, changes: dict[str, Any], told: str) -> None:
    by = signer()
    header = {"alg": "ES384", "kid": KID, "typ": "JWT"} | changes
    with capture_logs() as logs:
        assert believed(known(key_file=file), _signed_anyhow(by.private, header)) == [False]
    assert told in reasons(logs)[0]


def _signed_anyhow(key: Any, header: dict[str, Any], payload: bytes | None = None) -> bytes:
    """Signed with ES384, whatever the header says."""
    named = {name: value for name, value in header.items() if value is not None}
    unsigned = segments(named, json.dumps(claims()).encode() if payload is None else payload)[len(b"Bearer ") :]
    signature = jws.JWSRegistry.algorithms["ES384"].sign(unsigned, key)
    return b"Bearer " + unsigned + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def test_a_token_that_is_signed_by_hand_is_good(file: Path) -> None:
    header = {"alg": "ES384", "kid": KID, "typ": "JWT"}
    assert believed(known(key_file=file), _signed_anyhow(signer().private, header)) == [True]


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_that_nobody_signed_is_refused(file: Path, verified: Verified, algorithm: str) -> None:
    header = {"alg": algorithm, "kid": KID, "typ": "JWT"}
    unsigned = segments(header, claims(), b"")
    assert unsigned.endswith(b".")
    clients = known(key_file=file)
    signature = signed(signer()).rpartition(b".")[2]
    assert believed(clients, unsigned, unsigned + b"AA", unsigned + signature) == [False] * 3
    assert verified.count == 0


@pytest.mark.parametrize(("algorithm", "digest"), [("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")])
def test_a_public_key_is_no_shared_secret(file: Path, verified: Verified, algorithm: str, digest: str) -> None:
    for secret in (
        signer().private.as_pem(private=False),
        json.dumps(signer().public).encode(),
        json.dumps(key_set(signer())).encode(),
        rsa_signer("rsa").private.as_pem(private=False),
    ):
        unsigned = segments({"alg": algorithm, "kid": KID, "typ": "JWT"}, claims())
        code = hmac.digest(secret, unsigned[len(b"Bearer ") :], getattr(hashlib, digest))
        token = unsigned + b"." + base64.urlsafe_b64encode(code).rstrip(b"=")
        assert believed(known(key_file=file), token) == [False]
    assert verified.count == 0


def test_other_algorithms_are_refused_though_the_key_could_verify_them(file: Path, verified: Verified) -> None:
    by = rsa_signer("rsa")
    clients = known(key_file=file)
    assert believed(clients, *(signed(by, {"alg": one}) for one in ("RS256", "RS512", "PS384"))) == [False] * 3
    assert verified.count == 0


def test_a_client_may_be_held_to_one_algorithm(file: Path) -> None:
    clients = known(key_file=file, algorithms=["ES384"])
    assert believed(clients, signed(rsa_signer("rsa")), signed(signer())) == [False, True]


def test_another_key_of_the_same_name_signs_nothing(file: Path) -> None:
    with capture_logs() as logs:
        assert believed(known(key_file=file), signed(signer("another")._replace(kid=KID))) == [False]
    assert "signature" in reasons(logs)[0]


def test_claims_that_were_changed_after_signing_are_refused(file: Path) -> None:
    header, _, signature = signed(signer()).split(b".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(exp=SECONDS + 9000)).encode()).rstrip(b"=")
    assert believed(known(key_file=file), b".".join([header, payload, signature])) == [False]


@pytest.mark.parametrize(
    ("path", "aud"),
    [
        (SERVICE, PUBLIC_URL + SERVICE),
        (SERVICE, [PUBLIC_URL + SERVICE]),
        (SERVICE, ["https://elsewhere.example", PUBLIC_URL + SERVICE]),
        (DISCOVERY, PUBLIC_URL + DISCOVERY),
        (FEEDBACK, PUBLIC_URL + FEEDBACK),
        (FEEDBACK, PUBLIC_URL + SERVICE),
    ],
)
def test_the_audience_is_what_was_called(file: Path, path: str, aud: Any) -> None:
    assert believed(known(key_file=file), signed(signer(), aud=aud), path=path) == [True]


@pytest.mark.parametrize(
    ("path", "aud"),
    [
        (SERVICE, PUBLIC_URL + DISCOVERY),
        (SERVICE, PUBLIC_URL + FEEDBACK),
        (SERVICE, PUBLIC_URL),
        (SERVICE, ""),
        (SERVICE, []),
        (SERVICE, [[PUBLIC_URL + SERVICE]]),
        (SERVICE, None),
        (SERVICE, {"is": PUBLIC_URL + SERVICE}),
        (SERVICE, SERVICE),
        (SERVICE, f"{PUBLIC_URL}{SERVICE}x"),
        (SERVICE, f"{PUBLIC_URL}{SERVICE}?a=b"),
        (SERVICE, (PUBLIC_URL + SERVICE).upper()),
        (SERVICE, "https://moodmarker.example.evil.example/api" + SERVICE),
        (DISCOVERY, PUBLIC_URL + SERVICE),
    ],
)
def test_a_token_for_somebody_else_is_refused(file: Path, path: str, aud: Any) -> None:
    assert believed(known(key_file=file), signed(signer(), aud=aud), path=path) == [False]


def test_a_client_may_write_our_address_in_its_own_way(file: Path) -> None:
    aliases = ["https://old.example/cds/", "urn:moodmarker"]
    named = ["https://old.example/cds" + SERVICE, "urn:moodmarker", "https://old.example/cds/", PUBLIC_URL + SERVICE]
    clients = known(key_file=file, audiences=aliases)
    assert believed(clients, *(signed(signer(), aud=one) for one in named)) == [True] * 4
    assert believed(known(key_file=file, audiences=aliases), signed(signer(), aud="https://old.example")) == [False]


def test_without_an_address_of_ours_the_aliases_are_all(file: Path) -> None:
    without = {"public_url": None}
    clients = known(key_file=file, audiences=["https://old.example"], settings=without)
    named = ["https://old.example" + SERVICE, PUBLIC_URL + SERVICE, SERVICE]
    assert believed(clients, *(signed(signer(), aud=one) for one in named)) == [True, False, False]


@pytest.mark.parametrize(
    ("good", "changes"),
    [
        (False, {"exp": SECONDS}),
        (True, {"exp": SECONDS + 1}),
        (False, {"exp": SECONDS - 1}),
        (True, {"exp": SECONDS + 0.5}),
        (True, {"exp": SECONDS + 900}),
        (True, {"exp": SECONDS + 400 * 24 * 3600}),
        (False, {"exp": None}),
        (False, {"exp": str(SECONDS + 300)}),
        (False, {"exp": True}),
        (False, {"exp": 1e300}),
        (False, {"exp": -1}),
        (True, {"iat": SECONDS + 60}),
        (False, {"iat": SECONDS + 61}),
        (True, {"iat": SECONDS - 10_000}),
        (True, {"iat": None}),
        (False, {"iat": "today"}),
        (True, {"nbf": SECONDS + 60}),
        (False, {"nbf": SECONDS + 61}),
        (True, {"nbf": SECONDS - 10_000}),
        (False, {"nbf": "today"}),
    ],
)
def test_a_token_is_good_between_its_times(file: Path, good: bool, changes: dict[str, Any]) -> None:
    assert believed(known(key_file=file), signed(signer(), **changes)) == [good]


@pytest.mark.parametrize(("seconds", "good"), [(-61, False), (-60, True), (299, True), (300, False)])
def test_the_times_are_judged_by_our_clock(file: Path, seconds: int, good: bool) -> None:
    now: datetime = NOW + timedelta(seconds=seconds)
    assert believed(known(key_file=file), signed(signer()), now=now) == [good]


@pytest.mark.parametrize(
    ("tenant", "good"),
    [("north", True), ("south", True), ("west", False), (None, False), (7, False), (["north"], False)],
)
def test_a_client_may_be_held_to_its_tenants(file: Path, tenant: Any, good: bool) -> None:
    assert believed(known(key_file=file, tenants=["north", "south"]), signed(signer(), tenant=tenant)) == [good]


def test_without_tenants_any_is_taken(file: Path) -> None:
    assert believed(known(key_file=file), signed(signer(), tenant="west")) == [True]


def test_a_token_is_good_once(file: Path) -> None:
    once, another = signed(signer(), jti="a"), signed(signer(), jti="b")
    resigned = signed(signer(), jti="a", exp=SECONDS + 301)
    clients = known(key_file=file)
    assert believed(clients, once, once, another, resigned, once) == [True, False, True, False, False]


def test_two_issuers_may_give_the_same_id(file: Path) -> None:
    two = {
        "cds_clients": {
            "ehr": {"issuer": ISSUER, "key_file": str(file)},
            "lab": {"issuer": "https://lab.example", "key_file": str(file)},
        }
    }

    async def ask(clients: CdsClients) -> list[str]:
        sent = [signed(signer(), jti="same"), signed(signer(), jti="same", iss="https://lab.example")]
        return [(await clients.caller(one, SERVICE, PEER, NOW)).name for one in sent]

    assert run(known(settings=two), ask) == ["ehr", "lab"]


def test_a_token_that_was_refused_is_not_used_up(file: Path) -> None:
    token = signed(signer(), jti="a")
    clients = known(key_file=file)

    async def ask(one: CdsClients) -> str:
        with pytest.raises(NotBelieved):
            await one.caller(token, DISCOVERY, PEER, NOW)
        return (await one.caller(token, SERVICE, PEER, NOW)).name

    assert run(clients, ask) == "ehr"


@pytest.mark.parametrize("jti", [None, ""])
def test_a_token_without_an_id_is_refused(file: Path, jti: str | None) -> None:
    assert believed(known(key_file=file), signed(signer(), jti=jti)) == [False]


def test_a_site_may_let_a_client_send_a_token_again(file: Path) -> None:
    token = signed(signer(), jti="a")
    clients = known(key_file=file, reuse=True)
    assert believed(clients, token, token, signed(signer(), jti=None), token) == [True] * 4
    assert believed(known(key_file=file, reuse=True), token, now=NOW + timedelta(seconds=300)) == [False]


@pytest.mark.parametrize("iss", [None, "", "https://other.example", ISSUER.upper(), 7, [ISSUER]])
def test_somebody_unknown_is_refused(file: Path, iss: Any) -> None:
    assert believed(known(key_file=file), signed(signer(), iss=iss)) == [False]


def _at_size(size: int) -> bytes:
    """A good header of exactly so many bytes; base64 alone does not come in every length."""
    near = (size - len(signed(signer(), pad=""))) // 4 * 3
    sent = (signed(signer(), {"x": "x" * more}, pad="p" * (near - fill)) for more in range(4) for fill in range(20))
    return next(one for one in sent if len(one) == size)


def test_a_token_has_a_largest_size(file: Path, verified: Verified) -> None:
    largest, larger = _at_size(MOST_BYTES), _at_size(MOST_BYTES + 1)
    assert (len(largest), len(larger)) == (MOST_BYTES, MOST_BYTES + 1)
    assert believed(known(key_file=file), largest, larger) == [True, False]
    assert verified.count == 1


def test_a_header_may_hold_a_long_address(file: Path) -> None:
    jku = "https://ehr.example/" + "keys/" * 300
    assert believed(known(key_file=file), signed(signer(), {"jku": jku})) == [True]


BROKEN: dict[str, bytes] = {
    "another scheme": b"Basic dXNlcjpwYXNzd29yZA==",
    "no scheme": signed(signer())[len(b"Bearer ") :],
    "nothing behind the scheme": b"Bearer ",
    "two parts": signed(signer()).rpartition(b".")[0],
    "four parts": signed(signer()) + b".AA",
    "five parts, as when it is encrypted": b"Bearer " + b".".join([b"AAAA"] * 5),
    "a part that is empty": b"Bearer ..",
    "padding": signed(signer()) + b"==",
    "another alphabet": b"Bearer a+/b." + signed(signer()).partition(b".")[2],
    "spaces": signed(signer()).replace(b".", b" ."),
    "two headers in one": signed(signer()) + b", " + signed(signer()),
    "a line break": signed(signer()) + b"\n",
    "not ASCII": "Bearer ä.b.c".encode(),
    "base64 of a wrong length": b"Bearer A.A.A",
    "a header that is no JSON": segments(b"{", claims(), b"signature"),
    "a header that is no object": segments(b"[]", claims(), b"signature"),
    "a header that is a text": segments(b'"alg"', claims(), b"signature"),
    "a header that is a number": segments(b"7", claims(), b"signature"),
    "a header that is not text": segments(b"\xff\xfe", claims(), b"signature"),
    "a header that nests deep": segments(b"[" * 4000, claims(), b"signature"),
    "critical members that are no list": segments({"alg": "ES384", "kid": KID, "crit": 5}, claims(), b"signature"),
    "unencoded claims": segments({"alg": "ES384", "kid": KID, "b64": False, "crit": ["b64"]}, claims(), b"s"),
    "claims that are no JSON": _signed_anyhow(signer().private, {"alg": "ES384", "kid": KID}, b"{"),
    "claims that are no object": _signed_anyhow(signer().private, {"alg": "ES384", "kid": KID}, b"[]"),
    "claims that are no numbers": _signed_anyhow(
        signer().private,
        {"alg": "ES384", "kid": KID},
        json.dumps(claims()).replace(str(SECONDS + 300), "NaN").encode(),
    ),
    "claims that nest deep": segments({"alg": "ES384", "kid": KID}, b'{"a":' * 1100, b"signature"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_token_is_refused(file: Path, verified: Verified, case: str) -> None:
    assert believed(known(key_file=file), BROKEN[case]) == [False]
    assert verified.count == 0


@pytest.mark.parametrize("signature", [b"", b"AA", b"A" * 128, b"_" * 128, b"A" * 500])
def test_a_signature_that_is_none_is_refused(file: Path, signature: bytes) -> None:
    unsigned = signed(signer()).rpartition(b".")[0]
    rsa = signed(rsa_signer("rsa")).rpartition(b".")[0]
    assert believed(known(key_file=file), unsigned + b"." + signature, rsa + b"." + signature) == [False, False]


def test_without_clients_this_machine_alone_is_answered() -> None:
    def clients(**settings: Any) -> CdsClients:
        return CdsClients(load_settings(**settings), ReplaysOfProcess())

    assert caller(clients(), None, near=True) == NOBODY == ("", None)
    for sent in (None, signed(signer())):
        with capture_logs() as logs, pytest.raises(NotAuthenticated):
            caller(clients(), sent)
        assert "MOODMARKER_CDS_CLIENTS" in reasons(logs)[0]
    assert caller(clients(cds_unauthenticated=True), None) == NOBODY
    assert caller(clients(cds_unauthenticated=True), signed(signer())) == NOBODY


def test_with_clients_this_machine_needs_a_token_too(file: Path) -> None:
    with pytest.raises(NotBelieved):
        caller(known(key_file=file), None, near=True)
    assert caller(known(key_file=file), signed(signer()), near=True).name == "ehr"


def test_where_nobody_needs_a_token_one_that_is_sent_is_good_all_the_same(file: Path) -> None:
    def clients() -> CdsClients:
        return known(key_file=file, settings={"cds_unauthenticated": True})

    assert caller(clients(), None) == NOBODY
    assert caller(clients(), signed(signer())).name == "ehr"
    with pytest.raises(NotBelieved):
        caller(clients(), signed(signer(), exp=SECONDS - 1))


SANDBOX = "https://sandbox.cds-hooks.org"


def test_the_public_sandbox_is_nobody_unless_a_site_names_it(file: Path, tmp_path: Path) -> None:
    """Everybody has its private key."""
    everybodys = signer("sandbox")
    token = signed(everybodys, {"jku": f"{SANDBOX}/.well-known/jwks.json"}, iss=SANDBOX)
    assert believed(known(key_file=file), token) == [False]
    assert all(SANDBOX not in client.issuer for client in load_settings().cds_clients.values())
    with pytest.raises(NotBelieved):
        caller(CdsClients(load_settings(), ReplaysOfProcess()), token)
    named = {"issuer": SANDBOX, "key_file": str(write_set(tmp_path / "sandbox.json", everybodys))}
    clients = known(settings={"cds_clients": {"sandbox": named}})
    assert caller(clients, token).name == "sandbox"


def test_nothing_of_a_token_is_logged(file: Path) -> None:
    secrets = ("iss-Q", "jti-Q", "tenant-Q", "kid-Q", "jku-Q", "aud-Q", "sub-Q")
    marked = {"jti": "jti-Q", "tenant": "tenant-Q", "sub": "sub-Q"}
    header = {"jku": "https://jku-Q.example/keys"}
    tokens = [
        signed(signer(), header, **marked),
        signed(signer(), header, **marked),
        signed(signer(), header, iss="iss-Q", **marked),
        signed(signer("other"), header | {"kid": "kid-Q"}, **marked),
        signed(signer("other"), header | {"kid": KID}, **marked),
        signed(signer(), header, aud="https://aud-Q.example", **marked),
        signed(signer(), header, exp=SECONDS - 1, **marked),
        signed(signer(), header | {"typ": "kid-Q"}, **marked),
        *BROKEN.values(),
    ]
    with capture_logs() as logs:
        taken = [believed(known(key_file=file, tenants=["tenant-Q"]), token)[0] for token in tokens]
    assert sum(taken) == 2
    assert len(logs) == len(tokens) - 2
    text = json.dumps(logs)
    parts = [part.decode("latin-1") for token in tokens for part in token.split(b".") if len(part) > 16]
    assert not [one for one in (*secrets, *parts, "eyJ") if one in text]
    assert {one["client"] for one in logs} == {"ehr", ""}
