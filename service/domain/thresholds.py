"""The numbers in rules that a site may set, each in its range; safety rules keep theirs."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.domain.criteria import MarkerLimits
from service.domain.days import Days, Span
from service.domain.instruments import Instrument, MoodDomain
from service.domain.reads import found_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from service.domain.criteria import Criterion
    from service.domain.rule import Rule

LOW_CRP_LIMIT: Final = "low_crp_limit"
# What the keys of numbers begin with, in the order in which they are told.
_KINDS: Final = ("spans", LOW_CRP_LIMIT, "instruments")
_LEAST_LOW_CRP, _MOST_LOW_CRP = Decimal("1.0"), Decimal("5.0")
# How far a limit or step of an instrument may be moved, in its points.
_POINTS: Final = Decimal(3)


class WrongThreshold(ValueError):
    """A site sets a number that no rule has, or one outside its range; the text names it, its range and the remedy."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a site sets: days of spans by their name, the low limit of CRP, and limits and steps of instruments by key.

    Of an instrument `elevated` is the score from which it counts as elevated, `change` the change that counts.
    """

    spans: Mapping[str, int] = field(default_factory=dict)
    low_crp_limit: Decimal | None = None
    instruments: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)


class Settable(NamedTuple):
    """One number that a site may set: its key in the file of rules, what it is, its unit, and its range."""

    key: str
    usual: Decimal
    at_least: Decimal
    at_most: Decimal
    unit: str
    whole: bool

    def taken(self, value: Decimal) -> Decimal:
        """The value as rules hold it; raises `WrongThreshold` for one that may not be set."""
        if not (value.is_finite() and self.at_least <= value <= self.at_most):
            raise WrongThreshold(f"{self.key} may be {self.range}, not {value}")
        if self.whole and value != value.to_integral_value():
            raise WrongThreshold(f"{self.key} is a whole number: it may be {self.range}, not {value}")
        return self.usual if value == self.usual else Decimal(shown(value))

    @property
    def range(self) -> str:
        """The range in words."""
        return f"{shown(self.at_least)} to {shown(self.at_most)}{self.unit and ' ' + self.unit}"


def shown(number: Decimal) -> str:
    """A number without the zeros at its end."""
    return f"{number.normalize():f}"


def numbers_of(rule: Rule) -> dict[str, Any]:
    """The spans and limits that a site may set, as sentences name those that hold."""
    numbers = _NUMBERS.get(rule.when)
    if numbers is None:
        numbers = {span.name.replace("-", "_"): Days(span.days) for span in found_in(rule.when, Span)}
        for limits in found_in(rule.when, MarkerLimits):
            numbers |= {"low_limit": shown(limits.low), "high_limit": shown(limits.high)}
        _NUMBERS[rule.when] = numbers
    return numbers


# Rules are constants; their numbers are gathered once.
_NUMBERS: dict[Criterion, dict[str, Any]] = {}


def settable(rules: Iterable[Rule]) -> dict[str, Settable]:
    """Every number that a site may set of these rules, by its key in the file of rules."""
    parts = _parts(rules, Span, MarkerLimits, MoodDomain)
    found = sorted((one for part in parts for one in _in_part(part)), key=lambda one: _KINDS.index(_kind(one.key)))
    return {one.key: one for one in found}


def _kind(key: str) -> str:
    return key.partition(".")[0]


def _parts(rules: Iterable[Rule], *kinds: type[Any]) -> Collection[Any]:
    """What stands in the rules that a site may change, each once by identity: rules share their numbers."""
    found: list[Any] = [part for rule in rules if not rule.safety for part in found_in(rule, *kinds)]
    return {id(part): part for part in found}.values()


def _in_part(part: Span | MarkerLimits | MoodDomain) -> Iterator[Settable]:
    """The numbers of a span, of the classes of CRP, or of the instruments that are compared in time."""
    if isinstance(part, Span):
        least, most = Decimal(part.at_least), Decimal(part.at_most)
        yield Settable(f"spans.{part.name}", Decimal(part.days), least, most, "days", whole=True)
    elif isinstance(part, MarkerLimits):
        yield Settable(LOW_CRP_LIMIT, part.low, _LEAST_LOW_CRP, _MOST_LOW_CRP, "mg/L", whole=False)
    else:
        for scale in part.series:
            yield from _of_instrument(scale)


def _of_instrument(scale: Instrument) -> Iterator[Settable]:
    """No limit that every score reaches, and no change that is none."""
    finest = Decimal(1) if scale.whole else Decimal("0.01")
    key = f"instruments.{scale.key}."
    if scale.elevated is not None:
        least, most = max(scale.elevated - _POINTS, scale.low + finest), min(scale.elevated + _POINTS, scale.high)
        yield Settable(f"{key}elevated", scale.elevated, least, most, "points", scale.whole)
    step = _step(scale)
    assert step is not None  # noqa: S101 - rules compare in time those scales alone that say what a change is
    yield Settable(f"{key}change", step, max(step - _POINTS, finest), step + _POINTS, "points", scale.whole)


def _step(scale: Instrument) -> Decimal | None:
    return scale.fall if scale.worse_by is None else scale.worse_by


def with_thresholds(
    rules: tuple[Rule, ...], chosen: Thresholds
) -> tuple[tuple[Rule, ...], dict[Instrument, Instrument]]:
    """The rules with a site's numbers, and its instruments by those they take the place of.

    Safety rules stay as they are. Raises `WrongThreshold`.
    """
    taken = _taken(chosen, settable(rules))
    parts = _parts(rules, Span, MarkerLimits, Instrument)
    copies: dict[int, Any] = {id(part): own for part in parts if (own := _moved(part, taken)) is not part}
    if not copies:
        return rules, {}
    scales = {part: copies[id(part)] for part in parts if isinstance(part, Instrument) and id(part) in copies}
    return tuple(rule if rule.safety else _with(rule, copies) for rule in rules), scales


def _taken(chosen: Thresholds, known: Mapping[str, Settable]) -> dict[str, Decimal]:
    given = {f"spans.{name}": Decimal(days) for name, days in chosen.spans.items()}
    if chosen.low_crp_limit is not None:
        given[LOW_CRP_LIMIT] = chosen.low_crp_limit
    for name, numbers in chosen.instruments.items():
        given |= {f"instruments.{name}.{part}": number for part, number in numbers.items()}
    return {key: _known(key, known).taken(value) for key, value in given.items()}


def _known(key: str, known: Mapping[str, Settable]) -> Settable:
    if key not in known:
        kind = _kind(key)
        near = difflib.get_close_matches(key, known, n=1)
        others = ", ".join(sorted(one for one in known if one.startswith(kind)))
        hint = f"did you mean {near[0]}?" if near else f"there are: {others}"
        raise WrongThreshold(f"a site cannot set {key}; {hint}")
    return known[key]


def _moved(part: Span | MarkerLimits | Instrument, taken: Mapping[str, Decimal]) -> Span | MarkerLimits | Instrument:
    """The part with a site's number; itself where the site has set none, or the same."""
    if isinstance(part, Instrument):
        return _moved_scale(part, taken)
    if isinstance(part, Span):
        days = int(taken.get(f"spans.{part.name}", part.days))
        return part if days == part.days else dataclasses.replace(part, days=days)
    low = taken.get(LOW_CRP_LIMIT, part.low)
    return part if low == part.low else dataclasses.replace(part, low=low)


