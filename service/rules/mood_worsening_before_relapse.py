"""Mood worsened with a soft sign of activity and no relapse recorded yet."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import SNFL
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.concepts import Concept
from service.domain.instruments import EDSS, FSS, MFIS, SDMT, MoodDomain
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    MOOD_CLEARED,
    NEURO_IMD,
    NO_RELAPSE_AROUND,
    RELAPSE_SINCE,
    ROSSI,
    STEROID,
    WORSE_MOOD,
)
from service.terminology import activities

_NEAR = timedelta(days=30)
_SYMPTOM = c.Recorded((Concept.NEUROLOGICAL_SYMPTOM,), before=_NEAR, after=None)
_SNFL = c.ResultNear((SNFL,), _NEAR, None, beyond_reference=True)
_EDSS = c.WhenMeasured(c.Worsened(MoodDomain("EDSS", (EDSS,))))
_SDMT = c.WhenMeasured(c.Fell(MoodDomain("SDMT", (SDMT,)), apart=None))
_FATIGUE = c.WhenMeasured(c.Worsened(MoodDomain("fatigue", (FSS, MFIS))))
_SOFT_SIGN = c.Documented(
    positive=c.AnyOf((_SYMPTOM, _FATIGUE, _SDMT, _EDSS, _SNFL)),
    negative=c.Supplied((SNFL,), (FSS, MFIS, SDMT, EDSS), _NEAR),
)
_EPISODE = timedelta(days=90)

# Patients that the examples share.
_MS = "multiple sclerosis; "
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="mood-worsening-before-relapse",
    version="1.0.1",
    status=Status.ACTIVE,
    title="Mood worsened with a soft sign of activity, no relapse recorded",
    question="Has mood or anxiety worsened with a soft sign of activity and no relapse recorded?",
    population=NEURO_IMD,
    when=c.Paired(
        c.BeganWithin(WORSE_MOOD, _EPISODE),
        c.AllOf((NO_RELAPSE_AROUND, c.Not(STEROID), _SOFT_SIGN)),
        first_decides=True,
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_MOOD),)),
    priority=Priority.PL,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} ago) with "
        "a soft sign of activity, and no relapse near it is recorded in the data supplied. In one study of "
        "relapsing MS, state anxiety and depression were higher in people with MRI activity even without "
        "symptoms, and high anxiety preceded reactivation within 6 months. That is a group finding; most "
        "anxious people do not relapse. Consider asking about new symptoms."
    ),
    notes=(
        Note(_SYMPTOM, "Soft sign: {note_records} ({note_record_date})."),
        Note(_FATIGUE, "Soft sign: {note_instrument} {note_before} to {note_now}."),
        Note(_SDMT, "Soft sign: SDMT {note_before} to {note_now}."),
        Note(_EDSS, "Soft sign: EDSS {note_before} to {note_now}."),
        Note(
            _SNFL,
            ("Soft sign: {note_companion} {note_companion_value} ({note_companion_date}), above its own range."),
        ),
    ),
    limits="A single cohort, partly with another anxiety scale.",
    blocked_by=("acute-inflammation-confounds-mood",),
    plan=(
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            ("Ask about new neurological symptoms; consider bringing a routine review forward, per local practice."),
        ),
    ),
    evidence=(ROSSI,),
    clears=c.AnyOf((MOOD_CLEARED, c.Elapsed(_EPISODE), RELAPSE_SINCE)),
    examples=(
        Example(
            "worse with neurofilament above its range",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "worse with neurofilament within its range",
            _MS + _WORSE + "sNfL 8, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("no soft sign measured", _MS + _WORSE, Verdict.UNKNOWN),
        Example(
            "mood not worse",
            _MS + "PHQ-9 9, 60 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("no current score", _MS + "sNfL 20 above range, 5 days ago", Verdict.UNKNOWN),
        Example(
            "no current score, although a relapse is recorded",
            _MS + "sNfL 20 above range, 5 days ago; relapse, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "anxiety worse, depression not",
            _MS + "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "
            "sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "neurofilament 30 days before",
            _MS + _WORSE + "sNfL 20 above range, 35 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "neurofilament 31 days before",
            _MS + _WORSE + "sNfL 20 above range, 36 days ago",
            Verdict.UNKNOWN,
        ),
        Example("normal neurofilament 30 days before", _MS + _WORSE + "sNfL 8, 35 days ago", Verdict.NOT_MET),
        Example("normal neurofilament 31 days before", _MS + _WORSE + "sNfL 8, 36 days ago", Verdict.UNKNOWN),
        Example(
            "new neurological symptom 30 days before",
            _MS + _WORSE + "new neurological symptom, 35 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "new neurological symptom 31 days before",
            _MS + _WORSE + "new neurological symptom, 36 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "new neurological symptom beside normal neurofilament",
            _MS + _WORSE + "new neurological symptom, 5 days ago; sNfL 8, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "MFIS worse by 4",
            _MS + _WORSE + "MFIS 36, 60 days ago; MFIS 40, 20 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "MFIS worse by 3",
            _MS + _WORSE + "MFIS 37, 60 days ago; MFIS 40, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "SDMT fell by 8",
            _MS + _WORSE + "SDMT 50, 60 days ago; SDMT 42, 20 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "SDMT fell by 4 twice, which does not count here",
            _MS + _WORSE + "SDMT 50, 80 days ago; SDMT 46, 50 days ago; SDMT 46, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "EDSS worse by 0.5",
            _MS + _WORSE + "EDSS 3.0, 60 days ago; EDSS 3.5, 20 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "EDSS steady",
            _MS + _WORSE + "EDSS 3.0, 60 days ago; EDSS 3.0, 20 days ago",
            Verdict.NOT_MET,
        ),
        Example("EDSS without an earlier value", _MS + _WORSE + "EDSS 3.0, 20 days ago", Verdict.NOT_MET),
        Example(
            "relapse 90 days before",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, 95 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 91 days before",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, 96 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse after the score",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, 1 day ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two relapses, one of them near",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, 300 days ago; relapse, 70 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse without a date",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "relapse known to a month within 90 days",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; relapse, in 2026-05",
            Verdict.NOT_MET,
        ),
        Example(
            "steroids until 28 days before",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; prednisone from 50 to 33 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "steroids until 29 days before",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; prednisone from 50 to 34 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "acute inflammation",
            _MS + _WORSE + "sNfL 20 above range, 5 days ago; CRP 40 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "episode of 90 days",
            _MS + "PHQ-9 5, 110 days ago; PHQ-9 12, 90 days ago; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "
            "sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "episode of 91 days",
            _MS + "PHQ-9 5, 111 days ago; PHQ-9 12, 91 days ago; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "
            "sNfL 20 above range, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "new episode after mood had cleared",
            _MS + "PHQ-9 5, 160 days ago; PHQ-9 12, 120 days ago; PHQ-9 4, 60 days ago; PHQ-9 12, 5 days ago; "
            "sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 30 days ago",
            _MS + "PHQ-9 5, 90 days ago; PHQ-9 12, 30 days ago; sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 31 days ago",
            _MS + "PHQ-9 5, 91 days ago; PHQ-9 12, 31 days ago; sNfL 20 above range, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "best earlier score 90 days before",
            _MS + "PHQ-9 3, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "best earlier score 91 days before",
            _MS + "PHQ-9 3, 96 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 14 days before",
            _MS + "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score only 13 days before",
            _MS + "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before",
            _MS + "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before",
            _MS + "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "no neuro-immune disease",
            "rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; sNfL 20 above range, 5 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
