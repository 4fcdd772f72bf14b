"""What a click stores: the Flag, or all Flags with the draft CarePlan that refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from service.domain.closing import MERGED, PART_OF
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
    """The resources of one answer as actions: of each Flag by its identifier, and of the plan with what it replaces.

    `following` are Flags that end because one of another rule, named here, takes their place. `ending` are those that
    end by themselves: cleared, or their evidence withdrawn.
    """

    flags: Mapping[str, Json]
    plan: tuple[Json, ...]
    following: tuple[tuple[str, Json], ...]
    ending: tuple[Json, ...]


def actions(assessment: Assessment, entries: Sequence[Entry]) -> Stored:
    """Every resource of the answer that would be stored; new ones have ids by which they refer to one another."""
    by_address = {entry.full_url: entry for entry in entries}
    names = {address: _name(entry) for address, entry in by_address.items()}
    flags, following, ending = {}, [], []
    for finding in assessment.flags:
        entry = by_address[full_url(FLAG_SID, finding.identifier)]
        if entry.request is None or finding.identifier in flags:
            continue
        if finding.state is FlagState.ACTIVE:
            verb = "Add" if finding.prior is None else "Update"
            flags[finding.identifier] = _action(entry, f"{verb} the flag: {finding.rule.title}", names)
            continue
        close = _action(entry, f"Close the flag: {finding.rule.title}", names)
        successor = _successor(finding, assessment)
        if successor:
            following.append((successor, close))
        else:
            ending.append(close)
    withdrawn = [
        _action(by_address[full_url(CARE_PLAN_SID, prior.identifier)], "Withdraw the earlier draft of the plan", names)
        for prior in assessment.revoked
    ]
    plan = _plan(assessment, by_address, names)
    if plan is None:
        # Nothing is left that the draft could answer.
        ending += [] if any(flag.is_open for flag in assessment.flags) else withdrawn
        return Stored(flags, (), tuple(following), tuple(ending))
    return Stored(flags, (plan, *withdrawn), tuple(following), tuple(ending))


def suggest(
    stored: Stored, flags: Sequence[FlagFinding], shown: Sequence[FlagFinding] | None, uuids: Sequence[str]
) -> list[dict[str, Any]]:
    """The suggestions of one card, each with its uuid: its own flags, and the plan with all that it answers.

    `shown` are the findings that the plan is stored with; None for a card that does not offer it.
    """
    found = []
    own = _with_followers(stored, flags)
    if own:
        one = "Record this flag" if len(flags) == 1 else f"Record these {len(flags)} flags"
        found.append({"label": one, "uuid": uuids[0], "actions": own})
    if shown is not None and stored.plan:
        recorded = [flag for flag in shown if flag.identifier in stored.flags]
        titles = dict.fromkeys(flag.rule.title for flag in recorded)
        label = "; ".join([*(f"flag: {title}" for title in titles), "draft care plan"])
        every = [*_with_followers(stored, recorded), *stored.plan]
        found.append({"label": f"Record {label}", "uuid": uuids[1], "actions": every})
    return found


def _with_followers(stored: Stored, flags: Sequence[FlagFinding]) -> list[Json]:
    """What stores these flags, and ends those whose place they take."""
    rules = {flag.rule.name for flag in flags}
    own = [stored.flags[flag.identifier] for flag in flags if flag.identifier in stored.flags]
    return own + [close for successor, close in stored.following if successor in rules]


def _successor(closed: FlagFinding, assessment: Assessment) -> str:
    """The rule of the flag that takes a closed one's place and is still to be stored; empty where there is none."""
    waiting = [flag.rule.name for flag in assessment.flags if flag.state is FlagState.ACTIVE and flag.prior is None]
    if closed.closed_reason == MERGED:
        return closed.rule.name if closed.rule.name in waiting else ""
    return next((name for name in waiting if closed.closed_reason == PART_OF.format(rule=name)), "")


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
