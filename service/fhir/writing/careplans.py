"""The one draft CarePlan, each action once, and our earlier drafts withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.domain.closing import NOT_PROPOSED
from service.domain.days import iso
from service.fhir.addresses import CARE_PLAN_CATEGORY_SYSTEM, CARE_PLAN_SID
from service.fhir.writing.elements import DEVICE, Json, clean, spell_labels
from service.fhir.writing.narrative import narrate_plan
from service.fhir.writing.received import ReceivedResource
from service.fhir.writing.rules import spell_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec

    from service.domain.findings import PlannedActivity, PlanProposal
    from service.fhir.writing.frame import Frame

TITLE: Final = "Suggested follow-up of mood and immune activity"
_ASSESS_PLAN: Final = [
    {
        "coding": [
            {
                "system": CARE_PLAN_CATEGORY_SYSTEM,
                "code": "assess-plan",
                "display": "Assessment and Plan of Treatment",
            }
        ]
    }
]
# What CarePlan.activity.detail.reasonReference may point at.
_REASONS: Final = frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference"})


def write_plan(plan: PlanProposal, frame: Frame, flags: Iterable[Json], replaced: Iterable[Json]) -> Json:
    """The proposal; `flags` refer to the Flags it answers, `replaced` to the drafts it takes over from."""
    written: Json = {"resourceType": "CarePlan"}
    labels = spell_labels(plan.evidence, frame.labels)
    if labels:
        written["meta"] = {"security": labels}
    written["text"] = narrate_plan(TITLE, plan.activities)
    written["identifier"] = [{"system": CARE_PLAN_SID, "value": plan.identifier}]
    written["instantiatesCanonical"] = _canonicals(plan)
    replaces = list(replaced)
    if replaces:
        written["replaces"] = replaces
    written |= {"status": "draft", "intent": "proposal", "category": _ASSESS_PLAN, "title": TITLE}
    written |= {"subject": frame.subject, "created": frame.as_of, "author": DEVICE}
    written["supportingInfo"] = [*flags, *map(frame.reference, plan.evidence)]
    written["activity"] = [{"detail": _detail(activity, frame)} for activity in plan.activities]
    return written


def revoke_plan(received: bytes | msgspec.Raw, frame: Frame) -> ReceivedResource:
    """An earlier draft of ours with only its status changed, marked as ended by us, and a label that it lacks."""
    plan = ReceivedResource(received)
    plan.end("revoked", NOT_PROPOSED)
    plan.add_labels(spell_labels((), frame.labels))
    return plan


def _canonicals(plan: PlanProposal) -> list[str]:
    return list(dict.fromkeys(spell_rule(flag.rule).canonical for flag in plan.flags))


def _detail(activity: PlannedActivity, frame: Frame) -> Json:
    code = activity.code
    coding = {"system": code.system, "code": code.code, "display": code.display}
    detail: Json = {"kind": activity.kind, "code": {"coding": [coding]}}
    detail["reasonCode"] = [spell_rule(rule).reason for rule in activity.rules]
    reasons = [frame.reference(source) for source in activity.evidence if source.resource_type in _REASONS]
    if reasons:
        detail["reasonReference"] = reasons
    detail |= {"status": "not-started", "doNotPerform": False}
    detail["scheduledPeriod"] = _scheduled(activity)
    detail["description"] = clean(activity.description)
    return detail


def _scheduled(activity: PlannedActivity) -> Json:
    period = {"start": iso(activity.start)}
    if activity.end is not None:
        period["end"] = iso(max(activity.start, activity.end))
    return period
