"""Offers of another protocol (Upgrade), which a server may pass over: the request is then read as if it made none.

Java's HttpClient makes one on every request over plain HTTP, unless it is told to speak HTTP/1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from httptools import HttpParserUpgrade, HttpRequestParser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OFFERS: Final = frozenset({b"upgrade", b"http2-settings"})


class Receiver(Protocol):
    """What a parser tells of a request, as far as it is asked here."""

    url: bytes
    headers: list[tuple[bytes, bytes]]


class DecliningParser:
    """The server's parser, which gives up where another protocol could begin, and one that goes on in its place."""

    def __init__(self, receiver: Receiver) -> None:
        """`receiver` is told of heads that make an offer twice, the second time without it."""
        self._receiver = receiver
        self._parser = _parser(receiver)

    def feed_data(self, data: bytes) -> None:
        """Reads on; raises `HttpParserError` for what is not HTTP."""
        # As a view: in one packet there may be thousands of offers, and each cuts off what was read.
        left = memoryview(data)
        while left:
            try:
                self._parser.feed_data(left)
            except HttpParserUpgrade as offer:
                left = left[offer.args[0] :]
                self._decline()
            else:
                return

    def _decline(self) -> None:
        """What follows is read by a parser that has seen the same head, without the offer."""
        line = self._parser.get_method(), self._receiver.url, self._parser.get_http_version().encode()
        head = b"%s %s HTTP/%s\r\n" % line + b"".join(_without_offer(self._receiver.headers))
        self._parser = _parser(self._receiver)
        self._parser.feed_data(head + b"\r\n")

    def get_method(self) -> bytes:
        """The method of the request."""
        return self._parser.get_method()

    def get_http_version(self) -> str:
        """The version that the request is written in."""
        return self._parser.get_http_version()

    def should_keep_alive(self) -> bool:
        """Whether the connection outlasts the request."""
        return self._parser.should_keep_alive()

    def should_upgrade(self) -> bool:
        """Whether the head makes an offer."""
        return self._parser.should_upgrade()


def _parser(receiver: Any) -> HttpRequestParser:
    parser = HttpRequestParser(receiver)
    # As the server has its own: what follows a last request is passed over.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _without_offer(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, value in headers:
        if name in _OFFERS:
            continue
        kept = value
        if name == b"connection":
            tokens = (token.strip() for token in value.split(b","))
            kept = b", ".join(token for token in tokens if token.lower() not in _OFFERS)
        yield b"%s: %s\r\n" % (name, kept)
