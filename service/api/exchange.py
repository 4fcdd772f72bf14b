"""What the edge knows of one request while it is answered."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = "moodmarker.exchange"
_WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9._\-]{1,64}")


class Exchange:
    """One request: its id, its headers by lower-case name with repeated ones joined, and who sends it.

    `caller` is a name that the site gave or an authorization server vouches for; empty where nobody said who.
    """

    __slots__ = ("caller", "headers", "limit", "problem", "request_id", "status")

    def __init__(self, received: list[tuple[bytes, bytes]]) -> None:
        """`received` is the ASGI list of headers."""
        headers = dict(received)
        self.headers = headers if len(headers) == len(received) else _joined(received)
        self.request_id = _request_id(self.headers.get(b"x-request-id"))
        self.status = 0
        self.problem = ""
        self.limit = ""
        self.caller = ""


def exchange_of(scope: Any) -> Exchange:
    """The exchange that the edge put into an ASGI scope."""
    exchange: Exchange = scope[KEY]
    return exchange


def _request_id(received: bytes | None) -> str:
    if received is not None and _WELL_FORMED_ID.fullmatch(received):
        return received.decode("ascii")
    return secrets.token_hex(8)


def _joined(received: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined: dict[bytes, bytes] = {}
    for name, value in received:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined
