"""New psychosis, mania or delirium."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import Concept, DrugGroup
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ENCEPHALITIS_CONSENSUS, STEROID_EVIDENCE
from service.terminology import activities

_NINETY_DAYS = timedelta(days=90)

RULE = Rule(
    name="acute-psychosis-or-mania",
    version="1.0.0",
    status=Status.ACTIVE,
    title="New psychotic, manic or delirious symptoms recorded",
    question="Was a new psychosis, mania or delirium recorded?",
    when=c.Recorded(
        (Concept.PSYCHOSIS, Concept.MANIA, Concept.DELIRIUM),
        before=timedelta(days=30),
        after=None,
        unresolved=True,
        needs_conditions=True,
        safety=True,
    ),
    anchor=Anchor(AnchorKind.DATED, (EachEntry(),)),
    priority=Priority.PH,
    categories=(Category.SAFETY,),
    sentence=(
        "New psychotic, manic or delirious symptoms recorded on {date}{age}: {entries}. Urgent assessment is advised. "
        "Consider an organic cause if onset was sudden or followed an infection."
    ),
    notes=(
        Note(
            c.Started(
                (
                    (DrugGroup.STEROID_SYSTEMIC, _NINETY_DAYS),
                    (DrugGroup.IFN_ALPHA, _NINETY_DAYS),
                    (DrugGroup.IFN_BETA, _NINETY_DAYS),
                    (DrugGroup.CHECKPOINT, _NINETY_DAYS),
                    (DrugGroup.IL2, _NINETY_DAYS),
                    (DrugGroup.MS_DMT_OTHER, _NINETY_DAYS),
                    (DrugGroup.TNF_INHIB, _NINETY_DAYS),
                    (DrugGroup.IL6_INHIB, _NINETY_DAYS),
                    (DrugGroup.COMPLEMENT_INHIB, _NINETY_DAYS),
                    (DrugGroup.JAK_INHIB, _NINETY_DAYS),
                    (DrugGroup.OTHER_IMMUNE, _NINETY_DAYS),
                    (DrugGroup.ANTIDEPRESSANT, _NINETY_DAYS),
                    (DrugGroup.OTHER_MOOD_DRUG, _NINETY_DAYS),
                    (DrugGroup.ANTIBIOTIC, _NINETY_DAYS),
                ),
                ahead=timedelta(0),
                new=False,
            ),
            "Consider medicines begun in the 90 days before: {note_drugs}.",
        ),
    ),
    limits="A coded diagnosis is all that this flag rests on.",
    plan=(
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mental state urgently."),
        Action(activities.PSYCHIATRIST_REFERRAL.coding, "Discuss with psychiatry today, following the local pathway."),
    ),
    evidence=(STEROID_EVIDENCE, ENCEPHALITIS_CONSENSUS),
    safety=True,
    children=True,
    examples=(
        Example("psychosis 30 days ago", "psychosis, 30 days ago", Verdict.MET, Priority.PH),
        Example("psychosis 31 days ago", "psychosis, 31 days ago", Verdict.NOT_MET),
        Example("mania of tomorrow's date", "mania, in 1 day", Verdict.MET, Priority.PH),
        Example("mania of the day after tomorrow", "mania, in 2 days", Verdict.NOT_MET),
        Example("an old psychosis and a new delirium", "psychosis, 40 days ago; delirium, 10 days ago", Verdict.MET),
        Example("no onset, recorded 30 days ago", "psychosis, recorded 30 days ago", Verdict.MET, Priority.PH),
        Example("old onset, recorded lately", "psychosis, 60 days ago, recorded 5 days ago", Verdict.NOT_MET),
        Example("in a month that lies within", "mania, in 2026-06", Verdict.MET, Priority.PH),
        Example("in a month that began earlier", "mania, in 2026-05", Verdict.UNKNOWN),
        Example("no date at all", "mania, undated", Verdict.UNKNOWN),
        Example("resolved", "delirium resolved, 10 days ago", Verdict.NOT_MET),
        Example("abated", "delirium, 10 days ago, abated 2 days ago", Verdict.NOT_MET),
        Example("only considered", "psychosis differential, 10 days ago", Verdict.MET, Priority.PH),
        Example("ruled out", "psychosis refuted, 10 days ago", Verdict.NOT_MET),
        Example("under a new steroid", "mania, 5 days ago; prednisone from 12 days ago", Verdict.MET, Priority.PH),
        Example("a teenager", "aged 15; psychosis, 5 days ago", Verdict.MET, Priority.PH),
        Example("other conditions only", "multiple sclerosis", Verdict.NOT_MET),
        Example("no condition sent", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
    ),
)
