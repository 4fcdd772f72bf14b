"""The effective rule set: rules with a site's choices, and the digest that names exactly this set in every answer."""

from __future__ import annotations

import dataclasses
import hashlib
from enum import Enum
from typing import TYPE_CHECKING, Any

from service.domain.days import Span
from service.domain.reads import spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.domain.rule import Rule

VERSION = "1.0.0"


class UnknownRule(ValueError):
    """A setting names a rule that does not exist or may not be switched."""


class WrongSpan(UnknownRule):
    """A setting names a span of time that no rule has, or a number of days outside its range."""


class RuleSet:
    """Rules in order of evaluation, those switched off or muted, and what else decides: zone, locale, site codes.

    `spans` are numbers of days by the name of a span; they hold in every rule but the safety rules.
    """

    __slots__ = ("_digest", "_site_codes", "locale", "muted", "off", "rules", "time_zone", "version")

    def __init__(
        self,
        rules: tuple[Rule, ...],
        *,
        on: Iterable[str] = (),
        muted: Iterable[str] = (),
        time_zone: str = "UTC",
        locale: str = "",
        site_codes: bytes = b"",
        spans: Mapping[str, int] | None = None,
    ) -> None:
        """Raises `UnknownRule` for a name that is not a rule, and for muting a safety rule; `WrongSpan` for a span."""
        self.rules = with_spans(rules, spans) if spans else rules
        self.version = VERSION
        self.time_zone = time_zone
        self.locale = locale
        names = {rule.name: rule for rule in rules}
        self.muted = frozenset(_known(muted, names))
        switched_on = frozenset(_known(on, names))
        for name in self.muted:
            if names[name].safety:
                raise UnknownRule(f"{name} is a safety rule and cannot be muted")
        self.off = frozenset(r.name for r in rules if not r.on_by_default and r.name not in switched_on)
        self._site_codes = site_codes
        self._digest = ""

    @property
    def digest(self) -> str:
        """Names this set and every choice in it; made once, when first asked for."""
        self._digest = self._digest or self._computed()
        return self._digest

    def _computed(self) -> str:
        sha = hashlib.sha256()
        for rule in self.rules:
            sha.update(canonical(rule).encode())
        choices = (sorted(self.muted), sorted(self.off), self.time_zone, self.locale, self.version)
        sha.update(repr(choices).encode())
        sha.update(self._site_codes)
        return sha.hexdigest()[:16]


def with_spans(rules: tuple[Rule, ...], days: Mapping[str, int]) -> tuple[Rule, ...]:
    """The rules with other numbers of days in these spans; safety rules stay as they are. Raises `WrongSpan`."""
    known = {span.name: span for rule in rules if not rule.safety for span in spans_of(rule)}
    for name, number in days.items():
        if name not in known:
            raise WrongSpan(f"there is no span {name}; spans are: {', '.join(sorted(known))}")
        span = known[name]
        if not span.at_least <= number <= span.at_most:
            raise WrongSpan(f"{name} may be {span.at_least} to {span.at_most} days, not {number}")
    chosen = {name: dataclasses.replace(known[name], days=number) for name, number in days.items()}
    copies: dict[int, Any] = {}
    return tuple(rule if rule.safety else _with(rule, chosen, copies) for rule in rules)


def _with(value: Any, chosen: Mapping[str, Span], copies: dict[int, Any]) -> Any:
    """The value with these spans; what was one value stays one, since rules tell criteria apart by identity."""
    if isinstance(value, Span):
        return chosen.get(value.name, value)
    if isinstance(value, tuple):
        return tuple(_with(part, chosen, copies) for part in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if id(value) not in copies:
        old = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        new = {name: _with(part, chosen, copies) for name, part in old.items()}
        is_same = all(new[name] is part or new[name] == part for name, part in old.items())
        copies[id(value)] = value if is_same else dataclasses.replace(value, **new)
    return copies[id(value)]


def _known(names: Iterable[str], rules: dict[str, Rule]) -> list[str]:
    found = list(names)
    for name in found:
        if name not in rules:
            raise UnknownRule(f"there is no rule {name}; rules are: {', '.join(rules)}")
    return found


def canonical(value: Any) -> str:
    """A stable spelling of a frozen value and all it holds, so that a changed number changes the digest."""
    if isinstance(value, Enum):
        return repr(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = (f"{f.name}={canonical(getattr(value, f.name))}" for f in dataclasses.fields(value))
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, tuple):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    return repr(value)
