"""Is a connection that is slow, large, ambiguous or one too many cut off, while others are answered?"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.connections import BoundedProtocol, Bounds, ConnectionLimits, _bounds_of_any
from service.api.edge import Edge
from service.settings import load_settings
from service.telemetry import Metrics
from tests.api.asking import CHECK, FHIR
from tests.in_a_thread import in_a_thread

PATIENCE = 10.0
HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST " + CHECK.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/fhir+json\r\n"
LARGE = b"x" * 30_000_000


class Running:
    """A server in a thread, with the limits of a test."""

    def __init__(self, app: Any, port: int, metrics: Metrics) -> None:
        self.app = cast("Starlette", app)
        self.port = port
        self.metrics = metrics
        self.url = f"http://127.0.0.1:{port}"

    def connect(self, receive_bytes: int | None = None) -> socket.socket:
        connection = socket.socket()
        if receive_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def say(self, sent: bytes) -> bytes:
        """Everything that comes back on a connection of its own, up to its end."""
        with self.connect() as connection:
            connection.sendall(sent)
            return rest(connection)

    def limited(self, limit: str) -> float:
        """How often a limit has held."""
        return number(self.metrics, f'moodmarker_limited_total{{limit="{limit}"}}')

    def answers(self, body: bytes) -> bool:
        """Whether an ordinary client is answered, and soon."""
        began = time.monotonic()
        answer = httpx.post(self.url + CHECK, content=body, headers=FHIR, timeout=PATIENCE)
        return answer.status_code == 200 and time.monotonic() - began < 2


def number(metrics: Metrics, name: str) -> float:
    for line in metrics.text().decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def rest(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(1 << 20):
            received += piece
    except ConnectionResetError:
        pass
    return received


def in_drips(connection: socket.socket, sent: bytes) -> bool:
    """Sends sign by sign; whether all could be sent."""
    try:
        for sign in sent:
            connection.sendall(bytes([sign]))
            time.sleep(0.05)
    except OSError:
        return False
    return True


@contextmanager
def running(make: Callable[[], Any], metrics: Callable[[Any], Metrics], keep_alive: int = 5) -> Iterator[Running]:
    def served(port: int) -> Running:
        app = make()
        return Running(app, port, metrics(app))

    with in_a_thread(served, http=BoundedProtocol, timeout_keep_alive=keep_alive, proxy_headers=False) as one:
        yield one


@pytest.fixture(scope="module")
def tight(request: pytest.FixtureRequest) -> Iterator[Running]:
    """The application with half a second for a head."""
    from service.api.application import create_app

    context = request.getfixturevalue("context")
    settings = load_settings(header_seconds=0.5, header_bytes=2048, header_count=20, deadline_seconds=2)
    with running(lambda: create_app(settings, context), lambda app: app.bounds.metrics) as one:
        yield one


def _small(write_seconds: float = 0.5, connections: int = 4, header_seconds: float = 5.0) -> Any:
    """An application of a large answer."""

    async def large(_request: Request) -> Response:
        return Response(LARGE)

    async def short(_request: Request) -> Response:
        return Response(b"short")

    app = Starlette(routes=[Route("/large", large), Route("/", short)])
    limits = ConnectionLimits(connections, header_seconds, 32_768, 100, write_seconds)
    app.bounds = Bounds(limits, Metrics())  # type: ignore[attr-defined]
    return app


def _serving(**more: Any) -> Any:
    return running(lambda: _small(**more), lambda app: cast("Metrics", app.bounds.metrics))


@pytest.mark.parametrize(
    "piece",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127", b"GET / HTTP/1.1\r\n" + HOST + b"X-A: b\r\n"],
    ids=["nothing", "half a line", "half a header", "no end"],
)
def test_a_head_that_never_ends_is_given_up_beside_a_client_that_is_answered(
    tight: Running, body: bytes, piece: bytes
) -> None:
    before = tight.limited("header_seconds")
    with tight.connect() as slow:
        began = time.monotonic()
        slow.sendall(piece)
        assert tight.answers(body)
        assert rest(slow) == b""
        assert 0.3 < time.monotonic() - began < 5
    assert tight.limited("header_seconds") == before + 1


def test_a_head_in_drips_has_no_more_time_than_one_in_silence(tight: Running, body: bytes) -> None:
    with tight.connect() as slow:
        began = time.monotonic()
        assert not in_drips(slow, b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 10)
        assert time.monotonic() - began < 3
    assert tight.answers(body)


def test_empty_lines_keep_no_connection_open(tight: Running) -> None:
    with tight.connect() as slow:
        slow.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200")
        assert not in_drips(slow, b"\r\n" * 50)


def test_the_second_request_of_a_connection_has_its_own_time(tight: Running) -> None:
    with tight.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST)
            time.sleep(0.3)
            connection.sendall(b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert rest(connection) == b""


def test_a_body_in_drips_ends_at_the_deadline_and_takes_no_place(make_app: Callable[..., Edge], body: bytes) -> None:
    settings = {"deadline_seconds": 1, "concurrency_limit": 2, "queue_limit": 0}
    with running(lambda: make_app(**settings), lambda app: app.bounds.metrics) as one, ExitStack() as stack:
        slow = [stack.enter_context(one.connect()) for _ in range(8)]
        for connection in slow:
            connection.sendall(POST + b"Content-Length: 1000\r\n\r\n{")
        assert one.answers(body)
        for number_of_bytes, connection in enumerate(slow[:2]):
            connection.sendall(b" " * (number_of_bytes + 1))
        answers = [connection.recv(65536) for connection in slow]
        assert all(answer.startswith(b"HTTP/1.1 503") and b"deadline" not in answer.lower() for answer in answers)
        assert one.limited("deadline_seconds") == 8


def test_who_never_reads_is_cut_off_beside_a_client_that_is_answered() -> None:
    with _serving() as one, one.connect(4096) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        assert httpx.get(one.url, timeout=PATIENCE).text == "short"
        began = time.monotonic()
        while not one.limited("write_seconds"):
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.05)
        assert len(rest(deaf)) < len(LARGE)


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"])
def test_who_reads_in_time_gets_all_of_it(close: bytes) -> None:
    with _serving(write_seconds=5) as one, one.connect(65536) as slow:
        slow.sendall(b"GET /large HTTP/1.1\r\n" + HOST + close + b"\r\n")
        time.sleep(0.3)
        received = 0
        while received < len(LARGE):
            received += len(slow.recv(1 << 20))
        assert not one.limited("write_seconds")


def test_a_server_that_ends_waits_for_nobody_who_does_not_read() -> None:
    began = time.monotonic()
    with _serving(write_seconds=0.5) as one, one.connect(4096) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(0.2)
    assert time.monotonic() - began < 8


def test_an_idle_connection_is_closed() -> None:
    bounds = running(_small, lambda app: cast("Metrics", app.bounds.metrics), keep_alive=1)
    with bounds as one, one.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert rest(connection).endswith(b"short")


def test_connections_are_limited_and_an_idle_one_makes_room() -> None:
    with _serving(connections=3) as one, ExitStack() as stack:
        first, second, third = (stack.enter_context(one.connect()) for _ in range(3))
        for connection in (second, third):
            connection.sendall(b"GET /")
        first.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert first.recv(65536).endswith(b"short")
        # The first has nothing in hand.
        fourth = stack.enter_context(one.connect())
        fourth.sendall(b"GET /")
        assert rest(first) == b""
        refused = one.say(b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in refused
        assert one.limited("connections_limit") == 2
        assert number(one.metrics, "moodmarker_connections") <= 4
    assert number(one.metrics, "moodmarker_connections") == 0


@pytest.mark.parametrize(
    ("limit", "head"),
    [
        ("header_bytes", b"X-A: " + b"x" * 3000 + b"\r\n\r\n"),
        ("header_bytes", b"X-A: " + b"x" * 500_000),
        ("header_bytes", b"X-A: " + b"x" * 200 + b"\r\n" + b"X-B: " + b"y" * 2000 + b"\r\n\r\n"),
        ("header_count", b"".join(b"X-%d: 1\r\n" % n for n in range(30)) + b"\r\n"),
    ],
    ids=["one large", "one without end", "together", "many"],
)
def test_a_head_past_its_limits_is_refused(tight: Running, limit: str, head: bytes) -> None:
    before = tight.limited(limit)
    answer = tight.say(b"GET /health/live HTTP/1.1\r\n" + HOST + head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in answer
    assert f"MOODMARKER_{limit.upper()}".encode() in answer
    assert tight.limited(limit) == before + 1


def test_an_address_past_the_limit_is_refused(tight: Running) -> None:
    assert tight.say(b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n" + HOST + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_a_head_in_many_pieces_is_counted_together(tight: Running) -> None:
    with tight.connect() as connection:
        for piece in (b"GET / HTTP/1.1\r\nX-A: ", b"x" * 1500, b"x" * 1500):
            connection.sendall(piece)
            time.sleep(0.05)
        assert rest(connection).startswith(b"HTTP/1.1 431 ")


SMUGGLED = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
AMBIGUOUS = {
    "length and coding": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "coding and length": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "one length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length beyond numbers": POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "a folded header": POST + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "bare LF": POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "bare LF in a header": POST + b"X-A: b\nContent-Length: 2\r\n\r\n{}",
    "bare CR in a header": POST + b"X-A: b\rContent-Length: 2\r\n\r\n{}",
    "a space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "a tab before the colon": POST + b"Content-Length\t: 2\r\n\r\n{}",
    "NUL in a header": POST + b"X-A: \x00\r\nContent-Length: 2\r\n\r\n{}",
    "another coding": POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "two codings": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a quoted coding": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a coding in HTTP/1.0": POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n0\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "another version": SMUGGLED.replace(b"1.1", b"1.2"),
    "a chunk with bare LF": POST + CHUNKED + b"\r\n2\n{}\n0\n\n",
    "a chunk in hexadecimal of C": POST + CHUNKED + b"\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer": POST + CHUNKED + b"\r\n2\r\n{}X\r\n0\r\n\r\n",
    "a length in the trailer": POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n",
    "a tunnel": b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel that offers": b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
}


@pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_two_readers_could_take_apart_differently_is_refused_and_ended(tight: Running, sent: bytes) -> None:
    before = tight.limited("http")
    answer = tight.say(sent + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1, "what follows was answered"
    assert b"OperationOutcome" in answer
    assert tight.limited("http") == before + 1


def test_two_hosts_are_refused(tight: Running) -> None:
    answer = tight.say(b"GET /fhir/metadata HTTP/1.1\r\n" + HOST + b"Host: b\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 ")


# As Java's HttpClient makes it, and others.
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
OFFERS = {
    "Java": OFFER,
    "in pieces": b"Connection: keep-alive\r\n" + OFFER,
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n",
    "TLS": b"UPGRADE: TLS/1.0, HTTP/2.0\r\nCONNECTION: UPGRADE\r\n",
}
LAST = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def statuses(answer: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3})", answer)


def _chunks(body: bytes) -> bytes:
    half = len(body) // 2
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])) + b"0\r\n\r\n"


def _with_length(body: bytes, offer: bytes = OFFER) -> bytes:
    return POST + offer + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("way", ["length", "chunks"])
def test_a_body_with_an_offer_of_another_protocol_is_read_as_without(
    tight: Running, body: bytes, offer: bytes, way: str
) -> None:
    chunked = POST + offer + CHUNKED + b"\r\n" + _chunks(body)
    answer = tight.say((_with_length(body, offer) if way == "length" else chunked) + LAST)
    assert statuses(answer) == [b"200", b"404"]
    assert b'"Flag"' in answer


def test_offers_in_a_row_are_answered_in_order_and_none_is_lost(tight: Running, body: bytes) -> None:
    get = b"GET /health/live HTTP/1.1\r\n" + HOST + OFFER + b"\r\n"
    empty = POST + OFFER + b"Content-Length: 0\r\n\r\n"
    plain = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = tight.say(_with_length(body) * 2 + get + plain + empty + _with_length(body) + get + LAST)
    assert statuses(answer) == [b"200"] * 4 + [b"400"] + [b"200"] * 2 + [b"404"]
    assert answer.count(b'"Flag"') == 3 * tight.say(_with_length(body) + LAST).count(b'"Flag"')


@pytest.mark.parametrize("way", ["length", "chunks"])
def test_an_offer_that_comes_byte_by_byte_is_passed_over_as_well(tight: Running, body: bytes, way: str) -> None:
    chunked = POST + OFFER + CHUNKED + b"\r\n" + _chunks(body)
    with tight.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for sign in (_with_length(body) if way == "length" else chunked) + LAST:
            connection.sendall(bytes([sign]))
        assert statuses(rest(connection)) == [b"200", b"404"]


def test_who_waits_for_100_with_an_offer_gets_it(tight: Running, body: bytes) -> None:
    with tight.connect() as connection:
        head = POST + OFFER + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body + LAST)
        assert statuses(rest(connection)) == [b"200", b"404"]


@pytest.mark.parametrize("sent", [b"Connection: Upgrade, close\r\n", b"Connection: close\r\nConnection: upgrade\r\n"])
@pytest.mark.parametrize("has_body", [False, True])
def test_an_offer_is_passed_over_and_what_else_the_header_says_is_not(
    tight: Running, body: bytes, sent: bytes, *, has_body: bool
) -> None:
    offer = sent + b"Upgrade: h2c\r\n"
    get = b"GET /health/live HTTP/1.1\r\n" + HOST + offer + b"\r\n"
    assert statuses(tight.say((_with_length(body, offer) if has_body else get) + LAST)) == [b"200"]


@pytest.mark.parametrize("name", [name for name, sent in AMBIGUOUS.items() if sent.startswith(POST)])
def test_an_offer_makes_nothing_clear_that_is_ambiguous(tight: Running, name: str) -> None:
    before = tight.limited("http")
    answer = tight.say(AMBIGUOUS[name].replace(HOST, HOST + OFFER, 1) + SMUGGLED)
    assert statuses(answer) == [b"400"]
    assert tight.limited("http") == before + 1


@pytest.mark.parametrize(
    ("limit", "head"),
    [
        ("header_bytes", b"X-A: " + b"x" * 3000 + b"\r\n"),
        ("header_count", b"".join(b"X-%d: 1\r\n" % n for n in range(30))),
    ],
)
def test_a_head_with_an_offer_has_the_same_limits(tight: Running, body: bytes, limit: str, head: bytes) -> None:
    before = tight.limited(limit)
    assert statuses(tight.say(_with_length(body, OFFER + head))) == [b"431"]
    # Read twice, it is counted once.
    large = b"X-A: " + b"x" * 1500 + b"\r\n"
    assert statuses(tight.say(_with_length(body, OFFER + large) + LAST)) == [b"200", b"404"]
    assert tight.limited(limit) == before + 1


def test_a_head_with_an_offer_has_the_same_time_and_its_body_none_of_it(tight: Running, body: bytes) -> None:
    sent = _with_length(body)
    with tight.connect() as connection:
        connection.sendall(sent[:-10])
        time.sleep(0.8)
        connection.sendall(sent[-10:])
        assert connection.recv(1 << 20).startswith(b"HTTP/1.1 200 ")
        before = tight.limited("header_seconds")
        connection.sendall(POST + OFFER)
        assert rest(connection) == b""
    assert tight.limited("header_seconds") == before + 1


def test_requests_in_a_row_are_answered_in_order(tight: Running) -> None:
    row = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
    last = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    answer = tight.say(row * 3 + last)
    assert re.findall(rb"HTTP/1\.1 (\d{3})", answer) == [b"200"] * 3 + [b"404"]


def test_a_refusal_is_never_taken_for_the_answer_to_an_earlier_request(tight: Running) -> None:
    with tight.connect() as connection:
        # The first is whole and waits in the same packet as what cannot be read.
        connection.sendall(b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n" + b"NO HTTP\r\n\r\n")
        assert b"HTTP/1.1 400" not in rest(connection)


@pytest.mark.parametrize(
    "sent", [AMBIGUOUS["another coding"], AMBIGUOUS["a chunk that is longer"], AMBIGUOUS["a tunnel"]]
)
def test_neither_is_one_that_comes_after_a_head(tight: Running, sent: bytes) -> None:
    assert b"HTTP/1.1 400" not in tight.say(b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n" + sent)


def test_an_application_without_bounds_has_the_usual_ones() -> None:
    assert _bounds_of_any().limits == ConnectionLimits.of(load_settings())
