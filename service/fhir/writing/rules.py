"""How a rule is spelled in FHIR, prepared once for each rule and shared by every answer."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from service.domain.rule import Category, Priority
from service.fhir.addresses import (
    FLAG_CATEGORY_SYSTEM,
    FLAG_PRIORITY,
    FLAG_PRIORITY_SYSTEM,
    INSTANTIATES,
    PLAN_DEFINITION,
    RULE_SYSTEM,
)
from service.fhir.writing.elements import Json

if TYPE_CHECKING:
    from service.domain.rule import Rule

_CATEGORY_DISPLAY: Final = {
    Category.DRUG: "Drug",
    Category.LAB: "Lab",
    Category.ADMIN: "Administrative",
    Category.CLINICAL: "Clinical",
    Category.BEHAVIORAL: "Behavioral",
    Category.SAFETY: "Safety",
}
PRIORITY_DISPLAY: Final = {
    Priority.PH: "High priority",
    Priority.PM: "Medium priority",
    Priority.PL: "Low priority",
}
PRIORITY_EXTENSION: Final[dict[Priority, Json]] = {
    priority: {
        "url": FLAG_PRIORITY,
        "valueCodeableConcept": {
            "coding": [{"system": FLAG_PRIORITY_SYSTEM, "code": priority.value, "display": display}]
        },
    }
    for priority, display in PRIORITY_DISPLAY.items()
}


class SpelledRule:
    """The constant parts of what is written about one rule."""

    __slots__ = ("canonical", "categories", "coding", "instantiates", "reason", "rule", "strength", "title")

    def __init__(self, rule: Rule) -> None:
        """Spells `rule`, and holds it so that its identity stays its own."""
        self.rule = rule
        self.canonical = f"{PLAN_DEFINITION}/{rule.name}|{rule.version}"
        self.coding: Json = {"system": RULE_SYSTEM, "code": rule.name, "display": rule.title}
        self.reason: Json = {"coding": [self.coding]}
        self.instantiates: Json = {"url": INSTANTIATES, "valueCanonical": self.canonical}
        self.categories = [_category(category) for category in rule.categories]
        self.title = escape(rule.title, quote=False)
        self.strength = escape(_strength(rule), quote=False)


def _category(category: Category) -> Json:
    coding = {"system": FLAG_CATEGORY_SYSTEM, "code": category.value, "display": _CATEGORY_DISPLAY[category]}
    return {"coding": [coding]}


def _strength(rule: Rule) -> str:
    grades = "; ".join(dict.fromkeys(piece.grade.value for piece in rule.evidence))
    return f"Strength of evidence: {grades or 'not stated'}. Rule {rule.name}, version {rule.version}."


# By identity: a rule is a deep frozen value whose hash would cost more than its spelling.
_spelled: dict[int, SpelledRule] = {}
_MOST: Final = 1000


def spell_rule(rule: Rule) -> SpelledRule:
    """The rule's spelling, made on first use."""
    spelled = _spelled.get(id(rule))
    if spelled is None:
        if len(_spelled) >= _MOST:
            _spelled.clear()
        spelled = _spelled[id(rule)] = SpelledRule(rule)
    return spelled
