"""The whole answer: the entries in their order, as a collection or as a transaction to store."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from service.domain.findings import FlagState
from service.fhir.addresses import CARE_PLAN_SID, FLAG_SID, GUIDANCE_SID
from service.fhir.writing.careplans import revoke_plan, write_plan
from service.fhir.writing.elements import Json, full_url, identity
from service.fhir.writing.flags import revise_flag, write_flag
from service.fhir.writing.frame import Frame
from service.fhir.writing.guidance import guidance_identifier, write_guidance
from service.fhir.writing.outcome import write_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.domain.facts import PriorPlan, Source
    from service.domain.findings import Assessment, FlagFinding, PlanProposal
    from service.domain.ruleset import RuleSet
    from service.fhir.reading.account import Reading
    from service.fhir.writing.received import ReceivedResource
    from service.terminology import Terminology

_encode: Final = msgspec.json.Encoder().encode
NO_IDS: Final[Mapping[str, str]] = MappingProxyType({})


class Entry(NamedTuple):
    """One resource; `request` is None when nothing is to be stored, `reference` is how others name it."""

    full_url: str
    resource: Any
    request: Json | None
    reference: Json


def write_answer(
    assessment: Assessment,
    reading: Reading,
    rule_set: RuleSet,
    *,
    explain: str,
    as_: str,
    terminology: Terminology,
    written: Iterable[Json] = (),
    ids: Mapping[str, str] = NO_IDS,
) -> bytes:
    """The bytes of the answer; `explain` is none, summary or full, `as_` is collection or transaction.

    `written` are issues about what was stored, and `ids` those of the stored resources, by the address of their entry.
    """
    frame = Frame(assessment, in_transaction=as_ == "transaction")
    entries = _entries(assessment, reading, frame)
    if ids:
        entries = [_identified(entry, ids) for entry in entries]
    guidance = _guidance(assessment, frame, terminology) if explain == "full" else []
    outcome = write_outcome(assessment, reading, rule_set, frame, explain, written)
    if frame.in_transaction:
        return _encode(_transaction(entries, guidance, outcome))
    address = full_url("", identity(frame.subject_key, frame.as_of, rule_set.digest))
    last = Entry(address, outcome, None, {"reference": address})
    return _encode(_collection([*entries, *guidance, last]))


def entries_to_store(assessment: Assessment, reading: Reading) -> list[Entry]:
    """The resources of an answer as they are stored, each with the request that stores it, if anything has changed."""
    return _entries(assessment, reading, Frame(assessment, in_transaction=True))


def _entries(assessment: Assessment, reading: Reading, frame: Frame) -> list[Entry]:
    """One resource for each identifier: of several that came with it, the first stands for all."""
    written: dict[str, Entry] = {}
    for flag in assessment.flags:
        if flag.identifier not in written:
            written[flag.identifier] = _flag_entry(flag, reading, frame)
    revoked: dict[str, Entry] = {}
    for prior in assessment.revoked:
        if prior.identifier not in revoked:
            revoked[prior.identifier] = _revoked_entry(prior, reading, frame)
    if assessment.plan is None:
        return [*written.values(), *revoked.values()]
    return [*written.values(), _plan_entry(assessment.plan, frame, written, revoked), *revoked.values()]


def _identified(entry: Entry, ids: Mapping[str, str]) -> Entry:
    """A resource that came without an id, with the one under which it is stored."""
    if not ids.get(entry.full_url) or not isinstance(entry.resource, dict) or "id" in entry.resource:
        return entry
    kind = entry.resource["resourceType"]
    return entry._replace(resource={"resourceType": kind, "id": ids[entry.full_url], **entry.resource})


def _flag_entry(finding: FlagFinding, reading: Reading, frame: Frame) -> Entry:
    address = full_url(FLAG_SID, finding.identifier)
    if finding.prior is None:
        request = _create("Flag", FLAG_SID, finding.identifier)
        return Entry(address, write_flag(finding, frame), request, {"reference": address})
    resource, update = _kept(finding, reading.prior_flags_raw[finding.prior.entry], frame)
    held = _held(finding.prior.source, address, frame, is_written=update is not None)
    return Entry(address, resource, update, held)


def _kept(finding: FlagFinding, received: bytes, frame: Frame) -> tuple[Any, Json | None]:
    """A flag that came with the data, and how to store what has changed of it, if anything has."""
    if finding.state is FlagState.UNCHANGED:
        return msgspec.Raw(received), None
    flag = revise_flag(finding, frame, received)
    return flag.members, _update("Flag", FLAG_SID, finding.identifier, flag) if flag.changed else None


def _plan_entry(plan: PlanProposal, frame: Frame, flags: dict[str, Entry], revoked: dict[str, Entry]) -> Entry:
    address = full_url(CARE_PLAN_SID, plan.identifier)
    answered = (flags[flag.identifier].reference for flag in plan.flags)
    replaced = (revoked[prior.identifier].reference for prior in plan.replaces)
    request = _create("CarePlan", CARE_PLAN_SID, plan.identifier)
    return Entry(address, write_plan(plan, frame, answered, replaced), request, {"reference": address})


def _revoked_entry(prior: PriorPlan, reading: Reading, frame: Frame) -> Entry:
    address = full_url(CARE_PLAN_SID, prior.identifier)
    plan = revoke_plan(reading.prior_plans_raw[prior.entry], frame)
    request = _update("CarePlan", CARE_PLAN_SID, prior.identifier, plan)
    return Entry(address, plan.members, request, _held(prior.source, address, frame, is_written=True))


def _held(source: Source, address: str, frame: Frame, *, is_written: bool) -> Json:
    """What the caller has is named as the caller names it, else by its entry here, if it has one."""
    literal = source.reference and not source.reference.startswith("urn:")
    if literal or (frame.in_transaction and not is_written):
        return frame.reference(source)
    return {"reference": address}


def _create(resource_type: str, system: str, value: str) -> Json:
    return {"method": "POST", "url": resource_type, "ifNoneExist": f"identifier={system}|{value}"}


def _update(resource_type: str, system: str, value: str, resource: ReceivedResource) -> Json:
    """By id and version; one that came without an id is found by our identifier."""
    if not resource.id:
        return {"method": "PUT", "url": f"{resource_type}?identifier={system}|{value}"}
    request = {"method": "PUT", "url": f"{resource_type}/{resource.id}"}
    if resource.version:
        request["ifMatch"] = f'W/"{resource.version}"'
    return request


def _guidance(assessment: Assessment, frame: Frame, terminology: Terminology) -> list[Entry]:
    clearing: dict[str, list[str]] = {}
    for flag in assessment.flags:
        clearing.setdefault(flag.rule.name, []).append(flag.cleared_by)
    entries = []
    for result in assessment.results:
        resource = write_guidance(result, frame, clearing.get(result.rule.name, ()), terminology)
        address = full_url(GUIDANCE_SID, guidance_identifier(result, frame))
        entries.append(Entry(address, resource, None, {"reference": address}))
    return entries


def _collection(entries: list[Entry]) -> Json:
    spelled = [{"fullUrl": entry.full_url, "resource": entry.resource} for entry in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": spelled}


def _transaction(entries: list[Entry], guidance: list[Entry], outcome: Json) -> Json:
    spelled = [
        {"fullUrl": entry.full_url, "resource": entry.resource, "request": entry.request}
        for entry in entries
        if entry.request is not None
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "transaction"}
    if spelled:
        bundle["entry"] = spelled
    parameters = [{"name": "transaction", "resource": bundle}, {"name": "outcome", "resource": outcome}]
    parameters += ({"name": "guidance", "resource": entry.resource} for entry in guidance)
    return {"resourceType": "Parameters", "parameter": parameters}
