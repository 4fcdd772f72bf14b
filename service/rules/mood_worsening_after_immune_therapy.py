"""Mood worsened after an immune-active medicine was begun."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.concepts import DrugGroup
from service.domain.rule import Action, Case, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import MOOD_CLEARED, WORSE_MOOD
from service.terminology import activities

_LONG = timedelta(days=180)
_SHORT = timedelta(days=90)
_BEGUN = c.Started((
    (DrugGroup.IFN_ALPHA, _LONG), (DrugGroup.IL2, _LONG), (DrugGroup.CHECKPOINT, _LONG), (DrugGroup.IFN_BETA, _LONG),
    (DrugGroup.TNF_INHIB, _SHORT), (DrugGroup.IL6_INHIB, _SHORT), (DrugGroup.JAK_INHIB, _SHORT),
    (DrugGroup.COMPLEMENT_INHIB, _SHORT), (DrugGroup.MS_DMT_OTHER, _SHORT), (DrugGroup.OTHER_IMMUNE, _SHORT),
    (DrugGroup.OTHER_MOOD_DRUG, _SHORT),
))
_STRONG = c.Started((
    (DrugGroup.IFN_ALPHA, _LONG), (DrugGroup.IL2, _LONG), (DrugGroup.CHECKPOINT, _LONG),
))
_IFN_BETA = c.Started(((DrugGroup.IFN_BETA, _LONG),))
_ENDED = c.Now(c.Not(c.Exposed(
    (
        DrugGroup.IFN_ALPHA, DrugGroup.IL2, DrugGroup.CHECKPOINT, DrugGroup.IFN_BETA, DrugGroup.TNF_INHIB,
        DrugGroup.IL6_INHIB, DrugGroup.JAK_INHIB, DrugGroup.COMPLEMENT_INHIB, DrugGroup.MS_DMT_OTHER,
        DrugGroup.OTHER_IMMUNE, DrugGroup.OTHER_MOOD_DRUG,
    ),
    trailing=timedelta(days=90),
)))

RULE = Rule(
    name="mood-worsening-after-immune-therapy",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood worsened after a medicine that acts on the immune system or on mood",
    question="Did mood worsen after an immune-active or mood-active medicine was begun?",
    when=c.Paired(WORSE_MOOD, _BEGUN),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PL,
    cases=(Case(_STRONG, Priority.PM),),
    categories=(Category.DRUG, Category.BEHAVIORAL),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} days ago), {drug_days} days "
        "after {drug} was started on {drug_from}. Timing alone does not show cause; the illness being treated, a relapse "
        "before the change, or life events may explain it. Consider discussing with the prescriber. Do not stop or change "
        "it on the strength of this alert."
    ),
    notes=(
        Note(_IFN_BETA, "For interferon beta studies disagree."),
        Note(c.BaselineAfter(WORSE_MOOD, _BEGUN), "The earlier score was itself taken after the medicine began."),
    ),
    limits="Beginnings are read from medicine records; adherence is not known.",
    plan=(
        Action(activities.MEDICATION_REVIEW.coding, "Discuss the timing with the prescriber."),
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood."),
    ),
    evidence=(
        Evidence("Interferon alfa: depressive syndrome in 10 to 40 %", "Lotrich 2013 AJP 170:592", Grade.HIGH),
        Evidence("Peak of depression under interferon alfa in weeks 8 to 12", "Lucaciu 2015", Grade.MODERATE),
        Evidence(
            "Interferon beta: sources conflict", "Solaro 2018 CNS Drugs; Pinto 2016", Grade.LOW,
        ),
    ),
    clears=c.AnyOf((MOOD_CLEARED, c.AllOf((_ENDED, c.BackBelow(WORSE_MOOD.domain))))),
    examples=(
        Example(
            "worse 40 days after fingolimod",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; fingolimod from 45 days ago", Verdict.MET, Priority.PL,
        ),
        Example("no new medicine", "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.NOT_MET),
        Example("no score", "fingolimod from 45 days ago", Verdict.UNKNOWN),
    ),
)
