"""The effective rule set: rules with a site's choices, and the digest that names exactly this set in every answer."""

from __future__ import annotations

import dataclasses
import hashlib
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.rule import Rule

VERSION = "1.0.0"


class UnknownRule(ValueError):
    """A setting names a rule that does not exist or may not be switched."""


class RuleSet:
    """Rules in order of evaluation, those switched off or muted, and what else decides: zone, locale, site codes."""

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
    ) -> None:
        """Raises `UnknownRule` for a name that is not a rule, and for muting a safety rule."""
        self.rules = rules
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
