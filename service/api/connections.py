"""The connections of one worker: how many, how long a request's head may take, how large it is, and who never reads.

The server's own protocol has a timer for idle connections alone; what it cannot tell apart is refused here, before any
of the application sees it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.errors import HeadTooLarge, answer_problem
from service.api.offers import DecliningParser
from service.errors import BodyUnreadable, Overloaded, Problem
from service.settings import Settings
from service.telemetry import Metrics

if TYPE_CHECKING:
    import asyncio
    from asyncio import TimerHandle

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

# As HTTP has it: a server that cannot tell where a request ends closes the connection.
_NOT_HTTP = "The request is not written as HTTP has it; send one length, CRLF line ends and no folded headers."
_NO_TUNNEL = "There is no tunnel through here; ask the service itself."
_CHUNKED = b"chunked"


class ConnectionLimits(NamedTuple):
    """How many connections, and what one may take of bytes and time."""

    connections: int
    header_seconds: float
    header_bytes: int
    header_count: int
    write_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> ConnectionLimits:
        """The limits that a site has set."""
        return cls(
            settings.connections_limit,
            settings.header_seconds,
            settings.header_bytes,
            settings.header_count,
            settings.write_seconds,
        )


class Bounds(NamedTuple):
    """What every connection of one worker shares; the application has it as `bounds`."""

    limits: ConnectionLimits
    metrics: Metrics


@cache
def _bounds_of_any() -> Bounds:
    """For an application that names none."""
    return Bounds(ConnectionLimits.of(Settings.model_construct()), Metrics())


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """As the server makes it."""
        super().__init__(*arguments, **named)
        self.parser = DecliningParser(self)  # type: ignore[assignment]
        bounds: Bounds = getattr(self.app, "bounds", None) or _bounds_of_any()
        self.limits, self.metrics = bounds
        self._head_timer: TimerHandle | None = None
        self._write_timer: TimerHandle | None = None
        # A head is being read: of the first request from the start, of a later one from its first byte.
        self._in_head = False
        self._in_body = False
        self._head_bytes = self._head_parsed = self._head_count = 0
        self._refusal: Problem | None = None
        # The head was one that offers another protocol, and is told once more without the offer.
        self._declines = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a connection, in the place of an idle one where there are as many as are held."""
        super().connection_made(transport)
        self.metrics.connections.inc()
        if len(self.connections) > self.limits.connections and not self._displace():
            self._count("connections_limit")
            text = "The service holds as many connections as it takes; keep fewer open, and try again in a second."
            self._refuse(Overloaded(text))
            return
        self._await_head()

    def _displace(self) -> bool:
        """Closes the connection that has been idle longest."""
        idle = [one for one in self.connections if one.timeout_keep_alive_task is not None]  # type: ignore[union-attr]
        if not idle:
            return False
        oldest = min(idle, key=lambda one: one.timeout_keep_alive_task.when())  # type: ignore[union-attr]
        # It closes later than this returns, and is none of those that count from now on.
        self.connections.discard(oldest)
        oldest.timeout_keep_alive_handler()  # type: ignore[union-attr]
        self._count("connections_limit")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clocks."""
        self._stop_head()
        self._stop_write()
        self.metrics.connections.dec()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; what follows a refusal is not looked at."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._head_bytes > self.limits.header_bytes:
            self._refuse_head("header_bytes")
        elif self._in_head or (self._is_idle and self.timeout_keep_alive_task is None):
            self._await_head()

    @property
    def _is_idle(self) -> bool:
        """Nothing is being answered; what arrives is the rest of a body that was not wanted, or empty lines."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.header_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self._count("header_seconds")
            self._close_slowly()

    # What the parser calls.
    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._declines = False
        self._in_head = True
        self._head_bytes = self._head_parsed = self._head_count = 0

    def on_url(self, url: bytes) -> None:
        """The request's address, or a part of it."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after a chunked body a trailer."""
        self._head_count += 1
        if self._head_count > self.limits.header_count:
            self._too_large("header_count")
        self._weigh(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _weigh(self, size: int) -> None:
        self._head_parsed += size
        if self._head_parsed > self.limits.header_bytes:
            self._too_large("header_bytes")

    def on_headers_complete(self) -> None:
        """The head is whole; refuses what two readers could take for different requests."""
        if self.parser.get_method() == b"CONNECT":
            self._refusal = BodyUnreadable(_NO_TUNNEL)
            self._count("http")
            raise ValueError("tunnel")
        if self.parser.should_upgrade():
            self._declines = True
            return
        self._in_head = False
        self._stop_head()
        version = self.parser.get_http_version()
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if version not in ("1.0", "1.1") or (codings and (version == "1.0" or codings != [_CHUNKED])):
            raise ValueError("ambiguous")
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._declines:
            return
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written, though perhaps not read."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_unread()

    # Refusals.
    def _too_large(self, limit: str) -> None:
        self._refusal = _head_too_large(limit, getattr(self.limits, limit))
        self._count(limit)
        raise ValueError(limit)

    def _refuse_head(self, limit: str) -> None:
        self._count(limit)
        self._refuse(_head_too_large(limit, getattr(self.limits, limit)))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answers what the parser refuses, in words of ours."""
        if self._refusal is None:
            self._count("http")
        self._refuse(self._refusal or BodyUnreadable(_NOT_HTTP))

    def _refuse(self, problem: Problem) -> None:
        """Answers and closes; where an earlier request still waits for its answer, this one would be taken for it."""
        waiting = not self._is_idle
        if not waiting or (self._in_body and not self.pipeline and not self.cycle.response_started):
            self.transport.write(_written(problem))
        if waiting:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._close_slowly()

    def _count(self, limit: str) -> None:
        self.metrics.limited(limit)
        structlog.get_logger().info("connection limited", limit=limit)

    def _stop_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_write(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # Who never reads.
    def _close_slowly(self) -> None:
        self.transport.close()
        self._abort_unread()

    def _abort_unread(self) -> None:
        """Closing waits for what is still to be read, and that may be for ever."""
        if self._write_timer is None and self.transport.get_write_buffer_size():
            self._write_timer = self.loop.call_later(self.limits.write_seconds, self._is_not_read)

    def pause_writing(self) -> None:
        """More is written than the client takes."""
        super().pause_writing()
        self._abort_unread()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_write()

    def _is_not_read(self) -> None:
        self._write_timer = None
        self._count("write_seconds")
        self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for as long as an idle connection is kept."""
        super().timeout_keep_alive_handler()
        self._abort_unread()

    def shutdown(self) -> None:
        """The worker ends."""
        super().shutdown()
        if self.transport.is_closing():
            self._abort_unread()


def _head_too_large(limit: str, most: int) -> HeadTooLarge:
    what = "headers" if limit == "header_count" else "bytes in its line and headers"
    return HeadTooLarge(f"The request has more than {most} {what}. Send fewer, or raise MOODMARKER_{limit.upper()}.")


def _written(problem: Problem) -> bytes:
    """A response that the application has no part in."""
    response = answer_problem(problem)
    headers = [*response.raw_headers, (b"connection", b"close"), (b"cache-control", b"no-store")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return b"HTTP/1.1 %d \r\n%s\r\n%s" % (response.status_code, lines, bytes(response.body))
