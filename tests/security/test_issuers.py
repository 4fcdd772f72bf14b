"""Are access tokens believed for a good signature of a known issuer, remembered for a while, and bad ones limited?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from service.errors import KeysNotFetched, NotAuthenticated, Throttled, TokenRefused
from service.security import believed, key_sets
from service.security.believed import LONGEST_SECONDS, Believed
from service.security.credentials import OF_THE_SITE, Credentials
from service.security.grants import everything, granted, scope_for
from service.settings import SettingsError, load_settings
from tests.security.access_tokens import KEYS, PUBLIC_URL, READ, WRITE, sso, token
from tests.security.cds import Clock, Verified, clock, key_set, signer, verified, write_set
from tests.security.key_server import KeyServer
from tests.security.key_server import running as serving_keys
from tests.security.test_own_authorities import certificate_of, issuer

__all__ = ["clock", "verified"]
T = TypeVar("T")
PEER = "192.0.2.7"
SECRET = "static-token-of-the-site-with-32-characters"


@pytest.fixture(autouse=True)
def _one_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(believed, "monotonic", clock)


def run(then: Callable[[Credentials], Awaitable[T]], issuers: dict[str, Any], **settings: Any) -> T:
    """What `then` gives, with a site's credentials."""

    async def whole() -> T:
        credentials = Credentials(load_settings(issuers=issuers, public_url=PUBLIC_URL, **settings))
        try:
            return await then(credentials)
        finally:
            await credentials.close()

    return asyncio.run(whole())


async def is_taken(credentials: Credentials, sent: bytes, *, peer: str = PEER, later: float = 0.0) -> bool:
    try:
        await credentials.grant(sent, peer, datetime.now(UTC) + timedelta(seconds=later))
    except TokenRefused:
        return False
    return True


def caller(sent: bytes, folder: Path, **settings: Any) -> str:
    async def ask(credentials: Credentials) -> str:
        return (await credentials.grant(sent, PEER, datetime.now(UTC))).caller

    return run(ask, {"sso": sso(folder)}, **settings)


def reason(sent: bytes, folder: Path, **issuer: Any) -> str:
    """Why a token is refused, as the log has it."""
    with capture_logs() as logs:
        assert not run(lambda credentials: is_taken(credentials, sent), {"sso": sso(folder, **issuer)})
    (line,) = [one for one in logs if one["event"] == "access token refused"]
    return f"{line['issuer']}: {line['reason']}"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, "sso"),
        ({"client_id": "ehr-backend"}, "sso:ehr-backend"),
        ({"azp": "ehr-backend"}, "sso:ehr-backend"),
        ({"client_id": "one", "azp": "two"}, "sso:one"),
        ({"client_id": "0oa1/x.y~z|w"}, "sso:0oa1/x.y~z|w"),
        ({"client_id": "Jane Doe"}, "sso"),
        ({"client_id": "line\nbreak"}, "sso"),
        ({"client_id": "ü"}, "sso"),
        ({"client_id": "c" * 65}, "sso"),
        ({"sub": "jane.doe", "fhirUser": "Practitioner/1", "preferred_username": "jane"}, "sso"),
    ],
)
def test_a_caller_is_named_by_issuer_and_client_and_never_by_a_person(
    tmp_path: Path, claims: dict[str, Any], name: str
) -> None:
    assert caller(token(**claims), tmp_path) == name


def test_the_sites_own_token_grants_everything(tmp_path: Path) -> None:
    assert caller(f"Bearer {SECRET}".encode(), tmp_path, bearer_token=SECRET) == OF_THE_SITE
    assert everything("x").permits({"Observation": "rs", "Flag": "cud"}, "p1")
    assert everything("x").permits({"Observation": "rs"})


