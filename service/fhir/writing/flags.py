"""A finding as a Flag: a new one, or the one that the caller sent back with its new state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.days import iso
from service.domain.findings import FlagState
from service.fhir.addresses import CLOSED_BY_RULE, FLAG_DETAIL, FLAG_PRIORITY, FLAG_SID, INSTANTIATES
from service.fhir.writing.elements import DEVICE, Json, clean, spell_labels
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
_OURS: Final = frozenset({FLAG_PRIORITY, FLAG_DETAIL, INSTANTIATES, CLOSED_BY_RULE})


def write_flag(finding: FlagFinding, frame: Frame) -> Json:
    """A Flag that nobody has stored yet."""
    rule = spell_rule(finding.rule)
    flag: Json = {"resourceType": "Flag"}
    labels = spell_labels(finding.evidence)
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
    named = [
        *map(frame.storable, _still_named(finding, flag)),
        *(frame.reference(one) for one in finding.evidence),
    ]
    evidence = [one for index, one in enumerate(named) if one not in named[:index]]
    flag.replace("status", _STATUS[finding.state])
    flag.replace("period", _revised_period(finding, flag))
    sentence = clean(finding.sentence)
    flag.replace_part("code", "text", sentence)
    flag.replace("text", narrate_flag(finding, rule, sentence, evidence))
    flag.replace_extensions(_OURS.__contains__, _extensions(finding, rule, evidence))
    _add_labels(finding, flag)
    return flag


def _extensions(finding: FlagFinding, rule: SpelledRule, evidence: list[Json]) -> list[Json]:
    details = [{"url": FLAG_DETAIL, "valueReference": reference} for reference in evidence]
    extensions = [PRIORITY_EXTENSION[finding.priority], *details, rule.instantiates]
    if finding.closed_reason:
        reason = {"url": "reason", "valueString": clean(finding.closed_reason)}
        extensions.append({"url": CLOSED_BY_RULE, "extension": [reason]})
    return extensions


def _still_named(finding: FlagFinding, flag: ReceivedResource) -> list[Json]:
    """A flag that is closed goes on naming what it was raised for, beside what closed it."""
    if finding.state is FlagState.ACTIVE:
        return []
    extensions = flag.value("extension") or ()
    return [one["valueReference"] for one in extensions if one.get("url") == FLAG_DETAIL and one.get("valueReference")]


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


def _add_labels(finding: FlagFinding, flag: ReceivedResource) -> None:
    labels = spell_labels(finding.evidence)
    held = (flag.value("meta") or {}).get("security") or []
    known = {(label.get("system"), label.get("code")) for label in held}
    missing = [label for label in labels if (label.get("system"), label.get("code")) not in known]
    if missing:
        flag.replace_part("meta", "security", [*held, *missing])
