"""The draft CarePlan stored beside the Flags that it answers, and our earlier drafts withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.fhir.writeback.carriers import NO_ID, Change
from service.fhir.writeback.heads import head_of
from service.fhir.writeback.provenance import Grounds
from service.fhir.writeback.results import STANDING, Became, Stored
from service.fhir.writing.careplans import revoke_plan, write_plan
from service.fhir.writing.elements import spell_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.domain.facts import PriorPlan
    from service.domain.findings import Assessment, PlanProposal
    from service.fhir.reading.account import Reading
    from service.fhir.writeback.writer import Writer

PLAN: Final = "CarePlan"
_ABOUT: Final = "the draft plan"
_EARLIER: Final = "an earlier draft plan"
_WITHOUT_FLAG: Final = "a Flag that it answers is not stored"
_UNREAD: Final = "the plans on the server could not be read in full"
_WITHOUT_PLAN: Final = "the plan that takes its place is not stored"


async def write_plans(writer: Writer, assessment: Assessment, reading: Reading, flags: Mapping[str, Stored]) -> bool:
    """Stores the plan and withdraws earlier drafts; False where somebody got ahead of it. `flags` are stored."""
    results = []
    plan = assessment.plan
    if plan is not None:
        results.append(await _stored(writer, plan, reading, flags))
        labels = tuple(spell_labels(plan.evidence, writer.frame.labels))
        rules = tuple(flag.rule for flag in plan.flags)
        grounds = Grounds(rules, tuple(map(writer.frame.reference, plan.evidence)), labels)
        await writer.tell(PLAN, plan.identifier, _ABOUT, results[0], grounds)
    is_replaced = plan is None or results[0].became in STANDING
    for prior in assessment.revoked:
        revoked = await _revoked(writer, prior, reading) if is_replaced else Stored(Became.LEFT, reason=_WITHOUT_PLAN)
        await writer.tell(PLAN, prior.identifier, _EARLIER, revoked, Grounds((), (), ()))
        results.append(revoked)
    return all(one.became is not Became.CONFLICT for one in results)


async def _stored(writer: Writer, plan: PlanProposal, reading: Reading, flags: Mapping[str, Stored]) -> Stored:
    if PLAN in reading.chart.not_covered:
        return Stored(Became.REFUSED, reason=_UNREAD)
    held = next((prior for prior in reading.chart.plans if prior.identifier == plan.identifier), None)
    if held is not None:
        head = head_of(reading.prior_plans_raw[held.entry])
        return Stored(Became.UNCHANGED, head.id, head.version) if head else Stored(Became.LEFT, reason=NO_ID)
    answered = [flags[flag.identifier] for flag in plan.flags]
    if any(one.became not in STANDING or not one.id for one in answered):
        return Stored(Became.REFUSED, reason=_WITHOUT_FLAG)
    references = ({"reference": f"Flag/{one.id}"} for one in answered)
    replaced = (writer.frame.reference(prior.source) for prior in plan.replaces)
    return await writer.create(write_plan(plan, writer.frame, references, replaced), plan.identifier)


async def _revoked(writer: Writer, prior: PriorPlan, reading: Reading) -> Stored:
    head = head_of(reading.prior_plans_raw[prior.entry])
    if head is None:
        return Stored(Became.LEFT, reason=NO_ID)
    return await writer.change(Change(head, revoke_plan(head.raw, writer.frame).members))
