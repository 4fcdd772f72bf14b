"""How deep JSON nests, and how much of a body may hang together."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SIGNS: Final = b'{}[]"'
_OTHERS: Final = bytes(one for one in range(256) if one not in _SIGNS)
_STRING: Final = re.compile(rb'"[^"]*"')


class ReadingLimits(NamedTuple):
    """Levels of what is read, and references that are followed for one request."""

    depth: int = 64
    references: int = 1_000_000


LIMITS: Final = ReadingLimits()


def nests_deeper(document: bytes, most: int) -> bool:
    """Whether a JSON document nests deeper than so many levels; each level is taken off from inside."""
    if b"\\" in document:
        document = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side are an empty string, or the gap between two: without them all else means the same.
    left = _STRING.sub(b"", document.translate(None, _OTHERS).replace(b'""', b""))
    for _ in range(most):
        if not left:
            return False
        # In place of each innermost pair, so that two in a row do not count as one within the other.
        left = _INNERMOST.sub(b"", left)
    return bool(left)


_INNERMOST: Final = re.compile(rb"(?:\{\}|\[\])+")
