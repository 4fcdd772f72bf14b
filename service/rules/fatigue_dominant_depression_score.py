"""A depression score that comes mostly from fatigue and somatic items."""

from decimal import Decimal

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, FirstOfRun
from service.domain.instruments import PHQ9, MoodDomain
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.terminology import activities

_PHQ9 = MoodDomain("PHQ-9", (PHQ9,))
_SOMATIC = c.ItemSum(PHQ9, (3, 4, 5, 8), Decimal("0.60"), share=True)
_PATTERN = c.AllOf((
    c.ItemSum(PHQ9, (1, 2, 3, 4, 5, 6, 7, 8, 9), Decimal(10)),
    _SOMATIC,
    c.Not(c.ItemSum(PHQ9, (1,), Decimal(2))),
    c.Not(c.ItemSum(PHQ9, (2,), Decimal(2))),
))

RULE = Rule(
    name="fatigue-dominant-depression-score",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Depression score dominated by fatigue and somatic items",
    question="Is the score driven by fatigue and somatic items?",
    when=_PATTERN,
    anchor=Anchor(AnchorKind.STATE, (FirstOfRun(_PHQ9, _PATTERN, complete=PHQ9),)),
    priority=Priority.PL,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} days ago): most points come from sleep, fatigue, appetite and "
        "psychomotor items, which multiple sclerosis itself can bring. Consider fatigue causes (sleep, anaemia, thyroid, "
        "medicines, infection) as well as depression; do not dismiss mood."
    ),
    limits="Evidence on somatic items in multiple sclerosis is insufficient.",
    plan=(
        Action(activities.FOLLOW_UP_VISIT.coding, "Review fatigue causes as well as mood."),
    ),
    evidence=(
        Evidence("Somatic items in depression scales for MS: insufficient evidence (Level U)",
                 "Minden 2014 Neurology 82:174 (AAN)", Grade.LOW),
    ),
    clears=c.Not(c.AtNewest(_PHQ9, _PATTERN, complete=True)),
    examples=(
        Example("12 points, 10 of them somatic", "PHQ-9 items 1 0 3 3 2 0 1 2 0, 5 days ago", Verdict.MET, Priority.PL),
        Example("low mood item is 2", "PHQ-9 items 1 2 3 3 2 0 0 2 0, 5 days ago", Verdict.NOT_MET),
        Example("total without items", "PHQ-9 12, 5 days ago", Verdict.UNKNOWN),
    ),
)
