"""Depression that persists on treatment, with low-grade inflammation."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf, FirstLowGrade
from service.domain.concepts import DrugGroup
from service.domain.instruments import DEPRESSION
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import DEPRESSION_CLEARED, ELEVATED_DEPRESSION, LOW_GRADE_NEAR, LOW_SINCE
from service.terminology import activities

_HALF = Decimal("0.5")

RULE = Rule(
    name="depression-persisting-on-treatment-with-inflammation",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Depression persists on treatment, with low-grade inflammation",
    question="Does depression persist on an antidepressant while CRP is raised?",
    when=c.Paired(
        c.Persistent(DEPRESSION, timedelta(days=56), over=timedelta(days=365), lowest_above=_HALF),
        c.AllOf((
            c.SteadilyTreated(
                DrugGroup.ANTIDEPRESSANT, at_least=timedelta(days=42), unchanged=timedelta(days=28),
                not_alone=("esketamine",),
            ),
            LOW_GRADE_NEAR,
        )),
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_DEPRESSION), FirstLowGrade(CRP))),
    priority=Priority.PM,
    categories=(Category.BEHAVIORAL, Category.LAB),
    sentence=(
        "{instrument} stayed at {limit} or more for {lasting} days ({first} on {first_date}, {now} on {now_date}) on {drug}, "
        "with CRP {marker_value} mg/L on {marker_date} ({marker_age} days ago). Consider review of diagnosis, adherence, "
        "dose adequacy and comorbidity. Raised inflammation is associated with poorer response on average; it does not "
        "tell which treatment will work for this person."
    ),
    limits="Adherence and a history of bipolar disorder are not known to this rule.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    plan=(
        Action(activities.PSYCHIATRIST_REFERRAL.coding, "Consider review with psychiatry."),
        Action(activities.MEDICATION_REVIEW.coding, "Review diagnosis, adherence and dose adequacy."),
    ),
    evidence=(
        Evidence(
            "Infliximab against placebo by baseline CRP: 62 % against 33 % response above 5 mg/L (p=0.19), placebo better "
            "at or below (n=60)", "Raison 2013 JAMA Psychiatry 70:31", Grade.LOW,
        ),
    ),
    clears=c.AnyOf((
        c.Halved(DEPRESSION, _HALF), c.TreatmentChanged(DrugGroup.ANTIDEPRESSANT), LOW_SINCE, DEPRESSION_CLEARED,
    )),
    examples=(
        Example(
            "eight weeks on sertraline",
            "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; sertraline from 100 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET, Priority.PM,
        ),
        Example(
            "no antidepressant", "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET,
        ),
        Example(
            "no CRP", "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; sertraline from 100 days ago", Verdict.UNKNOWN,
        ),
    ),
)
