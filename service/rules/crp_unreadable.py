"""CRP under IL-6 blockade cannot be read."""

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.rule import Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ELEVATED_MOOD, MOOD_CLEARED, UNDER_IL6_BLOCKADE

RULE = Rule(
    name="crp-unreadable",
    version="1.0.0",
    status=Status.ACTIVE,
    title="CRP cannot be read under IL-6 blockade",
    question="Is mood high while the CRP beside it is lowered by an IL-6 pathway medicine?",
    when=c.Paired(
        ELEVATED_MOOD, c.Paired(c.MarkerNear(CRP, (), Verdict.NOT_MET), UNDER_IL6_BLOCKADE),
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_MOOD),)),
    priority=Priority.PL,
    categories=(Category.LAB,),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} days ago) with CRP {marker_value} mg/L on {marker_date} under {drug} "
        "({drug_from} to {drug_to}). CRP is lowered by IL-6 pathway medicines and cannot be used here; IL-6 itself may be "
        "high for the same reason. Judge activity by other means."
    ),
    limits="Exposure is read from medicine records only.",
    evidence=(
        Evidence("IL-6 rises under tocilizumab", "Mayo laboratory catalogue, IL-6 caution", Grade.MODERATE),
    ),
    clears=c.AnyOf((c.Now(c.Not(UNDER_IL6_BLOCKADE)), MOOD_CLEARED)),
    examples=(
        Example(
            "tocilizumab in use", "PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago; tocilizumab from 100 days ago",
            Verdict.MET, Priority.PL,
        ),
        Example("no IL-6 medicine", "PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no score", "CRP 1 mg/L, 5 days ago; tocilizumab from 100 days ago", Verdict.UNKNOWN),
    ),
)
