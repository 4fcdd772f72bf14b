"""What a click stores: the Flag, or all Flags with the draft CarePlan that refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.domain.findings import FlagState
from service.fhir.addresses import CARE_PLAN_SID, FLAG_SID
from service.fhir.writing.elements import Json, full_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.domain.findings import Assessment, FlagFinding
    from service.fhir.writing.answer import Entry

_URN: Final = "urn:uuid:"
# Where a plan names the Flags that it answers, and the drafts that it takes over from.
_REFER: Final = ("supportingInfo", "replaces")


class Stored(NamedTuple):
    """The resources of one answer as actions: of each Flag by its identifier, of the plan, and of what closes."""

    flags: Mapping[str, Json]
    plan: Json | None
    closing: tuple[Json, ...]


def actions(assessment: Assessment, entries: Sequence[Entry]) -> Stored:
    """Every resource of the answer that would be stored; new ones have ids by which they refer to one another."""
    by_address = {entry.full_url: entry for entry in entries}
    names = {address: _name(entry) for address, entry in by_address.items()}
    flags, closing = {}, []
    for finding in assessment.flags:
        entry = by_address[full_url(FLAG_SID, finding.identifier)]
        if entry.request is None or finding.identifier in flags:
            continue
        if finding.state is FlagState.ACTIVE:
            verb = "Add" if finding.prior is None else "Update"
            flags[finding.identifier] = _action(entry, f"{verb} the flag: {finding.rule.title}", names)
        else:
            closing.append(_action(entry, f"Close the flag: {finding.rule.title}", names))
    for prior in assessment.revoked:
        entry = by_address[full_url(CARE_PLAN_SID, prior.identifier)]
        closing.append(_action(entry, "Withdraw the earlier draft of the care plan", names))
    return Stored(flags, _plan(assessment, by_address, names), tuple(closing))


def suggest(
    stored: Stored, flags: Sequence[FlagFinding], *, with_plan: bool, uuids: Sequence[str]
) -> list[dict[str, Any]]:
    """The suggestions of one card, each with its uuid: its own flags, and everything at once."""
    own = [stored.flags[flag.identifier] for flag in flags if flag.identifier in stored.flags]
    found = []
    if own:
        one = "Record this flag" if len(own) == 1 else f"Record these {len(own)} flags"
        found.append({"label": one, "uuid": uuids[0], "actions": own})
    if with_plan and stored.plan is not None:
        every = [*stored.flags.values(), stored.plan]
        many = len(stored.flags)
        flags_too = {0: "", 1: "the flag and "}.get(many, f"all {many} flags and ")
        label = f"Record {flags_too}the draft care plan"
        found.append({"label": label, "uuid": uuids[1], "actions": every})
    return found


def _plan(assessment: Assessment, by_address: Mapping[str, Entry], names: Mapping[str, str]) -> Json | None:
    """The proposal, unless the record has it."""
    plan = assessment.plan
    if plan is None or any(prior.identifier == plan.identifier for prior in assessment.chart.plans):
        return None
    entry = by_address[full_url(CARE_PLAN_SID, plan.identifier)]
    return _action(entry, "Add the draft care plan: follow-up for a clinician to decide on", names)


def _action(entry: Entry, description: str, names: Mapping[str, str]) -> Json:
    assert entry.request is not None  # noqa: S101 - what is not stored is no action
    kind = "create" if entry.request["method"] == "POST" else "update"
    return {"type": kind, "description": description, "resource": _named(entry, names)}


def _named(entry: Entry, names: Mapping[str, str]) -> Json:
    """A new resource with an id, its references to others of the answer by theirs; a stored one as it is."""
    resource: Json = entry.resource
    if resource.get("id") or not isinstance(resource["resourceType"], str):
        return resource
    kind, identity = names[entry.full_url].split("/")
    referring: Json = {
        name: [_named_reference(one, names) for one in resource[name]] for name in _REFER if name in resource
    }
    return {"resourceType": kind, "id": identity, **resource, **referring}


def _named_reference(reference: Json, names: Mapping[str, str]) -> Json:
    literal = reference.get("reference", "")
    return {**reference, "reference": names[literal]} if literal in names else reference


def _name(entry: Entry) -> str:
    """How others refer to a resource: by the id that it has, or by the one that it is given for this answer."""
    resource = entry.resource
    if entry.request is not None and entry.request["method"] == "PUT":
        return str(entry.request["url"])
    kind = resource["resourceType"] if isinstance(resource, dict) else "Flag"
    return f"{kind}/{entry.full_url.removeprefix(_URN)}"
