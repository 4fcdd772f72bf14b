"""Reading a request body within its limits: size as sent, size and growth when decompressed, and time."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import ClientDisconnect

from service.errors import BodyTooLarge, BodyUnreadable, DeadlineExceeded, UnsupportedContent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive

    from service.settings import Settings

# A short body may well shrink a hundredfold; only growth past this size says that it is a bomb.
UNSUSPICIOUS_BYTES = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class BodyLimits(NamedTuple):
    """How much is read, and for how long."""

    received: int
    decompressed: int
    ratio: int
    seconds: float

    @classmethod
    def of(cls, settings: Settings) -> BodyLimits:
        """The limits that a site has set."""
        return cls(
            settings.max_body_bytes,
            settings.max_decompressed_bytes,
            settings.max_decompression_ratio,
            settings.deadline_seconds,
        )


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limits: BodyLimits) -> bytes:
    """The whole body, decompressed."""
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in {b"identity", b"gzip", b"x-gzip"}:
        raise UnsupportedContent("The body's Content-Encoding is not read here; send it as gzip or as it is.")
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limits.received:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds):
            if coding == b"identity":
                return await _read_plain(receive, limits)
            return await _read_gzip(receive, limits)
    except TimeoutError as error:
        raise DeadlineExceeded(f"The body did not arrive within {limits.seconds:g} seconds.") from error


async def _read_plain(receive: Receive, limits: BodyLimits) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        chunk, more = await _next(receive)
        chunks.append(chunk)
        size += len(chunk)
        if size > limits.received:
            raise _too_large(limits)
    return b"".join(chunks)


async def _read_gzip(receive: Receive, limits: BodyLimits) -> bytes:
    inflation = Inflation(limits)
    more = True
    while more:
        chunk, more = await _next(receive)
        inflation.feed(chunk)
    return inflation.finish()


async def _next(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large(limits: BodyLimits) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body is larger than {limits.received} bytes, or {limits.decompressed} bytes decompressed. "
        "Send fewer entries, or ask the operator to raise the limit."
    )


class Inflation:
    """Decompresses gzip piece by piece and stops at the first byte past a limit."""

    __slots__ = ("_chunks", "_in", "_limits", "_out", "_stream")

    def __init__(self, limits: BodyLimits) -> None:
        """`limits` bound what comes in and what comes out."""
        self._limits = limits
        self._stream = zlib.decompressobj(_GZIP)
        self._chunks: list[bytes] = []
        self._in = self._out = 0

    def feed(self, chunk: bytes) -> None:
        """Takes the next piece as it was sent."""
        self._in += len(chunk)
        if self._in > self._limits.received:
            raise _too_large(self._limits)
        while chunk:
            if self._stream.eof:
                # A gzip file may be several one after another.
                self._stream = zlib.decompressobj(_GZIP)
            chunk = self._inflate(chunk)

    def _inflate(self, chunk: bytes) -> bytes:
        """Inflates up to the limit and returns what belongs to the next member."""
        allowed = min(self._limits.decompressed, max(UNSUSPICIOUS_BYTES, self._limits.ratio * self._in))
        try:
            inflated = self._stream.decompress(chunk, allowed - self._out + 1)
        except zlib.error as error:
            raise BodyUnreadable("The body is declared as gzip and is not.") from error
        self._out += len(inflated)
        if self._out > allowed:
            raise _too_large(self._limits)
        self._chunks.append(inflated)
        return self._stream.unused_data

    def finish(self) -> bytes:
        """The whole, once it is complete."""
        if not self._stream.eof:
            raise BodyUnreadable("The gzip body is cut short.")
        return b"".join(self._chunks)
