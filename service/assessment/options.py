"""The parameters of a check, from the body or from the query, checked once."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, time
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from service.domain.days import AsOf
from service.errors import InvalidParameter
from service.fhir.operation import CODE, DEFAULTS, RESOURCE_TYPES, Level, Parameter, named
from service.fhir.reading.request import Given
from service.fhir.reading.resources import OTHER, READ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from service.assessment.context import Context

_TAKEN: Final[dict[Level, dict[str, Parameter]]] = {level: named(level) for level in get_args(Level)}
_VALUE_SETS: Final = {RESOURCE_TYPES: (*(read.__name__ for read in READ), *OTHER)}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
# A plus sign that was not percent-encoded in a query arrives as a space.
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+ -]\d{2}:\d{2})")
_END_OF_DAY: Final = time(23, 59, 59)
# The windows of the rules must fit before the instant, and due dates after it.
_FIRST_YEAR, _LAST_YEAR = 203, 9797
# It is the day before, or the day after, in other zones.
_DAYS_BESIDE_TODAY: Final = 1
_ID: Final = r"[^/#?|\s]+"
_SUBJECT: Final = re.compile(
    rf"([a-z][a-z0-9+.-]*://[^#?|\s]+/)?Patient/{_ID}(/_history/{_ID})?"
    r"|urn:[a-z0-9][a-z0-9-]*:[^|\s]+"
    r"|(?!Patient[/?])[^|\s]*\|\S(.*\S)?"
)


class CheckOptions(NamedTuple):
    """The primitive parameters that were sent beside the body: by name, each with its values in order."""

    sent: Mapping[str, Sequence[str]] = {}

    def first(self, name: str) -> str | None:
        """The first value of a parameter, None where it was not sent."""
        values = self.sent.get(name)
        return values[0] if values else None


class Choices(NamedTuple):
    """The parameters of one check, understood."""

    as_of: AsOf
    incomplete: frozenset[str]
    explain: str
    strict: bool
    as_: str
    subject: str | None
    server: Given | None = None


def chosen(
    body: Mapping[str, Sequence[Given]],
    options: CheckOptions,
    context: Context,
    now: datetime,
    level: Level = "system",
) -> Choices:
    """The parameters of body and query together; raises `InvalidParameter` naming the one at fault."""
    taken = _TAKEN[level]
    sent = _merged(body, options, taken)
    for name, given in sent.items():
        _check(taken[name], given)
    as_of = now
    if asked := _single("asOf", sent):
        as_of = read_as_of(asked, context.zone)
    decided = AsOf(as_of, context.zone, context.rule_set.time_zone)
    if asked and level == "write":
        _require_today(decided, now, asked)
    subject = _single("subject", sent)
    return Choices(
        decided,
        frozenset(one.value for one in sent.get("incomplete", ())),
        _choice("explain", sent),
        _choice("mode", sent) == "strict",
        _choice("as", sent),
        _checked_subject(subject) if subject else None,
        _single("server", sent),
    )


def _merged(
    parameters: Mapping[str, Sequence[Given]], options: CheckOptions, taken: Mapping[str, Parameter]
) -> dict[str, Sequence[Given]]:
    query = {name: [Given(value) for value in values] for name, values in options.sent.items() if values}
    for name, given in parameters.items():
        if name not in taken:
            known = ", ".join(taken)
            raise InvalidParameter(f"There is no parameter of this name. Known: {known}.", f"{given[0].at}.name")
        if name in query:
            text = f"The parameter {name} is in the body and in the query; send it once."
            raise InvalidParameter(text, given[0].at)
    return {**query, **parameters}


def _check(parameter: Parameter, given: Sequence[Given]) -> None:
    if len(given) > 1 and not parameter.repeats:
        text = f"The parameter {parameter.name} is given {len(given)} times; give it once."
        raise InvalidParameter(text, given[1].at)
    allowed = parameter.allowed or _VALUE_SETS.get(parameter.value_set, ())
    for one in given if allowed else ():
        if one.value not in allowed:
            raise InvalidParameter(_refusal(parameter, allowed, one.value), one.expression)


def _refusal(parameter: Parameter, allowed: Sequence[str], value: str) -> str:
    if parameter.allowed:
        return f"The parameter {parameter.name} is one of: {', '.join(allowed)}."
    near = difflib.get_close_matches(value, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else "such as Observation."
    return f"The parameter {parameter.name} names a resource type of FHIR R4, spelled as there; {hint}"


def _single(name: str, sent: Mapping[str, Sequence[Given]]) -> Given | None:
    values = sent.get(name)
    return values[0] if values else None


def _choice(name: str, sent: Mapping[str, Sequence[Given]]) -> str:
    one = _single(name, sent)
    return DEFAULTS[name] if one is None else one.value


def _checked_subject(subject: Given) -> str:
    if _SUBJECT.fullmatch(subject.value) is None:
        raise InvalidParameter(
            "The parameter subject is Patient/id, an absolute URL that ends in Patient/id, "
            "urn:uuid:... or urn:oid:..., or system|value of an identifier.",
            subject.expression,
        )
    return subject.value


def _require_today(as_of: AsOf, now: datetime, asked: Given) -> None:
    """Refuses to store what was found of another day: it would raise and close Flags by what is no longer so."""
    today = now.astimezone(as_of.zone).toordinal()
    if abs(as_of.day - today) > _DAYS_BESIDE_TODAY:
        raise InvalidParameter(
            "What is stored has to be found as of today: leave the parameter asOf out, or give a day that is today "
            f"somewhere; another day can be asked of ${CODE}.",
            asked.expression,
        )


def read_as_of(asked: Given, zone: tzinfo) -> datetime:
    """The instant of an `asOf`: a date means the end of that day in the site's zone."""
    text = asked.value
    is_date = _DATE.fullmatch(text) is not None
    if is_date or _DATE_TIME.fullmatch(text):
        if not _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR:
            reach = f"The year of the parameter asOf lies between {_FIRST_YEAR:04} and {_LAST_YEAR}."
            raise InvalidParameter(reach, asked.expression)
        try:
            found = datetime.fromisoformat(text.replace(" ", "+"))
            return datetime.combine(found.date(), _END_OF_DAY, zone) if is_date else found
        except ValueError:
            pass
    raise InvalidParameter(
        "The parameter asOf is a date (2026-06-30) or a date and time with an offset (2026-06-30T12:00:00Z).",
        asked.expression,
    )
