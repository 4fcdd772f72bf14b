"""A depression score that comes mostly from fatigue and somatic items."""

from decimal import Decimal

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, FirstOfRun
from service.domain.instruments import PHQ9, MoodDomain
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.terminology import activities

_PHQ9 = MoodDomain("PHQ-9", (PHQ9,))
_SOMATIC = c.ItemSum(PHQ9, (3, 4, 5, 8), Decimal("0.6"), share=True)
_PATTERN = c.Paired(
    c.ItemSum(PHQ9, (1, 2, 3, 4, 5, 6, 7, 8, 9), 10),
    c.AllOf((_SOMATIC, c.Not(c.ItemSum(PHQ9, (1,), 2)), c.Not(c.ItemSum(PHQ9, (2,), 2)))),
    first_decides=True,
)

RULE = Rule(
    name="fatigue-dominant-depression-score",
    version="1.0.1",
    status=Status.ACTIVE,
    title="Depression score dominated by fatigue and somatic items",
    question="Is the score driven by fatigue and somatic items?",
    when=_PATTERN,
    anchor=Anchor(AnchorKind.STATE, (FirstOfRun(_PHQ9, _PATTERN, complete=PHQ9),)),
    priority=Priority.PL,
    categories=(Category.CLINICAL,),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} ago): most points come from sleep, fatigue, "
        "appetite and psychomotor items, which multiple sclerosis and other immune disease can bring by "
        "themselves. Consider fatigue causes (sleep, anaemia, thyroid, medicines, infection) as well as "
        "depression; do not dismiss mood."
    ),
    limits="Evidence on somatic items in multiple sclerosis is insufficient.",
    plan=(Action(activities.FOLLOW_UP_VISIT.coding, "Review fatigue causes as well as mood."),),
    evidence=(
        Evidence(
            "Somatic items in depression scales for MS: insufficient evidence (Level U)",
            "Minden 2014 Neurology 82:174 (AAN)",
            Grade.LOW,
        ),
    ),
    clears=c.Not(c.AtNewest(_PHQ9, _PATTERN, complete=True)),
    examples=(
        Example(
            "12 points, 10 of them somatic",
            "PHQ-9 items 1 0 3 3 2 0 1 2 0, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "10 points, 6 of them somatic (0.60)",
            "PHQ-9 items 1 1 3 3 0 1 1 0 0, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "17 points, 10 of them somatic (0.59)",
            "PHQ-9 items 1 1 3 3 3 3 2 1 0, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("9 points, all somatic", "PHQ-9 items 0 0 3 3 3 0 0 0 0, 5 days ago", Verdict.NOT_MET),
        Example("10 points", "PHQ-9 items 0 0 3 3 3 0 0 1 0, 5 days ago", Verdict.MET, Priority.PL),
        Example("little interest answered 2", "PHQ-9 items 2 0 3 3 2 0 0 2 0, 5 days ago", Verdict.NOT_MET),
        Example("low mood answered 2", "PHQ-9 items 0 2 3 3 2 0 0 2 0, 5 days ago", Verdict.NOT_MET),
        Example("low mood answered 1", "PHQ-9 items 0 1 3 3 2 0 0 2 0, 5 days ago", Verdict.MET, Priority.PL),
        Example("10 points without items", "PHQ-9 10, 5 days ago", Verdict.UNKNOWN),
        Example("9 points without items", "PHQ-9 9, 5 days ago", Verdict.NOT_MET),
        Example("total made from eight items", "PHQ-9 items 1 ? 3 3 2 0 1 2 0, 5 days ago", Verdict.UNKNOWN),
        Example(
            "eight items, little interest answered 2",
            "PHQ-9 items 2 ? 3 3 2 0 1 2 0, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example("no current PHQ-9", "PHQ-8 12, 5 days ago", Verdict.UNKNOWN),
        Example(
            "response of 30 days ago",
            "PHQ-9 items 1 0 3 3 2 0 1 2 0, 30 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("response of 31 days ago", "PHQ-9 items 1 0 3 3 2 0 1 2 0, 31 days ago", Verdict.UNKNOWN),
        Example(
            "two responses: the newer decides",
            "PHQ-9 items 1 0 3 3 2 0 1 2 0, 20 days ago; PHQ-9 items 2 2 1 1 1 1 1 1 0, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two responses with the pattern: one episode",
            "PHQ-9 items 1 0 3 3 2 0 1 2 0, 40 days ago; PHQ-9 items 1 1 3 3 2 0 1 2 0, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
    ),
)
