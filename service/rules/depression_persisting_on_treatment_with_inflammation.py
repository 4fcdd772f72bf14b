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

_PERSISTING = "PHQ-9 16, 61 days ago; PHQ-9 15, 5 days ago; "

_TREATED = "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; "

RULE = Rule(
    name="depression-persisting-on-treatment-with-inflammation",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Depression persists on treatment, with low-grade inflammation",
    question="Does depression persist on an antidepressant while CRP is raised?",
    when=c.Paired(
        c.Persistent(DEPRESSION, timedelta(days=56), over=timedelta(days=365), lowest_above=_HALF),
        c.AllOf(
            (
                c.SteadilyTreated(
                    DrugGroup.ANTIDEPRESSANT,
                    at_least=timedelta(days=42),
                    unchanged=timedelta(days=28),
                    not_alone=("esketamine",),
                ),
                LOW_GRADE_NEAR,
            )
        ),
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_DEPRESSION), FirstLowGrade(CRP))),
    priority=Priority.PM,
    categories=(Category.BEHAVIORAL, Category.LAB),
    sentence=(
        "{instrument} stayed at {limit} or more for {lasting} ({first} on {first_date}, {now} on {now_date}) on "
        "{drug}, with {marker} {marker_value} mg/L on {marker_date} ({marker_age} ago). Consider review of diagnosis, "
        "adherence, dose adequacy and comorbidity. Raised inflammation is associated with poorer response on average; "
        "it does not tell which treatment will work for this person."
    ),
    limits="Adherence and a history of bipolar disorder are not known to this rule.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    plan=(
        Action(activities.PSYCHIATRIST_REFERRAL.coding, "Consider review with psychiatry."),
        Action(activities.MEDICATION_REVIEW.coding, "Review diagnosis, adherence and dose adequacy."),
    ),
    evidence=(
        Evidence(
            "Infliximab against placebo by baseline CRP: 62 % against 33 % response above 5 mg/L (p=0.19), placebo "
            "better at or below (n=60)",
            "Raison 2013 JAMA Psychiatry 70:31",
            Grade.LOW,
        ),
    ),
    clears=c.AnyOf(
        (
            c.Halved(DEPRESSION, _HALF),
            c.TreatmentChanged(DrugGroup.ANTIDEPRESSANT),
            LOW_SINCE,
            DEPRESSION_CLEARED,
        )
    ),
    examples=(
        Example(
            "eight weeks on sertraline",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("55 days", _TREATED + "PHQ-9 16, 60 days ago; PHQ-9 15, 5 days ago", Verdict.NOT_MET),
        Example("no antidepressant", _PERSISTING + "CRP 5 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no CRP", _PERSISTING + "sertraline from 100 days ago", Verdict.UNKNOWN),
        Example("no score", "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example(
            "no score, treated for 41 days", "sertraline from 41 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "latest score 30 days ago",
            "PHQ-9 16, 90 days ago; PHQ-9 15, 30 days ago; sertraline from 130 days ago; CRP 5 mg/L, 30 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "latest score 31 days ago",
            "PHQ-9 16, 91 days ago; PHQ-9 15, 31 days ago; sertraline from 130 days ago; CRP 5 mg/L, 31 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "neighbours 120 days apart",
            "PHQ-9 16, 125 days ago; PHQ-9 15, 5 days ago; sertraline from 200 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "neighbours 121 days apart",
            "PHQ-9 16, 126 days ago; PHQ-9 15, 5 days ago; sertraline from 200 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a score below 10 between",
            _PERSISTING + "PHQ-9 9, 30 days ago; sertraline from 100 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("halved from 20", _TREATED + "PHQ-9 20, 61 days ago; PHQ-9 10, 5 days ago", Verdict.NOT_MET),
        Example(
            "not quite halved from 20",
            _TREATED + "PHQ-9 20, 61 days ago; PHQ-9 11, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "halved since 365 days ago",
            _TREATED
            + "PHQ-9 27, 370 days ago; PHQ-9 14, 260 days ago; PHQ-9 14, 150 days ago; PHQ-9 14, 61 days ago; "
            + "PHQ-9 13, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "halved since 366 days ago",
            _TREATED
            + "PHQ-9 27, 371 days ago; PHQ-9 14, 260 days ago; PHQ-9 14, 150 days ago; PHQ-9 14, 61 days ago; "
            + "PHQ-9 13, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "persisting on another scale",
            _TREATED + "PHQ-9 5, 5 days ago; HADS-D 12, 61 days ago; HADS-D 11, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "treated for 42 days",
            _PERSISTING + "sertraline from 47 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "treated for 41 days", _PERSISTING + "sertraline from 46 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "changed without a gap 34 days before",
            _PERSISTING + "sertraline from 200 to 40 days ago; fluoxetine from 39 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "changed with a gap",
            _PERSISTING + "sertraline from 200 to 40 days ago; fluoxetine from 38 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a second one begun 28 days before",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; fluoxetine from 33 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a second one begun 29 days before",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; fluoxetine from 34 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a second one ended 28 days before",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; fluoxetine from 200 to 33 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a second one ended 29 days before",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; fluoxetine from 200 to 34 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "ended on the day of the score",
            _PERSISTING + "sertraline from 100 to 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "esketamine alone", _PERSISTING + "esketamine from 100 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "esketamine added lately",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; esketamine from 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "sertraline without a date", _PERSISTING + "sertraline undated; CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN
        ),
        Example(
            "CRP 30 days before the score",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 35 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "CRP 31 days before the score",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 36 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "of two CRPs the nearer one counts",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 20 days ago; CRP 2 mg/L, 4 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a readable CRP before an uncertain one",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 20 days ago; CRP <5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "infection at the time of the CRP",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; infection, 10 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "pregnant", _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; pregnancy", Verdict.NOT_MET
        ),
        Example(
            "CRP under tocilizumab",
            _PERSISTING + "sertraline from 100 days ago; CRP 5 mg/L, 5 days ago; tocilizumab from 100 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
