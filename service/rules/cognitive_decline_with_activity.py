"""Cognition fell near mood worsening or disease activity."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import MRI_ACTIVITY
from service.domain.anchors import Anchor, AnchorKind, FirstOfRun
from service.domain.concepts import Concept
from service.domain.instruments import COGNITION, DEPRESSION, FATIGUE
from service.domain.rule import Action, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import COGNITIVE_FALL, IMD
from service.terminology import activities

_NEAR = timedelta(days=60)
_RELAPSE = c.Occurred(Concept.RELAPSE, _NEAR, _NEAR)
_MRI = c.ResultNear((MRI_ACTIVITY,), _NEAR, _NEAR, positive=True)
_MOOD = c.WhenMeasured(c.Worsened(DEPRESSION, within=_NEAR))
_FATIGUE = c.WhenMeasured(c.Worsened(FATIGUE, within=_NEAR))

RULE = Rule(
    name="cognitive-decline-with-activity",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Cognition fell near mood worsening or disease activity",
    question="Did cognition fall near a relapse, MRI activity, or worse mood or fatigue?",
    population=IMD,
    when=c.Paired(COGNITIVE_FALL, c.AnyOf((_RELAPSE, _MRI, _MOOD, _FATIGUE)), first_decides=True),
    anchor=Anchor(AnchorKind.STATE, (FirstOfRun(COGNITION, COGNITIVE_FALL),)),
    priority=Priority.PM,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} fell {before} to {now} between {before_date} and {now_date} ({now_age} days ago). Consider review by "
        "neurology and neuropsychology."
    ),
    notes=(
        Note(_RELAPSE, "A relapse is recorded on {note_event_date}."),
        Note(_MRI, "MRI activity is recorded on {note_companion_date}."),
        Note(_MOOD, "{note_instrument} is worse ({note_before} to {note_now})."),
        Note(_FATIGUE, "{note_instrument} is worse ({note_before} to {note_now})."),
    ),
    limits="Test form, language and sedatives are not known to this rule; practice effects are not corrected.",
    plan=(
        Action(activities.NEUROLOGIST_REFERRAL.coding, "Consider review by neurology and neuropsychology."),
    ),
    evidence=(
        Evidence("SDMT: a fall of 4 is important, of 8 reliable for one patient", "Mult Scler 2022;28:1101", Grade.MODERATE),
    ),
    clears=c.Not(c.AtNewest(COGNITION, COGNITIVE_FALL)),
    examples=(
        Example(
            "SDMT fell by 8 near a relapse",
            "multiple sclerosis; SDMT 50, 60 days ago; SDMT 42, 5 days ago; relapse, 25 days ago", Verdict.MET, Priority.PM,
        ),
        Example(
            "SDMT fell by 7", "multiple sclerosis; SDMT 50, 60 days ago; SDMT 43, 5 days ago; relapse, 25 days ago",
            Verdict.NOT_MET,
        ),
        Example("no test", "multiple sclerosis; relapse, 25 days ago", Verdict.UNKNOWN),
    ),
)
