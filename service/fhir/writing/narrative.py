"""The generated, escaped narrative of a Flag and a CarePlan: what is read when nothing else is shown."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from service.domain.days import iso
from service.domain.recognition import key_of
from service.domain.wording import FOOTER
from service.fhir.writing.elements import Json, clean
from service.fhir.writing.rules import PRIORITY_DISPLAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.findings import FlagFinding, PlannedActivity
    from service.fhir.writing.rules import SpelledRule

_OPEN: Final = '<div xmlns="http://www.w3.org/1999/xhtml">'
_FOOTER: Final = f"<p>{escape(FOOTER, quote=False)}</p>"


def _escaped(text: str) -> str:
    return escape(clean(text), quote=False)


def narrate_flag(finding: FlagFinding, rule: SpelledRule, sentence: str, evidence: Iterable[Json]) -> Json:
    """Title and priority, the (clean) sentence, what it rests on, how strong that is, the footer if not yet said."""
    shown = _escaped("; ".join([_shown(reference) for reference in evidence]))
    rests = f"<p>Evidence: {shown}</p>" if shown else ""
    footer = "" if FOOTER in sentence else _FOOTER
    return _generated(
        f"<p><b>{rule.title}</b> ({PRIORITY_DISPLAY[finding.priority]})</p>"
        f"<p>{escape(sentence, quote=False)}</p>{rests}<p>{rule.strength}</p>{footer}"
    )


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
    items = "".join([f"<li>{_escaped(_activity(activity))}</li>" for activity in activities])
    return _generated(f"<p><b>{_escaped(title)}</b></p><ul>{items}</ul>{_FOOTER}")


def _activity(activity: PlannedActivity) -> str:
    until = "" if activity.end is None or activity.end <= activity.start else f" to {iso(activity.end)}"
    rules = ", ".join([rule.title for rule in activity.rules])
    return f"{activity.description} ({iso(activity.start)}{until}; {rules})"


def _generated(inside: str) -> Json:
    return {"status": "generated", "div": f"{_OPEN}{inside}</div>"}
