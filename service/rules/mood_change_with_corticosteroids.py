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
_NEW_SYMPTOM = c.Recorded(
    (Concept.MANIA, Concept.PSYCHOSIS, Concept.INSOMNIA), before=timedelta(days=30), unresolved=True,
)

RULE = Rule(
    name="mood-change-with-corticosteroids",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood changed with systemic corticosteroids",
    question="Did mood change during or after systemic corticosteroids?",
    when=c.AnyOf((c.Paired(WORSE_MOOD, _COURSE), c.Paired(_NEW_SYMPTOM, _COURSE))),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PM,
    cases=(Case(c.Exposed(_STEROIDS, lead=timedelta(days=181), trailing=timedelta(days=28), course=True), Priority.PL),),
    categories=(Category.DRUG, Category.BEHAVIORAL),
    sentence=(
        "Mood changed during or within 28 days of systemic steroids ({drug}, {drug_from} to {drug_to}). Early: elation, "
        "irritability, insomnia; longer courses: low mood; it usually improves as the dose falls. Withdrawal itself is the "
        "prescriber's decision."
    ),
    notes=(
        Note(
            WORSE_MOOD,
            "{note_instrument} rose {note_before} to {note_now} between {note_before_date} and {note_now_date} "
            "({note_now_age} days ago).",
        ),
        Note(_NEW_SYMPTOM, "Recorded: {note_records} ({note_record_date})."),
        Note(NEAR_RELAPSE, "A relapse on {note_event_date} lies near it: the two cannot be told apart."),
    ),
    limits="The last day of a course is an estimate where no end was recorded.",
    plan=(
        Action(
            activities.PHQ9_SCREENING.coding, "Recheck mood 14 and 28 days after the last dose.",
            due=(timedelta(days=14), timedelta(days=28)), due_from=From.LAST_DOSE,
        ),
    ),
    evidence=(STEROID_EVIDENCE,),
    clears=c.AllOf((
        c.Now(c.Not(c.Exposed(_STEROIDS, trailing=timedelta(days=28), course=True))),
        c.BackBelow(MOOD, after_exposure=_STEROIDS),
    )),
    examples=(
        Example(
            "worse under prednisone", "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago",
            Verdict.MET, Priority.PM,
        ),
        Example("no steroid", "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.NOT_MET),
        Example("no score", "prednisone from 20 to 2 days ago", Verdict.UNKNOWN),
    ),
)
