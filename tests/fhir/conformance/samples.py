"""Documents as this service sends them, made with the real rules, for the slow validators."""

from __future__ import annotations

import json

from service.domain.facts import PriorPlan, Source
from service.domain.findings import FlagState, RuleResult
from service.domain.outcome import Outcome
from service.domain.verdict import Verdict
from service.errors import MixedPatients
from service.fhir.outcomes import outcome_of_problem
from service.fhir.reading.account import Reason, Rejection
from service.rules import RULES
from tests.fhir.conformance.findings import OLDER
from tests.fhir.writing.assessments import (
    DISEASE,
    MARKER,
    SCORE,
    TODAY,
    activity,
    answer,
    assessment,
    finding,
    prior_flag,
    proposal,
    reading,
)
from tests.fhir.writing.documents import of_type

LABEL = ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test health data")
NAMELESS = Source("", "Bundle.entry[3].resource", "Condition", ("urn:oid:2.16.840.1.113883.19", "c-1"))
DRAFT = PriorPlan("older", "draft", Source("CarePlan/9", "Bundle.entry[6].resource", "CarePlan"), 6)


def samples() -> dict[str, bytes]:
    """Answers in both forms with a flag of every rule, closed and kept ones, and an error."""
    answers = {
        f"answer-{as_}-{explain}": _answer(as_, explain)
        for as_ in ("collection", "transaction")
        for explain in ("none", "full")
    }
    return answers | {"problem": outcome_of_problem(MixedPatients("Two patients.", "Bundle.entry[2].resource.subject"))}


def _answer(as_: str, explain: str) -> bytes:
    new = [
        finding(
            rule,
            priority=rule.priority,
            evidence=(SCORE._replace(labels=(LABEL,)), MARKER, DISEASE, NAMELESS),
        )
        for rule in RULES
    ]
    closed, opened = finding(RULES[-1], start=TODAY - 90), finding(RULES[-2], start=TODAY - 80)
    raw = {
        entry: _stored(of_type(answer(assessment(flag)), "Flag")[0], logical_id)
        for flag, entry, logical_id in ((closed, 0, "7"), (opened, 1, "8"))
    }
    closed.state, closed.end, closed.closed_reason, closed.prior = (
        FlagState.INACTIVE,
        TODAY,
        "cleared",
        prior_flag(closed),
    )
    opened.state, opened.prior = FlagState.UNCHANGED, prior_flag(opened, entry=1)
    plan = proposal(*new, activities=(activity(rules=RULES, end=TODAY + 30),), replaces=(DRAFT,))
    results = tuple(
        RuleResult(
            rule,
            verdict,
            "unknown",
            "Data are missing.",
            Outcome(rule.when, verdict, used=(SCORE, MARKER)),
            ("a CRP",),
        )
        for rule, verdict in zip(RULES, [Verdict.UNKNOWN, Verdict.MET, Verdict.NOT_MET] * 7, strict=True)
    )
    made = assessment(*new, closed, opened, plan=plan, revoked=(DRAFT,), results=results)
    refused = (Rejection("Bundle.entry[4].resource.valueQuantity", Reason.UNIT, "Give the unit in mg/L.", True),)
    read = reading(rejections=refused, prior_flags_raw=raw, prior_plans_raw={DRAFT.entry: OLDER})
    return answer(made, read, explain=explain, as_=as_)


def _stored(flag: dict[str, object], logical_id: str) -> bytes:
    return json.dumps(flag | {"id": logical_id}).encode()


def faults() -> dict[str, bytes]:
    """The same with one fault each: a validator that does not see them proves nothing."""
    sound = samples()["answer-collection-none"].decode()
    changes = {
        "status": ('"status":"active"', '"status":"open"'),
        "category": ('"code":"safety","display":"Safety"', '"code":"danger","display":"Danger"'),
        "account": ('"valueDateTime":', '"valueString":'),
        "intent": ('"intent":"proposal",', ""),
        "severity": ('"severity":"information"', '"severity":"low"'),
        "detail": (
            '"url":"http://hl7.org/fhir/StructureDefinition/flag-detail","valueReference":{"reference":"Condition/ms"}',
            '"url":"http://hl7.org/fhir/StructureDefinition/flag-detail","valueString":"Condition/ms"',
        ),
    }
    assert all(before in sound for before, _ in changes.values())
    return {f"fault-{name}": sound.replace(before, after, 1).encode() for name, (before, after) in changes.items()}
