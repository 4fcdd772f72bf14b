"""Acute inflammation: mood cannot be read against it."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import AcuteEpisode, Anchor, AnchorKind
from service.domain.instruments import MOOD
from service.domain.rule import Action, Case, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ACUTE, ACUTE_INFECTION, READING_CRP
from service.terminology import activities

_OVER = timedelta(days=30)
_SCORE_NEAR = c.ScoredAtLeast(MOOD, c.Band.MILD, timedelta(days=30), timedelta(days=30), Verdict.UNKNOWN)
_HIGH = c.LatestMarker(CRP, (c.MarkerClass.HIGH,), _OVER)
_LOW_GRADE = c.LatestMarker(CRP, (c.MarkerClass.LOW_GRADE,), _OVER)
_NO_LONGER_HIGH = c.AnyOf((
    c.LatestMarker(CRP, (c.MarkerClass.LOW,), None),
    c.Paired(c.LatestMarker(CRP, (c.MarkerClass.LOW_GRADE,), None), c.Not(ACUTE)),
))

RULE = Rule(
    name="acute-inflammation-confounds-mood",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Acute inflammation: read mood against it with care",
    question="Is inflammation acute, so that mood cannot be read against it?",
    when=c.AnyOf((
        c.Paired(_HIGH, _SCORE_NEAR),
        c.Paired(_LOW_GRADE, c.AllOf((ACUTE, _SCORE_NEAR))),
    )),
    anchor=Anchor(AnchorKind.STATE, (AcuteEpisode(CRP, ACUTE),)),
    priority=Priority.PL,
    cases=(
        Case(
            c.Paired(
                c.LatestMarker(CRP, (c.MarkerClass.HIGH,), _OVER, above=Decimal(100)), c.Not(ACUTE_INFECTION),
            ),
            Priority.PM,
        ),
    ),
    categories=(Category.LAB,),
    sentence=(
        "CRP {marker_value} mg/L on {marker_date} ({marker_age} days ago) with {instrument} {now} on {now_date} suggests "
        "acute inflammation. Sickness can raise fatigue, sleep and appetite items. Consider repeating both after recovery "
        "before relating them."
    ),
    notes=(
        Note(ACUTE_INFECTION, "An infection, fever or antibiotic is recorded near that date."),
        Note(ACUTE, "No cause is recorded in the data supplied.", unless=True),
    ),
    limits="CRP says nothing about activity in the brain.",
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding,
            "Consider repeating CRP at least 14 days after recovery.", due=(timedelta(days=14),),
        ),
        Action(
            activities.PHQ9_SCREENING.coding, "Repeat the mood score after recovery.", due=(timedelta(days=14),),
        ),
    ),
    evidence=(READING_CRP,),
    clears=_NO_LONGER_HIGH,
    examples=(
        Example("CRP of 10.01", "CRP 10.01 mg/L, 5 days ago; PHQ-9 6, 5 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 10.0", "CRP 10.0 mg/L, 5 days ago; PHQ-9 6, 5 days ago", Verdict.NOT_MET),
        Example("no CRP", "PHQ-9 6, 5 days ago", Verdict.UNKNOWN),
    ),
)
