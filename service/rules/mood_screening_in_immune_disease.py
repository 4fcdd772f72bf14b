"""A reminder to screen for depression where immune disease meets other reasons (off by default)."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import BMI
from service.domain.anchors import Anchor, AnchorKind, ScreeningLapse
from service.domain.concepts import Concept, DrugGroup, Item
from service.domain.instruments import DEPRESSION, PHQ2
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import IMD, SCREENING
from service.terminology import activities

_ZERO = timedelta(0)
_YEAR = timedelta(days=365)
_REASON = c.AnyOf((
    c.Recorded((Concept.MOOD_HISTORY,), before=None),
    c.Exposed((DrugGroup.ANTIDEPRESSANT,), trailing=None),
    c.WhenMeasured(c.Answered((Item.ACE,), before=timedelta(days=36500), times=4)),
    c.Recorded((Concept.ADVERSITY,), before=None),
    c.ResultNear((BMI,), None, None, at_least=Decimal(30), newest_only=True),
    c.Recorded((Concept.OBESITY,), before=None),
    c.Recorded((Concept.INFECTION,), before=_YEAR, also=Concept.INPATIENT),
))
_RECENT = c.ScoredAtLeast(DEPRESSION, c.Band.ANY, SCREENING, _ZERO, Verdict.NOT_MET, also=(PHQ2,))

RULE = Rule(
    name="mood-screening-in-immune-disease",
    version="1.0.0",
    status=Status.DRAFT,
    title="Consider a depression screen",
    question="Is a depression screen worth considering, given immune disease and other history?",
    population=IMD,
    when=c.AllOf((_REASON, c.Not(_RECENT), c.HistoryKnown(DEPRESSION))),
    anchor=Anchor(AnchorKind.DATED, (ScreeningLapse(c.Due(DEPRESSION, (SCREENING,), timedelta(days=14))),)),
    priority=Priority.PL,
    categories=(Category.ADMIN,),
    sentence=(
        "{disease} is recorded together with psychosocial or medical history relevant to care, and no depression score in "
        "the last year in the data supplied. Consider a screen at the next contact."
    ),
    limits="No threshold for such history has been validated.",
    plan=(Action(activities.DEPRESSION_SCREENING.coding, "Consider depression screening at the next contact."),),
    evidence=(
        Evidence(
            "Mood disorder after autoimmune disease (IRR 1.45), after hospital-treated infection (1.62), after both (2.35)",
            "Benros 2013 JAMA Psychiatry 70:812", Grade.MODERATE,
        ),
    ),
    clears=c.ScoredAtLeast(DEPRESSION, c.Band.ANY, _ZERO, None, Verdict.NOT_MET, also=(PHQ2,)),
    on_by_default=False,
    examples=(
        Example(
            "history of depression, last score long ago",
            "multiple sclerosis; depression; PHQ-9 6, 400 days ago", Verdict.MET, Priority.PL,
        ),
        Example("scored this year", "multiple sclerosis; depression; PHQ-9 6, 100 days ago", Verdict.NOT_MET),
        Example("history not known", "multiple sclerosis; depression", Verdict.UNKNOWN),
    ),
)
