"""Mood worsened around a relapse."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.concepts import Concept, DrugGroup
from service.domain.rule import Action, Category, Example, From, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    DEPRESSION_CLEARED,
    INFECTION_NEAR_ONSET,
    MCID,
    MOORE,
    NEAR_RELAPSE,
    NEAR_RELAPSE_OF_KNOWN_DAY,
    NEURO_IMD,
    PERSISTING_DEPRESSION,
    RELAPSE_AFTER,
    RELAPSE_BEFORE,
    ROSSI,
    STEROID,
    WORSE_DEPRESSION,
    WORSE_OR_FIRST_DEPRESSION,
)
from service.terminology import activities

_AFTER_RELAPSE = c.Paired(
    PERSISTING_DEPRESSION,
    c.Occurred(Concept.RELAPSE, RELAPSE_BEFORE, timedelta(days=180), beyond=RELAPSE_AFTER, began_near=True),
)
_DAY_KNOWN = c.AnyOf((NEAR_RELAPSE_OF_KNOWN_DAY, _AFTER_RELAPSE))
_DAY_NOT_KNOWN = c.AllOf((NEAR_RELAPSE, c.Not(NEAR_RELAPSE_OF_KNOWN_DAY)))

_WORSE = "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "
_MS = "multiple sclerosis; "

RULE = Rule(
    name="mood-worsening-near-relapse",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Mood worsened around a relapse",
    question="Did mood worsen around a relapse?",
    population=NEURO_IMD,
    when=c.AnyOf((c.Paired(WORSE_OR_FIRST_DEPRESSION, NEAR_RELAPSE), _AFTER_RELAPSE)),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} ago), {event_near}. Mood change and disease activity occurred "
        "together; this does not show that one led to the other. Consider discussing mood at the relapse review."
    ),
    notes=(
        Note(WORSE_DEPRESSION, "The score rose from {note_before} on {note_before_date}."),
        Note(_AFTER_RELAPSE, "It has persisted after the relapse since {note_first_date}."),
        Note(INFECTION_NEAR_ONSET, "Infection near onset: a pseudo-relapse is possible.", at_event=True),
        Note(STEROID, "Systemic steroids ({note_drug}) were in use: the two cannot be told apart."),
        Note(
            c.Started(((DrugGroup.MS_DMT_OTHER, timedelta(days=90)), (DrugGroup.IFN_BETA, timedelta(days=90)))),
            "{note_drug} was begun on {note_drug_from}.",
        ),
    ),
    limits="Relapses are read from coded records only.",
    plan=(
        Action(
            activities.MENTAL_HEALTH_ASSESSMENT.coding,
            "Assess mood; raise it with neurology and mental health together.",
        ),
        Action(
            activities.PHQ9_SCREENING.coding,
            "Repeat the PHQ-9 at 14, 60 and 180 days after the relapse.",
            due=(timedelta(days=14), timedelta(days=60), timedelta(days=180)),
            due_from=From.EVENT,
            when=_DAY_KNOWN,
        ),
        Action(
            activities.PHQ9_SCREENING.coding,
            "Repeat the PHQ-9 at 14, 60 and 180 days after the relapse; the day of its onset is to be found out first.",
            when=_DAY_NOT_KNOWN,
        ),
    ),
    evidence=(MOORE, ROSSI, MCID),
    clears=DEPRESSION_CLEARED,
    examples=(
        Example("worse 20 days after onset", _WORSE + "relapse, 25 days ago", Verdict.MET, Priority.PM),
        Example("no relapse", _MS + "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.NOT_MET),
        Example("no score", _MS + "relapse, 25 days ago", Verdict.UNKNOWN),
        Example("neither relapse nor score", "multiple sclerosis", Verdict.NOT_MET),
        Example(
            "no immune disease", "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; infection, 25 days ago", Verdict.NOT_MET
        ),
        Example(
            "rheumatoid arthritis only",
            "rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "neuromyelitis optica",
            "neuromyelitis optica; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a rise of 4", _MS + "PHQ-9 8, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago", Verdict.NOT_MET
        ),
        Example(
            "a rise of 5",
            _MS + "PHQ-9 7, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a rise to 9", _MS + "PHQ-9 1, 60 days ago; PHQ-9 9, 5 days ago; relapse, 25 days ago", Verdict.NOT_MET
        ),
        Example(
            "a rise to 10",
            _MS + "PHQ-9 1, 60 days ago; PHQ-9 10, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "latest score 30 days ago",
            _MS + "PHQ-9 5, 60 days ago; PHQ-9 12, 30 days ago; relapse, 40 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "latest score 31 days ago",
            _MS + "PHQ-9 5, 60 days ago; PHQ-9 12, 31 days ago; relapse, 40 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "score 14 days earlier",
            _MS + "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score 13 days earlier is no comparison",
            _MS + "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score 90 days earlier",
            _MS + "PHQ-9 5, 95 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score 91 days earlier is a weak comparison",
            _MS + "PHQ-9 5, 96 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "as high 365 days earlier",
            _MS + "PHQ-9 12, 370 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "as high 366 days earlier",
            _MS + "PHQ-9 12, 371 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "first score ever, elevated", _MS + "PHQ-9 12, 5 days ago; relapse, 25 days ago", Verdict.MET, Priority.PL
        ),
        Example("first score ever, not elevated", _MS + "PHQ-9 9, 5 days ago; relapse, 25 days ago", Verdict.NOT_MET),
        Example(
            "two scales, the second is worse",
            _MS
            + "PHQ-9 12, 60 days ago; PHQ-9 12, 5 days ago; HADS-D 5, 60 days ago; HADS-D 9, 5 days ago; "
            + "relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "30 days before onset",
            _MS + "PHQ-9 5, 60 days ago; PHQ-9 12, 30 days ago; relapse, 0 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("60 days after onset", _WORSE + "relapse, 65 days ago", Verdict.MET, Priority.PM),
        Example("61 days after onset", _WORSE + "relapse, 66 days ago", Verdict.NOT_MET),
        Example(
            "of two relapses the latest before the score",
            _WORSE + "relapse, 60 days ago; relapse, 10 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two records 30 days apart are one relapse, 75 days ago",
            _WORSE + "relapse, 80 days ago; relapse, 50 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two records 31 days apart are two relapses",
            _WORSE + "relapse, 81 days ago; relapse, 50 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "records do not chain",
            _WORSE + "relapse, 110 days ago; relapse, 80 days ago; relapse, 50 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "one relapse too long ago, one near",
            _WORSE + "relapse, 66 days ago; relapse, 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("relapse not confirmed", _WORSE + "relapse unconfirmed, 25 days ago", Verdict.MET, Priority.PM),
        Example("relapse only considered", _WORSE + "relapse differential, 25 days ago", Verdict.NOT_MET),
        Example("relapse without onset", _WORSE + "relapse, recorded 25 days ago", Verdict.UNKNOWN),
        Example(
            "a dated relapse beside an undated one",
            _WORSE + "relapse, 25 days ago; relapse, undated",
            Verdict.MET,
            Priority.PM,
        ),
        Example("relapse known to the month, all of it near", _WORSE + "relapse, in 2026-06", Verdict.MET, Priority.PM),
        Example("relapse known to the year", _WORSE + "relapse, in 2026", Verdict.UNKNOWN),
        Example(
            "persisting 61 days after onset",
            _MS + "PHQ-9 12, 70 days ago; PHQ-9 13, 5 days ago; relapse, 66 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "persisting 180 days after onset",
            _MS + "PHQ-9 12, 125 days ago; PHQ-9 13, 5 days ago; relapse, 185 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "persisting 181 days after onset",
            _MS + "PHQ-9 12, 126 days ago; PHQ-9 13, 65 days ago; PHQ-9 13, 5 days ago; relapse, 186 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "persisting for 56 days",
            _MS + "PHQ-9 12, 61 days ago; PHQ-9 13, 5 days ago; relapse, 90 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "persisting for 55 days",
            _MS + "PHQ-9 12, 60 days ago; PHQ-9 13, 5 days ago; relapse, 90 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "neighbours 121 days apart",
            _MS + "PHQ-9 12, 126 days ago; PHQ-9 13, 5 days ago; relapse, 180 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "first high score 30 days before onset",
            _MS + "PHQ-9 12, 100 days ago; PHQ-9 13, 5 days ago; relapse, 70 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "first high score 31 days before onset",
            _MS + "PHQ-9 12, 101 days ago; PHQ-9 13, 5 days ago; relapse, 70 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "first high score 60 days after onset",
            _MS + "PHQ-9 12, 100 days ago; PHQ-9 13, 5 days ago; relapse, 160 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "first high score 61 days after onset",
            _MS + "PHQ-9 12, 100 days ago; PHQ-9 13, 5 days ago; relapse, 161 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "persisting, and a newer relapse near the score",
            _MS + "PHQ-9 12, 100 days ago; PHQ-9 13, 5 days ago; relapse, 110 days ago; relapse, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example("relapse 100 days ago, no score", _MS + "relapse, 100 days ago", Verdict.UNKNOWN),
        Example(
            "after an infection", _WORSE + "relapse, 25 days ago; infection, 27 days ago", Verdict.MET, Priority.PM
        ),
        Example(
            "on steroids, a new medicine begun",
            _WORSE + "relapse, 25 days ago; methylprednisolone from 24 to 20 days ago; fingolimod from 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("aged 17", _WORSE + "aged 17; relapse, 25 days ago", Verdict.NOT_MET),
        Example("aged 18", _WORSE + "aged 18; relapse, 25 days ago", Verdict.MET, Priority.PM),
    ),
)
