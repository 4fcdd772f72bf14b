"""Halves of characters in JSON: a surrogate escape without its other half is no text; the rest of the body is."""

from __future__ import annotations

import re
from typing import Final

_HIGH: Final = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
# A whole pair first, then a half, then any other escape: a backslash that is escaped itself begins none.
_ESCAPE: Final = re.compile(rb"%b%b|(?P<half>%b|%b)|\\." % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL)
_REPLACEMENT: Final = rb"\ufffd"


def without_halves(body: bytes) -> bytes:
    """The body with the replacement character in the place of each half: what held one cannot be taken for readable."""
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found["half"] else found[0], body)
