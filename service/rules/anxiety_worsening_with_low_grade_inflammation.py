"""Anxiety worsened beside low-grade inflammation."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf, FirstLowGrade
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ANXIETY_CLEARED, LOW_GRADE_NEAR, WORSE_ANXIETY
from service.terminology import activities

# Patients that the examples share.
_WORSE = "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "

RULE = Rule(
    name="anxiety-worsening-with-low-grade-inflammation",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Anxiety worsened with low-grade inflammation",
    question="Did anxiety worsen while CRP was raised a little?",
    when=c.Paired(WORSE_ANXIETY, LOW_GRADE_NEAR),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_ANXIETY), FirstLowGrade(CRP))),
    priority=Priority.PL,
    categories=(Category.LAB, Category.BEHAVIORAL),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} ago), "
        "with {marker} {marker_value} mg/L on {marker_date} ({marker_apart} apart), above {low_limit} and "
        "not above {high_limit}. The link between anxiety and CRP is less consistent than for depression. One value "
        "is not a state: consider repeating."
    ),
    limits="Weight, smoking, infection and other disease also raise CRP.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    part_of=(
        "anxiety-worsening-with-immune-activity",
        "depression-persisting-on-treatment-with-inflammation",
        "sustained-low-grade-inflammation",
        "depression-with-low-grade-inflammation",
    ),
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding,
            "Consider repeating hs-CRP in 14 days or more.",
            due=(timedelta(days=14),),
        ),
    ),
    evidence=(
        Evidence(
            "Anxiety and CRP: associations are less consistent than for depression",
            "expert reading",
            Grade.LOW,
        ),
    ),
    clears=ANXIETY_CLEARED,
    examples=(
        Example("worse with a CRP of 5", _WORSE + "CRP 5 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("worse with a CRP of 3.0", _WORSE + "CRP 3.0 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("worse with a CRP of 10.0", _WORSE + "CRP 10.0 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("worse with a CRP of 10.1: acute", _WORSE + "CRP 10.1 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no CRP", _WORSE, Verdict.UNKNOWN),
        Example(
            "CRP below 5 by an assay that cannot tell",
            _WORSE + "CRP <5 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example("CRP 30 days before", _WORSE + "CRP 5 mg/L, 35 days ago", Verdict.MET, Priority.PL),
        Example("CRP 31 days before", _WORSE + "CRP 5 mg/L, 36 days ago", Verdict.UNKNOWN),
        Example(
            "two CRPs: the nearest decides",
            _WORSE + "CRP 5 mg/L, 15 days ago; CRP 2 mg/L, 6 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two CRPs of one day: high sensitivity decides",
            _WORSE + "CRP 5 mg/L, 6 days ago; hs-CRP 2 mg/L, 6 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a readable CRP before a nearer one that cannot tell",
            _WORSE + "CRP 5 mg/L, 15 days ago; CRP <5 mg/L, 6 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "anxiety not worse",
            "GAD-7 10, 60 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("no earlier score", "GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("no score, and CRP low throughout", "CRP 2 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no score", "CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example(
            "score of 30 days ago",
            "GAD-7 5, 90 days ago; GAD-7 12, 30 days ago; CRP 5 mg/L, 30 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 31 days ago",
            "GAD-7 5, 91 days ago; GAD-7 12, 31 days ago; CRP 5 mg/L, 31 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "best earlier score 90 days before",
            "GAD-7 3, 95 days ago; GAD-7 9, 40 days ago; GAD-7 11, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "best earlier score 91 days before",
            "GAD-7 3, 96 days ago; GAD-7 9, 40 days ago; GAD-7 11, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 14 days before",
            "GAD-7 5, 19 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score only 13 days before",
            "GAD-7 5, 18 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before",
            "GAD-7 5, 370 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before",
            "GAD-7 5, 371 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "infection near the CRP",
            _WORSE + "CRP 5 mg/L, 5 days ago; infection, 10 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "pregnant",
            _WORSE + "CRP 5 mg/L, 5 days ago; pregnancy status positive, 40 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "tocilizumab until 90 days before the CRP",
            "GAD-7 5, 90 days ago; GAD-7 12, 30 days ago; CRP 5 mg/L, 30 days ago; PHQ-9 10, 0 days ago; "
            "CRP 2 mg/L, 0 days ago; tocilizumab from 300 to 120 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "tocilizumab until 91 days before the CRP",
            "GAD-7 5, 90 days ago; GAD-7 12, 30 days ago; CRP 5 mg/L, 30 days ago; PHQ-9 10, 0 days ago; "
            "CRP 2 mg/L, 0 days ago; tocilizumab from 300 to 121 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "depression elevated as well: part of that flag",
            _WORSE + "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
        ),
    ),
)
