"""CRP under IL-6 blockade cannot be read."""

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.rule import Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ELEVATED_MOOD, MOOD_CLEARED, UNDER_IL6_BLOCKADE

_SCORE_AND_CRP = "PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago; "
_TOCILIZUMAB = "tocilizumab from 100 days ago; "

RULE = Rule(
    name="crp-unreadable",
    version="1.0.1",
    status=Status.ACTIVE,
    title="CRP cannot be read under IL-6 blockade",
    question="Is mood high while the CRP beside it is lowered by an IL-6 pathway medicine?",
    when=c.Paired(
        ELEVATED_MOOD,
        c.Paired(c.MarkerNear(CRP, (), Verdict.NOT_MET), UNDER_IL6_BLOCKADE),
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_MOOD),)),
    priority=Priority.PL,
    categories=(Category.LAB,),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} ago) with {marker} {marker_value} mg/L on {marker_date}, during "
        "or up to 90 days after {drug} ({drug_from} to {drug_to}). CRP is lowered by IL-6 pathway medicines and cannot "
        "be used here; IL-6 itself may be high for the same reason. Judge activity by other means."
    ),
    limits="Exposure is read from medicine records only.",
    evidence=(Evidence("IL-6 rises under tocilizumab", "Mayo laboratory catalogue, IL-6 caution", Grade.MODERATE),),
    clears=c.AnyOf((c.Now(c.Not(UNDER_IL6_BLOCKADE)), MOOD_CLEARED)),
    examples=(
        Example("tocilizumab in use", _SCORE_AND_CRP + "tocilizumab from 100 days ago", Verdict.MET, Priority.PL),
        Example("no IL-6 medicine", "PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("no score", _TOCILIZUMAB + "CRP 1 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("no CRP", _TOCILIZUMAB + "PHQ-9 14, 5 days ago", Verdict.NOT_MET),
        Example("neither score nor CRP", "tocilizumab from 100 days ago", Verdict.NOT_MET),
        Example(
            "no score, one of two CRPs under tocilizumab",
            "CRP 1 mg/L, 55 days ago; CRP 1 mg/L, 2 days ago; tocilizumab from 200 to 140 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "score of 30 days ago",
            _TOCILIZUMAB + "PHQ-9 14, 30 days ago; CRP 1 mg/L, 30 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 31 days ago", _TOCILIZUMAB + "PHQ-9 14, 31 days ago; CRP 1 mg/L, 31 days ago", Verdict.UNKNOWN
        ),
        Example(
            "CRP 30 days before the score",
            _TOCILIZUMAB + "PHQ-9 14, 5 days ago; CRP 1 mg/L, 35 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "CRP 31 days before the score",
            _TOCILIZUMAB + "PHQ-9 14, 5 days ago; CRP 1 mg/L, 36 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "CRP 90 days after the last dose",
            _SCORE_AND_CRP + "tocilizumab from 200 to 95 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "CRP 91 days after the last dose", _SCORE_AND_CRP + "tocilizumab from 200 to 96 days ago", Verdict.NOT_MET
        ),
        Example("CRP before the first dose", _SCORE_AND_CRP + "tocilizumab from 4 days ago", Verdict.NOT_MET),
        Example("tocilizumab without a date", _SCORE_AND_CRP + "tocilizumab undated", Verdict.UNKNOWN),
        Example(
            "anxiety high, depression low",
            _TOCILIZUMAB + "PHQ-9 4, 5 days ago; GAD-7 12, 5 days ago; CRP 1 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "of two CRPs the nearer one counts",
            "PHQ-9 14, 5 days ago; CRP 1 mg/L, 25 days ago; CRP 1 mg/L, 4 days ago; "
            "tocilizumab from 200 to 96 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a readable CRP before an uncertain one",
            "PHQ-9 14, 5 days ago; CRP <5 mg/L, 5 days ago; CRP 1 mg/L, 25 days ago; "
            "tocilizumab from 200 to 100 days ago",
            Verdict.MET,
            Priority.PL,
        ),
    ),
)