def test_a_grant_is_for_every_patient_or_for_one() -> None:
    one = granted("x", "patient/Observation.rs", "p1")
    wanted = {"Observation": "rs"}
    assert [one.permits(wanted, patient) for patient in ("p1", "p2", "")] == [True, False, False]
    assert not granted("x", "patient/Observation.rs", "").permits(wanted)
    assert scope_for({"Flag": "cu", "CarePlan": "cu"}) == "system/CarePlan.cu system/Flag.cu"


def test_nothing_sent_is_told_apart_from_what_is_bad(tmp_path: Path) -> None:
    async def ask(credentials: Credentials) -> None:
        with pytest.raises(NotAuthenticated, match="Authorization: Bearer") as told:
            await credentials.grant(b"", PEER, datetime.now(UTC))
        assert not isinstance(told.value, TokenRefused)

    run(ask, {"sso": sso(tmp_path)})


def test_the_log_says_why_by_the_issuers_name_and_the_answer_does_not(tmp_path: Path) -> None:
    assert reason(token(exp=1), tmp_path) == "sso: it has expired; compare its clock with ours"
    assert reason(token(aud="https://elsewhere.example"), tmp_path).startswith("sso: its aud is not an address of ours")
    assert reason(token(iss="https://stranger.example"), tmp_path) == ": its iss is no issuer of this site"
    assert reason(b"Basic YTpi", tmp_path) == ": it is no bearer token of three parts"
    assert "alg is none" in reason(token(), tmp_path, algorithms=["ES256"])
    assert "signature" in reason(token(by=signer("forger", "ES384")._replace(kid="es384")), tmp_path)
    assert (
        str(TokenRefused()) == "The token that was sent is not taken. Get a new one; the service's log has the reason."
    )


def test_audiences_take_the_place_of_our_address(tmp_path: Path) -> None:
    async def ask(credentials: Credentials) -> list[bool]:
        sent = (token(aud="api://moodmarker"), token(), token(aud="api://moodmarker/"))
        return [await is_taken(credentials, one) for one in sent]

    assert run(ask, {"sso": sso(tmp_path, audiences=["api://moodmarker"])}) == [True, False, False]


def test_a_signature_is_checked_once_and_the_token_still_ends(tmp_path: Path, verified: Verified) -> None:
    now = int(datetime.now(UTC).timestamp())
    sent, short = token(), token(exp=now + 30)

    async def ask(credentials: Credentials) -> list[bool]:
        taken = [await is_taken(credentials, one) for one in (sent, short) * 20]
        assert verified.count == 2
        return [all(taken), await is_taken(credentials, short, later=31), await is_taken(credentials, sent, later=31)]

    assert run(ask, {"sso": sso(tmp_path)}) == [True, False, True]
    assert verified.count == 2


def test_a_token_of_a_withdrawn_key_ends_within_ten_minutes(tmp_path: Path, clock: Clock) -> None:
    file = Path(sso(tmp_path)["key_file"])
    sent = token()

    async def ask(credentials: Credentials) -> list[bool]:
        before = await is_taken(credentials, sent)
        write_set(file.with_suffix(".new"), KEYS["ES384"]).replace(file)
        clock.now += LONGEST_SECONDS - 1
        still = await is_taken(credentials, sent)
        clock.now += 2
        return [before, still, await is_taken(credentials, sent), await is_taken(credentials, token(by=KEYS["ES384"]))]

    assert run(ask, {"sso": sso(tmp_path)}) == [True, True, False, True]


def test_a_refused_token_is_not_remembered(tmp_path: Path, verified: Verified) -> None:
    bad = token(by=signer("forger", "ES384")._replace(kid="es384"))

    async def ask(credentials: Credentials) -> list[bool]:
        return [await is_taken(credentials, bad) for _ in range(3)]

    assert run(ask, {"sso": sso(tmp_path)}) == [False] * 3
    assert verified.count == 3


