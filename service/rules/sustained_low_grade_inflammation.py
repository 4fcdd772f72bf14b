"""Low-grade inflammation that is sustained, beside elevated mood scores."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.anchors import Anchor, AnchorKind, FirstLowGrade
from service.domain.instruments import MOOD
from service.domain.rule import Action, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import CRP_UNUSABLE, IMD, READING_CRP, UNDER_IL6_BLOCKADE
from service.terminology import activities

_LOW_TWICE = c.MarkerSeen(
    CRP,
    (c.MarkerClass.LOW,),
    timedelta(days=-1),
    None,
    Verdict.NOT_MET,
    consecutive=2,
    unreadable_if=UNDER_IL6_BLOCKADE,
)
_MOOD = "PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="sustained-low-grade-inflammation",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Sustained low-grade inflammation with elevated mood scores",
    question="Is low-grade inflammation sustained?",
    when=c.Paired(
        c.SustainedMarker(CRP, timedelta(days=14), timedelta(days=180), CRP_UNUSABLE, unreadable_if=UNDER_IL6_BLOCKADE),
        c.Elevated(MOOD, within=timedelta(days=30)),
    ),
    anchor=Anchor(AnchorKind.STATE, (FirstLowGrade(CRP),)),
    priority=Priority.PM,
    categories=(Category.LAB, Category.CLINICAL),
    sentence=(
        "{marker} above {low_limit} and not above {high_limit} mg/L on {first_marker_date} ({first_marker_value}) and "
        "{marker_date} ({marker_value}, {marker_age} ago), with {instrument} {now} on {now_date}. Consider looking "
        "for a treatable source (dental, metabolic, autoimmune, medication); discuss mood alongside."
    ),
    notes=(Note(IMD, "Consider disease activity in {note_disease} too."),),
    limits="Weight, smoking, age and other disease also raise CRP; within-person variation is large.",
    blocked_by=("crp-unreadable", "acute-inflammation-confounds-mood"),
    part_of=("depression-persisting-on-treatment-with-inflammation",),
    plan=(
        Action(
            activities.FOLLOW_UP_VISIT.coding,
            "Look for a source of inflammation: dental, metabolic, autoimmune, medication; review mood in the same "
            "visit.",
        ),
    ),
    evidence=(
        READING_CRP,
        Evidence(
            "46 % of stable people changed CRP risk category at least once",
            "Bogaty 2013 PLoS ONE 8:e60759",
            Grade.LOW,
        ),
    ),
    clears=c.AnyOf(
        (
            _LOW_TWICE,
            c.MarkerSeen(CRP, (c.MarkerClass.HIGH,), timedelta(days=-1), None, Verdict.NOT_MET),
        )
    ),
    examples=(
        Example(
            "two results 14 days apart",
            _MOOD + "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "with rheumatoid arthritis",
            _MOOD + "rheumatoid arthritis; CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two results 13 days apart", _MOOD + "CRP 4 mg/L, 18 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "two results 180 days apart",
            _MOOD + "CRP 4 mg/L, 185 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two results 181 days apart", _MOOD + "CRP 4 mg/L, 186 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "the last two too close, an earlier pair fits",
            _MOOD + "CRP 4 mg/L, 200 days ago; CRP 4 mg/L, 22 days ago; CRP 5 mg/L, 12 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("3.0 and 3.01", _MOOD + "CRP 3.0 mg/L, 19 days ago; CRP 3.01 mg/L, 5 days ago", Verdict.NOT_MET),
        Example(
            "3.01 and 10.0", _MOOD + "CRP 3.01 mg/L, 19 days ago; CRP 10.0 mg/L, 5 days ago", Verdict.MET, Priority.PM
        ),
        Example("two assays", _MOOD + "hs-CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", Verdict.NOT_MET),
        Example(
            "two assays, one of them twice",
            _MOOD + "hs-CRP 4 mg/L, 19 days ago; hs-CRP 4 mg/L, 5 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a low one between",
            _MOOD + "CRP 4 mg/L, 30 days ago; CRP 2 mg/L, 20 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a low one before both",
            _MOOD + "CRP 2 mg/L, 30 days ago; CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a low one of the other assay since",
            _MOOD + "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago; hs-CRP 2 mg/L, 3 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a low one of the other assay that day",
            _MOOD + "hs-CRP 4 mg/L, 19 days ago; CRP 2 mg/L, 19 days ago; hs-CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "an uncertain one between",
            _MOOD + "CRP 4 mg/L, 19 days ago; CRP <5 mg/L, 10 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "a high one since",
            _MOOD + "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago; CRP 20 mg/L, 3 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "infection at the first",
            _MOOD + "CRP 4 mg/L, 40 days ago; infection, 40 days ago; CRP 5 mg/L, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "infection without a date",
            _MOOD + "CRP 4 mg/L, 40 days ago; infection, undated; CRP 5 mg/L, 5 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "the first within 90 days of tocilizumab",
            _MOOD + "CRP 4 mg/L, 40 days ago; CRP 5 mg/L, 5 days ago; tocilizumab from 300 to 120 days ago",
            Verdict.NOT_MET,
        ),
        Example("one result", _MOOD + "CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example("one result, low", _MOOD + "CRP 2 mg/L, 5 days ago", Verdict.NOT_MET),
        Example("one result, mood not elevated", "CRP 5 mg/L, 5 days ago; PHQ-9 5, 5 days ago", Verdict.NOT_MET),
        Example("no result", "PHQ-9 12, 5 days ago", Verdict.UNKNOWN),
        Example("no score", "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago", Verdict.UNKNOWN),
        Example(
            "mood not elevated", "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago; PHQ-9 9, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "anxiety elevated, depression not",
            "CRP 4 mg/L, 19 days ago; CRP 5 mg/L, 5 days ago; PHQ-9 5, 5 days ago; GAD-7 10, 5 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score 30 days old and 30 days after",
            "CRP 4 mg/L, 80 days ago; CRP 5 mg/L, 60 days ago; PHQ-9 12, 30 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "score 31 days after",
            "CRP 4 mg/L, 80 days ago; CRP 5 mg/L, 61 days ago; PHQ-9 12, 30 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "score 31 days old",
            "CRP 4 mg/L, 80 days ago; CRP 5 mg/L, 60 days ago; PHQ-9 12, 31 days ago",
            Verdict.UNKNOWN,
        ),
    ),
)
