"""Does nobody who fails too often have signatures checked, and does nobody else suffer for it?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.errors import NotBelieved, Overloaded, Throttled
from service.security import failures
from service.security.cds_clients import CdsClients
from service.security.failures import BAD_SIGNATURES, MOST, SIGNATURE_SECONDS, BadSignatures, Failures
from service.security.replays import ReplaysOfProcess, digest_of
from tests.security.cds import (
    KID,
    NOW,
    PEER,
    SECONDS,
    SERVICE,
    Clock,
    Verified,
    clock,
    is_believed,
    key_set,
    known,
    reasons,
    run,
    signed,
    signer,
    verified,
    write_set,
)
from tests.security.key_server import KeyServer

__all__ = ["clock", "verified"]


@pytest.fixture
def clients(tmp_path: Path) -> CdsClients:
    return known(key_file=write_set(tmp_path / "keys.json", signer()))


def _forged() -> bytes:
    return signed(signer("forger")._replace(kid=KID))


async def _fail(clients: CdsClients, times: int = MOST, sent: bytes | None = None, peer: str = PEER) -> None:
    for _ in range(times):
        assert not await is_believed(clients, sent or _forged(), peer=peer)


async def _seconds(clients: CdsClients, sent: bytes, peer: str = PEER) -> float:
    with pytest.raises(Throttled) as refused:
        await clients.caller(sent, SERVICE, peer, NOW)
    return refused.value.seconds


def test_after_many_bad_signatures_no_signature_is_checked(
    clients: CdsClients, clock: Clock, verified: Verified
) -> None:
    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones)
        assert verified.count == MOST == BAD_SIGNATURES == 20
        with capture_logs() as logs:
            for sent in (_forged(), signed(signer())):
                assert 0 < await _seconds(known_ones, sent) <= 1
            assert await _seconds(known_ones, signed(signer(), exp=SECONDS - 1)) == 60
        assert verified.count == MOST
        # The line of each request says it; there is no second one.
        assert logs == []

    run(clients, ask)


def test_who_sends_bad_signatures_from_the_same_address_keeps_a_client_out_for_a_moment_only(
    clients: CdsClients, clock: Clock, verified: Verified
) -> None:
    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones)
        for _ in range(50):
            clock.now += SIGNATURE_SECONDS
            assert await is_believed(known_ones, signed(signer()))
            # Good ones take up nothing.
            assert await is_believed(known_ones, signed(signer()))
            assert await _seconds(known_ones, _forged()) > 50
            assert 0 < await _seconds(known_ones, signed(signer())) <= 2 * SIGNATURE_SECONDS

    run(clients, ask)


def test_a_signature_that_has_proved_bad_is_not_checked_again_soon(
    clients: CdsClients, clock: Clock, verified: Verified
) -> None:
    bad = _forged()

    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones, sent=bad)
        assert verified.count == 1
        for _ in range(100):
            assert await _seconds(known_ones, bad) == 60
        assert verified.count == 1
        assert await is_believed(known_ones, signed(signer()))
        # Whose key has come since is heard.
        clock.now += 61
        await _fail(known_ones, 1, bad)
        assert verified.count == 3

    run(clients, ask)


def test_whoever_waits_is_told_anew_what_is_wrong(clients: CdsClients, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        for _ in range(MOST):
            await _fail(known_ones, 1)
            clock.now += 2
        assert await _seconds(known_ones, _forged()) == 20
        clock.now += 20
        # One failure is forgotten at a time.
        await _fail(known_ones, 1)
        assert await _seconds(known_ones, _forged()) == 2

    run(clients, ask)


def test_seldom_failures_are_forgiven(clients: CdsClients, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        for _ in range(3 * MOST):
            await _fail(known_ones, 1)
            clock.now += 3.1
        assert await is_believed(known_ones, signed(signer()))

    run(clients, ask)


def test_what_is_wrong_before_the_signature_keeps_nobody_out(clients: CdsClients, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        for _ in range(MOST):
            await _fail(known_ones, 1, signed(signer(), exp=SECONDS - 1))
        for sent in (signed(signer(), exp=SECONDS - 1), signed(signer("stranger")), signed(signer(), aud="x")):
            assert await _seconds(known_ones, sent) == 60
        assert await is_believed(known_ones, signed(signer()))

    run(clients, ask)


def test_others_are_heard_meanwhile(tmp_path: Path, clock: Clock) -> None:
    file = str(write_set(tmp_path / "keys.json", signer()))
    two = {
        "ehr": {"issuer": "https://ehr.example", "key_file": file},
        "lab": {"issuer": "https://lab.example", "key_file": file},
    }

    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones)
        await _fail(known_ones, sent=b"Bearer a.b.c")
        assert await is_believed(known_ones, signed(signer()), peer="192.0.2.8")
        assert (await known_ones.caller(signed(signer(), iss="https://lab.example"), SERVICE, PEER, NOW)).name == "lab"
        assert 0 < await _seconds(known_ones, signed(signer())) <= 1

    run(known(settings={"cds_clients": two}), ask)


def test_who_is_nobodys_client_is_slowed_down_as_nobody(clients: CdsClients, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones, 10, b"Bearer a.b.c")
        await _fail(known_ones, 10, signed(signer(), iss="https://other.example"))
        assert await _seconds(known_ones, b"Bearer a.b.c") == 60
        assert await is_believed(known_ones, signed(signer()))

    run(clients, ask)


def test_who_sends_no_token_has_failed_at_nothing(clients: CdsClients, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        for _ in range(3 * MOST):
            with pytest.raises(NotBelieved):
                await known_ones.caller(None, SERVICE, PEER, NOW)
        assert await is_believed(known_ones, signed(signer()))

    run(clients, ask)


def test_who_comes_all_at_once_is_counted_all_the_same(key_server: KeyServer, clock: Clock, verified: Verified) -> None:
    """While the keys are fetched they all wait, and none has failed yet."""
    url = key_server.serve("keys", key_set(signer()))
    key_server.delay = 0.3

    async def ask(known_ones: CdsClients) -> int:
        forged = [signed(signer("forger")._replace(kid=KID), {"jku": url}) for _ in range(100)]
        calls = (known_ones.caller(one, SERVICE, PEER, NOW) for one in forged)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(one, Throttled) for one in outcomes)

    assert run(known(key_urls=[url]), ask) == 100 - MOST
    assert verified.count == MOST


def test_new_addresses_do_not_fill_the_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_REMEMBERED", 10)
    noted = Failures()
    for number in range(100):
        for _ in range(MOST):
            noted.note(number)
    assert [number for number in range(100) if noted.wait(number)] == list(range(90, 100))


def test_neither_new_addresses_nor_new_tokens_fill_the_memory_of_bad_signatures(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "_REMEMBERED", 10)
    bad = BadSignatures()
    for number in range(100):
        bad.note(number, b"%d" % number)
    assert [number for number in range(100) if bad.was_bad(b"%d" % number)] == list(range(90, 100))
    assert len(bad) == 10


class _Unsure:
    """A store that does not answer."""

    async def first_use(self, digest: bytes, ends: datetime) -> bool:
        raise Overloaded("The store does not answer.")


def test_where_nobody_knows_whether_a_token_was_used_nobody_has_failed(tmp_path: Path, clock: Clock) -> None:
    async def ask(known_ones: CdsClients) -> None:
        for _ in range(2 * MOST):
            with pytest.raises(Overloaded):
                await known_ones.caller(signed(signer()), SERVICE, PEER, NOW)

    run(known(_Unsure(), key_file=write_set(tmp_path / "keys.json", signer())), ask)


def test_the_memory_is_asked_for_good_tokens_alone(tmp_path: Path) -> None:
    asked: list[tuple[bytes, datetime]] = []

    class Noting:
        async def first_use(self, digest: bytes, ends: datetime) -> bool:
            asked.append((digest, ends))
            return False

    async def ask(known_ones: CdsClients) -> None:
        await _fail(known_ones, 1)
        await _fail(known_ones, 1, signed(signer(), exp=SECONDS - 1))
        with capture_logs() as logs:
            await _fail(known_ones, 1, signed(signer(), jti="once"))
        assert "reuse" in reasons(logs)[0]

    run(known(Noting(), key_file=write_set(tmp_path / "keys.json", signer())), ask)
    assert asked == [(digest_of("https://ehr.example", "once"), NOW + timedelta(seconds=300))]
    assert len(asked[0][0]) == 32


def test_issuers_and_ids_are_not_mixed_up() -> None:
    pairs = [("a", "bc"), ("ab", "c"), ("a ", "bc"), ("a", " bc"), ("", "abc"), ("1 a", "b"), ("ä", "\u2028")]
    assert len({digest_of(*pair) for pair in pairs}) == len(pairs)


def test_used_tokens_are_forgotten_once_they_have_expired() -> None:
    now = NOW

    async def use() -> None:
        nonlocal now
        replays = ReplaysOfProcess(clock=lambda: now)
        soon, later = NOW + timedelta(seconds=1), NOW + timedelta(hours=1)
        assert await replays.first_use(b"soon", soon)
        assert await replays.first_use(b"later", later)
        assert len(replays) == 2
        now = soon
        # It was used, and nobody remembers it: whoever brings it now is not believed.
        assert not await replays.first_use(b"soon", soon)
        assert not await replays.first_use(b"later", later)
        assert len(replays) == 1

    asyncio.run(use())


def test_the_memory_of_used_tokens_is_bounded_and_tells_it() -> None:
    async def use() -> None:
        replays = ReplaysOfProcess(most=3)
        start = datetime.now(UTC)
        for hours in (4, 1, 3, 2, 5):
            assert await replays.first_use(bytes([hours]), start + timedelta(hours=hours))
        assert len(replays) == 3
        assert not await replays.first_use(bytes([4]), start + timedelta(hours=4))

    with capture_logs() as logs:
        asyncio.run(use())
    (told,) = logs
    assert "MOODMARKER_STORE" in told["reason"]


def test_of_many_at_a_time_one_is_the_first(clients: CdsClients) -> None:
    token = signed(signer())

    async def ask(known_ones: CdsClients) -> list[bool]:
        return await asyncio.gather(*(is_believed(known_ones, token) for _ in range(10)))

    assert sum(run(clients, ask)) == 1
