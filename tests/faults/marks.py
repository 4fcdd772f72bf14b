"""Words that nobody may find again: each thing that a caller, a server or a site has is marked with one of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

# Shorter pieces of an encoded word are found by chance.
_LEAST_ENCODED = 10


class Output(NamedTuple):
    """Something that left the service, or was kept; `allowed` are the names of the marks that may be in it."""

    place: str
    content: bytes
    allowed: frozenset[str] = frozenset()


class Marks:
    """The marks by name; a hit tells by it what has leaked."""

    def __init__(self) -> None:
        self._needles: dict[str, tuple[bytes, ...]] = {}

    def __len__(self) -> int:
        return len(self._needles)

    def __call__(self, name: str) -> str:
        """The mark of a name, which is a good id of FHIR, host name, header and word."""
        return self.add(name, f"Zq7-{name}-7qZ")

    def add(self, name: str, text: str) -> str:
        """A secret or a value that is a mark as it is."""
        self._needles.setdefault(name, _needles(text))
        return text

    def add_token(self, name: str, token: str) -> None:
        """A signed token, of which each part is a mark but the header, which is the same in many."""
        for part, text in zip(("claims", "signature"), token.split(".")[1:], strict=True):
            self.add(f"{name}-{part}", text)

    def found(self, output: Output) -> list[str]:
        """The names of the marks that are in an output without being allowed there."""
        lower = output.content.lower()
        return sorted(
            name
            for name, (plain, *encoded) in self._needles.items()
            if name not in output.allowed and (plain in lower or any(one in output.content for one in encoded))
        )

    def leaks(self, outputs: Collection[Output]) -> list[tuple[str, str]]:
        """Where each mark was found that may not be there."""
        return [(one.place, name) for one in outputs for name in self.found(one)]


def _needles(text: str) -> tuple[bytes, ...]:
    """The text in lower case; and as base64 has it, wherever in the encoded text it begins."""
    plain = text.encode()
    return (plain.lower(), *dict.fromkeys(_encoded(plain)))


def _encoded(plain: bytes) -> Iterator[bytes]:
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + plain).rstrip(b"=")
            # The first and last characters hold bits of what stands beside it.
            inner = whole[-(-before * 8 // 6) : len(whole) - 2]
            if len(inner) >= _LEAST_ENCODED:
                yield inner


def decoded(token: str) -> bytes:
    """What a compact JWS says, which its encoding hides from who looks for words."""
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2]]
    return b"\n".join(json.dumps(json.loads(part)).encode() for part in parts)
