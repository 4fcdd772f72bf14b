"""Acute inflammation: mood cannot be read against it."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import AcuteEpisode, Anchor, AnchorKind
from service.domain.instruments import MOOD
from service.domain.rule import Action, Case, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    ACUTE,
    ACUTE_CAUSE,
    ACUTE_INFECTION,
    ANTIBIOTIC_BEGUN,
    FEVER,
    HIGH_CRP_NEAR,
    HIGH_PROCALCITONIN,
    INFECTION,
    INJURY,
    READING_CRP,
    UNDER_IL6_BLOCKADE,
    VACCINATED,
)
from service.terminology import activities

_HIGH = c.LatestMarker(CRP, (c.MarkerClass.HIGH,), c.FRESH)
_LOW_GRADE = c.LatestMarker(CRP, (c.MarkerClass.LOW_GRADE,), c.FRESH)
_SCORE_NEAR = c.ScoredAtLeast(MOOD, c.Band.MILD, timedelta(days=30), Verdict.UNKNOWN)
_VERY_HIGH_WITHOUT_INFECTION = c.Paired(
    c.LatestMarker(CRP, (c.MarkerClass.HIGH,), None, above=Decimal(100)),
    c.Not(ACUTE_INFECTION),
)

_MOOD = "PHQ-9 6, 5 days ago; "

RULE = Rule(
    name="acute-inflammation-confounds-mood",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Acute inflammation: read mood against it with care",
    question="Is inflammation acute, so that mood cannot be read against it?",
    when=c.AnyOf(
        (
            c.Paired(_HIGH, _SCORE_NEAR, first_decides=True),
            c.Paired(_LOW_GRADE, c.AllOf((ACUTE, _SCORE_NEAR)), first_decides=True),
        )
    ),
    anchor=Anchor(AnchorKind.STATE, (AcuteEpisode(CRP, ACUTE),)),
    priority=Priority.PL,
    cases=(Case(_VERY_HIGH_WITHOUT_INFECTION, Priority.PM),),
    categories=(Category.LAB,),
    sentence=(
        "{marker} {marker_value} mg/L on {marker_date} ({marker_age} ago) suggests acute inflammation; {instrument} "
        "was {now} on {now_date}. Sickness can raise fatigue, sleep and appetite items. Consider repeating both after "
        "recovery before relating them."
    ),
    notes=(
        Note(
            _VERY_HIGH_WITHOUT_INFECTION,
            "The value is above 100 mg/L, and no infection is recorded in the data supplied.",
        ),
        Note(INFECTION, "Recorded near it: {note_records} ({note_record_date})."),
        Note(ANTIBIOTIC_BEGUN, "An antibiotic was begun on {note_drug_from}."),
        Note(FEVER, "Body temperature was {note_companion_value} on {note_companion_date}."),
        Note(HIGH_PROCALCITONIN, "Procalcitonin was {note_companion_value} on {note_companion_date}."),
        Note(INJURY, "Recorded before it: {note_records} ({note_record_date})."),
        Note(VACCINATED, "A vaccination is recorded on {note_record_date}."),
        Note(
            UNDER_IL6_BLOCKADE,
            "It was measured during or up to 90 days after {note_drug}, which lowers CRP: inflammation may be stronger "
            "than the value says.",
        ),
        Note(c.AllOf((HIGH_CRP_NEAR, _LOW_GRADE)), "CRP was {note_marker_value} mg/L on {note_marker_date}."),
        Note(ACUTE_CAUSE, "No cause is recorded in the data supplied.", unless=True),
    ),
    limits="CRP says nothing about activity in the brain.",
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding,
            "Consider repeating CRP at least 14 days after recovery.",
            due=(timedelta(days=14),),
        ),
        Action(
            activities.PHQ9_SCREENING.coding,
            "Repeat the mood score after recovery.",
            due=(timedelta(days=14),),
        ),
    ),
    evidence=(READING_CRP,),
    clears=c.AnyOf(
        (
            c.Paired(c.LatestMarker(CRP, (c.MarkerClass.LOW,), None), c.Not(UNDER_IL6_BLOCKADE)),
            c.Paired(
                c.LatestMarker(CRP, (c.MarkerClass.LOW_GRADE,), None),
                c.AllOf((c.Not(ACUTE), c.Not(UNDER_IL6_BLOCKADE))),
            ),
        )
    ),
    examples=(
        Example("CRP of 10.01", _MOOD + "CRP 10.01 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 10.0", _MOOD + "CRP 10.0 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("CRP above its limit of 10", _MOOD + "CRP >10 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("no CRP", "PHQ-9 6, 5 days ago", Verdict.UNKNOWN),
        Example("no CRP, and a low score", "PHQ-9 2, 5 days ago", Verdict.UNKNOWN),
        Example("CRP above its limit of 8", _MOOD + "CRP >8 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("CRP below its limit of 5", _MOOD + "CRP <5 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("unit not accepted", _MOOD + "CRP refused: unit nmol/L, 5 days ago", Verdict.UNKNOWN),
        Example("no score", "CRP 20 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("score of 5, mild", "CRP 20 mg/L, 5 days ago; PHQ-9 5, 5 days ago", Verdict.MET, Priority.PL),
        Example("score of 4, minimal", "CRP 20 mg/L, 5 days ago; PHQ-9 4, 5 days ago", Verdict.NOT_MET),
        Example(
            "anxiety mild, depression minimal",
            "CRP 20 mg/L, 5 days ago; PHQ-9 4, 5 days ago; GAD-7 5, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("CRP of 30 days ago", _MOOD + "CRP 20 mg/L, 30 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 31 days ago", _MOOD + "CRP 20 mg/L, 31 days ago", Verdict.UNKNOWN),
        Example("score 30 days before", "CRP 20 mg/L, 5 days ago; PHQ-9 6, 35 days ago", Verdict.MET, Priority.PL),
        Example("score of this month, its day not known", "CRP 20 mg/L, 5 days ago; PHQ-9 6, in 2026-06", Verdict.MET),
        Example("score of this year", "CRP 20 mg/L, 5 days ago; PHQ-9 6, in 2026", Verdict.UNKNOWN),
        Example("score 31 days before", "CRP 20 mg/L, 5 days ago; PHQ-9 6, 36 days ago", Verdict.UNKNOWN),
        Example(
            "of two CRPs the later counts", _MOOD + "CRP 20 mg/L, 35 days ago; CRP 4 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "of one day the higher counts",
            _MOOD + "hs-CRP 4 mg/L, 5 days ago; CRP 20 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low-grade with an infection",
            _MOOD + "CRP 4 mg/L, 5 days ago; infection, 10 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low-grade with an antibiotic and fever",
            _MOOD
            + "CRP 4 mg/L, 5 days ago; antibiotic from 8 to 2 days ago; temperature 38.6 Cel, 8 days ago; "
            + "procalcitonin 0.7 ng/mL, 7 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low-grade after an injury and a vaccination",
            _MOOD + "CRP 4 mg/L, 5 days ago; trauma, 9 days ago; vaccination, 8 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low-grade with an infection without a date",
            _MOOD + "CRP 4 mg/L, 5 days ago; infection, undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "low-grade 28 days after a high one",
            _MOOD + "CRP 20 mg/L, 33 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low-grade 29 days after a high one",
            _MOOD + "CRP 20 mg/L, 34 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "episode of a rise within 7 days",
            _MOOD + "CRP 4 mg/L, 12 days ago; CRP 20 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "episode of a rise after 8 days",
            _MOOD + "CRP 4 mg/L, 13 days ago; CRP 20 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "high although an IL-6 medicine lowers it",
            _MOOD + "CRP 40 mg/L, 5 days ago; tocilizumab from 150 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "low under an IL-6 medicine",
            _MOOD + "CRP 2 mg/L, 5 days ago; tocilizumab from 150 days ago",
            Verdict.NOT_MET,
        ),
        Example("low while infected", _MOOD + "CRP 2 mg/L, 5 days ago; infection, 10 days ago", Verdict.NOT_MET),
        Example("101 without infection", _MOOD + "CRP 101 mg/L, 5 days ago", Verdict.MET, Priority.PM),
        Example("100 without infection", _MOOD + "CRP 100 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("above its limit of 100", _MOOD + "CRP >100 mg/L, 5 days ago", Verdict.MET, Priority.PM),
        Example(
            "101 with an infection", _MOOD + "CRP 101 mg/L, 5 days ago; infection, 5 days ago", Verdict.MET, Priority.PL
        ),
        Example(
            "101 after an operation", _MOOD + "CRP 101 mg/L, 5 days ago; surgery, 8 days ago", Verdict.MET, Priority.PM
        ),
    ),
)
