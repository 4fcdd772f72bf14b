"""Mood worsened with a soft sign of activity and no relapse recorded yet."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import SNFL
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.concepts import Concept
from service.domain.instruments import EDSS, FATIGUE, SDMT, MoodDomain
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    MOOD_CLEARED, NEURO_IMD, NO_RELAPSE_AROUND, RELAPSE_AFTER_START, ROSSI, STEROID, WORSE_FATIGUE, WORSE_MOOD,
)
from service.terminology import activities

_NEAR = timedelta(days=30)
_SYMPTOM = c.Recorded((Concept.NEUROLOGICAL_SYMPTOM,), before=_NEAR, after=_NEAR)
_SNFL = c.ResultNear((SNFL,), _NEAR, _NEAR, beyond_reference=True)
_EDSS = c.WhenMeasured(c.Worsened(MoodDomain("EDSS", (EDSS,)), within=_NEAR))
_SDMT = c.WhenMeasured(c.Fell(MoodDomain("SDMT", (SDMT,))))
_FATIGUE = c.WhenMeasured(WORSE_FATIGUE)
_SOFT_SIGN = c.Documented(
    positive=c.AnyOf((_SYMPTOM, _FATIGUE, _SDMT, _EDSS, _SNFL)),
    negative=c.Supplied((SNFL,), (EDSS, SDMT, *FATIGUE.series), _NEAR, _NEAR),
)
_EPISODE = timedelta(days=90)

RULE = Rule(
    name="mood-worsening-before-relapse",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Mood worsened with a soft sign of activity, no relapse recorded",
    question="Has mood or anxiety worsened with a soft sign of activity and no relapse recorded?",
    population=NEURO_IMD,
    when=c.Paired(
        WORSE_MOOD,
        c.AllOf((c.BeganWithin(WORSE_MOOD, _EPISODE), NO_RELAPSE_AROUND, c.Not(STEROID), _SOFT_SIGN)),
        first_decides=True,
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_MOOD),)),
    priority=Priority.PL,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} days ago) with a soft sign of "
        "activity, and no relapse is recorded in the data supplied. In one study of relapsing MS, state anxiety and "
        "depression were higher in people with MRI activity even without symptoms, and high anxiety preceded reactivation "
        "within 6 months. That is a group finding; most anxious people do not relapse. Consider asking about new symptoms."
    ),
    notes=(
        Note(_SYMPTOM, "Soft sign: {note_records} ({note_record_date})."),
        Note(_FATIGUE, "Soft sign: {note_instrument} {note_before} to {note_now}."),
        Note(_SDMT, "Soft sign: SDMT {note_before} to {note_now}."),
        Note(_EDSS, "Soft sign: EDSS {note_before} to {note_now}."),
        Note(_SNFL, "Soft sign: {note_companion} {note_companion_value} ({note_companion_date}), above its own range."),
    ),
    limits="A single cohort, partly with another anxiety scale.",
    blocked_by=("acute-inflammation-confounds-mood",),
    plan=(
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            "Ask about new neurological symptoms; consider bringing a routine review forward, per local practice.",
        ),
    ),
    evidence=(ROSSI,),
    clears=c.AnyOf((MOOD_CLEARED, c.Elapsed(_EPISODE), RELAPSE_AFTER_START)),
    examples=(
        Example(
            "worse with sNfL above its range",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.MET, Priority.PL,
        ),
        Example(
            "sNfL within its range",
            "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; sNfL 8, 5 days ago", Verdict.NOT_MET,
        ),
        Example(
            "no soft sign measured", "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago", Verdict.UNKNOWN,
        ),
    ),
)
