"""Does a FHIR server that answers anything but FHIR get a clear error out of us, in time, and never an all-clear?"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.evidence import note
from tests.faults.memory import resident
from tests.faults.processes import replica

MEBIBYTE = 1024 * 1024
ROUNDS = 3
TEST = "tests/faults/test_garbage.py::test_a_server_of_garbage_is_told_and_holds_up_nobody"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
Garbage = Callable[[socket.socket], None]


def _said(sent: bytes) -> Garbage:
    return lambda connection: connection.sendall(sent)


def _with_length(body: bytes, length: int | None = None) -> Garbage:
    return _said(HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body)


def _without_end(piece: bytes) -> Garbage:
    """A head, and then the same for ever."""

    def send(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))

    return send


def _slowly(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"H")
        time.sleep(0.1)


NOISE = random.Random(7).randbytes(200_000)
GARBAGE: dict[str, Garbage] = {
    "nothing": lambda _connection: None,
    "noise": _said(NOISE),
    "noise as a body": _with_length(NOISE),
    "a web page": _said(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"),
    "less than it says": _with_length(b'{"resourceType":"Pat', 5_000),
    "more than it says": _with_length(b'{"resourceType":"Patient"}' * 100, 10),
    "a status of no kind": _said(b"HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\n{}"),
    "heads without end": _said(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000),
    "a chunk of no length": _said(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    "two lengths": _said(HEAD + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc"),
    "another protocol": _said(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a body without end": _without_end(b'{"resourceType":"Bundle","entry":[' + b"0," * 30_000),
    "lists without bottom": _with_length(b"[" * 1_000_000),
    "another patient": _with_length(b'{"resourceType":"Patient","id":"somebody-else"}'),
    "an empty object": _with_length(b"{}"),
    "null": _with_length(b"null"),
    "a byte a tenth of a second": _slowly,
    "compressed noise": _said(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(NOISE) + NOISE),
}


@contextmanager
def _garbling(garbage: Garbage) -> Iterator[str]:
    """A server that answers every connection so; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(20)
            connection.recv(65_536)
            garbage(connection)

    def serve() -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
    finally:
        over.set()
        # Closing alone does not wake who accepts.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.mark.faults
def test_a_server_of_garbage_is_told_and_holds_up_nobody(tmp_path: Path) -> None:
    seconds, statuses, longest = 3.0, Counter[int](), 0.0
    with ExitStack() as servers:
        known = {
            f"server-{number}": {"url": servers.enter_context(_garbling(garbage))}
            for number, garbage in enumerate(GARBAGE.values())
        }
        settings = {"SERVERS": json.dumps(known), "DEADLINE_SECONDS": str(seconds)}
        served = servers.enter_context(replica(tmp_path / "log", settings=settings))
        for server, name in zip(known, GARBAGE, strict=True):
            for _ in range(ROUNDS):
                began = time.monotonic()
                answer = httpx.get(
                    f"{served.url}/fhir/Patient/p/$mood-immune-check",
                    params={"server": server},
                    trust_env=False,
                    timeout=60,
                )
                longest = max(longest, time.monotonic() - began)
                statuses[answer.status_code] += 1
                # Without a patient there is nothing to say, and that is said.
                assert answer.status_code in {502, 503, 504}, (name, answer.text)
                assert answer.json()["issue"][0]["severity"] == "error", name
            assert served.status("/health/live") == 200
            assert resident(served.process.pid) < 400 * MEBIBYTE, name
        assert not [line for line in served.lines if line["event"] == "failed"]
        assert served.end() == 0
    assert longest < seconds + 2
    note(
        "FHIR servers that answer garbage",
        f"{len(GARBAGE)} kinds, {statuses.total()} requests: each told as an error of that server, "
        f"the longest after {longest:.1f} s of a deadline of {seconds:g} s",
        TEST,
    )
