"""What stays the same from request to request: the effective rule set, the codes, the zone; loaded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from service.domain.ruleset import RuleSet, UnknownRule
from service.fhir.concept_maps import ConceptMapUnreadable, read_concept_map
from service.rules import RULES
from service.settings import SettingsError, variable_of
from service.terminology import Terminology, UnusableMapping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

    from service.settings import Settings


class Context(NamedTuple):
    """Everything but the request that decides an answer."""

    rule_set: RuleSet
    terminology: Terminology
    zone: tzinfo
    max_entries: int

    @classmethod
    def load(cls, settings: Settings) -> Context:
        """The context of a site's settings; raises `SettingsError` naming the one that cannot be used."""
        terminology = Terminology.default()
        if settings.concept_map is not None:
            terminology = _with_site_codes(terminology, settings.concept_map)
        _require_rules("rules_on", on=settings.rules_on)
        _require_rules("muted", muted=settings.muted)
        _require_rules("spans", spans=settings.spans)
        rule_set = RuleSet(
            RULES,
            on=settings.rules_on,
            muted=settings.muted,
            spans=settings.spans,
            time_zone=settings.time_zone,
            locale=settings.locale,
            site_codes=terminology.digest_parts(),
        )
        return cls(rule_set, terminology, ZoneInfo(settings.time_zone), settings.max_entries)


def _with_site_codes(terminology: Terminology, path: Path) -> Terminology:
    place = f"{variable_of('concept_map')}: {path}"
    try:
        return terminology.with_site_map(read_concept_map(path.read_bytes()))
    except OSError as error:
        raise SettingsError(f"{place} cannot be read ({error.strerror})") from error
    except ConceptMapUnreadable as error:
        raise SettingsError(f"{place}: {error.expression}: {error.text}") from error
    except UnusableMapping as error:
        raise SettingsError(f"{place}: {error}") from error


def _require_rules(
    setting: str, *, on: tuple[str, ...] = (), muted: tuple[str, ...] = (), spans: Mapping[str, int] | None = None
) -> None:
    """Makes a set of rules with one setting alone, so that the error can name it."""
    try:
        RuleSet(RULES, on=on, muted=muted, spans=spans or {})
    except UnknownRule as error:
        raise SettingsError(f"{variable_of(setting)}: {error}") from error
