"""A small load generator: a few connections, each sending its next request when the answer has come.

It writes to sockets itself, so that it needs far less time than the server, and says how much it needed.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple, cast

import uvloop

CONNECTIONS = 8
WARM_UP = 1.0
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Load(NamedTuple):
    """One measurement."""

    requests: int
    seconds: float
    busy: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


class UnexpectedAnswer(Exception):
    """An answer that is not 200: then nothing has been measured."""


def measure(port: int, path: str, body: bytes, seconds: float) -> Load:
    """The rate at which the server answers this request."""
    return uvloop.run(_measure(port, _request(path, body), seconds))


def paced(port: int, path: str, body: bytes, rate: float, seconds: float) -> list[float]:
    """The seconds from when each request was due, at an even rate, until its answer had come.

    One that had to wait for a free connection has waited since it was due.
    """
    return uvloop.run(_paced(port, _request(path, body), rate, seconds))


async def _paced(port: int, request: bytes, rate: float, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    free: asyncio.Queue[_Connection] = asyncio.Queue()
    connections = []
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(lambda: _Connection(request, ended), "127.0.0.1", port)
        connections.append(connection)
        free.put_nowait(connection)
    took: list[float] = []
    began = loop.time()

    async def ask(due: float) -> None:
        connection = await free.get()
        await connection.once()
        took.append(loop.time() - due)
        free.put_nowait(connection)

    asking = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(due - loop.time(), 0))
        asking.append(asyncio.create_task(ask(due)))
    await asyncio.gather(*asking)
    for connection in connections:
        connection.close()
    return took


def _request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
        f"Accept: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


async def _measure(port: int, request: bytes, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    made = [
        await loop.create_connection(lambda: _Connection(request, ended), "127.0.0.1", port) for _ in range(CONNECTIONS)
    ]
    connections = [connection for _, connection in made]
    for connection in connections:
        connection.send()
    await asyncio.wait({ended}, timeout=WARM_UP)
    before, began, spent = sum(one.answered for one in connections), time.perf_counter(), time.process_time()
    await asyncio.wait({ended}, timeout=seconds)
    took, spent = time.perf_counter() - began, time.process_time() - spent
    answered = sum(one.answered for one in connections) - before
    for connection in connections:
        connection.close()
    if ended.done():
        ended.result()
    return Load(answered, took, spent / took)


class _Connection(asyncio.Protocol):
    """Sends, counts the bytes of the answer, and sends again."""

    def __init__(self, request: bytes, ended: asyncio.Future[None]) -> None:
        self._request = request
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._missing = -1
        self._once: asyncio.Future[None] | None = None
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self) -> None:
        """Sends the request once."""
        assert self._transport is not None
        self._missing = -1
        self._received = b""
        self._transport.write(self._request)

    async def once(self) -> None:
        """Sends the request and waits for its answer."""
        self._once = asyncio.get_running_loop().create_future()
        self.send()
        await asyncio.wait({self._once, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            self._ended.result()

    def close(self) -> None:
        """Stops."""
        assert self._transport is not None
        transport, self._transport = self._transport, None
        transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._received += data
            end = self._received.find(_END_OF_HEAD)
            if end < 0:
                return
            self._missing = _body_length(self._received[:end]) + end + len(_END_OF_HEAD) - len(self._received)
            if not self._received.startswith(b"HTTP/1.1 200"):
                self._fail(self._received[:400])
                return
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self.answered += 1
            if self._once is None:
                self.send()
            else:
                self._once.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._fail(f"the server closed the connection: {exc}".encode())

    def _fail(self, why: bytes) -> None:
        if not self._ended.done():
            self._ended.set_exception(UnexpectedAnswer(why.decode("latin-1")))


def _body_length(head: bytes) -> int:
    at = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[at:].split(b"\r\n", 1)[0])
