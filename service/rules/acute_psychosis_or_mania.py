"""New psychosis, mania or delirium."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import Concept, DrugGroup
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ENCEPHALITIS_CONSENSUS, STEROID_EVIDENCE
from service.terminology import activities

RULE = Rule(
    name="acute-psychosis-or-mania",
    version="1.0.0",
    status=Status.ACTIVE,
    title="New psychotic, manic or delirious symptoms recorded",
    question="Was a new psychosis, mania or delirium recorded?",
    when=c.Recorded(
        (Concept.PSYCHOSIS, Concept.MANIA, Concept.DELIRIUM), before=timedelta(days=30), after=timedelta(days=1),
        unresolved=True, needs_conditions=True, safety=True,
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
            c.Started((
                (DrugGroup.STEROID_SYSTEMIC, timedelta(days=90)),
                (DrugGroup.IFN_ALPHA, timedelta(days=90)),
                (DrugGroup.IFN_BETA, timedelta(days=90)),
                (DrugGroup.CHECKPOINT, timedelta(days=90)),
                (DrugGroup.IL2, timedelta(days=90)),
                (DrugGroup.MS_DMT_OTHER, timedelta(days=90)),
                (DrugGroup.TNF_INHIB, timedelta(days=90)),
                (DrugGroup.IL6_INHIB, timedelta(days=90)),
                (DrugGroup.COMPLEMENT_INHIB, timedelta(days=90)),
                (DrugGroup.JAK_INHIB, timedelta(days=90)),
                (DrugGroup.OTHER_IMMUNE, timedelta(days=90)),
                (DrugGroup.ANTIDEPRESSANT, timedelta(days=90)),
                (DrugGroup.OTHER_MOOD_DRUG, timedelta(days=90)),
            ), ahead=timedelta(0), new=False),
            "Consider medicines begun in the last 90 days: {note_drug} (from {note_drug_from}).",
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
        Example("no conditions sent", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
    ),
)
