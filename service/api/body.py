"""Reading a request body within its limits: size as sent, size and growth when decompressed, and time."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import ClientDisconnect

from service.errors import BodyTooLarge, BodyUnreadable, DeadlineExceeded, UnsupportedContent
from service.security.deadlines import seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive

    from service.settings import Settings

# A short body may well shrink a hundredfold; only growth past this size says that it is a bomb.
UNSUSPICIOUS_BYTES = 1024 * 1024
# Each member of a gzip file costs work, however little it holds.
MOST_MEMBERS = 1000
_GZIP = 16 + zlib.MAX_WBITS
# What follows a member is copied, so a large piece with many members is taken in small ones.
_PIECE_BYTES = 64 * 1024
_REMEDY = "Send fewer entries, or ask the operator to raise"


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


def _hold_any(_size: int) -> None:
    """For who counts nothing."""


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limits: BodyLimits, hold: Callable[[int], None] = _hold_any
) -> bytes:
    """The whole body, decompressed; `hold` is told of each piece before it is kept, and may raise `Problem`."""
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in {b"identity", b"gzip", b"x-gzip"}:
        raise UnsupportedContent("The body's Content-Encoding is not read here; send it as gzip or as it is.")
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limits.received:
        raise _too_large(limits.received)
    try:
        async with asyncio.timeout(seconds_left(limits.seconds)):
            if coding == b"identity":
                return await _read_plain(receive, limits, hold)
            return await _read_gzip(receive, limits, hold)
    except TimeoutError as error:
        text = f"The body did not arrive within {limits.seconds:g} seconds."
        raise DeadlineExceeded(text, limit="deadline_seconds") from error


async def _read_plain(receive: Receive, limits: BodyLimits, hold: Callable[[int], None]) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        chunk, more = await _next(receive)
        hold(len(chunk))
        chunks.append(chunk)
        size += len(chunk)
        if size > limits.received:
            raise _too_large(limits.received)
    return b"".join(chunks)


async def _read_gzip(receive: Receive, limits: BodyLimits, hold: Callable[[int], None]) -> bytes:
    inflation = Inflation(limits, hold)
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


def _too_large(most: int) -> BodyTooLarge:
    text = f"The body as sent is larger than {most} bytes. {_REMEDY} MOODMARKER_MAX_BODY_BYTES."
    return BodyTooLarge(text, limit="max_body_bytes")


class Inflation:
    """Decompresses gzip piece by piece and stops at the first byte past a limit."""

    __slots__ = ("_chunks", "_hold", "_in", "_limits", "_members", "_out", "_stream")

    def __init__(self, limits: BodyLimits, hold: Callable[[int], None] = _hold_any) -> None:
        """`limits` bound what comes in and what comes out; `hold` is told of what comes out."""
        self._hold = hold
        self._limits = limits
        self._stream = zlib.decompressobj(_GZIP)
        self._chunks: list[bytes] = []
        self._members = 1
        self._in = self._out = 0

    def feed(self, chunk: bytes) -> None:
        """Takes the next piece as it was sent."""
        self._in += len(chunk)
        if self._in > self._limits.received:
            raise _too_large(self._limits.received)
        for start in range(0, len(chunk), _PIECE_BYTES):
            self._take(chunk[start : start + _PIECE_BYTES])

    def _take(self, piece: bytes) -> None:
        while piece:
            if self._stream.eof:
                self._begin_member()
            piece = self._inflate(piece)

    def _begin_member(self) -> None:
        """A gzip file may be several one after another."""
        self._members += 1
        if self._members > MOST_MEMBERS:
            text = f"The gzip body has more than {MOST_MEMBERS} members. Compress it as one."
            raise BodyTooLarge(text, limit="max_decompression_ratio")
        self._stream = zlib.decompressobj(_GZIP)

    def _inflate(self, piece: bytes) -> bytes:
        """Inflates up to the limit and returns what belongs to the next member."""
        allowed = min(self._limits.decompressed, max(UNSUSPICIOUS_BYTES, self._limits.ratio * self._in))
        try:
            inflated = self._stream.decompress(piece, allowed - self._out + 1)
        except zlib.error as error:
            raise BodyUnreadable("The body is declared as gzip and is not; send it as gzip, or as it is.") from error
        self._out += len(inflated)
        if self._out > allowed:
            raise self._grown()
        self._hold(len(inflated))
        self._chunks.append(inflated)
        return self._stream.unused_data

    def _grown(self) -> BodyTooLarge:
        limits = self._limits
        if self._out > limits.decompressed:
            size = f"The body is larger than {limits.decompressed} bytes when decompressed."
            text = f"{size} {_REMEDY} MOODMARKER_MAX_DECOMPRESSED_BYTES."
            return BodyTooLarge(text, limit="max_decompressed_bytes")
        return BodyTooLarge(
            f"The body grows more than {limits.ratio} times when decompressed. "
            "Send it as it is, or ask the operator to raise MOODMARKER_MAX_DECOMPRESSION_RATIO.",
            limit="max_decompression_ratio",
        )

    def finish(self) -> bytes:
        """The whole, once it is complete."""
        if not self._stream.eof:
            raise BodyUnreadable("The gzip body is cut short; send it whole.")
        return b"".join(self._chunks)