def test_so_many_tokens_are_remembered_and_no_more() -> None:
    memory, grant = Believed(2), granted("x", READ, "")
    for sent in (b"a", b"b", b"c"):
        memory.remember(sent, grant, 1000.0, 0.0)
    assert len(memory) == 2
    assert [memory.find(sent, 1.0) for sent in (b"a", b"b", b"c")] == [None, grant, grant]
    assert memory.find(b"b", 1000.0) is None
    assert len(memory) == 1


def test_who_fails_too_often_is_told_to_wait_and_a_good_token_is_taken_all_the_while(
    tmp_path: Path, clock: Clock
) -> None:
    bad = token(by=signer("forger", "ES384")._replace(kid="es384"))

    async def ask(credentials: Credentials) -> None:
        assert not any([await is_taken(credentials, bad) for _ in range(20)])
        for sent in (bad, token(exp=1), token(aud="x"), token(by=signer("unknown", "ES384"))):
            with pytest.raises(Throttled, match="too often") as told:
                await is_taken(credentials, sent)
            assert 0 < told.value.seconds <= 60
        # Behind a proxy the one who sends bad tokens has the address of the one who sends good ones.
        for number in range(30):
            with pytest.raises(Throttled):
                await is_taken(credentials, bad)
            assert await is_taken(credentials, token(client_id=f"new-{number}"))
        clock.now += 61
        assert not await is_taken(credentials, bad)

    run(ask, {"sso": sso(tmp_path)})


def test_who_guesses_the_sites_token_is_slowed_down_and_who_has_it_is_not(tmp_path: Path) -> None:
    async def ask(credentials: Credentials) -> None:
        assert not any([await is_taken(credentials, f"Bearer guess-{number}".encode()) for number in range(20)])
        with pytest.raises(Throttled):
            await is_taken(credentials, b"Bearer guess")
        assert await is_taken(credentials, f"Bearer {SECRET}".encode())

    run(ask, {}, bearer_token=SECRET, service_key=SECRET, store="sqlite:////nowhere/store.db")


@pytest.fixture(scope="module")
def _serving() -> Iterator[KeyServer]:
    with serving_keys() as server:
        yield server


@pytest.fixture
def keys(_serving: KeyServer) -> KeyServer:
    _serving.reset()
    return _serving


def test_keys_are_fetched_once_and_anew_for_one_that_is_new(keys: KeyServer, tmp_path: Path, clock: Clock) -> None:
    # As some authorization servers publish them: without alg, so that one key is for two algorithms.
    bare = [{name: value for name, value in one.public.items() if name != "alg"} for one in (KEYS["RS256"],)]
    url = keys.serve("keys", {"keys": bare})
    settings = {"sso": {"issuer": sso(tmp_path)["issuer"], "key_urls": [url]}}

    async def ask(credentials: Credentials) -> list[bool]:
        both = [token(), token(by=KEYS["RS256"]._replace(algorithm="RS384"))]
        taken = list(await asyncio.gather(*(is_taken(credentials, one) for one in both * 5)))
        assert keys.asked == {"keys": 1}
        keys.serve("keys", key_set(KEYS["ES256"]))
        clock.now += 1
        rotated = [await is_taken(credentials, token(by=KEYS["ES256"])), await is_taken(credentials, token(WRITE))]
        return [all(taken), *rotated]

    assert run(ask, settings) == [True, True, False]
    assert keys.asked == {"keys": 2}


