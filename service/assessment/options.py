"""The parameters of a check, from the body or from the query, checked once."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from service.domain.days import AsOf
from service.errors import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from service.assessment.context import Context

_ALLOWED: Final = {
    "explain": ("none", "summary", "full"),
    "mode": ("lenient", "strict"),
    "as": ("collection", "transaction"),
}
_DEFAULT: Final = {"explain": "summary", "mode": "lenient", "as": "collection"}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_RESOURCE_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_END_OF_DAY: Final = time(23, 59, 59)
_REACH: Final = timedelta(days=366 * 200)


class CheckOptions(NamedTuple):
    """The primitive parameters as they were sent beside the body; None where a parameter was not sent."""

    as_of: str | None = None
    incomplete: tuple[str, ...] = ()
    explain: str | None = None
    mode: str | None = None
    as_: str | None = None
    subject: str | None = None
    server: str | None = None


class Choices(NamedTuple):
    """The parameters of one check, understood."""

    as_of: AsOf
    incomplete: frozenset[str]
    explain: str
    strict: bool
    as_: str
    subject: str | None


def chosen(parameters: Mapping[str, Sequence[str]], options: CheckOptions, context: Context, now: datetime) -> Choices:
    """The parameters of body and query together; raises `InvalidParameter` naming the one at fault."""
    sent = _merged(parameters, options)
    if "server" in sent:
        raise InvalidParameter(
            "The parameter server names where to fetch a patient from; here the data are in the request: leave it out."
        )
    choice = {name: _one_of(name, sent) for name in _ALLOWED}
    asked = _single("asOf", sent)
    zone_name = context.rule_set.time_zone
    as_of = AsOf(now if asked is None else read_as_of(asked, context.zone), context.zone, zone_name)
    return Choices(
        as_of,
        _incomplete(sent.get("incomplete", ())),
        choice["explain"],
        choice["mode"] == "strict",
        choice["as"],
        _single("subject", sent),
    )


def _merged(parameters: Mapping[str, Sequence[str]], options: CheckOptions) -> dict[str, Sequence[str]]:
    beside = {
        "asOf": options.as_of,
        "explain": options.explain,
        "mode": options.mode,
        "as": options.as_,
        "subject": options.subject,
        "server": options.server,
    }
    query: dict[str, Sequence[str]] = {name: (value,) for name, value in beside.items() if value is not None}
    if options.incomplete:
        query["incomplete"] = options.incomplete
    for name in parameters:
        if name not in beside and name != "incomplete":
            raise InvalidParameter(
                f"There is no parameter of this name. Known: data, {', '.join(beside)}, incomplete.",
                "Parameters.parameter.name",
            )
        if name in query:
            raise InvalidParameter(f"The parameter {name} is in the body and in the query; send it once.")
    return {**query, **parameters}


def _single(name: str, sent: Mapping[str, Sequence[str]]) -> str | None:
    values = sent.get(name, ())
    if len(values) > 1:
        raise InvalidParameter(f"The parameter {name} is given {len(values)} times; give it once.")
    return values[0] if values else None


def _one_of(name: str, sent: Mapping[str, Sequence[str]]) -> str:
    value = _single(name, sent)
    if value is None:
        return _DEFAULT[name]
    if value not in _ALLOWED[name]:
        raise InvalidParameter(f"The parameter {name} is one of: {', '.join(_ALLOWED[name])}.")
    return value


def _incomplete(names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if _RESOURCE_TYPE.fullmatch(name) is None:
            raise InvalidParameter("The parameter incomplete names a resource type, such as Observation.")
    return frozenset(names)


def read_as_of(text: str, zone: tzinfo) -> datetime:
    """The instant of an `asOf`: a date means the end of that day in the site's zone."""
    try:
        found = None
        if _DATE.fullmatch(text):
            found = datetime.combine(datetime.fromisoformat(text).date(), _END_OF_DAY, zone)
        elif _DATE_TIME.fullmatch(text):
            found = datetime.fromisoformat(text)
        if found is not None:
            found - _REACH, found + _REACH  # the windows of the rules must fit before it, and due dates after it
            return found
    except (ValueError, OverflowError):
        pass
    raise InvalidParameter(
        "The parameter asOf is a date (2026-06-30) or a date and time with an offset (2026-06-30T12:00:00Z)."
    )
