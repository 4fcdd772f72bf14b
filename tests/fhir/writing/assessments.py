"""Assessments made by hand, as the evaluator would make them, for the writers alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, OutcomeDay
from service.domain.criteria import AllOf, Elevated, MarkerClass, MarkerNear
from service.domain.days import AsOf
from service.domain.facts import Chart, Patient, PriorFlag, Source
from service.domain.findings import (
    Assessment,
    FlagFinding,
    FlagState,
    PlannedActivity,
    PlanProposal,
    RuleResult,
)
from service.domain.identity import flag_identifier, plan_identifier
from service.domain.instruments import DEPRESSION
from service.domain.outcome import Lack, Outcome, Want
from service.domain.rule import Category, Code, Evidence, Grade, Priority, Rule, Status
from service.domain.ruleset import RuleSet
from service.domain.verdict import Verdict
from service.fhir.reading.account import Account, Reading
from service.fhir.writing import write_answer
from service.terminology import Terminology

TODAY = date(2026, 6, 30).toordinal()
AS_OF = AsOf(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), UTC, "UTC")
SCORE = Source("Observation/phq9", "Bundle.entry[1].resource")
MARKER = Source("Observation/crp", "Bundle.entry[2].resource")
DISEASE = Source("Condition/ms", "Bundle.entry[3].resource", "Condition")
MEDICINE = Source("MedicationRequest/ocrelizumab", "Bundle.entry[4].resource", "MedicationRequest")
ELEVATED = Elevated(DEPRESSION)
LOW_GRADE = MarkerNear(CRP, (MarkerClass.LOW_GRADE,), Verdict.UNKNOWN)
PATIENT = Patient("Patient/anna", "Patient/anna")


def rule(name: str, title: str, **changes: Any) -> Rule:
    """A rule that reads mood and CRP; what it says is not under test here."""
    values: dict[str, Any] = {
        "version": "1.0.0",
        "status": Status.ACTIVE,
        "question": f"{title}?",
        "when": AllOf((ELEVATED, LOW_GRADE)),
        "anchor": Anchor(AnchorKind.STATE, (OutcomeDay(),)),
        "priority": Priority.PM,
        "categories": (Category.LAB, Category.BEHAVIORAL),
        "sentence": "",
        "limits": "One value is not a state.",
        "evidence": (Evidence("Some depressed people have a raised CRP", "Osimo 2019", Grade.MODERATE),),
        "examples": (),
    }
    return Rule(name=name, title=title, **(values | changes))


MOOD = rule("depression-with-low-grade-inflammation", "Depression with low-grade inflammation")
SAFETY = rule("suicidality-recorded", "Suicidality recorded", safety=True, categories=(Category.SAFETY,))
QUIET = rule("mood-worsening-without-immune-activity", "Mood worsening <without> immune activity & signs")
RULES = (SAFETY, MOOD, QUIET)
RULE_SET = RuleSet(RULES)
TERMINOLOGY = Terminology.default()
REPEAT_CRP = Code(
    "http://loinc.org",
    "30522-7",
    "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method",
)
ASSESS = Code("http://snomed.info/sct", "410223002", "Mental health care assessment (procedure)")


def finding(of: Rule = MOOD, **changes: Any) -> FlagFinding:
    """A new active flag."""
    start = changes.get("start", TODAY - 10)
    values: dict[str, Any] = {
        "identifier": flag_identifier(of.name, PATIENT.key, str(start)),
        "state": FlagState.ACTIVE,
        "priority": Priority.PM,
        "start": start,
        "end": None,
        "sentence": "Depression score 14 with CRP 5.1 mg/L (3 d apart), above 3 and not above 10.",
        "evidence": (SCORE, MARKER),
        "cleared_by": "Clears when a later CRP is at most 3.0.",
    }
    return FlagFinding(of, **(values | changes))


def activity(code: Code = ASSESS, **changes: Any) -> PlannedActivity:
    values: dict[str, Any] = {
        "kind": "ServiceRequest",
        "description": "Consider an assessment of mental health.",
        "start": TODAY,
        "end": None,
        "rules": (MOOD,),
        "evidence": (SCORE, DISEASE, MEDICINE),
    }
    return PlannedActivity(code, **(values | changes))


def proposal(*flags: FlagFinding, **changes: Any) -> PlanProposal:
    evidence = tuple(dict.fromkeys([*(source for flag in flags for source in flag.evidence), DISEASE, MEDICINE]))
    values: dict[str, Any] = {
        "activities": (
            activity(),
            activity(REPEAT_CRP, start=TODAY + 14, end=TODAY + 60, rules=(MOOD, SAFETY)),
        ),
        "flags": flags,
        "evidence": evidence,
    }
    identifier = plan_identifier(PATIENT.key, tuple(flag.identifier for flag in flags))
    return PlanProposal(identifier, **(values | changes))


def results() -> tuple[RuleResult, ...]:
    """One of each verdict, the met one with a trace."""
    inner = (
        Outcome(
            ELEVATED,
            Verdict.MET,
            TODAY - 3,
            (SCORE,),
            {"instrument": "PHQ-9", "now": 14, "now_date": "2026-06-27"},
        ),
        Outcome(LOW_GRADE, Verdict.MET, TODAY, (MARKER,)),
    )
    lack = Lack(Want.MISSING, "no readable suicidality answer of the last 30 days")
    return (
        RuleResult(
            SAFETY,
            Verdict.UNKNOWN,
            "unknown",
            "No answer could be read.",
            Outcome(ELEVATED, Verdict.UNKNOWN, lacks=(lack,)),
            (lack.text,),
        ),
        RuleResult(
            MOOD,
            Verdict.MET,
            "met",
            "Depression is elevated.",
            Outcome(MOOD.when, Verdict.MET, TODAY, (SCORE, MARKER), inner=inner),
        ),
        RuleResult(QUIET, Verdict.NOT_MET, "blocked", "Another rule is met."),
    )


def assessment(*flags: FlagFinding, **changes: Any) -> Assessment:
    values: dict[str, Any] = {
        "as_of": AS_OF,
        "chart": Chart(PATIENT, entries=5),
        "results": results(),
        "plan": None,
        "notices": ("No Flag of this service was in the data, so flags that were closed cannot be recognised.",),
    }
    return Assessment(flags=flags, **(values | changes))


def reading(**changes: Any) -> Reading:
    """What the reader hands over."""
    values: dict[str, Any] = {
        "chart": Chart(PATIENT, entries=5),
        "rejections": (),
        "account": Account(5, 2, 2, {"unit": 1}),
    }
    return Reading(**(values | {"prior_flags_raw": {}, "prior_plans_raw": {}} | changes))


def answer(
    made: Assessment, read: Reading | None = None, *, explain: str = "summary", as_: str = "collection"
) -> bytes:
    return write_answer(made, read or reading(), RULE_SET, explain=explain, as_=as_, terminology=TERMINOLOGY)


def prior_flag(of: FlagFinding, **changes: Any) -> PriorFlag:
    """The finding as it came back with the data."""
    values: dict[str, Any] = {
        "status": "active",
        "start": of.start,
        "end": None,
        "ended": None,
        "evidence": tuple(source.reference for source in of.evidence),
        "closed_by_rule": False,
        "priority": of.priority.value,
        "source": Source("Flag/7", "Bundle.entry[0].resource", "Flag"),
        "entry": 0,
    }
    return PriorFlag(of.rule.name, of.identifier, **(values | changes))