def test_a_rotated_key_is_found_though_somebody_invents_names_of_keys(
    keys: KeyServer, tmp_path: Path, clock: Clock
) -> None:
    url = keys.serve("keys", key_set(KEYS["RS256"]))
    settings = {"sso": {"issuer": sso(tmp_path)["issuer"], "key_urls": [url]}}

    async def invent(credentials: Credentials, number: int) -> bool:
        clock.now += 0.01
        return await is_taken(credentials, token(by=KEYS["ES384"]._replace(kid=f"k{number}")))

    async def ask(credentials: Credentials) -> None:
        assert await is_taken(credentials, token())
        keys.serve("keys", key_set(KEYS["ES256"]))
        clock.now += 1
        assert not await invent(credentials, 0)
        assert await is_taken(credentials, token(by=KEYS["ES256"]))
        # However many are invented then, none of them is a failure, as nobody looks for them.
        assert not any([await invent(credentials, number) for number in range(100)])
        assert keys.asked == {"keys": 1 + key_sets.SEARCHES}
        keys.serve("keys", key_set(KEYS["ES384"]))
        assert not any([await is_taken(credentials, token(by=KEYS["ES384"])) for _ in range(30)])
        clock.now += key_sets.SEARCH_SECONDS
        assert await is_taken(credentials, token(by=KEYS["ES384"]))

    run(ask, settings)


def test_a_key_that_is_at_another_address_than_one_that_is_down_is_found(keys: KeyServer, tmp_path: Path) -> None:
    urls = [keys.url("down"), keys.serve("keys", key_set(KEYS["RS256"]))]
    settings = {"sso": {"issuer": sso(tmp_path)["issuer"], "key_urls": urls}}
    assert run(lambda credentials: is_taken(credentials, token()), settings)


def test_keys_that_cannot_be_had_are_nobodys_failure(keys: KeyServer, tmp_path: Path, clock: Clock) -> None:
    settings = {"sso": {"issuer": sso(tmp_path)["issuer"], "key_urls": [keys.url("keys")]}}

    async def ask(credentials: Credentials) -> bool:
        for _ in range(30):
            with pytest.raises(KeysNotFetched):
                await is_taken(credentials, token())
        keys.serve("keys", key_set(KEYS["RS256"]))
        clock.now += key_sets.AFTER_FAILURE
        return await is_taken(credentials, token())

    assert run(ask, settings)


@pytest.mark.parametrize(
    ("claims", "granted_all"),
    [
        ({"roles": ["system.Observation.rs", "other"]}, True),
        ({"roles": "system.Observation.rs other"}, True),
        ({"roles": ["system/Observation.rs"]}, True),
        ({"roles": ["user.*.read"]}, True),
        ({"roles": ["patient.Observation.rs"]}, False),
        ({"roles": ["system.Observation.r"]}, False),
        ({"roles": ["my.system.Observation.rs"]}, False),
        ({"roles": [1, {"system.Observation.rs": 1}, None]}, False),
        ({"roles": {"system.Observation.rs": True}}, False),
        ({"roles": 1}, False),
        ({"roles": None}, False),
        # What the site has not named is not read beside it.
        ({"roles": [], "scope": READ, "scp": READ}, False),
    ],
)
def test_scopes_are_read_from_the_claim_that_the_site_names(
    tmp_path: Path, claims: dict[str, Any], *, granted_all: bool
) -> None:
    async def ask(credentials: Credentials) -> bool:
        grant = await credentials.grant(token(**({"scope": None} | claims)), PEER, datetime.now(UTC))
        return grant.permits({"Observation": "rs"})

    assert run(ask, {"sso": sso(tmp_path, scope_claim="roles")}) is granted_all


def test_a_dot_for_the_slash_is_no_scope_in_the_usual_claims(tmp_path: Path) -> None:
    async def ask(credentials: Credentials) -> list[bool]:
        sent = token("system.Observation.rs"), token(None, scp=["system.Observation.rs"]), token(None, scp=[READ])
        grants = [await credentials.grant(one, PEER, datetime.now(UTC)) for one in sent]
        return [one.permits({"Observation": "rs"}) for one in grants]

    assert run(ask, {"sso": sso(tmp_path)}) == [False, False, True]