def _moved_scale(scale: Instrument, taken: Mapping[str, Decimal]) -> Instrument:
    """The instrument with a site's limit and step; the bands below the limit stay below it."""
    changes: dict[str, Any] = {}
    elevated = taken.get(f"instruments.{scale.key}.elevated", scale.elevated)
    if elevated is not None and elevated != scale.elevated:
        changes["elevated"] = elevated
        if scale.mild is not None:
            changes["mild"] = min(scale.mild, elevated)
        if scale.minimal is not None:
            changes["minimal"] = min(scale.minimal, elevated - 1)
    step = taken.get(f"instruments.{scale.key}.change", _step(scale))
    if step is not None and step != _step(scale):
        changes["fall" if scale.worse_by is None else "worse_by"] = step
    return dataclasses.replace(scale, **changes) if changes else scale


def _with(value: Any, copies: dict[int, Any]) -> Any:
    """The value with what was copied in place; what was one value stays one: rules tell criteria apart by identity."""
    if isinstance(value, tuple):
        return tuple(_with(part, copies) for part in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if id(value) not in copies:
        old = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        new = {name: _with(part, copies) for name, part in old.items()}
        is_same = all(new[name] is part or new[name] == part for name, part in old.items())
        copies[id(value)] = value if is_same else dataclasses.replace(value, **new)
    return copies[id(value)]
