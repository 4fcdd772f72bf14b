"""Elevated depression beside low-grade inflammation."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, EpisodeOf, FirstLowGrade
from service.domain.instruments import PHQ9
from service.domain.rule import Action, Case, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import (
    DEPRESSION_CLEARED,
    ELEVATED_DEPRESSION,
    LOW_GRADE_STANDING,
    LOW_SINCE,
    OSIMO,
)
from service.terminology import activities

_ON_HALF_THE_DAYS = Decimal(2)
_SLEEP, _ENERGY, _APPETITE, _INTEREST, _SLOWED = (3,), (4,), (5,), (1,), (8,)
_SOMATIC = c.AtLeast(
    2,
    (
        c.ItemSum(PHQ9, _SLEEP, _ON_HALF_THE_DAYS),
        c.ItemSum(PHQ9, _ENERGY, _ON_HALF_THE_DAYS),
        c.ItemSum(PHQ9, _APPETITE, _ON_HALF_THE_DAYS),
    ),
)
_PHENOTYPE = c.AllOf(
    (
        _SOMATIC,
        c.AnyOf(
            (
                c.ItemSum(PHQ9, _INTEREST, _ON_HALF_THE_DAYS),
                c.ItemSum(PHQ9, _SLOWED, _ON_HALF_THE_DAYS),
            )
        ),
    )
)
_ITEMS_READ = c.ItemSum(PHQ9, (1, 3, 4, 5, 8), Decimal(0))
_ABOVE_5 = c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), Verdict.NOT_MET, above=Decimal(5))

_EARLIER_CRP = "PHQ-9 12, 20 days ago; CRP 4 mg/L, 40 days ago; "
_MOOD = "PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="depression-with-low-grade-inflammation",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Elevated depression score with low-grade inflammation",
    question="Is elevated depression accompanied by low-grade inflammation?",
    when=c.Paired(ELEVATED_DEPRESSION, LOW_GRADE_STANDING),
    anchor=Anchor(AnchorKind.STATE, (EpisodeOf(ELEVATED_DEPRESSION), FirstLowGrade(CRP))),
    priority=Priority.PL,
    cases=(Case(_PHENOTYPE, Priority.PM),),
    categories=(Category.LAB, Category.BEHAVIORAL),
    sentence=(
        "{instrument} {now} on {now_date} ({now_age} ago) with {marker} {marker_value} mg/L on {marker_date} "
        "({marker_apart} apart), above {low_limit} and not above {high_limit}. About 1 in 4 depressed people show "
        "this; it is not specific and also occurs with higher weight, smoking and other disease. One value is not a "
        "state: consider repeating. Inflammation-guided treatment of mood is not established."
    ),
    notes=(
        Note(_PHENOTYPE, "Sleep, energy and appetite items are prominent."),
        Note(_ITEMS_READ, "Which symptoms are prominent cannot be told without the PHQ-9 items.", unless=True),
        Note(_ABOVE_5, "The value is in the range that was studied in trials."),
    ),
    limits="A single result; infection, weight, smoking and other disease were not all readable.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    part_of=("depression-persisting-on-treatment-with-inflammation", "sustained-low-grade-inflammation"),
    plan=(
        Action(
            activities.HS_CRP_ORDER.coding,
            "Consider repeating hs-CRP in 14 days or more.",
            due=(timedelta(days=14),),
        ),
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            "Review infection, weight, smoking and other disease.",
        ),
    ),
    evidence=(
        OSIMO,
        Evidence(
            "CRP goes with appetite change, loss of energy, sleep problems and little interest, not with purely "
            "emotional symptoms (56,351 people)",
            "Frank 2021 Am J Psychiatry",
            Grade.MODERATE,
        ),
    ),
    clears=c.AnyOf((LOW_SINCE, DEPRESSION_CLEARED)),
    examples=(
        Example("CRP of 3.01", _MOOD + "CRP 3.01 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 3.0", _MOOD + "CRP 3.0 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("CRP of 10.0", _MOOD + "CRP 10.0 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("CRP of 10.01", _MOOD + "CRP 10.01 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("CRP below its limit of 3", _MOOD + "CRP <3 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("CRP below its limit of 5", _MOOD + "CRP <5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("CRP above its limit of 10", _MOOD + "CRP >10 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("unit not accepted", _MOOD + "CRP refused: unit nmol/L, 5 days ago", Verdict.UNKNOWN),
        Example("no CRP, infection recorded", _MOOD + "infection, 5 days ago", Verdict.UNKNOWN),
        Example("no CRP, depression not elevated", "PHQ-9 9, 5 days ago", Verdict.NOT_MET),
        Example("PHQ-9 of 9", "PHQ-9 9, 5 days ago; CRP 4 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("PHQ-9 of 10", "PHQ-9 10, 5 days ago; CRP 4 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("no score, CRP low-grade", "CRP 4 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("no score, CRP low", "CRP 2 mg/L, 5 days ago", Verdict.NOT_MET),
        Example(
            "two scales, the second elevated",
            "PHQ-9 5, 5 days ago; HADS-D 9, 8 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "worst score of a day",
            "PHQ-9 9, 5 days ago; PHQ-9 11, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("score of 30 days ago", "PHQ-9 12, 30 days ago; CRP 4 mg/L, 30 days ago", Verdict.MET, Priority.PL),
        Example("score of 31 days ago", "PHQ-9 12, 31 days ago; CRP 4 mg/L, 31 days ago", Verdict.UNKNOWN),
        Example("CRP 30 days before the score", _MOOD + "CRP 4 mg/L, 35 days ago", Verdict.MET, Priority.PL),
        Example("CRP 31 days before the score", _MOOD + "CRP 4 mg/L, 36 days ago", Verdict.UNKNOWN),
        Example(
            "of two CRPs the nearer one counts",
            "PHQ-9 12, 20 days ago; CRP 2 mg/L, 30 days ago; CRP 4 mg/L, 19 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "of two CRPs equally near, the high-sensitivity one",
            "PHQ-9 12, 20 days ago; hs-CRP 2 mg/L, 22 days ago; CRP 4 mg/L, 18 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a readable CRP before an uncertain one",
            _MOOD + "CRP <5 mg/L, 5 days ago; CRP 4 mg/L, 25 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "a low CRP since", "PHQ-9 12, 20 days ago; CRP 4 mg/L, 20 days ago; CRP 2 mg/L, 2 days ago", Verdict.NOT_MET
        ),
        Example(
            "a low CRP since, lowered by tocilizumab",
            "PHQ-9 12, 20 days ago; CRP 4 mg/L, 20 days ago; CRP 2 mg/L, 2 days ago; tocilizumab from 10 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "a low CRP since, tocilizumab without a date",
            "PHQ-9 12, 20 days ago; CRP 4 mg/L, 20 days ago; CRP 2 mg/L, 2 days ago; tocilizumab undated",
            Verdict.UNKNOWN,
        ),
        Example(
            "two assays of one day, the sensitive one is paired",
            _MOOD + "hs-CRP 4 mg/L, 5 days ago; CRP 8 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "another CRP near it that could not be read",
            _MOOD + "CRP 4 mg/L, 5 days ago; CRP refused: no unit, 12 days ago",
            Verdict.UNKNOWN,
        ),
        Example("aged 17", "aged 17; PHQ-9 12, 5 days ago; CRP 4 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("aged 18", "aged 18; PHQ-9 12, 5 days ago; CRP 4 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example("age unknown", "aged unknown; PHQ-9 12, 5 days ago; CRP 4 mg/L, 5 days ago", Verdict.MET, Priority.PL),
        Example(
            "sleep, energy and interest",
            "PHQ-9 items 2 2 2 2 0 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "energy, appetite and slowing",
            "PHQ-9 items 0 2 0 2 2 2 2 2 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "sleep, appetite and interest",
            "PHQ-9 items 2 2 2 0 2 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "sleep and interest alone",
            "PHQ-9 items 2 2 2 1 1 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "energy and interest alone",
            "PHQ-9 items 2 2 1 2 1 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "appetite and interest alone",
            "PHQ-9 items 2 2 1 1 2 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "sleep and energy without interest",
            "PHQ-9 items 1 2 2 2 0 2 2 1 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "only some items sent",
            "PHQ-9 items 2 2 2 2 ? 2 2 0 0, 5 days ago; CRP 4 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("infection without a date", _MOOD + "CRP 4 mg/L, 5 days ago; infection, undated", Verdict.UNKNOWN),
        Example("infection 28 days before the CRP", _EARLIER_CRP + "infection, 68 days ago", Verdict.NOT_MET),
        Example("infection 29 days before", _EARLIER_CRP + "infection, 69 days ago", Verdict.MET, Priority.PL),
        Example("infection 7 days after", _EARLIER_CRP + "infection, 33 days ago", Verdict.NOT_MET),
        Example("infection 8 days after", _EARLIER_CRP + "infection, 32 days ago", Verdict.MET, Priority.PL),
        Example(
            "infection over for 13 days", _EARLIER_CRP + "infection, 60 days ago, abated 53 days ago", Verdict.NOT_MET
        ),
        Example(
            "infection over for 14 days",
            _EARLIER_CRP + "infection, 60 days ago, abated 54 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("antibiotic 28 days before", _EARLIER_CRP + "antibiotic from 68 to 62 days ago", Verdict.NOT_MET),
        Example(
            "antibiotic 29 days before", _EARLIER_CRP + "antibiotic from 69 to 62 days ago", Verdict.MET, Priority.PL
        ),
        Example("antibiotic 7 days after", _EARLIER_CRP + "antibiotic from 33 to 28 days ago", Verdict.NOT_MET),
        Example(
            "antibiotic 8 days after", _EARLIER_CRP + "antibiotic from 32 to 28 days ago", Verdict.MET, Priority.PL
        ),
        Example(
            "an antibiotic repeated within a month",
            _EARLIER_CRP + "antibiotic from 90 to 83 days ago; antibiotic from 60 to 53 days ago",
            Verdict.NOT_MET,
        ),
        Example("temperature 38.0", _EARLIER_CRP + "temperature 38.0 Cel, 40 days ago", Verdict.NOT_MET),
        Example("temperature 37.9", _EARLIER_CRP + "temperature 37.9 Cel, 40 days ago", Verdict.MET, Priority.PL),
        Example("fever 7 days before", _EARLIER_CRP + "temperature 39 Cel, 47 days ago", Verdict.NOT_MET),
        Example("fever 8 days before", _EARLIER_CRP + "temperature 39 Cel, 48 days ago", Verdict.MET, Priority.PL),
        Example("fever 2 days after", _EARLIER_CRP + "temperature 39 Cel, 38 days ago", Verdict.NOT_MET),
        Example("fever 3 days after", _EARLIER_CRP + "temperature 39 Cel, 37 days ago", Verdict.MET, Priority.PL),
        Example("procalcitonin 0.5", _EARLIER_CRP + "procalcitonin 0.5 ng/mL, 40 days ago", Verdict.NOT_MET),
        Example("procalcitonin 0.4", _EARLIER_CRP + "procalcitonin 0.4 ng/mL, 40 days ago", Verdict.MET, Priority.PL),
        Example("procalcitonin 7 days before", _EARLIER_CRP + "procalcitonin 2 ng/mL, 47 days ago", Verdict.NOT_MET),
        Example(
            "procalcitonin 8 days before", _EARLIER_CRP + "procalcitonin 2 ng/mL, 48 days ago", Verdict.MET, Priority.PL
        ),
        Example("procalcitonin 2 days after", _EARLIER_CRP + "procalcitonin 2 ng/mL, 38 days ago", Verdict.NOT_MET),
        Example(
            "procalcitonin 3 days after", _EARLIER_CRP + "procalcitonin 2 ng/mL, 37 days ago", Verdict.MET, Priority.PL
        ),
        Example("operation 28 days before", _EARLIER_CRP + "surgery, 68 days ago", Verdict.NOT_MET),
        Example("operation 29 days before", _EARLIER_CRP + "surgery, 69 days ago", Verdict.MET, Priority.PL),
        Example("injury that day", _EARLIER_CRP + "trauma, 40 days ago", Verdict.NOT_MET),
        Example("injury the day after", _EARLIER_CRP + "trauma, 39 days ago", Verdict.MET, Priority.PL),
        Example("vaccination 7 days before", _EARLIER_CRP + "vaccination, 47 days ago", Verdict.NOT_MET),
        Example("vaccination 8 days before", _EARLIER_CRP + "vaccination, 48 days ago", Verdict.MET, Priority.PL),
        Example("vaccination that day", _EARLIER_CRP + "vaccination, 40 days ago", Verdict.NOT_MET),
        Example("vaccination the day after", _EARLIER_CRP + "vaccination, 39 days ago", Verdict.MET, Priority.PL),
        Example("high CRP 28 days before", _EARLIER_CRP + "CRP 20 mg/L, 68 days ago", Verdict.NOT_MET),
        Example("high CRP 29 days before", _EARLIER_CRP + "CRP 20 mg/L, 69 days ago", Verdict.MET, Priority.PL),
        Example("pregnant 280 days before", _EARLIER_CRP + "pregnancy status positive, 320 days ago", Verdict.NOT_MET),
        Example(
            "pregnant 281 days before",
            _EARLIER_CRP + "pregnancy status positive, 321 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("pregnant that day", _EARLIER_CRP + "pregnancy status positive, 40 days ago", Verdict.NOT_MET),
        Example("pregnant since", _EARLIER_CRP + "pregnancy status positive, 39 days ago", Verdict.MET, Priority.PL),
        Example(
            "pregnant, then no longer",
            _EARLIER_CRP + "pregnancy status positive, 200 days ago; pregnancy status negative, 60 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("pregnancy on the problem list", _EARLIER_CRP + "pregnancy", Verdict.NOT_MET),
        Example("nivolumab until that day", _EARLIER_CRP + "nivolumab from 100 to 40 days ago", Verdict.NOT_MET),
        Example(
            "nivolumab until the day before",
            _EARLIER_CRP + "nivolumab from 100 to 41 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("tocilizumab without a date", _MOOD + "CRP 4 mg/L, 5 days ago; tocilizumab undated", Verdict.UNKNOWN),
        Example(
            "CRP under tocilizumab", _MOOD + "CRP 4 mg/L, 5 days ago; tocilizumab from 100 days ago", Verdict.NOT_MET
        ),
        Example(
            "part of sustained inflammation", _MOOD + "CRP 4 mg/L, 25 days ago; CRP 4 mg/L, 5 days ago", Verdict.MET
        ),
    ),
)
