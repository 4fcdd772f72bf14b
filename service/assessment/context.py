"""What stays the same from request to request: the effective rule set, the codes, the zone; loaded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from service.domain.ruleset import RuleSet
from service.fhir.concept_maps import read_concept_map
from service.rules import RULES
from service.terminology import Terminology

if TYPE_CHECKING:
    from datetime import tzinfo

    from service.settings import Settings


class Context(NamedTuple):
    """Everything but the request that decides an answer."""

    rule_set: RuleSet
    terminology: Terminology
    zone: tzinfo
    max_entries: int

    @classmethod
    def load(cls, settings: Settings) -> Context:
        """The context of a site's settings.

        Raises `UnknownRule` for a rule that does not exist or may not be muted, `ConceptMapUnreadable` and
        `UnusableMapping` for a ConceptMap that cannot be used.
        """
        terminology = Terminology.default()
        if settings.concept_map is not None:
            terminology = terminology.with_site_map(read_concept_map(settings.concept_map.read_bytes()))
        rule_set = RuleSet(
            RULES,
            on=settings.rules_on,
            muted=settings.muted,
            time_zone=settings.time_zone,
            locale=settings.locale,
            site_codes=terminology.digest_parts(),
        )
        return cls(rule_set, terminology, ZoneInfo(settings.time_zone), settings.max_entries)
