"""Mood worsened, and immune status is not known."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.concepts import DrugGroup
from service.domain.rule import Action, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    DEPRESSION_CLEARED, IMD, MS, NO_RELAPSE_AROUND, RELAPSE_AFTER_START, RELAPSE_DENIED, RELAPSE_DENIED_SINCE, STANDING,
    WORSE_DEPRESSION,
)
from service.terminology import activities

_NO_CRP = c.AllOf((
    c.Not(c.MarkerSeen(CRP, c.READABLE, timedelta(days=90), timedelta(days=30), Verdict.NOT_MET)),
    c.NoneMet(("mood-worsening-near-relapse", "acute-inflammation-confounds-mood", "crp-unreadable")),
))
_NO_RELAPSE_STATUS = c.AllOf((
    MS,
    NO_RELAPSE_AROUND,
    c.Not(RELAPSE_DENIED),
    c.NoneMet((
        "mood-worsening-near-relapse", "depression-with-low-grade-inflammation", "sustained-low-grade-inflammation",
        "acute-inflammation-confounds-mood", "depression-persisting-on-treatment-with-inflammation",
        "mood-worsening-after-immune-therapy", "mood-change-with-corticosteroids", "mood-worsening-before-relapse",
        "crp-unreadable",
    )),
))
_IL6_EVER = c.Exposed((DrugGroup.IL6_INHIB,), trailing=timedelta(days=90))
_CRP_USEFUL = c.AllOf((_NO_CRP, c.Not(_IL6_EVER), c.Not(STANDING)))

RULE = Rule(
    name="mood-worsening-immune-status-unknown",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood worsened; immune status is not known",
    question="Did mood worsen while immune status is not known?",
    population=IMD,
    when=c.Paired(WORSE_DEPRESSION, c.AnyOf((_NO_CRP, _NO_RELAPSE_STATUS)), first_decides=True),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_DEPRESSION),)),
    priority=Priority.PL,
    categories=(Category.ADMIN, Category.LAB),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} days ago). Do not delay mood "
        "assessment for missing measures."
    ),
    notes=(
        Note(_NO_CRP, "No readable CRP lies within 90 days{note_unread}. If it would change care, consider hs-CRP when free "
                      "of infection for 2 to 4 weeks."),
        Note(_NO_RELAPSE_STATUS, "Relapse status is not recorded in the data supplied."),
    ),
    limits="No inflammatory panel is part of routine psychiatric work-up: it stays optional.",
    plan=(
        Action(activities.HS_CRP_ORDER.coding, "hs-CRP, if clinically indicated.", when=_CRP_USEFUL),
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood without waiting for laboratory results."),
    ),
    evidence=(Evidence("No inflammatory panel is part of routine psychiatric work-up", "expert reading", Grade.LOW),),
    clears=c.AnyOf((
        DEPRESSION_CLEARED,
        c.AllOf((
            c.MarkerSeen(CRP, c.READABLE, timedelta(days=90), None, Verdict.NOT_MET),
            c.AnyOf((c.Not(MS), RELAPSE_DENIED_SINCE, RELAPSE_AFTER_START)),
        )),
    )),
    examples=(
        Example(
            "no CRP", "rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.MET, Priority.PL,
        ),
        Example(
            "CRP readable", "rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("no score", "rheumatoid arthritis", Verdict.UNKNOWN),
    ),
)
