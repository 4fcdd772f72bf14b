"""Does every way out end at the origins that the site has configured, whatever another server or a caller names?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.assessment import Context, Servers
from service.fhir.client.connection import Connection
from service.fhir.client.faults import Fault
from service.fhir.client.pages import run
from service.fhir.client.searches import Search
from service.security.bearer import FixedToken
from service.security.key_fetching import KeyFetching, KeysUnavailable
from service.security.sockets import PURPOSE, NotConfigured, Outbound, blocking, pooled, public_authorities
from service.security.token_endpoint import TokenEndpoint
from service.settings import CdsClient, FhirServer, load_settings
from tests.api.test_connections import number
from tests.cds_hooks.hooks import body as hook_body
from tests.cds_hooks.hooks import person, prefetch_of, site
from tests.in_a_thread import in_a_thread

T = TypeVar("T")
FHIR = "application/fhir+json"
METHODS = ["GET", "POST", "PUT", "DELETE"]


class Recorder:
    """A server on loopback that records what it is asked, and answers as a test has it."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.base = f"{self.origin}/fhir"
        self.reset()

    def reset(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, Response] = {}

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)])

    async def _answer(self, request: Request) -> Response:
        path = "/" + request.path_params["path"]
        self.asked.append(f"{request.method} {path}")
        self.headers.append(dict(request.headers))
        nothing = JSONResponse({"resourceType": "Bundle", "total": 0}, media_type=FHIR)
        return self.answers.get(path, nothing)


def _recording() -> AbstractContextManager[Recorder]:
    return in_a_thread(Recorder)


@pytest.fixture(scope="module")
def _both() -> Iterator[tuple[Recorder, Recorder]]:
    with _recording() as main, _recording() as other:
        yield main, other


@pytest.fixture
def main(_both: tuple[Recorder, Recorder]) -> Recorder:
    """The server that is configured."""
    _both[0].reset()
    return _both[0]


@pytest.fixture
def other(_both: tuple[Recorder, Recorder]) -> Recorder:
    """A server that nobody has configured; it is there, and would answer."""
    _both[1].reset()
    return _both[1]


