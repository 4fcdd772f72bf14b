"""A mood check is overdue."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, OutcomeDay
from service.domain.concepts import Concept, DrugGroup
from service.domain.instruments import DEPRESSION, PHQ2
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import MOORE, NEURO_IMD, SCREENING
from service.terminology import activities

_GRACE = timedelta(days=14)
_DECLINED = timedelta(days=30)
_ZERO = timedelta(0)
_ROUTINE = c.Due(DEPRESSION, (SCREENING,), _GRACE, also_screens=(PHQ2,), unless_declined=_DECLINED)
_AFTER_RELAPSE = c.Due(
    DEPRESSION, (timedelta(days=14), timedelta(days=60), timedelta(days=180)), _GRACE, event=Concept.RELAPSE,
    over=timedelta(days=365), also_screens=(PHQ2,), unless_declined=_DECLINED,
)
_AFTER_START = c.Due(
    DEPRESSION, (_ZERO, timedelta(days=28), timedelta(days=56), timedelta(days=84)), _GRACE,
    groups=(DrugGroup.IFN_ALPHA, DrugGroup.IL2, DrugGroup.CHECKPOINT), over=timedelta(days=180), also_screens=(PHQ2,),
    unless_declined=_DECLINED,
)

RULE = Rule(
    name="mood-screening-overdue",
    version="1.0.0",
    status=Status.ACTIVE,
    title="A mood check is overdue",
    question="Is a mood check overdue?",
    when=c.AllOf((
        c.HistoryKnown(DEPRESSION),
        c.AnyOf((
            c.AllOf((NEURO_IMD, _ROUTINE)),
            c.AllOf((NEURO_IMD, _AFTER_RELAPSE)),
            _AFTER_START,
        )),
    )),
    anchor=Anchor(AnchorKind.DATED, (OutcomeDay(),)),
    priority=Priority.PL,
    categories=(Category.ADMIN,),
    sentence=(
        "No mood check is in the data supplied that was due on {due_dates} ({overdue_days} days ago for the first). "
        "Consider one at the next contact."
    ),
    limits="The intervals are defaults; no guideline sets them.",
    plan=(Action(activities.PHQ9_SCREENING.coding, "Consider a PHQ-9 at the next contact."),),
    evidence=(
        MOORE,
        Evidence("Screening tools in MS: BDI and 2-question tool, Level C; no interval given", "Minden 2014 Neurology 82:174 (AAN)",
                 Grade.LOW),
    ),
    clears=c.ScoredAtLeast(DEPRESSION, c.Band.ANY, _GRACE, None, Verdict.NOT_MET, also=(PHQ2,)),
    examples=(
        Example("380 days after the last score", "multiple sclerosis; PHQ-9 4, 380 days ago", Verdict.MET, Priority.PL),
        Example("379 days after the last score", "multiple sclerosis; PHQ-9 4, 379 days ago", Verdict.NOT_MET),
        Example("no score at all", "multiple sclerosis", Verdict.UNKNOWN),
    ),
)
