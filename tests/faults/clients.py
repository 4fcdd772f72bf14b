"""Callers that ask one thing after another over connections that they keep, and note what became of each."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import NamedTuple

_HEADS_END = b"\r\n\r\n"
PATIENCE = 60.0


class Asked(NamedTuple):
    """One request: its id, when it was begun and ended (in seconds), and what came of it.

    `status` is 0 where no whole answer came, and `received` is how many bytes came all the same.
    """

    request_id: str
    began: float
    ended: float
    status: int
    received: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_answered(self) -> bool:
        return self.status != 0


class Callers:
    """Some callers of one address, until they are told to stop."""

    def __init__(self, port: int, path: str, body: Callable[[int], bytes], connections: int = 8) -> None:
        """`body` is the request of a number."""
        self.asked: list[Asked] = []
        self.stopped = False
        self._port = port
        self._path = path
        self._body = body
        self._connections = connections
        self._numbers = itertools.count()

    async def run(self, pause: float = 0.0) -> None:
        """Asks until `stopped`; `pause` is how long each waits between two requests."""
        await asyncio.gather(*(self._ask_on(pause) for _ in range(self._connections)))

    async def _ask_on(self, pause: float) -> None:
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self.stopped:
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            one = await self._ask(*connection)
            self.asked.append(one)
            if not one.is_answered or one.headers.get("connection") == "close":
                connection[1].transport.abort()
                connection = None
            await asyncio.sleep(pause)
        if connection:
            connection[1].transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
        number = next(self._numbers)
        request_id, body, began = f"load-{number}", self._body(number), time.monotonic()
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
            f"X-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        received = b""
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(head.encode() + body)
                await writer.drain()
                while _HEADS_END not in received:
                    received += await _some(reader)
                told, _, rest = received.partition(_HEADS_END)
                headers = _headers(told)
                while len(rest) < int(headers["content-length"]):
                    rest += await _some(reader)
        except (OSError, EOFError, TimeoutError):
            return Asked(request_id, began, time.monotonic(), 0, len(received), {}, b"")
        status = int(told.split(b" ", 2)[1])
        return Asked(request_id, began, time.monotonic(), status, len(received), headers, rest)


async def _some(reader: asyncio.StreamReader) -> bytes:
    read = await reader.read(65_536)
    if not read:
        raise EOFError
    return read


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