def test_an_issuer_whose_keys_cannot_be_had_is_told_by_its_name(keys: KeyServer, tmp_path: Path) -> None:
    settings = {"sso": {"issuer": sso(tmp_path)["issuer"], "key_urls": [keys.url("keys")]}}
    with capture_logs() as logs, pytest.raises(KeysNotFetched):
        run(lambda credentials: is_taken(credentials, token()), settings)
    assert [one["issuer"] for one in logs] == ["sso", "sso"]
    assert "status 404" in logs[0]["reason"]


@pytest.mark.parametrize("named", [True, False])
def test_the_hospitals_own_authority_vouches_for_the_keys(tmp_path: Path, *, named: bool) -> None:
    hospital = issuer(tmp_path, "hospital")
    with serving_keys(certificate_of(hospital)) as server:
        url = server.serve("keys", key_set(KEYS["RS256"]))
        settings = {"issuer": sso(tmp_path)["issuer"], "key_urls": [url]}
        settings |= {"ca_file": str(hospital.file)} if named else {}
        with capture_logs() as logs, nullcontext() if named else pytest.raises(KeysNotFetched):
            assert run(lambda credentials: is_taken(credentials, token()), {"sso": settings})
        assert server.asked["keys"] == int(named)
    if not named:
        assert "its certificate is of no authority that is believed here; name a PEM file" in logs[0]["reason"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"key_file": None}, "MOODMARKER_ISSUERS: sso has no keys"),
        ({"key_urls": ["https://sso.example/keys"]}, "MOODMARKER_ISSUERS: sso has both a key_file and key_urls"),
        ({"algorithms": ["HS256"]}, "sso.algorithms.0"),
        ({"algorithms": ["none"]}, "sso.algorithms.0"),
        ({"algorithms": []}, "sso.algorithms"),
        ({"authorize_url": "https://sso.example/authorize"}, "an authorize_url without a token_url"),
        ({"token_url": "http://sso.example/token"}, "issuer sso: plain http is for loopback alone"),
        ({"key_file": None, "key_urls": ["http://sso.example/keys"]}, "issuer sso: plain http"),
        ({"ca_file": "authorities.pem"}, "issuer sso has a ca_file and is spoken to without TLS"),
    ],
)
def test_an_issuer_that_could_not_be_believed_is_told_at_the_start(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    given = {name: value for name, value in (sso(tmp_path) | changes).items() if value is not None}
    with pytest.raises(SettingsError, match=told.replace(".", r"\.")):
        load_settings(issuers={"sso": given}, public_url=PUBLIC_URL)


def test_somebody_has_to_say_whom_tokens_are_for_and_two_issuers_are_two(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MOODMARKER_ISSUERS: sso: nobody knows whom its tokens are made out to"):
        load_settings(issuers={"sso": sso(tmp_path)})
    with pytest.raises(SettingsError, match="MOODMARKER_ISSUERS: two has the issuer of sso; make them one issuer"):
        load_settings(issuers={"sso": sso(tmp_path), "two": sso(tmp_path)}, public_url=PUBLIC_URL)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"key_file": "missing.json"}, "MOODMARKER_ISSUERS: sso: the key_file missing.json cannot be read"),
        (
            {"key_file": None, "key_urls": ["https://sso.example/keys"], "ca_file": "missing.pem"},
            "the ca_file missing.pem",
        ),
        ({"algorithms": ["ES256"], "key_file": "rsa"}, r"a public key for ES256 \(P-256\) that has a kid"),
    ],
)
def test_files_of_no_use_are_told_at_the_start(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    if changes.get("key_file") == "rsa":
        changes = changes | {"key_file": str(write_set(tmp_path / "rsa.json", KEYS["RS256"]))}
    given = {name: value for name, value in (sso(tmp_path) | changes).items() if value is not None}
    with pytest.raises(SettingsError, match=told):
        Credentials(load_settings(issuers={"sso": given}, public_url=PUBLIC_URL))


def test_keys_are_kept_as_long_as_those_of_other_callers() -> None:
    assert key_sets.FRESH_SECONDS <= LONGEST_SECONDS
