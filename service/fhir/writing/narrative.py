"""The generated, escaped narrative of a Flag and a CarePlan: what is read when nothing else is shown."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from service.domain.days import iso
from service.domain.recognition import key_of
from service.domain.wording import FOOTER
from service.fhir.writing.elements import Json, clean
from service.fhir.writing.rules import PRIORITY_DISPLAY, spell_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.findings import FlagFinding, PlannedActivity
    from service.fhir.writing.rules import SpelledRule

_OPEN: Final = '<div xmlns="http://www.w3.org/1999/xhtml">'
_ALL_TEXT: Final = {str}
_FOOTER: Final = f"<p>{escape(FOOTER, quote=False)}</p>"


def _escaped(text: str) -> str:
    return escape(clean(text), quote=False)


def narrate_flag(finding: FlagFinding, rule: SpelledRule, sentence: str, evidence: list[Json]) -> Json:
    """Title and priority, the (clean) sentence, what it rests on, how strong that is, the footer if not yet said."""
    shown = _escaped(_names(evidence))
    rests = f"<p>Evidence: {shown}</p>" if shown else ""
    footer = "" if FOOTER in sentence else _FOOTER
    return _generated(
        f"<p><b>{rule.title}</b> ({PRIORITY_DISPLAY[finding.priority]})</p>"
        f"<p>{escape(sentence, quote=False)}</p>{rests}<p>{rule.strength}</p>{footer}"
    )


def _names(evidence: list[Json]) -> str:
    literals: list[Any] = [reference.get("reference") for reference in evidence]
    if {*map(type, literals)} == _ALL_TEXT and "" not in literals:
        every = "; ".join(literals)
        # None has a server, a version or a fragment: each is its own name.
        if ":" not in every and "#" not in every and "/_history/" not in every:
            return every
    return "; ".join([_shown(reference) for reference in evidence])


def _shown(reference: Json) -> str:
    """The name of a piece of evidence, without its server; a received Flag may hold a reference that names nothing."""
    literal = reference.get("reference")
    if literal:
        return key_of(str(literal))
    if reference.get("display"):
        return str(reference["display"])
    identifier = reference.get("identifier")
    value = identifier.get("value") if isinstance(identifier, dict) else None
    return str(value or "not named")


def narrate_plan(title: str, activities: Iterable[PlannedActivity]) -> Json:
    """The proposed activities with their dates and the rules that asked for them."""
    items = "".join([f"<li>{_activity(activity)}</li>" for activity in activities])
    return _generated(f"<p><b>{_worded(title)}</b></p><ul>{items}</ul>{_FOOTER}")


# What actions are called are words of rules, of which a few are put together.
@lru_cache(maxsize=512)
def _worded(text: str) -> str:
    return _escaped(text)


def _activity(activity: PlannedActivity) -> str:
    until = "" if activity.end is None or activity.end <= activity.start else f" to {iso(activity.end)}"
    rules = ", ".join([spell_rule(rule).title for rule in activity.rules])
    return f"{_worded(activity.description)} ({iso(activity.start)}{until}; {rules})"


def _generated(inside: str) -> Json:
    return {"status": "generated", "div": f"{_OPEN}{inside}</div>"}
