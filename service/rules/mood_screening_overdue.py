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
_STRONG = (DrugGroup.IFN_ALPHA, DrugGroup.IL2, DrugGroup.CHECKPOINT)
_AFTER_RELAPSE = (timedelta(days=14), timedelta(days=60), timedelta(days=180))
_AFTER_START = (timedelta(0), timedelta(days=28), timedelta(days=56), timedelta(days=84))
_OVERDUE = c.Due(
    DEPRESSION,
    (
        c.Routine(Concept.NEURO_IMD, SCREENING),
        c.AfterRelapse(Concept.NEURO_IMD, _AFTER_RELAPSE, over=timedelta(days=365)),
        c.AfterStart(_STRONG, _AFTER_START, over=timedelta(days=180)),
    ),
    _GRACE,
    unless_declined=timedelta(days=30),
    also_screens=(PHQ2,),
)

# Patients that the examples share.
_MS = "multiple sclerosis; "

RULE = Rule(
    name="mood-screening-overdue",
    version="1.1.0",
    status=Status.ACTIVE,
    title="A mood check is overdue",
    question="Is a mood check overdue?",
    population=c.AnyOf((NEURO_IMD, c.Exposed(_STRONG, trailing=None))),
    when=c.Paired(c.HistoryKnown(DEPRESSION), _OVERDUE, first_decides=True),
    anchor=Anchor(AnchorKind.DATED, (OutcomeDay(),)),
    priority=Priority.PL,
    categories=(Category.ADMIN,),
    sentence=(
        "A mood check was due on {due_dates} (the first {overdue_days} ago), and none is in the data "
        "supplied. Consider one at the next contact."
    ),
    limits="The intervals are defaults; no guideline sets them.",
    plan=(Action(activities.PHQ9_SCREENING.coding, "Consider a PHQ-9 at the next contact."),),
    evidence=(
        MOORE,
        Evidence(
            "Screening tools in MS: BDI and 2-question tool, Level C; no interval given",
            "Minden 2014 Neurology 82:174 (AAN)",
            Grade.LOW,
        ),
    ),
    clears=c.AnyOf(
        (
            c.ScoredAtLeast(DEPRESSION, c.Band.ANY, _GRACE, Verdict.NOT_MET, also=(PHQ2,)),
            c.Recorded((Concept.MOOD_SCREENING,), before=_GRACE, after=None),
        )
    ),
    examples=(
        Example("380 days after the last score", _MS + "PHQ-9 4, 380 days ago", Verdict.MET, Priority.PL),
        Example("379 days after the last score", _MS + "PHQ-9 4, 379 days ago", Verdict.NOT_MET),
        Example("whether the history is whole is not known", _MS, Verdict.UNKNOWN),
        Example(
            "never scored, 380 days after the onset",
            "multiple sclerosis, 380 days ago; history fetched",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "never scored, 379 days after the onset",
            "multiple sclerosis, 379 days ago; history fetched",
            Verdict.NOT_MET,
        ),
        Example(
            "never scored, only the recorded date is known",
            "multiple sclerosis, recorded 380 days ago; history fetched",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "never scored, no date at all",
            "multiple sclerosis, undated; history fetched",
            Verdict.NOT_MET,
        ),
        Example(
            "last score outside the domain: PHQ-2 within 14 days of the due date",
            _MS + "PHQ-9 4, 400 days ago; PHQ-2 1, 49 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "PHQ-2 15 days before the due date",
            _MS + "PHQ-9 4, 400 days ago; PHQ-2 1, 50 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "screening done since the due date",
            _MS + "PHQ-9 4, 400 days ago; mood screening, 10 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "screening declined 30 days ago",
            _MS + "PHQ-9 4, 400 days ago; declined screening, 30 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "screening declined 31 days ago",
            _MS + "PHQ-9 4, 400 days ago; declined screening, 31 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "two scales: the newer score decides",
            _MS + "PHQ-9 4, 400 days ago; HADS-D 4, 100 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a score of last month, its day not known",
            _MS + "PHQ-9 4, 420 days ago; PHQ-9 6, in 2026-05",
            Verdict.NOT_MET,
        ),
        Example(
            "last score known to the month, due in any case", _MS + "PHQ-9 4, in 2025-05", Verdict.MET, Priority.PL
        ),
        Example("last score known to the month, perhaps due", _MS + "PHQ-9 4, in 2025-06", Verdict.UNKNOWN),
        Example(
            "relapse 40 days ago, a score of that month",
            _MS + "PHQ-9 4, 60 days ago; relapse, 40 days ago; PHQ-9 4, in 2026-05",
            Verdict.UNKNOWN,
        ),
        Example(
            "relapse 40 days ago, a screening of the month after",
            _MS + "PHQ-9 4, 60 days ago; relapse, 40 days ago; mood screening, in 2026-06",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 29 days ago, no check",
            _MS + "PHQ-9 4, 45 days ago; relapse, 29 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse 28 days ago, no check",
            _MS + "PHQ-9 4, 45 days ago; relapse, 28 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 75 days ago, checked once",
            _MS + "PHQ-9 4, 61 days ago; relapse, 75 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse 74 days ago, checked once",
            _MS + "PHQ-9 4, 60 days ago; relapse, 74 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 195 days ago, checked twice",
            _MS + "PHQ-9 4, 181 days ago; PHQ-9 4, 135 days ago; relapse, 195 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse 194 days ago, checked twice",
            _MS + "PHQ-9 4, 180 days ago; PHQ-9 4, 134 days ago; relapse, 194 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "relapse 365 days ago, never checked",
            _MS + "PHQ-9 4, 367 days ago; relapse, 365 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "relapse 366 days ago, never checked",
            _MS + "PHQ-9 4, 367 days ago; relapse, 366 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two relapses: the earliest missed check dates it",
            _MS + "PHQ-9 4, 181 days ago; relapse, 150 days ago; relapse, 60 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 15 days ago, no check",
            "PHQ-9 4, 300 days ago; nivolumab from 15 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 14 days ago, no check",
            "PHQ-9 4, 300 days ago; nivolumab from 14 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "nivolumab begun 43 days ago, checked once",
            "PHQ-9 4, 300 days ago; nivolumab from 43 days ago; PHQ-9 4, 43 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 42 days ago, checked once",
            "PHQ-9 4, 300 days ago; nivolumab from 42 days ago; PHQ-9 4, 42 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "nivolumab begun 71 days ago, checked twice",
            "PHQ-9 4, 300 days ago; nivolumab from 71 days ago; PHQ-9 4, 71 days ago; PHQ-9 4, 43 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 70 days ago, checked twice",
            "PHQ-9 4, 300 days ago; nivolumab from 70 days ago; PHQ-9 4, 70 days ago; PHQ-9 4, 42 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "nivolumab begun 99 days ago, checked three times",
            "PHQ-9 4, 300 days ago; nivolumab from 99 days ago; PHQ-9 4, 99 days ago; "
            "PHQ-9 4, 71 days ago; PHQ-9 4, 43 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 98 days ago, checked three times",
            "PHQ-9 4, 300 days ago; nivolumab from 98 days ago; PHQ-9 4, 98 days ago; "
            "PHQ-9 4, 70 days ago; PHQ-9 4, 42 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "nivolumab begun 180 days ago, never checked",
            "PHQ-9 4, 300 days ago; nivolumab from 180 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "nivolumab begun 181 days ago, never checked",
            "PHQ-9 4, 300 days ago; nivolumab from 181 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "nivolumab ordered, whether it was new cannot be told",
            "PHQ-9 4, 300 days ago; nivolumab ordered 43 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "nivolumab without a start date",
            "PHQ-9 4, 300 days ago; nivolumab undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "relapse and nivolumab: the earliest missed check dates it",
            _MS + "PHQ-9 4, 100 days ago; relapse, 29 days ago; nivolumab from 40 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "no neuro-immune disease, no such medicine",
            "rheumatoid arthritis; PHQ-9 4, 500 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
