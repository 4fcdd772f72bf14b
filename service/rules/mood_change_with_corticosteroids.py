"""Mood changed during or after systemic corticosteroids."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.concepts import Concept, DrugGroup
from service.domain.instruments import MOOD
from service.domain.rule import Action, Case, Category, Example, From, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import NEAR_RELAPSE, STEROID_EVIDENCE, WORSE_MOOD
from service.terminology import activities

_STEROIDS = (DrugGroup.STEROID_SYSTEMIC,)
_COURSE = c.Exposed(_STEROIDS, lead=timedelta(days=1), trailing=timedelta(days=28), course=True)
_SYMPTOMS = (Concept.MANIA, Concept.PSYCHOSIS, Concept.INSOMNIA)
_NEW_SYMPTOM = c.Recorded(_SYMPTOMS, before=timedelta(days=30), after=None, unresolved=True)
_SYMPTOM_THEN = c.Recorded(_SYMPTOMS, before=timedelta(0), unresolved=True)
_BEGUN_LATELY = c.Exposed(_STEROIDS, trailing=None, begun_within=timedelta(days=180), course=True)

# Patients that the examples share.
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="mood-change-with-corticosteroids",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Mood changed with systemic corticosteroids",
    question="Did mood change during or after systemic corticosteroids?",
    when=c.AnyOf((c.Paired(WORSE_MOOD, _COURSE), c.Paired(_NEW_SYMPTOM, _COURSE, each=True))),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    cases=(Case(c.Not(_BEGUN_LATELY), Priority.PL),),
    categories=(Category.DRUG, Category.BEHAVIORAL),
    sentence=(
        "Mood changed during or within 28 days of systemic steroids ({drug}, {drug_from} to {drug_to}). "
        "Early: elation, irritability, insomnia; longer courses: low mood; it usually improves as the dose "
        "falls. Withdrawal itself is the prescriber's decision."
    ),
    notes=(
        Note(
            WORSE_MOOD,
            "{note_instrument} rose {note_before} to {note_now} between {note_before_date} and "
            "{note_now_date} ({note_now_age} ago).",
        ),
        Note(_SYMPTOM_THEN, "Recorded: {note_records} ({note_record_date})."),
        Note(NEAR_RELAPSE, "A relapse of {note_event_date} lies near it: the two cannot be told apart."),
    ),
    limits="The last day of a course is an estimate where the data supplied give no end.",
    plan=(
        Action(
            activities.PHQ9_SCREENING.coding,
            "Recheck mood 14 and 28 days after the last dose.",
            due=(timedelta(days=14), timedelta(days=28)),
            due_from=From.LAST_DOSE,
        ),
    ),
    evidence=(STEROID_EVIDENCE,),
    clears=c.Paired(c.Ended(_STEROIDS, over=timedelta(days=28), course=True), c.BackBelow(MOOD)),
    examples=(
        Example(
            "worse under prednisone",
            _WORSE + "prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "steroids for a relapse",
            "multiple sclerosis; " + _WORSE + "relapse, 22 days ago; methylprednisolone from 20 to 16 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("no steroid", _WORSE, Verdict.NOT_MET),
        Example("no current score", "prednisone from 20 to 2 days ago", Verdict.UNKNOWN),
        Example(
            "no earlier score",
            "PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "28 days after the last dose",
            _WORSE + "prednisone from 50 to 33 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("29 days after the last dose", _WORSE + "prednisone from 50 to 34 days ago", Verdict.NOT_MET),
        Example(
            "the day after the first dose",
            _WORSE + "prednisone from 6 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("the day of the first dose", _WORSE + "prednisone from 5 to 2 days ago", Verdict.NOT_MET),
        Example(
            "180 days after the first dose",
            _WORSE + "prednisone from 185 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "181 days after the first dose",
            _WORSE + "prednisone from 186 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "two steroids in turn are one course",
            _WORSE + "methylprednisolone from 190 to 100 days ago; prednisone from 69 to 2 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "two courses 31 days apart",
            _WORSE + "methylprednisolone from 190 to 101 days ago; prednisone from 69 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("steroid without dates", _WORSE + "prednisone undated", Verdict.UNKNOWN),
        Example(
            "mania under prednisone, no score",
            "prednisone from 60 to 2 days ago; mania, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "mania 30 days ago under prednisone, no score",
            "prednisone from 60 to 2 days ago; mania, 30 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "mania 31 days ago under prednisone, no score",
            "prednisone from 60 to 2 days ago; mania, 31 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "insomnia before, mania under prednisone",
            "prednisone from 20 to 2 days ago; insomnia, 25 days ago; mania, 10 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "insomnia before prednisone, no score",
            "prednisone from 20 to 2 days ago; insomnia, 25 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "insomnia before prednisone, scores steady",
            "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; prednisone from 20 to 2 days ago; insomnia, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "psychosis under prednisone, resolved",
            "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; prednisone from 20 to 2 days ago; "
            "psychosis resolved, 10 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "anxiety worse, depression not",
            "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "
            "prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score of 30 days ago",
            "PHQ-9 5, 90 days ago; PHQ-9 12, 30 days ago; prednisone from 45 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score of 31 days ago",
            "PHQ-9 5, 91 days ago; PHQ-9 12, 31 days ago; prednisone from 45 to 2 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "compared with a score of 90 days before",
            "PHQ-9 5, 95 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "compared with a score of 91 days before",
            "PHQ-9 5, 96 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 14 days before",
            "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "earlier score only 13 days before",
            "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before",
            "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before",
            "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.UNKNOWN,
        ),
    ),
)
