"""A finding as a Flag: a new one, or the one that the caller sent back with its new state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.days import iso
from service.domain.findings import FlagState
from service.domain.recognition import key_of
from service.fhir.addresses import CLOSED_BY_RULE, FLAG_DETAIL, FLAG_PRIORITY, FLAG_SID, INSTANTIATES
from service.fhir.writing.elements import DEVICE, Json, clean, spell_closing, spell_labels
from service.fhir.writing.narrative import narrate_flag
from service.fhir.writing.received import ReceivedResource
from service.fhir.writing.rules import PRIORITY_EXTENSION, spell_rule

if TYPE_CHECKING:
    import msgspec

    from service.domain.findings import FlagFinding
    from service.fhir.writing.frame import Frame
    from service.fhir.writing.rules import SpelledRule

_STATUS: Final = {
    FlagState.ACTIVE: "active",
    FlagState.INACTIVE: "inactive",
    FlagState.RETRACTED: "entered-in-error",
}
_HISTORY: Final = "/_history/"
_OURS: Final = frozenset({FLAG_PRIORITY, FLAG_DETAIL, INSTANTIATES, CLOSED_BY_RULE})


def write_flag(finding: FlagFinding, frame: Frame) -> Json:
    """A Flag that nobody has stored yet."""
    rule = spell_rule(finding.rule)
    flag: Json = {"resourceType": "Flag"}
    labels = spell_labels(finding.evidence, frame.labels)
    if labels:
        flag["meta"] = {"security": labels}
    evidence = list(map(frame.reference, finding.evidence))
    sentence = clean(finding.sentence)
    flag["text"] = narrate_flag(finding, rule, sentence, evidence)
    flag["extension"] = _extensions(finding, rule, evidence)
    flag["identifier"] = [{"system": FLAG_SID, "value": finding.identifier}]
    flag["status"] = _STATUS[finding.state]
    flag["category"] = rule.categories
    flag["code"] = {"coding": [rule.coding], "text": sentence}
    flag["subject"] = frame.subject
    period = _period(finding)
    if period:
        flag["period"] = period
    flag["author"] = DEVICE
    return flag


def revise_flag(finding: FlagFinding, frame: Frame, received: bytes | msgspec.Raw) -> ReceivedResource:
    """The received Flag with status, period, code.text, text, our extensions and missing labels set anew."""
    rule, flag = spell_rule(finding.rule), ReceivedResource(received)
    held = [frame.storable(one) for one in _details(flag)]
    # A flag that is closed goes on naming what it was raised for, beside what closed it.
    named = [] if finding.state is FlagState.ACTIVE else list(held)
    named += _as_held(held, [frame.reference(one) for one in finding.evidence])
    evidence = [one for index, one in enumerate(named) if one not in named[:index]]
    flag.replace("status", _STATUS[finding.state])
    flag.replace("period", _revised_period(finding, flag))
    sentence = clean(finding.sentence)
    flag.replace_part("code", "text", sentence)
    flag.replace("text", narrate_flag(finding, rule, sentence, evidence))
    flag.replace_extensions(_OURS.__contains__, _extensions(finding, rule, evidence))
    flag.add_labels(spell_labels(finding.evidence, frame.labels))
    return flag


def _extensions(finding: FlagFinding, rule: SpelledRule, evidence: list[Json]) -> list[Json]:
    details = [{"url": FLAG_DETAIL, "valueReference": reference} for reference in evidence]
    extensions = [PRIORITY_EXTENSION[finding.priority], *details, rule.instantiates]
    if finding.closed_reason:
        extensions.append(spell_closing(finding.closed_reason))
    return extensions


def _details(flag: ReceivedResource) -> list[Json]:
    extensions = flag.value("extension") or ()
    return [one["valueReference"] for one in extensions if one.get("url") == FLAG_DETAIL and one.get("valueReference")]


def _as_held(held: list[Json], evidence: list[Json]) -> list[Json]:
    """Evidence as its server spells it, with its address or without; a version may be older than what was read."""
    spelled = {key_of(text): one for one in held if (text := str(one.get("reference", ""))) and _HISTORY not in text}
    return [spelled.get(key_of(one["reference"]), one) if "reference" in one else one for one in evidence]


def _period(finding: FlagFinding) -> Json:
    period: Json = {}
    if finding.start is not None:
        period["start"] = iso(finding.start)
    if finding.end is not None:
        # A check as of an earlier day may close a flag that began later; no period ends before it starts.
        period["end"] = iso(max(finding.end, finding.start or finding.end))
    return period


def _revised_period(finding: FlagFinding, flag: ReceivedResource) -> Json | None:
    """What came stands while it names the same days; else both ends are dates, which can be compared."""
    received, period = flag.value("period") or {}, _period(finding)
    same = all(str(received.get(end, ""))[:10] == period.get(end, "") for end in ("start", "end"))
    return received if received and same else period or None
