"""Mood worsened while the disease is documented as quiet."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CALPROTECTIN, CRP, ESR, IL6, MRI_ACTIVITY, SNFL
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.concepts import Concept, DrugGroup
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import IMD, MOOD_CLEARED, MS, NO_RELAPSE_AROUND, RELAPSE_DENIED, STEROID, WORSE_MOOD
from service.terminology import activities

_NEAR = timedelta(days=30)
_LOW = (c.MarkerClass.LOW,)
_RAISED = (c.MarkerClass.LOW_GRADE, c.MarkerClass.HIGH)

RULE = Rule(
    name="mood-worsening-without-immune-activity",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood worsened while recorded immune measures were quiet",
    question="Did mood worsen while the disease is documented as quiet?",
    population=IMD,
    when=c.Paired(
        WORSE_MOOD,
        c.AllOf((
            c.MarkerSeen(CRP, _LOW, _NEAR, _NEAR, Verdict.UNKNOWN),
            c.Not(c.MarkerSeen(CRP, _RAISED, _NEAR, _NEAR, Verdict.NOT_MET)),
            c.Not(c.ResultNear((IL6, ESR, SNFL, CALPROTECTIN, MRI_ACTIVITY), _NEAR, _NEAR, beyond_reference=True)),
            c.Not(c.Exposed((DrugGroup.IL6_INHIB, DrugGroup.JAK_INHIB), trailing=timedelta(days=90))),
            c.Not(STEROID),
            c.AnyOf((
                c.Not(MS),
                c.AllOf((
                    NO_RELAPSE_AROUND,
                    c.Documented(c.AnyOf((
                        RELAPSE_DENIED, c.Recorded((Concept.NEUROLOGY_ENCOUNTER,), before=_NEAR, after=_NEAR),
                    ))),
                )),
            )),
        )),
        first_decides=True,
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_MOOD),)),
    priority=Priority.PM,
    categories=(Category.BEHAVIORAL,),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} days ago) while recorded "
        "immune measures were quiet (CRP {marker_value} mg/L on {marker_date}). Treat as mood in its own right: assess and "
        "offer care as usual. Normal CRP does not exclude inflammation in the brain, and this is not a reason to look for "
        "more tests. {medicines}"
    ),
    limits="Quiet means: in the data supplied.",
    blocked_by=(
        "mood-worsening-near-relapse", "mood-worsening-after-immune-therapy", "mood-change-with-corticosteroids",
        "mood-worsening-before-relapse", "cognitive-decline-with-activity", "autoimmune-encephalitis-red-flags",
    ),
    plan=(
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood and offer care as usual."),
        Action(activities.PSYCHOLOGIST_REFERRAL.coding, "Consider referral to psychology."),
    ),
    evidence=(Evidence("Mood in quiet disease is mood in its own right", "expert reading", Grade.LOW),),
    clears=MOOD_CLEARED,
    examples=(
        Example(
            "worse, CRP low, relapse denied",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago; no relapse, 5 days ago",
            Verdict.MET, Priority.PM,
        ),
        Example(
            "CRP raised",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 4 mg/L, 5 days ago; no relapse, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse status not documented",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago", Verdict.UNKNOWN,
        ),
    ),
)
