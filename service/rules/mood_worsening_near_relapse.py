"""Mood worsened around a relapse."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.concepts import Concept, DrugGroup
from service.domain.rule import Action, Category, Example, From, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    INFECTION_NEAR_ONSET, DEPRESSION_CLEARED, MOORE, NEAR_RELAPSE, NEURO_IMD, PERSISTING_DEPRESSION, RELAPSE_AFTER,
    RELAPSE_BEFORE, ROSSI, STEROID, WORSE_OR_FIRST_DEPRESSION,
)
from service.terminology import activities

_AFTER_RELAPSE = c.Paired(
    PERSISTING_DEPRESSION,
    c.Occurred(Concept.RELAPSE, RELAPSE_BEFORE, timedelta(days=180), beyond=RELAPSE_AFTER, began_near=True),
)

RULE = Rule(
    name="mood-worsening-near-relapse",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood worsened around a relapse",
    question="Did mood worsen around a relapse?",
    population=NEURO_IMD,
    when=c.AnyOf((c.Paired(WORSE_OR_FIRST_DEPRESSION, NEAR_RELAPSE), _AFTER_RELAPSE)),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} days ago), {apart} days {order} a relapse with onset "
        "{event_date}{event_mark}. Mood change and disease activity occurred together; this does not show that one led to "
        "the other. Consider discussing mood at the relapse review."
    ),
    notes=(
        Note(c.Worsened(WORSE_OR_FIRST_DEPRESSION.domain), "The score rose from {note_before} on {note_before_date}."),
        Note(_AFTER_RELAPSE, "It has persisted after the relapse since {note_first_date}."),
        Note(INFECTION_NEAR_ONSET, "Infection near onset: a pseudo-relapse is possible.", at_event=True),
        Note(STEROID, "Systemic steroids ({note_drug}) were in use: the two cannot be told apart."),
        Note(
            c.Started(((DrugGroup.MS_DMT_OTHER, timedelta(days=90)), (DrugGroup.IFN_BETA, timedelta(days=90)))),
            "{note_drug} was started on {note_drug_from}.",
        ),
    ),
    limits="Relapses are read from coded records only.",
    plan=(
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood; raise it with neurology and mental health together."),
        Action(
            activities.PHQ9_SCREENING.coding, "Repeat the PHQ-9 at 14, 60 and 180 days after the relapse.",
            due=(timedelta(days=14), timedelta(days=60), timedelta(days=180)), due_from=From.EVENT,
        ),
    ),
    evidence=(MOORE, ROSSI),
    clears=DEPRESSION_CLEARED,
    examples=(
        Example(
            "worse 20 days after onset",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET, Priority.PM,
        ),
        Example("no relapse", "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.NOT_MET),
        Example("no score", "multiple sclerosis; relapse, 25 days ago", Verdict.UNKNOWN),
    ),
)
