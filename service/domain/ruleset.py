"""The effective rule set: rules with a site's choices, and the digest that names exactly this set in every answer."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import itertools
from enum import Enum
from typing import TYPE_CHECKING, Any

from service.domain.thresholds import Thresholds, with_thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.rule import Rule

VERSION = "1.0.0"


class UnknownRule(ValueError):
    """A site names a rule that does not exist, that may not be switched (so), or that it switches in two ways."""


class RuleSet:
    """Rules in order of evaluation, those that are off or in shadow, and what else decides: zone, locale, site codes.

    A rule in `shadow` is judged and recorded, and nothing of it is shown. `thresholds` hold in every rule but the
    safety rules; `scales` are the instruments that a site has other limits for, by those they take the place of.
    """

    __slots__ = ("_digest", "_site_codes", "locale", "off", "rules", "scales", "shadow", "time_zone", "version")

    def __init__(
        self,
        rules: tuple[Rule, ...],
        *,
        on: Iterable[str] = (),
        off: Iterable[str] = (),
        shadow: Iterable[str] = (),
        time_zone: str = "UTC",
        locale: str = "",
        site_codes: bytes = b"",
        thresholds: Thresholds | None = None,
    ) -> None:
        """Raises `UnknownRule` for what cannot be switched so, and `WrongThreshold` for what cannot be set so."""
        self.rules, self.scales = with_thresholds(rules, thresholds) if thresholds else (rules, {})
        self.version = VERSION
        self.time_zone = time_zone
        self.locale = locale
        names = {rule.name: rule for rule in rules}
        lists = {"on": _known(on, names), "off": _known(off, names), "shadow": _known(shadow, names)}
        _require_one_list(lists)
        for name in (*lists["off"], *lists["shadow"]):
            if names[name].safety:
                raise UnknownRule(f"{name} is a safety rule and can be neither off nor in shadow; leave it out")
        self.shadow = lists["shadow"]
        judged = lists["on"] | lists["shadow"]
        self.off = lists["off"].union(rule.name for rule in rules if not rule.on_by_default and rule.name not in judged)
        _require_what_sentences_rest_on(self.rules, self.off, self.shadow)
        self._site_codes = site_codes
        self._digest = ""

    def hides(self, rule: Rule) -> bool:
        """Whether a rule raises no flag here, whatever it would find."""
        return rule.name in self.off or rule.name in self.shadow

    @property
    def digest(self) -> str:
        """Names this set and every choice in it; made once, when first asked for."""
        self._digest = self._digest or self._computed()
        return self._digest

    def _computed(self) -> str:
        sha = hashlib.sha256()
        for rule in self.rules:
            sha.update(canonical(rule).encode())
        choices = (sorted(self.shadow), sorted(self.off), self.time_zone, self.locale, self.version)
        sha.update(repr(choices).encode())
        sha.update(self._site_codes)
        return sha.hexdigest()[:16]


def _known(names: Iterable[str], rules: dict[str, Rule]) -> frozenset[str]:
    found = frozenset(names)
    for name in sorted(found):
        if name not in rules:
            near = difflib.get_close_matches(name, rules, n=1)
            hint = f"did you mean {near[0]}?" if near else f"rules are: {', '.join(rules)}"
            raise UnknownRule(f"there is no rule {name}; {hint}")
    return found


def _require_one_list(lists: dict[str, frozenset[str]]) -> None:
    for one, other in itertools.combinations(lists, 2):
        for name in sorted(lists[one] & lists[other]):
            raise UnknownRule(f"{name} is in two lists, {one} and {other}; leave it out of one")


def _require_what_sentences_rest_on(rules: tuple[Rule, ...], off: frozenset[str], shadow: frozenset[str]) -> None:
    """A rule that is shown says nothing which is true only while another one would be shown in its place."""
    for rule in rules:
        missing = sorted((off | shadow).intersection(rule.rests_on_absence_of))
        if missing and rule.name not in off | shadow:
            name = missing[0]
            how = "off" if name in off else "in shadow"
            raise UnknownRule(
                f"{rule.name} says what is true only where {name} finds nothing, and {name} is {how}; "
                f"put {rule.name} off or in shadow as well, or leave {name} on"
            )


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
