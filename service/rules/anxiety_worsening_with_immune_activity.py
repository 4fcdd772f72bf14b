"""Anxiety worsened around a relapse."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.rule import Action, Category, Example, From, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    ANXIETY_CLEARED,
    INFECTION_NEAR_ONSET,
    NEAR_RELAPSE,
    NEAR_RELAPSE_OF_KNOWN_DAY,
    NEURO_IMD,
    ROSSI,
    STEROID,
    WORSE_ANXIETY,
    WORSE_OR_FIRST_ANXIETY,
)
from service.terminology import activities

# Patients that the examples share.
_MS = "multiple sclerosis; "
_WORSE = "GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "

RULE = Rule(
    name="anxiety-worsening-with-immune-activity",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Anxiety worsened around a relapse",
    question="Did anxiety worsen around a relapse?",
    population=NEURO_IMD,
    when=c.Paired(WORSE_OR_FIRST_ANXIETY, NEAR_RELAPSE),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} ago), {event_near}. Anxiety and disease activity occurred "
        "together; this does not show that one led to the other. Consider discussing anxiety at the relapse review."
    ),
    notes=(
        Note(WORSE_ANXIETY, "The score rose from {note_before} on {note_before_date}."),
        Note(INFECTION_NEAR_ONSET, "Infection near onset: a pseudo-relapse is possible.", at_event=True),
        Note(STEROID, "Systemic steroids ({note_drug}) were in use: the two cannot be told apart."),
    ),
    limits="The study measured state anxiety, not GAD-7 throughout.",
    part_of=("mood-worsening-near-relapse",),
    plan=(
        Action(
            activities.MENTAL_HEALTH_ASSESSMENT.coding,
            "Assess anxiety; raise it with neurology and mental health together.",
        ),
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            "Recheck anxiety 60 and 180 days after the relapse.",
            due=(timedelta(days=60), timedelta(days=180)),
            due_from=From.EVENT,
            when=NEAR_RELAPSE_OF_KNOWN_DAY,
        ),
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            "Recheck anxiety 60 and 180 days after the relapse; the day of its onset is to be found out first.",
            when=c.Not(NEAR_RELAPSE_OF_KNOWN_DAY),
        ),
    ),
    evidence=(ROSSI,),
    clears=ANXIETY_CLEARED,
    examples=(
        Example(
            "worse 20 days after a relapse",
            _MS + _WORSE + "relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "worse 60 days after a relapse",
            _MS + _WORSE + "relapse, 65 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("worse 61 days after a relapse", _MS + _WORSE + "relapse, 66 days ago", Verdict.NOT_MET),
        Example(
            "relapse 30 days after the score",
            _MS + "GAD-7 5, 90 days ago; GAD-7 12, 30 days ago; relapse, 0 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "relapse known to the month, all of it near", _MS + _WORSE + "relapse, in 2026-06", Verdict.MET, Priority.PM
        ),
        Example("no relapse recorded", _MS + _WORSE, Verdict.NOT_MET),
        Example("no current score", _MS + "relapse, 25 days ago", Verdict.UNKNOWN),
        Example(
            "score of 30 days ago",
            _MS + "GAD-7 5, 90 days ago; GAD-7 12, 30 days ago; relapse, 40 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score of 31 days ago",
            _MS + "GAD-7 5, 91 days ago; GAD-7 12, 31 days ago; relapse, 40 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "best earlier score 90 days before",
            _MS + "GAD-7 3, 95 days ago; GAD-7 9, 40 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "best earlier score 91 days before",
            _MS + "GAD-7 3, 96 days ago; GAD-7 9, 40 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 14 days before",
            _MS + "GAD-7 9, 19 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score only 13 days before counts as none",
            _MS + "GAD-7 9, 18 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 365 days before",
            _MS + "GAD-7 9, 370 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 366 days before counts as none",
            _MS + "GAD-7 9, 371 days ago; GAD-7 11, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "compared with a score of 200 days before",
            _MS + "GAD-7 5, 205 days ago; GAD-7 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "first score, elevated",
            _MS + "GAD-7 10, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "first score, not elevated",
            _MS + "GAD-7 9, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two relapses, one of them near",
            _MS + _WORSE + "relapse, 105 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "entries 30 days apart are one relapse",
            _MS + _WORSE + "relapse, 95 days ago; relapse, 65 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "entries 31 days apart are two relapses",
            _MS + _WORSE + "relapse, 96 days ago; relapse, 65 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two scales, one of them worse",
            _MS + "GAD-7 9, 60 days ago; GAD-7 9, 5 days ago; HADS-A 5, 60 days ago; HADS-A 8, 5 days ago; "
            "relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "relapse known to this month",
            _MS + _WORSE + "relapse, in 2026-06",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "relapse known to a month that is near in part",
            _MS + _WORSE + "relapse, in 2026-04",
            Verdict.UNKNOWN,
        ),
        Example("relapse without a date", _MS + _WORSE + "relapse, undated", Verdict.UNKNOWN),
        Example(
            "dated relapse beside one without a date",
            _MS + _WORSE + "relapse, undated; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("relapse refuted", _MS + _WORSE + "relapse refuted, 25 days ago", Verdict.NOT_MET),
        Example(
            "relapse only a differential",
            _MS + _WORSE + "relapse differential, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse not confirmed",
            _MS + _WORSE + "relapse unconfirmed, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "depression worse as well: part of that flag",
            _MS + _WORSE + "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
        ),
        Example(
            "neuromyelitis optica",
            "neuromyelitis optica; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "infection near onset, steroids in use",
            _MS + _WORSE + "relapse, 25 days ago; infection, 27 days ago; methylprednisolone from 8 to 4 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "no neuro-immune disease",
            "rheumatoid arthritis; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "aged 17",
            "aged 17; multiple sclerosis; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
