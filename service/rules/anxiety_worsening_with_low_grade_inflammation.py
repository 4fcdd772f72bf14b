"""Anxiety worsened beside low-grade inflammation."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf, FirstLowGrade
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ANXIETY_CLEARED, LOW_GRADE_NEAR, WORSE_ANXIETY
from service.terminology import activities

RULE = Rule(
    name="anxiety-worsening-with-low-grade-inflammation",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Anxiety worsened with low-grade inflammation",
    question="Did anxiety worsen while CRP was raised a little?",
    when=c.Paired(WORSE_ANXIETY, LOW_GRADE_NEAR),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_ANXIETY), FirstLowGrade(CRP))),
    priority=Priority.PL,
    categories=(Category.LAB, Category.BEHAVIORAL),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} days ago), with CRP "
        "{marker_value} mg/L on {marker_date} ({marker_apart} days apart), above 3 and not above 10. The link between "
        "anxiety and CRP is less consistent than for depression. One value is not a state: consider repeating."
    ),
    limits="Weight, smoking, infection and other disease also raise CRP.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    part_of=(
        "anxiety-worsening-with-immune-activity", "depression-persisting-on-treatment-with-inflammation",
        "sustained-low-grade-inflammation", "depression-with-low-grade-inflammation",
    ),
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding, "Consider repeating hs-CRP in 14 days or more.", due=(timedelta(days=14),),
        ),
    ),
    evidence=(
        Evidence("Anxiety and CRP: associations are less consistent than for depression", "expert reading", Grade.LOW),
    ),
    clears=ANXIETY_CLEARED,
    examples=(
        Example(
            "worse with CRP of 5", "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET, Priority.PL,
        ),
        Example(
            "worse with CRP of 2", "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; CRP 2 mg/L, 5 days ago", Verdict.NOT_MET,
        ),
        Example("no CRP", "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago", Verdict.UNKNOWN),
    ),
)
