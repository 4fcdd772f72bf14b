"""Elevated depression beside low-grade inflammation."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf, FirstLowGrade
from service.domain.instruments import PHQ9
from service.domain.rule import Action, Case, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    DEPRESSION_CLEARED, ELEVATED_DEPRESSION, LOW_GRADE_STANDING, LOW_SINCE, OSIMO, TRIAL_LIMITS,
)
from service.terminology import activities

_HALF_THE_DAYS = Decimal(2)
_SOMATIC = c.AtLeast(2, (
    c.ItemSum(PHQ9, (3,), _HALF_THE_DAYS), c.ItemSum(PHQ9, (4,), _HALF_THE_DAYS), c.ItemSum(PHQ9, (5,), _HALF_THE_DAYS),
))
_PHENOTYPE = c.AllOf((_SOMATIC, c.AnyOf((c.ItemSum(PHQ9, (1,), _HALF_THE_DAYS), c.ItemSum(PHQ9, (8,), _HALF_THE_DAYS)))))

RULE = Rule(
    name="depression-with-low-grade-inflammation",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Elevated depression score with low-grade inflammation",
    question="Is elevated depression accompanied by low-grade inflammation?",
    when=c.Paired(ELEVATED_DEPRESSION, LOW_GRADE_STANDING),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_DEPRESSION), FirstLowGrade(CRP))),
    priority=Priority.PL,
    cases=(Case(_PHENOTYPE, Priority.PM),),
    categories=(Category.LAB, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} days ago) with CRP {marker_value} mg/L on {marker_date} "
        "({marker_apart} days apart), above 3 and not above 10. About 1 in 4 depressed people show this; it is not "
        "specific and also occurs with higher weight, smoking and other disease. One value is not a state: consider "
        "repeating. Inflammation-guided treatment of mood is not established."
    ),
    notes=(
        Note(_PHENOTYPE, "Sleep, energy and appetite items are prominent."),
        Note(
            c.MarkerNear(
                CRP, (c.MarkerClass.LOW_GRADE,), Verdict.NOT_MET, limits=TRIAL_LIMITS,
            ),
            "The value is in the range that was studied in trials.",
        ),
    ),
    limits="A single result; infection, weight, smoking and other disease were not all readable.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    part_of=("depression-persisting-on-treatment-with-inflammation", "sustained-low-grade-inflammation"),
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding, "Consider repeating hs-CRP in 14 days or more.", due=(timedelta(days=14),),
        ),
        Action(
            activities.FOLLOW_UP_VISIT.coding, "Review infection, weight, smoking and other disease.",
        ),
    ),
    evidence=(
        OSIMO,
        Evidence(
            "CRP goes with appetite change, loss of energy, sleep problems and little interest, not with purely emotional "
            "symptoms (56,351 people)", "Frank 2021 Am J Psychiatry", Grade.MODERATE,
        ),
    ),
    clears=c.AnyOf((LOW_SINCE, DEPRESSION_CLEARED)),
    examples=(
        Example("CRP of 3.01", "PHQ-9 12, 5 days ago; CRP 3.01 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 3.0", "PHQ-9 12, 5 days ago; CRP 3.0 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("CRP below its limit of 5", "PHQ-9 12, 5 days ago; CRP <5 mg/L, 5 days ago", Verdict.UNKNOWN),
    ),
)
