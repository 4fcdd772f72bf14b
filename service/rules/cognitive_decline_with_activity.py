"""Cognition fell near mood worsening or disease activity."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import MRI_ACTIVITY
from service.domain.anchors import Anchor, AnchorKind, FirstOfRun
from service.domain.concepts import Concept
from service.domain.instruments import COGNITION
from service.domain.rule import Action, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import COGNITIVE_FALL, IMD, WORSE_DEPRESSION, WORSE_FATIGUE
from service.terminology import activities

_NEAR = timedelta(days=60)
_RELAPSE = c.Occurred(Concept.RELAPSE, None, _NEAR)
_MRI = c.ResultNear((MRI_ACTIVITY,), _NEAR, None, positive=True)
_MOOD = c.WhenMeasured(WORSE_DEPRESSION)
_FATIGUE = c.WhenMeasured(WORSE_FATIGUE)
_NO_DELIRIUM = c.Not(c.Recorded((Concept.DELIRIUM,), before=timedelta(days=30), after=None, unresolved=True))

# Patients that the examples share.
_MS = "multiple sclerosis; "
_FELL = "SDMT 50, 60 days ago; SDMT 42, 5 days ago; "

RULE = Rule(
    name="cognitive-decline-with-activity",
    version="1.0.1",
    status=Status.ACTIVE,
    title="Cognition fell near mood worsening or disease activity",
    question="Did cognition fall near a relapse, MRI activity, or worse mood or fatigue?",
    population=IMD,
    when=c.Paired(
        COGNITIVE_FALL,
        c.AllOf((_NO_DELIRIUM, c.AnyOf((_RELAPSE, _MRI, _MOOD, _FATIGUE)))),
        first_decides=True,
    ),
    anchor=Anchor(AnchorKind.STATE, (FirstOfRun(COGNITION, COGNITIVE_FALL),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} fell {before} to {now} between {before_date} and {now_date} ({now_age} ago). "
        "Consider review by neurology and neuropsychology."
    ),
    notes=(
        Note(_RELAPSE, "A relapse is recorded on {note_event_date}."),
        Note(_MRI, "MRI activity is recorded on {note_companion_date}."),
        Note(_MOOD, "{note_instrument} is worse ({note_before} to {note_now})."),
        Note(_FATIGUE, "{note_instrument} is worse ({note_before} to {note_now})."),
    ),
    limits="Test form, language and sedatives are not known here; practice effects are not corrected.",
    plan=(Action(activities.NEUROLOGIST_REFERRAL.coding, "Consider review by neurology and neuropsychology."),),
    evidence=(
        Evidence(
            "SDMT: a fall of 4 is important, of 8 reliable for one patient",
            "Mult Scler 2022;28:1101",
            Grade.MODERATE,
        ),
    ),
    clears=c.Not(c.AtNewest(COGNITION, COGNITIVE_FALL)),
    examples=(
        Example(
            "SDMT fell by 8 near a relapse",
            _MS + _FELL + "relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "SDMT fell by 7 near a relapse",
            _MS + "SDMT 50, 60 days ago; SDMT 43, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example("SDMT fell by 8, nothing near", _MS + _FELL, Verdict.NOT_MET),
        Example("no cognitive test", _MS + "relapse, 25 days ago", Verdict.UNKNOWN),
        Example("no earlier test", _MS + "SDMT 42, 5 days ago; relapse, 25 days ago", Verdict.UNKNOWN),
        Example("no earlier test, nothing near", _MS + "SDMT 42, 5 days ago", Verdict.UNKNOWN),
        Example(
            "SDMT fell by 4 twice, 30 days apart",
            _MS + "SDMT 50, 60 days ago; SDMT 46, 35 days ago; SDMT 46, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "SDMT fell by 4 twice, 29 days apart",
            _MS + "SDMT 50, 60 days ago; SDMT 46, 34 days ago; SDMT 46, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "SDMT fell by 3, then by 4",
            _MS + "SDMT 50, 60 days ago; SDMT 47, 35 days ago; SDMT 46, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "MoCA fell by 3",
            _MS + "MoCA 28, 60 days ago; MoCA 25, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "MoCA fell by 2",
            _MS + "MoCA 28, 60 days ago; MoCA 26, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "PROMIS cognitive function fell by 5",
            _MS + "PROMIS cognitive 50, 60 days ago; PROMIS cognitive 45, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two tests, one of them fell",
            _MS + "SDMT 50, 60 days ago; SDMT 50, 5 days ago; MoCA 28, 60 days ago; MoCA 25, 5 days ago; "
            "relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "one test steady, another without an earlier value",
            _MS + "SDMT 50, 60 days ago; SDMT 50, 5 days ago; MoCA 25, 5 days ago; relapse, 25 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "relapse 60 days before the test",
            _MS + _FELL + "relapse, 65 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("relapse 61 days before the test", _MS + _FELL + "relapse, 66 days ago", Verdict.NOT_MET),
        Example("relapse after the test", _MS + _FELL + "relapse, 1 day ago", Verdict.MET, Priority.PM),
        Example("relapse without a date", _MS + _FELL + "relapse, undated", Verdict.UNKNOWN),
        Example(
            "MRI activity 60 days before the test",
            _MS + _FELL + "MRI activity positive, 65 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "MRI activity 61 days before the test",
            _MS + _FELL + "MRI activity positive, 66 days ago",
            Verdict.NOT_MET,
        ),
        Example("MRI without activity", _MS + _FELL + "MRI activity negative, 25 days ago", Verdict.NOT_MET),
        Example(
            "depression worse",
            _MS + _FELL + "PHQ-9 5, 60 days ago; PHQ-9 12, 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "depression not worse",
            _MS + _FELL + "PHQ-9 9, 60 days ago; PHQ-9 12, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "fatigue worse",
            _MS + _FELL + "MFIS 36, 60 days ago; MFIS 40, 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "fatigue not worse",
            _MS + _FELL + "MFIS 37, 60 days ago; MFIS 40, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse and worse fatigue",
            _MS + _FELL + "relapse, 25 days ago; MFIS 36, 60 days ago; MFIS 40, 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "delirium 30 days before the test",
            _MS + _FELL + "relapse, 25 days ago; delirium, 35 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "delirium 31 days before the test",
            _MS + _FELL + "relapse, 25 days ago; delirium, 36 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "delirium resolved",
            _MS + _FELL + "relapse, 25 days ago; delirium resolved, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "test of 30 days ago",
            _MS + "SDMT 50, 90 days ago; SDMT 42, 30 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "test of 31 days ago",
            _MS + "SDMT 50, 91 days ago; SDMT 42, 31 days ago; relapse, 25 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "best earlier test 90 days before",
            _MS + "SDMT 50, 95 days ago; SDMT 46, 40 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "best earlier test 91 days before",
            _MS + "SDMT 50, 96 days ago; SDMT 46, 40 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier test 14 days before",
            _MS + "SDMT 50, 19 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "earlier test only 13 days before",
            _MS + "SDMT 50, 18 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier test 365 days before",
            _MS + "SDMT 50, 370 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier test 366 days before",
            _MS + "SDMT 50, 371 days ago; SDMT 42, 5 days ago; relapse, 25 days ago",
            Verdict.UNKNOWN,
        ),
        Example("no immune disease", _FELL + "MRI activity positive, 25 days ago", Verdict.NOT_MET),
    ),
)
