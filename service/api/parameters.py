"""Query strings: the operation's parameters beside a bare Bundle, and FHIR's general ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl

from service.assessment import CheckOptions
from service.errors import InvalidParameter
from service.fhir.operation import Level, Parameter, primitives

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GENERAL: Final = (
    Parameter("_format", "string", "application/fhir+json, application/json or json."),
    Parameter("_pretty", "boolean", "Whether the answer is indented.", ("true", "false"), "false"),
)
CHECK: Final[dict[Level, tuple[Parameter, ...]]] = {
    "system": (*primitives("system"), *GENERAL),
    "instance": (*primitives("instance"), *GENERAL),
    "write": (*primitives("write"), *GENERAL),
}
_GENERAL: Final = frozenset(parameter.name for parameter in GENERAL)
_MOST_PAIRS: Final = 100
# In lower case, as some write them: those of every operation, and the one that stands in a body alone.
_NAMES: Final = frozenset(parameter.name.lower() for level in CHECK.values() for parameter in level) | {"data"}


class Query(NamedTuple):
    """A query as it was understood."""

    options: CheckOptions
    format: str | None
    pretty: bool


_EMPTY: Final = Query(CheckOptions(), None, pretty=False)


def read_query(query: bytes, level: Level = "system") -> Query:
    """The parameters in a query string; one that is unknown here, or repeated, is an error."""
    if not query:
        return _EMPTY
    received = read_pairs(query, CHECK[level])
    sent = {name: tuple(values) for name, values in received.items() if name not in _GENERAL}
    return Query(CheckOptions(sent), format_asked(received), pretty_asked(received))


def read_pairs(query: bytes, known: Iterable[Parameter]) -> dict[str, list[str]]:
    """A query string by parameter, when every parameter is known and none is repeated that must not be."""
    if query.count(b"&") >= _MOST_PAIRS:
        raise InvalidParameter(f"The query has more than {_MOST_PAIRS} parameters; send them in the body.")
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise InvalidParameter("The query cannot be read; write it in UTF-8, percent-encoded.") from error
    repeats = {parameter.name: parameter.repeats for parameter in known}
    received: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in repeats:
            raise InvalidParameter(f"{_shown(name)} is not a parameter here. Known: {', '.join(repeats)}.")
        received.setdefault(name, []).append(value)
    for name, values in received.items():
        if len(values) > 1 and not repeats[name]:
            raise InvalidParameter(f"The parameter {name} is given {len(values)} times; give it once.")
    return received


def format_asked(received: Mapping[str, Sequence[str]]) -> str | None:
    """The value of `_format`, None where it was not sent."""
    return received["_format"][0] if "_format" in received else None


def pretty_asked(received: Mapping[str, Sequence[str]]) -> bool:
    """Whether the answer is to be indented."""
    asked = received["_pretty"][0] if "_pretty" in received else "false"
    if asked not in ("true", "false"):
        raise InvalidParameter("The parameter _pretty is one of: true, false.")
    return asked == "true"


def _shown(name: str) -> str:
    """What is no parameter's name anywhere may be anything, so it is not repeated."""
    return f"The parameter {name}" if name.lower() in _NAMES else "One parameter"
