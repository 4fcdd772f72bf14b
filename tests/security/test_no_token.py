"""When there is no token: is it said why, without a secret, and is the endpoint left alone for a while?"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault, OutOfTime
from service.security.backend_services import BackendServices
from service.security.bearer import TokenUnavailable
from service.settings import FhirServer, SettingsError, load_settings
from tests.security.asking import Clock, clock, fetched, refusal, server_at, token, with_tokens
from tests.security.authority import CLIENT, Authority

__all__ = ["clock"]
BEARER = {"access_token": "t", "token_type": "bearer"}
ANSWERS: dict[str, tuple[Callable[[], Response], str]] = {
    "unknown client": (lambda: JSONResponse({"error": "invalid_client"}, 401), "its token endpoint refuses (invalid_client): check the client id"),
    "no scope": (lambda: JSONResponse({"error": "invalid_scope"}, 400), "its token endpoint refuses (invalid_scope): register the scopes"),
    "a plain refusal": (lambda: JSONResponse({"error": "invalid_request"}, 400), "its token endpoint refuses (invalid_request)"),
    "an error of its own": (lambda: JSONResponse({"error": "client moodmarker-at-ehr?"}, 400), "its token endpoint answered with status 400"),
    "HTML": (lambda: HTMLResponse("<html>Sign in</html>"), "its token endpoint answered with something that holds no bearer token"),
    "HTML with an error": (lambda: HTMLResponse("<html>", 403), "its token endpoint answered with status 403"),
    "redirect": (lambda: RedirectResponse("/elsewhere", 307), "its token endpoint answered with status 307"),
    "no token": (lambda: JSONResponse({"token_type": "bearer"}), "holds no bearer token"),
    "a token of another type": (lambda: JSONResponse(BEARER | {"token_type": "mac"}), "holds no bearer token"),
    "a token that no header takes": (lambda: JSONResponse(BEARER | {"access_token": "a\r\nb"}), "holds no bearer token"),
    "wrong shapes": (lambda: JSONResponse(BEARER | {"scope": ["a"]}), "holds no bearer token"),
    "deep nesting": (lambda: Response(b"[" * 50_000), "holds no bearer token"),
    "no text": (lambda: Response(b'{"access_token": "\xff"}'), "holds no bearer token"),
    "too much": (lambda: Response(b" " * 70_000), "its token endpoint sent more than is read"),
    "not what it says": (lambda: Response(b"nothing", headers={"Content-Encoding": "gzip"}), "its token endpoint answered compressed"),
    "a date beyond the calendar": (lambda: Response(b"", 400, headers={"Date": "Fri, 31 Dec 2027 23:59:59 +99999999999"}), "its token endpoint answered with status 400"),
    "busy": (lambda: Response(b"", 429, headers={"Retry-After": "30"}), "its token endpoint answered with status 429"),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_the_reason_is_told_in_words_of_ours(authority: Authority, folder: Path, case: str) -> None:
    make, reason = ANSWERS[case]
    authority.answers.extend([make(), make()])
    told = refusal(server_at(authority), folder)
    assert reason in told
    assert CLIENT not in told
    assert authority.origin not in told
    assert "elsewhere" not in told


def test_a_fault_that_may_pass_is_tried_again_with_an_assertion_of_its_own(authority: Authority, folder: Path) -> None:
    authority.answers.append(Response(b"", 503))
    assert token(server_at(authority), folder) in authority.given
    assert len({asked.claims["jti"] for asked in authority.asked}) == 2


def test_a_refusal_is_not_tried_again(authority: Authority, folder: Path) -> None:
    authority.answers.append(JSONResponse({"error": "invalid_client"}, 401))
    refusal(server_at(authority), folder)
    assert len(authority.asked) == 1


def test_an_endpoint_that_is_slow_is_told(authority: Authority, folder: Path) -> None:
    authority.answers.append(2.0)
    assert refusal(server_at(authority), folder, seconds=0.3) == "its token endpoint did not answer in time"


def test_an_endpoint_that_is_slower_than_the_whole_request_may_be_is_given_up(
    authority: Authority, folder: Path
) -> None:
    authority.answers.append(1.0)
    server = server_at(authority)

    async def ask(tokens: BackendServices, client: httpx.AsyncClient) -> str:
        connection = Connection(server, client, seconds=0.2, most_bytes=1000, bearer=tokens)
        with pytest.raises(OutOfTime):
            await connection.authorize()
        return await tokens.token()

    assert with_tokens(server, folder, ask) == authority.given[-1]


def test_an_endpoint_that_is_down_is_told(authority: Authority, folder: Path) -> None:
    server = server_at(authority, token_url="http://127.0.0.1:9/token")
    assert refusal(server, folder) == "its token endpoint could not be reached, or broke the connection off"


def test_a_server_that_is_down_is_told(folder: Path) -> None:
    server = FhirServer.model_validate({"url": "http://127.0.0.1:9/fhir", "client_id": CLIENT})
    assert refusal(server, folder) == "its SMART configuration could not be reached, or broke the connection off"


def test_without_a_key_of_the_algorithm_there_is_no_token(authority: Authority, folder: Path) -> None:
    next(folder.glob("rs384-*")).unlink()
    told = refusal(server_at(authority, algorithm="RS384"), folder)
    assert told == "the service has no key of RS384; make one with: moodmarker keys new"
    assert authority.asked == []


@pytest.mark.parametrize(("ahead", "minutes"), [(-600, 10), (900, 15)])
def test_a_clock_that_is_wrong_is_told(authority: Authority, folder: Path, ahead: float, minutes: int) -> None:
    authority.clock_ahead = ahead
    told = refusal(server_at(authority), folder)
    assert f"its clock and this machine's are {minutes} minutes apart" in told


@pytest.mark.parametrize("date", ["soon", "Tue, 99 Jun 2026 12:00:00 GMT"])
def test_a_date_that_is_none_is_no_clock(authority: Authority, folder: Path, date: str) -> None:
    authority.answers.append(JSONResponse({"error": "invalid_client"}, 401, headers={"Date": date}))
    assert "apart" not in refusal(server_at(authority), folder)


FOREIGN = [
    "https://evil.example/token",
    "http://127.0.0.1:1/token",
    "https://127.0.0.1/token",
    "/token",
    "ftp://127.0.0.1/token",
    "http://user@127.0.0.1/token",
]


@pytest.mark.parametrize("named", FOREIGN)
def test_an_endpoint_on_another_origin_gets_nothing(authority: Authority, folder: Path, named: str) -> None:
    authority.token_endpoint = named
    told = refusal(server_at(authority), folder)
    assert "is on another origin, and gets nothing; if it is right, set token_url" in told
    assert authority.asked == []


def test_an_address_that_cannot_be_asked_is_told(authority: Authority, folder: Path) -> None:
    authority.token_endpoint = f"{authority.origin}/to\x00ken"
    assert "could not be reached" in refusal(server_at(authority), folder)


def test_an_endpoint_that_the_site_names_is_asked_wherever_it_is(authority: Authority, folder: Path) -> None:
    server = FhirServer.model_validate(
        {"url": "https://ehr.example/fhir", "client_id": CLIENT, "token_url": f"{authority.origin}/token"}
    )
    assert token(server, folder) == authority.given[0]
    assert authority.discovered == []


def test_the_last_slash_of_an_endpoint_counts() -> None:
    url = "https://ehr.example/o/token/"
    assert FhirServer.model_validate({"url": "https://ehr.example/fhir/", "token_url": url}).token_url == url


def test_an_assertion_is_sent_in_the_open_to_this_machine_alone(folder: Path) -> None:
    server = {"url": "https://ehr.example/fhir", "client_id": CLIENT, "token_url": "http://ehr.example/token"}
    with pytest.raises(SettingsError, match="plain http is for loopback alone; use https"):
        load_settings(servers={"main": server}, keys=folder)


@pytest.mark.parametrize("named", ["", None])
def test_a_server_that_names_no_endpoint_is_told_with_the_remedy(
    authority: Authority, folder: Path, named: str | None
) -> None:
    authority.token_endpoint = named  # type: ignore[assignment]
    told = refusal(server_at(authority), folder)
    assert told.startswith("it names no token endpoint (its SMART configuration: status 200)")
    assert "set token_url" in told


def test_an_endpoint_that_moved_is_found_again(authority: Authority, folder: Path, clock: Clock) -> None:
    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        authority.token_endpoint = f"{authority.origin}/former"
        with pytest.raises(TokenUnavailable, match="status 404"):
            await tokens.token()
        authority.token_endpoint = f"{authority.origin}/token"
        clock.now += 6
        await tokens.token()

    with_tokens(server_at(authority), folder, ask)
    assert len(authority.given) == 1


def test_a_failing_endpoint_is_left_alone_for_longer_and_longer(
    authority: Authority, folder: Path, clock: Clock
) -> None:
    async def ask(tokens: BackendServices, client: httpx.AsyncClient) -> list[float]:
        asked_at = []
        for _ in range(400):
            authority.answers.append(JSONResponse({"error": "invalid_client"}, 401))
            before = len(authority.asked)
            with pytest.raises(TokenUnavailable, match="invalid_client"):
                await tokens.token()
            if len(authority.asked) > before:
                asked_at.append(clock.now)
            clock.now += 1
        return asked_at

    asked_at = with_tokens(server_at(authority), folder, ask)
    waits = [later - earlier for earlier, later in pairwise(asked_at)]
    assert waits == [5, 10, 20, 40, 60, 60, 60, 60, 60]


@pytest.mark.parametrize("dated", [False, True])
def test_a_server_that_says_how_long_to_wait_is_left_alone_so_long(
    authority: Authority, folder: Path, clock: Clock, *, dated: bool
) -> None:
    # A date has no parts of a second, and time goes on until it is read.
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=100.99), usegmt=True)
    authority.answers.append(Response(b"", 503, headers={"Retry-After": until if dated else "100"}))

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        for later in (0, 95):
            clock.now += later
            with pytest.raises(TokenUnavailable):
                await tokens.token()
        clock.now += 6
        await tokens.token()

    with_tokens(server_at(authority), folder, ask)
    assert len(authority.asked) == 2


def test_a_token_that_still_holds_is_used_while_no_new_one_is_given(
    authority: Authority, folder: Path, clock: Clock
) -> None:
    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        first = await tokens.token()
        authority.answers.append(JSONResponse({"error": "server_error"}, 400))
        clock.now += 280
        assert await tokens.token() == first
        assert tokens.state == "failed: its token endpoint refuses (server_error)"
        clock.now += 1
        assert await tokens.token() == first
        clock.now += 20
        assert await tokens.token() != first
        assert tokens.state == "ok"

    with_tokens(server_at(authority), folder, ask)
    assert len(authority.asked) == 3


def test_a_fetch_says_why_there_is_no_token(authority: Authority, folder: Path) -> None:
    authority.answers.append(JSONResponse({"error": "invalid_client"}, 401))
    with pytest.raises(Fault, match="its token endpoint refuses \\(invalid_client\\)"):
        fetched(server_at(authority), folder)
    assert authority.fhir == []


def test_no_secret_reaches_a_log_or_an_error(
    authority: Authority, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    kept: list[str] = []

    async def ask(tokens: BackendServices, _: httpx.AsyncClient) -> None:
        kept.append(await tokens.token())
        authority.reset(lambda: {"keys": []})
        tokens.refused(kept[0])
        with pytest.raises(TokenUnavailable) as refused:
            await tokens.token()
        kept.extend([str(refused.value), repr(refused.value), tokens.state])

    with structlog.testing.capture_logs() as lines:
        with_tokens(server_at(authority), folder, ask)
    assert [line["event"] for line in lines] == ["no token"]
    told = json.dumps(lines) + "".join(kept[1:]) + caplog.text
    private = [json.loads(path.read_text())["d"] for path in folder.iterdir()]
    for secret in (kept[0], *private, "eyJ", "client_assertion"):
        assert secret not in told


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    both = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(folder: Path, tmp_path: Path) -> None:
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.close()

    async def run() -> str:
        listening = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=certificate(tmp_path))
        port = listening.sockets[0].getsockname()[1]
        server = FhirServer.model_validate(
            {"url": "https://ehr.example", "client_id": CLIENT, "token_url": f"https://127.0.0.1:{port}/token"}
        )
        async with listening:
            return await asyncio.to_thread(refusal, server, folder)

    assert "could not be reached" in asyncio.run(run())
    assert received == []
