"""Anxiety worsened around a relapse."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.rule import Action, Category, Example, From, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    INFECTION_NEAR_ONSET, ANXIETY_CLEARED, NEAR_RELAPSE, NEURO_IMD, ROSSI, STEROID, WORSE_ANXIETY, WORSE_OR_FIRST_ANXIETY,
)
from service.terminology import activities

RULE = Rule(
    name="anxiety-worsening-with-immune-activity",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Anxiety worsened around a relapse",
    question="Did anxiety worsen around a relapse?",
    population=NEURO_IMD,
    when=c.Paired(WORSE_OR_FIRST_ANXIETY, NEAR_RELAPSE),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} days ago), {apart} days {order} a relapse with onset "
        "{event_date}{event_mark}. Anxiety and disease activity occurred together; this does not show that one led to the "
        "other. Consider discussing anxiety at the relapse review."
    ),
    notes=(
        Note(WORSE_ANXIETY, "The score rose from {note_before} on {note_before_date}."),
        Note(INFECTION_NEAR_ONSET, "Infection near onset: a pseudo-relapse is possible.", at_event=True),
        Note(STEROID, "Systemic steroids ({note_drug}) were in use: the two cannot be told apart."),
    ),
    limits="The study measured state anxiety, not GAD-7 throughout.",
    part_of=("mood-worsening-near-relapse",),
    plan=(
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess anxiety; raise it with neurology and mental health together."),
        Action(
            activities.FOLLOW_UP_VISIT.coding, "Recheck anxiety 60 and 180 days after the relapse.",
            due=(timedelta(days=60), timedelta(days=180)), due_from=From.EVENT,
        ),
    ),
    evidence=(ROSSI,),
    clears=ANXIETY_CLEARED,
    examples=(
        Example(
            "worse 20 days after onset",
            "multiple sclerosis; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET, Priority.PM,
        ),
        Example("no relapse", "multiple sclerosis; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago", Verdict.NOT_MET),
        Example("no score", "multiple sclerosis; relapse, 25 days ago", Verdict.UNKNOWN),
    ),
)
