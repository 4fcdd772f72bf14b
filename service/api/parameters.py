"""The query of a check: the operation's parameters beside a bare Bundle, and FHIR's general ones."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from service.assessment import CheckOptions
from service.errors import InvalidParameter

SINGLE = ("asOf", "subject", "explain", "mode", "as", "server")
REPEATED = ("incomplete",)
GENERAL = ("_format", "_pretty")
_MOST_PAIRS = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,39}")


class Query(NamedTuple):
    """A query as it was understood."""

    options: CheckOptions
    format: str | None
    pretty: bool


_EMPTY = Query(CheckOptions(), None, pretty=False)


def read_query(query: bytes) -> Query:
    """The parameters in a query string; an unknown or repeated one is an error that names it."""
    if not query:
        return _EMPTY
    received = read_pairs(query, (*SINGLE, *REPEATED, *GENERAL), repeated=REPEATED)
    one = {name: values[0] for name, values in received.items()}
    options = CheckOptions(
        as_of=one.get("asOf"),
        incomplete=tuple(received.get("incomplete", ())),
        explain=one.get("explain"),
        mode=one.get("mode"),
        as_=one.get("as"),
        subject=one.get("subject"),
        server=one.get("server"),
    )
    return Query(options, one.get("_format"), one.get("_pretty") == "true")


def read_pairs(query: bytes, known: tuple[str, ...], repeated: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """A query string by parameter, when every parameter is known and none is repeated that must not be."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PAIRS)
    except ValueError as error:
        raise InvalidParameter("The query cannot be read; write it in UTF-8, percent-encoded.") from error
    received: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise InvalidParameter(f"{_shown(name)} is not a parameter here. Known: {', '.join(known)}.")
        received.setdefault(name, []).append(value)
    for name, values in received.items():
        if len(values) > 1 and name not in repeated:
            raise InvalidParameter(f"The parameter {name} is given {len(values)} times; give it once.")
    return received


def _shown(name: str) -> str:
    """What looks like no parameter's name may be anything, so it is not repeated."""
    return f"The parameter {name}" if _NAME.fullmatch(name) else "One parameter"
