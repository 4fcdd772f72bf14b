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

_REASON = c.AnyOf(
    (
        c.Recorded((Concept.MOOD_HISTORY,), before=None, after=None),
        c.Exposed((DrugGroup.ANTIDEPRESSANT,), trailing=None),
        c.WhenMeasured(c.Answered((Item.ACE,), before=None, times=4)),
        c.Recorded((Concept.ADVERSITY,), before=None, after=None),
        c.ResultNear((BMI,), None, None, at_least=Decimal(30), newest_only=True),
        c.Recorded((Concept.OBESITY,), before=None, after=None),
        c.Recorded((Concept.INFECTION,), before=timedelta(days=365), after=None, also=Concept.INPATIENT),
    )
)
_RECENT = c.ScoredAtLeast(DEPRESSION, c.Band.ANY, SCREENING, Verdict.NOT_MET, also=(PHQ2,))

# Patients that the examples share.
_MS = "multiple sclerosis; "
_OLD = "PHQ-9 6, 400 days ago; "

RULE = Rule(
    name="mood-screening-in-immune-disease",
    version="1.1.0",
    status=Status.DRAFT,
    title="Consider a depression screen",
    question="Is a depression screen worth considering, given immune disease and other history?",
    population=IMD,
    when=c.Paired(c.HistoryKnown(DEPRESSION), c.AllOf((_REASON, c.Not(_RECENT))), first_decides=True),
    anchor=Anchor(AnchorKind.DATED, (ScreeningLapse(DEPRESSION, c.Routine(Concept.IMD, SCREENING)),)),
    priority=Priority.PL,
    categories=(Category.ADMIN,),
    sentence=(
        "Beside {disease}, psychosocial or medical history relevant to care is recorded, and no depression "
        "score of the last {screening_interval} is in the data supplied. Consider a screen at the next contact."
    ),
    limits="No threshold for such history has been validated.",
    plan=(Action(activities.DEPRESSION_SCREENING.coding, "Consider depression screening at the next contact."),),
    evidence=(
        Evidence(
            (
                "Mood disorder after autoimmune disease (IRR 1.45), after hospital-treated infection (1.62), "
                "after both (2.35)"
            ),
            "Benros 2013 JAMA Psychiatry 70:812",
            Grade.MODERATE,
        ),
    ),
    clears=c.ScoredAtLeast(DEPRESSION, c.Band.ANY, timedelta(0), Verdict.NOT_MET, also=(PHQ2,)),
    on_by_default=False,
    examples=(
        Example(
            "depression in the history, last score long ago",
            _MS + _OLD + "depression",
            Verdict.MET,
            Priority.PL,
        ),
        Example("nothing in the history", _MS + _OLD, Verdict.NOT_MET),
        Example("whether the history is whole is not known", _MS + "depression", Verdict.UNKNOWN),
        Example(
            "never scored, history fetched",
            _MS + "depression; history fetched",
            Verdict.MET,
            Priority.PL,
        ),
        Example("scored 366 days ago", _MS + "depression; PHQ-9 6, 366 days ago", Verdict.MET, Priority.PL),
        Example("scored 365 days ago", _MS + "depression; PHQ-9 6, 365 days ago", Verdict.NOT_MET),
        Example("scored in a month of which a part counts", _MS + "depression; PHQ-9 6, in 2025-06", Verdict.UNKNOWN),
        Example("scored last month, its day not known", _MS + "depression; PHQ-9 6, in 2026-05", Verdict.NOT_MET),
        Example("a PHQ-2 this year", _MS + _OLD + "depression; PHQ-2 1, 100 days ago", Verdict.NOT_MET),
        Example("depression resolved", _MS + _OLD + "depression resolved", Verdict.MET, Priority.PL),
        Example(
            "an antidepressant in the past",
            _MS + _OLD + "sertraline from 2000 to 1900 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("body mass index of 30", _MS + _OLD + "BMI 30, 500 days ago", Verdict.MET, Priority.PL),
        Example("body mass index of 29.9", _MS + _OLD + "BMI 29.9, 500 days ago", Verdict.NOT_MET),
        Example(
            "body mass index: the newest decides",
            _MS + _OLD + "BMI 33, 800 days ago; BMI 28, 500 days ago",
            Verdict.NOT_MET,
        ),
        Example("obesity recorded", _MS + _OLD + "obesity", Verdict.MET, Priority.PL),
        Example(
            "hospital-treated infection 365 days ago",
            _MS + _OLD + "hospital-treated infection, 365 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "hospital-treated infection 366 days ago",
            _MS + _OLD + "hospital-treated infection, 366 days ago",
            Verdict.NOT_MET,
        ),
        Example("infection treated at home", _MS + _OLD + "infection, 100 days ago", Verdict.NOT_MET),
        Example(
            "four adverse childhood experiences",
            _MS + _OLD + "ACE 1 = yes, 900 days ago; ACE 2 = yes, 900 days ago; ACE 3 = yes, 900 days ago; "
            "ACE 4 = yes, 900 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "three adverse childhood experiences, a fourth denied",
            _MS + _OLD + "ACE 1 = yes, 900 days ago; ACE 2 = yes, 900 days ago; ACE 3 = yes, 900 days ago; "
            "ACE 4 = no, 900 days ago",
            Verdict.NOT_MET,
        ),
        Example("early adversity recorded", _MS + _OLD + "early adversity", Verdict.MET, Priority.PL),
        Example("two reasons", _MS + _OLD + "depression; obesity", Verdict.MET, Priority.PL),
        Example("no immune disease", _OLD + "depression", Verdict.NOT_MET),
    ),
)
