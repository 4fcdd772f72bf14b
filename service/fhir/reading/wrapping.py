"""A file of the command line as a Bundle: one resource, newline-delimited JSON, or a Bundle as it is."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, ValidationError

from service.errors import BodyUnreadable
from service.fhir.reading.elements import ABSENT, Element
from service.fhir.reading.request import reading

_BOM: Final = b"\xef\xbb\xbf"
_AS_THEY_ARE: Final = frozenset({"Bundle", "Parameters"})


class _Kind(Element):
    resourceType: Raw = ABSENT


_KIND: Final = msgspec.json.Decoder(_Kind)
_LINES: Final = msgspec.json.Decoder(Raw)


def wrap(body: bytes) -> bytes:
    """A body that `read_request` takes; raises BodyUnreadable for what is neither JSON nor lines of JSON."""
    with reading():
        body = body.removeprefix(_BOM).strip()
        try:
            kind = _kind(body)
        except msgspec.DecodeError:
            lines = [_line(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
            if len(lines) < 2:
                raise
            return _collection(lines)
    return body if kind in _AS_THEY_ARE else _collection([body])


def _kind(body: bytes) -> str | None:
    try:
        kind = msgspec.json.decode(_KIND.decode(body).resourceType or b"null")
    except ValidationError:
        raise BodyUnreadable("Send a Bundle, one resource, or one resource a line.") from None
    return kind if isinstance(kind, str) else None


def _line(number: int, line: bytes) -> bytes:
    try:
        _LINES.decode(line)
    except msgspec.DecodeError as error:
        raise BodyUnreadable(f"Line {number} is not JSON: {error}.") from None
    return line


def _collection(resources: list[bytes]) -> bytes:
    entries = b",".join(b'{"resource":' + resource + b"}" for resource in resources)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"
