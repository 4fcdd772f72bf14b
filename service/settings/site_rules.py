"""The TOML file that `MOODMARKER_SITE_RULES` names: what a site switches and sets of the rules."""

from __future__ import annotations

import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from service.domain.thresholds import LOW_CRP_LIMIT, Thresholds
from service.settings.file import nearest

_LISTS: Final = ("on", "off", "shadow")
_KEYS: Final = (*_LISTS, LOW_CRP_LIMIT, "spans", "instruments")
_OF_AN_INSTRUMENT: Final = ("elevated", "change")
_DEEP: Final = "it is nested too deeply"


class SiteRulesUnreadable(ValueError):
    """The file of rules is no TOML or not of its shape; the text names the key and the remedy."""


class SiteRules(NamedTuple):
    """What a site's file says: rules to switch on, off and into shadow, and numbers; none of it looked up yet."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    shadow: tuple[str, ...] = ()
    thresholds: Thresholds = Thresholds()


def read_site_rules(content: bytes) -> SiteRules:
    """Reads the file; raises `SiteRulesUnreadable` for what is not of its shape."""
    given = _parsed(content)
    _require_known(given, _KEYS)
    names = {key: _names(key, given.get(key, [])) for key in _LISTS}
    spans = {name: _days(f"spans.{name}", value) for name, value in _table("spans", given).items()}
    low = given.get(LOW_CRP_LIMIT)
    instruments = {key: _of_instrument(key, given["instruments"]) for key in _table("instruments", given)}
    limit = None if low is None else _number(LOW_CRP_LIMIT, low)
    return SiteRules(**names, thresholds=Thresholds(spans, limit, instruments))


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        # A float of binary digits would not be the number that was written.
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except RecursionError:
        raise SiteRulesUnreadable(f"this is not usable: {_DEEP}") from None
    except InvalidOperation:
        raise SiteRulesUnreadable("a number in it has too many digits") from None
    except ValueError as error:  # of TOML, of UTF-8, and of whole numbers that are too long
        raise SiteRulesUnreadable(f"this is not TOML: {error}") from None


def _require_known(given: dict[str, Any], known: tuple[str, ...], place: str = "") -> None:
    for key in given:
        if key not in known:
            raise SiteRulesUnreadable(f"there is no key {place}{key}{nearest(key, known)}")


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise SiteRulesUnreadable(f'{key} is a list of names of rules, as in {key} = ["mood-screening-overdue"]')
    twice = next((name for name in value if value.count(name) > 1), None)
    if twice is not None:
        raise SiteRulesUnreadable(f"{key} names {twice} twice; leave one out")
    return tuple(value)


def _table(key: str, given: dict[str, Any]) -> dict[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise SiteRulesUnreadable(f"{key} is a table; begin it with a line [{key}]")
    return value


def _days(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SiteRulesUnreadable(f"{key} is a whole number of days, as in {key} = 30")
    return value


def _number(key: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise SiteRulesUnreadable(f"{key} is a number, without quotation marks")
    return Decimal(value)


def _of_instrument(key: str, instruments: dict[str, Any]) -> dict[str, Decimal]:
    value = instruments[key]
    if not isinstance(value, dict):
        raise SiteRulesUnreadable(f"instruments.{key} is a table; begin it with a line [instruments.{key}]")
    _require_known(value, _OF_AN_INSTRUMENT, f"instruments.{key}.")
    return {part: _number(f"instruments.{key}.{part}", number) for part, number in value.items()}