class Counted:
    """Requests by purpose and server, as the metrics count them."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []

    def __call__(self, purpose: str, server: str, *, refused: bool = False) -> None:
        (self.refused if refused else self.sent).append((purpose, server))


def talking(
    main: Recorder, then: Callable[[Connection, httpx.AsyncClient], Awaitable[T]], counted: Counted | None = None
) -> T:
    """A conversation with the configured server."""

    async def go() -> T:
        outbound = Outbound("fhir-read", {main.base: "main"}, counted or Counted())
        async with pooled(public_authorities(), 5, outbound) as client:
            server = FhirServer(url=main.base)
            bearer = FixedToken(load_settings(bearer_token="t" * 40).bearer_token)  # type: ignore[arg-type]
            return await then(Connection(server, client, seconds=5, most_bytes=10_000, bearer=bearer), client)

    return asyncio.run(go())


def page(following: str) -> Response:
    told = {"resourceType": "Bundle", "link": [{"relation": "next", "url": following}], "entry": []}
    return JSONResponse(told, media_type=FHIR)


# How one machine is written in many ways; none of them is the origin that is configured.
DISGUISED = [
    "http://2130706433:{port}/fhir",
    "http://0x7f000001:{port}/fhir",
    "http://0x7f.1:{port}/fhir",
    "http://0177.0.0.1:{port}/fhir",
    "http://127.1:{port}/fhir",
    "http://127.0.0.1.:{port}/fhir",
    "http://localhost:{port}/fhir",
    "http://LOCALHOST:{port}/fhir",
    "http://[::1]:{port}/fhir",
    "http://[::ffff:127.0.0.1]:{port}/fhir",
    "http://[0:0:0:0:0:0:0:1]:{port}/fhir",
    "http://main@127.0.0.1:{port}/fhir",
    "http://127.0.0.1:80@127.0.0.1:{port}/fhir",
    "http://127.0.0.1\\@127.0.0.1:{port}/fhir",
    "https://127.0.0.1:{port}/fhir",
    "//127.0.0.1:{port}/fhir",
    "http:127.0.0.1:{port}/fhir",
    "ftp://127.0.0.1:{port}/fhir",
    "file:///etc/hostname",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/latest/meta-data",
    "http://metadata.google.internal/",
    "http://127.0.0.1:{port}.evil.example/fhir",
]


@pytest.mark.parametrize("address", DISGUISED)
def test_nothing_goes_to_another_spelling_of_a_host(other: Recorder, main: Recorder, address: str) -> None:
    """The last line: the socket itself refuses, whatever any module asks of it."""
    port = other.origin.rpartition(":")[2]
    counted = Counted()

    async def ask(_: Connection, client: httpx.AsyncClient) -> None:
        with pytest.raises((NotConfigured, httpx.UnsupportedProtocol, httpx.InvalidURL)):
            await client.get(address.format(port=port))

    talking(main, ask, counted)
    assert not other.asked
    assert not counted.sent


def test_upper_case_and_the_usual_port_are_the_same_origin() -> None:
    outbound = Outbound("fhir-read", {"https://EHR.example:443/fhir": "main"})
    outbound.judge(httpx.Request("GET", "https://ehr.example/elsewhere/on/it"))
    for url in ("https://ehr.example:8443/", "http://ehr.example/", "https://ehr.example./", "https://a.ehr.example/"):
        with pytest.raises(NotConfigured):
            outbound.judge(httpx.Request("GET", url))


def test_searches_and_pages_stay_on_the_server(main: Recorder, other: Recorder) -> None:
    main.answers["/fhir/Condition"] = page(f"{other.base}/Condition?page=2")
    counted = Counted()
    found = talking(main, lambda connection, _: run(connection, Search("Condition", ())), counted)
    assert "another server" in found.gap
    assert main.asked == ["GET /fhir/Condition"]
    assert not other.asked
    assert counted.sent == [("fhir-read", "main")]


@pytest.mark.parametrize("follow", ["http://2130706433:{port}/fhir/x", "http://a@127.0.0.1:{port}/x", "//127.0.0.1/x"])
def test_a_disguised_next_page_is_not_asked_for(main: Recorder, other: Recorder, follow: str) -> None:
    main.answers["/fhir/Condition"] = page(follow.format(port=other.origin.rpartition(":")[2]))
    found = talking(main, lambda connection, _: run(connection, Search("Condition", ())))
    assert found.gap or all(one.startswith("GET /fhir/") for one in main.asked)
    assert not other.asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("same", [False, True])
def test_no_redirect_is_followed(main: Recorder, other: Recorder, status: int, same: bool) -> None:
    to = (main if same else other).base + "/moved"
    main.answers["/fhir/Flag"] = Response(status_code=status, headers={"Location": to})

    async def both(connection: Connection, _: httpx.AsyncClient) -> None:
        for going in (connection.get("Flag"), connection.write("POST", "Flag", b"{}")):
            with pytest.raises(Fault):
                await going

    talking(main, both)
    assert main.asked == ["GET /fhir/Flag", "POST /fhir/Flag"]
    assert not other.asked


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writes_and_batches_go_to_the_server_alone(main: Recorder, other: Recorder, method: Any) -> None:
    counted = Counted()

    async def write(connection: Connection, _: httpx.AsyncClient) -> None:
        await connection.write(method, "Flag/1", None if method == "DELETE" else b"{}")
        await connection.post("", b'{"resourceType":"Bundle"}', FHIR)
        with pytest.raises(Fault, match="another server"):
            await connection.write(method, f"{other.base}/Flag/1", b"{}")
        with pytest.raises(Fault, match="another server"):
            await connection.post(f"{other.base}/", b"{}", FHIR)

    talking(main, write, counted)
    assert main.asked == [f"{method} /fhir/Flag/1", "POST /fhir"]
    assert counted.sent == [("fhir-write", "main"), ("fhir-read", "main")]
    assert not other.asked


def test_a_fault_of_ours_sends_nothing_elsewhere_and_is_counted(
    main: Recorder, other: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "_resolved", lambda _self, address: address)
    counted = Counted()

    async def ask(connection: Connection, _: httpx.AsyncClient) -> None:
        with pytest.raises(Fault, match="another server"):
            await connection.get(f"{other.base}/Patient/1")

    talking(main, ask, counted)
    assert not other.asked
    assert counted.refused == [("fhir-read", "")]


def test_a_discovery_document_sends_no_assertion_elsewhere(main: Recorder, other: Recorder) -> None:
    told = {"token_endpoint": f"{other.origin}/token"}
    main.answers["/fhir/.well-known/smart-configuration"] = JSONResponse(told)
    server = FhirServer(url=main.base, client_id="a")

    async def ask(_: Connection, client: httpx.AsyncClient) -> str:
        with pytest.raises(Exception, match="another origin") as refused:
            await TokenEndpoint(server, client, seconds=5).ask(None, "system/*.rs")  # type: ignore[arg-type]
        return str(refused.value)

    counted = Counted()
    assert other.origin not in talking(main, ask, counted)
    assert main.asked == ["GET /fhir/.well-known/smart-configuration"]
    assert counted.sent == [("token", "main")]
    assert not other.asked


def test_a_token_endpoint_of_the_site_s_own_choice_is_asked_and_no_other(main: Recorder, other: Recorder) -> None:
    context = Context.load(load_settings())

    async def go() -> None:
        named = {"main": {"url": main.base}, "second": {"url": other.base}}
        counted = Counted()
        servers = Servers(load_settings(servers=named), context, counted)
        await servers._client("main").get(main.base, extensions={PURPOSE: "token"})
        with pytest.raises(NotConfigured):
            # A server of the site, but not the one that this client is for.
            await servers._client("main").get(other.base)
        assert counted.sent == [("token", "main")]
        await servers.close()

    asyncio.run(go())
    assert not other.asked


@pytest.mark.parametrize("path", ["/moved", "/keys"])
def test_key_sets_are_fetched_where_they_are_named_alone(main: Recorder, other: Recorder, path: str) -> None:
    main.answers["/moved"] = Response(status_code=302, headers={"Location": f"{other.origin}/keys"})
    counted = Counted()

    async def go() -> None:
        fetching = KeyFetching(5, sent=counted)
        fetching.may_ask(f"{main.origin}/keys", "ehr")
        with pytest.raises(KeysUnavailable):
            await fetching.fetch(main.origin + path)
        with pytest.raises(KeysUnavailable):
            await fetching.fetch(f"{other.origin}/keys")
        await fetching.close()

    asyncio.run(go())
    assert main.asked == [f"GET {path}"]
    assert not other.asked
    assert counted.sent == [("keys", "ehr")]
    assert counted.refused == [("keys", "")]


@pytest.mark.parametrize("named", [*DISGUISED, "{other}", "{other}/", "{main}.evil.example/fhir", "{main}@evil/fhir"])
def test_a_hook_has_nothing_fetched_from_a_server_that_its_client_may_not_name(
    main: Recorder, other: Recorder, named: str
) -> None:
    from service.errors import Problem
    from service.security.cds_clients import Caller

    port = other.origin.rpartition(":")[2]
    address = named.format(port=port, other=other.base, main=main.origin)
    lent = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "m"}
    sent = hook_body(prefetch_of([person()]), fhirServer=address, fhirAuthorization=lent)
    del sent["prefetch"]["conditions"]
    caller = Caller("ehr", CdsClient(issuer="https://ehr.example", fhir_servers=(main.base,)))
    try:
        answer = site().answer(sent, caller=caller)
        assert "missing" in answer.names
    except Problem as refused:
        assert port not in refused.text  # noqa: PT017
    assert not other.asked
    assert not main.asked


def test_no_proxy_and_no_password_comes_from_the_environment(
    main: Recorder, other: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, other.origin)
    monkeypatch.setenv("NO_PROXY", "")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password netrc-secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def ask(_: Connection, client: httpx.AsyncClient) -> None:
        await client.get(f"{main.base}/metadata")

    talking(main, ask)
    with blocking(main.base, 5) as client:
        client.get(f"{main.base}/metadata")
        with pytest.raises(NotConfigured):
            client.get(other.base)
    assert main.asked == ["GET /fhir/metadata"] * 2
    assert not any("authorization" in headers for headers in main.headers)
    assert not other.asked


def test_no_authority_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "none.pem"
    empty.write_text("", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    public_authorities.cache_clear()
    kept = public_authorities()
    public_authorities.cache_clear()
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("SSL_CERT_DIR")
    assert kept.cert_store_stats() == public_authorities().cert_store_stats()
    assert kept.cert_store_stats()["x509_ca"] > 50


def test_no_cookie_is_kept(main: Recorder) -> None:
    main.answers["/fhir/Patient/1"] = Response(
        b"{}", media_type=FHIR, headers={"Set-Cookie": "session=1; Path=/; Domain=127.0.0.1"}
    )

    async def twice(connection: Connection, _: httpx.AsyncClient) -> None:
        await connection.get("Patient/1")
        await connection.get("Patient/1")

    talking(main, twice)
    assert not any("cookie" in headers for headers in main.headers)


def test_answers_are_bounded_and_never_inflated(main: Recorder) -> None:
    main.answers["/fhir/large"] = Response(b" " * 20_000, media_type=FHIR)
    main.answers["/fhir/packed"] = Response(b"\x1f\x8b", media_type=FHIR, headers={"Content-Encoding": "gzip"})

    async def read(connection: Connection, _: httpx.AsyncClient) -> None:
        with pytest.raises(Fault, match="compressed"):
            await connection.get("packed")
        with pytest.raises(Fault, match="more than is read"):
            await connection.get("large")

    talking(main, read)
    assert {headers["accept-encoding"] for headers in main.headers} == {"identity"}


def test_the_token_goes_to_the_server_alone(main: Recorder, other: Recorder) -> None:
    main.answers["/fhir/Condition"] = page(f"{other.base}/Condition")
    talking(main, lambda connection, _: run(connection, Search("Condition", ())))
    assert main.headers[0]["authorization"].startswith("Bearer ")
    assert not other.headers


def test_requests_are_counted_by_purpose_and_configured_name(main: Recorder, other: Recorder) -> None:
    from service.telemetry import Metrics

    metrics = Metrics()

    async def go() -> None:
        async with pooled(public_authorities(), 5, Outbound("fhir-read", {main.base: "main"}, metrics.sent)) as client:
            await client.get(f"{main.base}/Patient/jane-doe?name=jane")
            with pytest.raises(NotConfigured):
                await client.get(f"{other.base}/Patient/jane-doe")

    asyncio.run(go())
    assert number(metrics, 'moodmarker_outbound_requests_total{purpose="fhir-read",server="main"}') == 1
    assert number(metrics, 'moodmarker_outbound_refused_total{purpose="fhir-read",server=""}') == 1
    told = metrics.text().decode()
    assert "jane" not in told
    assert other.origin not in told
    assert json.dumps(main.asked) == '["GET /fhir/Patient/jane-doe"]'
