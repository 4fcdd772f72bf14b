"""What stays the same from request to request: the effective rule set, the codes, the zone; loaded once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from service.domain.needs import needs
from service.domain.ruleset import RuleSet, UnknownRule
from service.domain.thresholds import WrongThreshold
from service.fhir.concept_maps import ConceptMapUnreadable, read_concept_map
from service.fhir.reading.nesting import LIMITS, ReadingLimits
from service.rules import RULES
from service.settings import SettingsError, variable_of
from service.settings.site_rules import SiteRules, SiteRulesUnreadable, read_site_rules
from service.terminology import Terminology, UnusableMapping

if TYPE_CHECKING:
    from datetime import tzinfo

    from service.domain.reads import Subject
    from service.settings import Settings
    from service.terminology.answers import Asked


class SiteFiles(NamedTuple):
    """The files of a site that decide answers, as they were read: the rules and the codes; None where there is none."""

    site_rules: bytes | None
    concept_map: bytes | None

    @classmethod
    def read(cls, settings: Settings) -> SiteFiles:
        """The files as they are now; raises `SettingsError` naming the one that cannot be read."""
        return cls(_bytes("site_rules", settings), _bytes("concept_map", settings))


class Context(NamedTuple):
    """Everything but the request that decides an answer."""

    rule_set: RuleSet
    terminology: Terminology
    zone: tzinfo
    max_entries: int
    limits: ReadingLimits = LIMITS

    @classmethod
    def load(cls, settings: Settings, files: SiteFiles | None = None) -> Context:
        """The context of a site's settings, with its files as they are now if they were not read already.

        Raises `SettingsError` naming the setting that cannot be used.
        """
        files = files or SiteFiles.read(settings)
        terminology = _terminology(settings, files)
        rule_set = _rule_set(settings, files.site_rules, terminology.digest_parts())
        limits = ReadingLimits(settings.max_depth, settings.max_references)
        return cls(rule_set, terminology, ZoneInfo(settings.time_zone), settings.max_entries, limits)


def require_safety_codes(settings: Settings, before: SiteFiles, now: SiteFiles) -> None:
    """Raises `SettingsError` where codes of the site that safety rules read `before` would be lost `now`.

    An emptied or cut file would silence them, and nobody would notice: only a restart goes without these codes.
    """
    old, new = _terminology(settings, before), _terminology(settings, now)
    read = _read_by_safety_rules()
    lost = [
        code for code in old.site_codes if any(_target(one) in read for one in old.read_as(*code) - new.read_as(*code))
    ]
    if lost:
        raise SettingsError(
            f"{_place('concept_map', settings)}: {len(lost)} codes that safety rules read are no longer mapped to what "
            "they were; this needs a restart, or map them again"
        )


@cache
def _read_by_safety_rules() -> frozenset[Subject | None]:
    """What safety rules read; None stands for any finding, to which there is a yes or a no."""
    return frozenset({None, *(one for rule in RULES if rule.safety for need in needs(rule) for one in need.subjects)})


def _target(read: Subject | tuple[Asked, int]) -> Subject | None:
    return read[0] if isinstance(read, tuple) else read


def _terminology(settings: Settings, files: SiteFiles) -> Terminology:
    terminology = Terminology.default()
    if files.concept_map is None:
        return terminology
    return _with_site_codes(terminology, files.concept_map, _place("concept_map", settings))


def _place(setting: str, settings: Settings) -> str:
    return f"{variable_of(setting)}: {getattr(settings, setting)}"


def _bytes(setting: str, settings: Settings) -> bytes | None:
    path = getattr(settings, setting)
    try:
        return None if path is None else bytes(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{_place(setting, settings)} cannot be read ({error.strerror})") from error


def _with_site_codes(terminology: Terminology, content: bytes, place: str) -> Terminology:
    try:
        return terminology.with_site_map(read_concept_map(content))
    except ConceptMapUnreadable as error:
        raise SettingsError(f"{place}: {error.expression}: {error.text}") from error
    except UnusableMapping as error:
        raise SettingsError(f"{place}: {error}") from error


def _rule_set(settings: Settings, content: bytes | None, site_codes: bytes) -> RuleSet:
    try:
        chosen = SiteRules() if content is None else read_site_rules(content)
        return RuleSet(
            RULES,
            on=chosen.on,
            off=chosen.off,
            shadow=chosen.shadow,
            thresholds=chosen.thresholds,
            time_zone=settings.time_zone,
            locale=settings.locale,
            site_codes=site_codes,
        )
    except (SiteRulesUnreadable, UnknownRule, WrongThreshold) as error:
        raise SettingsError(f"{_place('site_rules', settings)}: {error}") from error
