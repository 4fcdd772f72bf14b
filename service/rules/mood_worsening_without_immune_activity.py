"""Mood worsened while the disease is documented as quiet."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CALPROTECTIN, CRP, ESR, IL6, MRI_ACTIVITY, SNFL
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf
from service.domain.concepts import DrugGroup
from service.domain.rule import Action, Category, Evidence, Example, Grade, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    IMD,
    MOOD_CLEARED,
    MS,
    NO_RELAPSE_AROUND,
    NO_RELAPSE_DOCUMENTED,
    STEROID,
    UNDER_IL6_BLOCKADE,
    WORSE_MOOD,
)
from service.terminology import activities

_NEAR = timedelta(days=30)
_LOW = (c.MarkerClass.LOW,)
_RAISED = (c.MarkerClass.LOW_GRADE, c.MarkerClass.HIGH)

# Patients that the examples share.
_MS = "multiple sclerosis; "
_RA = "rheumatoid arthritis; "
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "
_QUIET = "CRP 2 mg/L, 5 days ago; no relapse, 5 days ago; "

# What speaks for activity, or for another reason, in ways that the criteria do not look for.
_OTHER_REASONS = (
    "mood-worsening-near-relapse",
    "mood-worsening-after-immune-therapy",
    "mood-change-with-corticosteroids",
    "mood-worsening-before-relapse",
    "cognitive-decline-with-activity",
    "autoimmune-encephalitis-red-flags",
)

RULE = Rule(
    name="mood-worsening-without-immune-activity",
    version="1.2.0",
    status=Status.ACTIVE,
    title="Mood worsened while recorded immune measures were quiet",
    question="Did mood worsen while the disease is documented as quiet?",
    population=IMD,
    when=c.Paired(
        WORSE_MOOD,
        c.AllOf(
            (
                c.MarkerSeen(CRP, _LOW, _NEAR, None, Verdict.UNKNOWN, unreadable_if=UNDER_IL6_BLOCKADE),
                c.Not(c.MarkerSeen(CRP, _RAISED, _NEAR, None, Verdict.NOT_MET)),
                c.Not(c.ResultNear((IL6, ESR, SNFL, CALPROTECTIN, MRI_ACTIVITY), _NEAR, None, beyond_reference=True)),
                c.Not(c.Exposed((DrugGroup.IL6_INHIB, DrugGroup.JAK_INHIB), trailing=timedelta(days=90))),
                c.Not(STEROID),
                c.AnyOf(
                    (
                        c.Not(MS),
                        c.AllOf((NO_RELAPSE_AROUND, c.Documented(NO_RELAPSE_DOCUMENTED))),
                    )
                ),
            )
        ),
        first_decides=True,
    ),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(WORSE_MOOD),)),
    priority=Priority.PM,
    categories=(Category.BEHAVIORAL,),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} ago) "
        "while recorded immune measures were quiet ({marker} {marker_value} mg/L on {marker_date}, not above "
        "{low_limit}). Treat as mood in its own right: assess and offer care as usual. Normal CRP does not exclude "
        "inflammation in the brain, and this is not a reason to look for more tests. {medicines}"
    ),
    limits="Quiet means: in the data supplied.",
    # A CRP that cannot be read is none by the criteria.
    blocked_by=("crp-unreadable", *_OTHER_REASONS),
    rests_on_absence_of=_OTHER_REASONS,
    plan=(
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood and offer care as usual."),
        Action(activities.PSYCHOLOGIST_REFERRAL.coding, "Consider referral to psychology."),
    ),
    evidence=(Evidence("Mood in quiet disease is mood in its own right", "expert reading", Grade.LOW),),
    clears=MOOD_CLEARED,
    examples=(
        Example("worse, CRP low, relapse denied", _MS + _WORSE + _QUIET, Verdict.MET, Priority.PM),
        Example(
            "CRP low, relapse status not documented",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "rheumatoid arthritis needs no word on relapses",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "tocilizumab begun after the score, before the only CRP",
            _RA + "PHQ-9 5, 80 days ago; PHQ-9 12, 25 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "tocilizumab begun after the score, one CRP before it and one after",
            _RA + "PHQ-9 5, 80 days ago; PHQ-9 12, 25 days ago; CRP 2 mg/L, 26 days ago; CRP 2 mg/L, 5 days ago; "
            "tocilizumab from 20 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "tocilizumab without a date", _RA + _WORSE + "CRP 2 mg/L, 5 days ago; tocilizumab undated", Verdict.UNKNOWN
        ),
        Example(
            "baricitinib without a date", _RA + _WORSE + "CRP 2 mg/L, 5 days ago; baricitinib undated", Verdict.UNKNOWN
        ),
        Example("steroid without a date", _RA + _WORSE + "CRP 2 mg/L, 5 days ago; prednisone undated", Verdict.UNKNOWN),
        Example(
            "a second CRP that could not be read",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP refused: no unit, 15 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "a second CRP that could not be read, 31 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP refused: no unit, 36 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a raised CRP known to the year",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 40 mg/L, in 2026",
            Verdict.UNKNOWN,
        ),
        Example(
            "a raised CRP known to the month, all of it near",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 40 mg/L, in 2026-06",
            Verdict.NOT_MET,
        ),
        Example(
            "a raised CRP without a date",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 40 mg/L, undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "a low CRP known to the month, all of it near",
            _RA + _WORSE + "CRP 2 mg/L, in 2026-06",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "interleukin-6 that could not be read",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; IL-6 refused: no unit, 10 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "sedimentation rate that could not be read",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; ESR refused: no unit, 10 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "interleukin-6 above its range, without a date",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; IL-6 9 above range, undated",
            Verdict.UNKNOWN,
        ),
        Example("no CRP", _MS + _WORSE + "no relapse, 5 days ago", Verdict.UNKNOWN),
        Example(
            "CRP below 5 by an assay that cannot tell",
            _RA + _WORSE + "CRP <5 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example("CRP of 4", _MS + _WORSE + "CRP 4 mg/L, 5 days ago; no relapse, 5 days ago", Verdict.NOT_MET),
        Example(
            "CRP of 4, relapse status not documented",
            _MS + _WORSE + "CRP 4 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two CRPs, one of them raised",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 4 mg/L, 15 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a low CRP beside one that cannot tell",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP <5 mg/L, 15 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("CRP 30 days before", _RA + _WORSE + "CRP 2 mg/L, 35 days ago", Verdict.MET, Priority.PM),
        Example("CRP 31 days before", _RA + _WORSE + "CRP 2 mg/L, 36 days ago", Verdict.UNKNOWN),
        Example(
            "raised CRP 30 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 4 mg/L, 35 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "raised CRP 31 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; CRP 4 mg/L, 36 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "sedimentation rate above its range 30 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; ESR 40 above range, 35 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "sedimentation rate above its range 31 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; ESR 40 above range, 36 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("MRI activity", _MS + _WORSE + _QUIET + "MRI activity positive, 5 days ago", Verdict.NOT_MET),
        Example(
            "baricitinib until 90 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; baricitinib from 300 to 95 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "baricitinib until 91 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; baricitinib from 300 to 96 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "steroids until 28 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; prednisone from 50 to 33 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "steroids until 29 days before",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; prednisone from 50 to 34 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "steroid begun on the day of the score",
            _RA + _WORSE + "CRP 2 mg/L, 5 days ago; prednisone from 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("relapse 90 days before", _MS + _WORSE + _QUIET + "relapse, 95 days ago", Verdict.NOT_MET),
        Example(
            "relapse 91 days before",
            _MS + _WORSE + _QUIET + "relapse, 96 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("relapse without a date", _MS + _WORSE + _QUIET + "relapse, undated", Verdict.UNKNOWN),
        Example(
            "relapse denied 30 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 35 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "relapse denied 31 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; no relapse, 36 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "seen by neurology 30 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; neurology encounter, 35 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "seen by neurology 31 days before",
            _MS + _WORSE + "CRP 2 mg/L, 5 days ago; neurology encounter, 36 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "fingolimod begun 40 days before",
            _MS + _WORSE + _QUIET + "fingolimod from 45 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "mood not worse",
            _RA + "PHQ-9 9, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example("no current score", _RA + "CRP 2 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example(
            "anxiety worse, depression not",
            _RA + "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "
            "CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score of 30 days ago",
            _RA + "PHQ-9 5, 90 days ago; PHQ-9 12, 30 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score of 31 days ago",
            _RA + "PHQ-9 5, 91 days ago; PHQ-9 12, 31 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "compared with a score of 90 days before",
            _RA + "PHQ-9 5, 95 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "compared with a score of 91 days before",
            _RA + "PHQ-9 5, 96 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 14 days before",
            _RA + "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "earlier score only 13 days before",
            _RA + "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before",
            _RA + "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before",
            _RA + "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "no immune disease",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; CRP 2 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
