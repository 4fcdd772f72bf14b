"""Mood worsened after an immune-active medicine was begun."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EventDay
from service.domain.concepts import DrugGroup
from service.domain.rule import Action, Case, Category, Evidence, Example, Grade, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import MOOD_CLEARED, WORSE_MOOD
from service.terminology import activities

_LONG = timedelta(days=180)
_SHORT = timedelta(days=90)
_WINDOWS = (
    (DrugGroup.IFN_ALPHA, _LONG),
    (DrugGroup.IL2, _LONG),
    (DrugGroup.CHECKPOINT, _LONG),
    (DrugGroup.IFN_BETA, _LONG),
    (DrugGroup.TNF_INHIB, _SHORT),
    (DrugGroup.IL6_INHIB, _SHORT),
    (DrugGroup.JAK_INHIB, _SHORT),
    (DrugGroup.COMPLEMENT_INHIB, _SHORT),
    (DrugGroup.MS_DMT_OTHER, _SHORT),
    (DrugGroup.OTHER_IMMUNE, _SHORT),
    (DrugGroup.OTHER_MOOD_DRUG, _SHORT),
)
_BEGUN = c.Started(_WINDOWS)
_THAT_DAY = timedelta(0)
_STRONG = c.Started(
    ((DrugGroup.IFN_ALPHA, _THAT_DAY), (DrugGroup.IL2, _THAT_DAY), (DrugGroup.CHECKPOINT, _THAT_DAY)),
    ahead=_THAT_DAY,
)
_IFN_BETA = c.Started(((DrugGroup.IFN_BETA, _THAT_DAY),), ahead=_THAT_DAY)
_ENDED = c.Ended(
    (
        DrugGroup.IFN_ALPHA,
        DrugGroup.IL2,
        DrugGroup.CHECKPOINT,
        DrugGroup.IFN_BETA,
        DrugGroup.TNF_INHIB,
        DrugGroup.IL6_INHIB,
        DrugGroup.JAK_INHIB,
        DrugGroup.COMPLEMENT_INHIB,
        DrugGroup.MS_DMT_OTHER,
        DrugGroup.OTHER_IMMUNE,
        DrugGroup.OTHER_MOOD_DRUG,
    ),
    over=timedelta(days=90),
)

# Patients that the examples share.
_WORSE = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; "

RULE = Rule(
    name="mood-worsening-after-immune-therapy",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Mood worsened after a medicine that acts on the immune system or on mood",
    question="Did mood worsen after an immune-active or mood-active medicine was begun?",
    when=c.Paired(WORSE_MOOD, _BEGUN),
    anchor=Anchor(AnchorKind.EVENT, (EventDay(),)),
    priority=Priority.PL,
    cases=(Case(_STRONG, Priority.PM, at_event=True),),
    categories=(Category.DRUG, Category.BEHAVIORAL),
    sentence=(
        "{instrument} rose {before} to {now} between {before_date} and {now_date} ({now_age} ago), "
        "{drug_days} after {drug} started ({drug_from}). Timing alone does not show cause; the "
        "illness being treated, a relapse before the change, or life events may explain it. Consider "
        "discussing with the prescriber. Do not stop or change it on the strength of this alert."
    ),
    notes=(
        Note(_IFN_BETA, "For interferon beta studies disagree.", at_event=True),
        Note(
            c.BaselineAfter(WORSE_MOOD, _BEGUN),
            "The earlier score was itself taken after the medicine was begun.",
        ),
    ),
    limits="Beginnings are read from medicine records; adherence is not known.",
    plan=(
        Action(activities.MEDICATION_REVIEW.coding, "Discuss the timing with the prescriber."),
        Action(activities.MENTAL_HEALTH_ASSESSMENT.coding, "Assess mood."),
    ),
    evidence=(
        Evidence("Interferon alfa: depressive syndrome in 10 to 40 %", "Lotrich 2013 AJP 170:592", Grade.HIGH),
        Evidence("Peak of depression under interferon alfa in weeks 8 to 12", "Lucaciu 2015", Grade.MODERATE),
        Evidence("Interferon beta: sources conflict", "Solaro 2018 CNS Drugs; Pinto 2016", Grade.LOW),
        Evidence(
            "Checkpoint inhibitors and the other medicines: small or exploratory reports",
            "expert reading",
            Grade.LOW,
        ),
    ),
    clears=c.AnyOf((MOOD_CLEARED, c.AllOf((_ENDED, c.BackBelow(WORSE_MOOD.domain))))),
    examples=(
        Example("40 days after fingolimod", _WORSE + "fingolimod from 45 days ago", Verdict.MET, Priority.PL),
        Example("no new medicine", _WORSE, Verdict.NOT_MET),
        Example("no current score", "fingolimod from 45 days ago", Verdict.UNKNOWN),
        Example("no earlier score", "PHQ-9 12, 5 days ago; fingolimod from 45 days ago", Verdict.UNKNOWN),
        Example(
            "180 days after peginterferon alfa-2a",
            _WORSE + "peginterferon alfa-2a from 185 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "180 days after aldesleukin",
            _WORSE + "aldesleukin from 185 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("180 days after nivolumab", _WORSE + "nivolumab from 185 days ago", Verdict.MET, Priority.PM),
        Example(
            "180 days after interferon beta-1a",
            _WORSE + "interferon beta-1a from 185 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "181 days after medicines that count for 180",
            _WORSE + "peginterferon alfa-2a from 186 days ago; aldesleukin from 186 days ago; "
            "nivolumab from 186 days ago; interferon beta-1a from 186 days ago",
            Verdict.NOT_MET,
        ),
        Example("90 days after adalimumab", _WORSE + "adalimumab from 95 days ago", Verdict.MET, Priority.PL),
        Example(
            "90 days after tocilizumab",
            _WORSE + "tocilizumab from 95 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "90 days after baricitinib",
            _WORSE + "baricitinib from 95 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("90 days after eculizumab", _WORSE + "eculizumab from 95 days ago", Verdict.MET, Priority.PL),
        Example("90 days after fingolimod", _WORSE + "fingolimod from 95 days ago", Verdict.MET, Priority.PL),
        Example(
            "90 days after ustekinumab",
            _WORSE + "ustekinumab from 95 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "90 days after levetiracetam",
            _WORSE + "levetiracetam from 95 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "91 days after medicines that count for 90",
            _WORSE + "adalimumab from 96 days ago; tocilizumab from 96 days ago; baricitinib from 96 days ago; "
            "eculizumab from 96 days ago; fingolimod from 96 days ago; ustekinumab from 96 days ago; "
            "levetiracetam from 96 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "the day after the first dose",
            _WORSE + "fingolimod from 6 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("the day of the first dose", _WORSE + "fingolimod from 5 days ago", Verdict.NOT_MET),
        Example(
            "interferon alfa after 90 days without",
            _WORSE + "peginterferon alfa-2a from 300 to 136 days ago; peginterferon alfa-2a from 45 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "interferon alfa after 89 days without",
            _WORSE + "peginterferon alfa-2a from 300 to 135 days ago; peginterferon alfa-2a from 45 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "two medicines begun on one day",
            _WORSE + "fingolimod from 45 days ago; nivolumab from 45 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "two medicines: the later one decides",
            _WORSE + "nivolumab from 100 days ago; fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "fingolimod begun the day after three others",
            _WORSE + "peginterferon alfa-2a from 46 days ago; aldesleukin from 46 days ago; "
            "nivolumab from 46 days ago; fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "three others begun only on the day of the score",
            _WORSE + "fingolimod from 6 days ago; peginterferon alfa-2a from 5 days ago; "
            "aldesleukin from 5 days ago; nivolumab from 5 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "first order seen, no older medicine record",
            _WORSE + "natalizumab ordered 45 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "first order seen, a medicine record 90 days older",
            _WORSE + "natalizumab ordered 45 days ago; sertraline from 135 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "first order seen, a medicine record 89 days older",
            _WORSE + "natalizumab ordered 45 days ago; sertraline from 134 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "one beginning known, another not",
            _WORSE + "fingolimod from 45 days ago; natalizumab ordered 30 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example("medicine without a start date", _WORSE + "natalizumab undated", Verdict.UNKNOWN),
        Example(
            "not worse",
            "PHQ-9 9, 60 days ago; PHQ-9 12, 5 days ago; fingolimod from 45 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "anxiety worse, depression not",
            "PHQ-9 5, 60 days ago; PHQ-9 5, 5 days ago; GAD-7 5, 60 days ago; GAD-7 12, 5 days ago; "
            "fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 30 days ago",
            "PHQ-9 5, 90 days ago; PHQ-9 12, 30 days ago; fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "score of 31 days ago",
            "PHQ-9 5, 91 days ago; PHQ-9 12, 31 days ago; fingolimod from 45 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "best earlier score 90 days before",
            "PHQ-9 3, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago; fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "best earlier score 91 days before",
            "PHQ-9 3, 96 days ago; PHQ-9 9, 40 days ago; PHQ-9 11, 5 days ago; fingolimod from 45 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "earlier score 14 days before",
            "PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago; fingolimod from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score only 13 days before",
            "PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago; fingolimod from 45 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "earlier score 365 days before, nivolumab",
            "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago; nivolumab from 45 days ago",
            Verdict.MET,
            Priority.PL,
        ),
        Example(
            "earlier score 366 days before, nivolumab",
            "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago; nivolumab from 45 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "steroids and antidepressants are not of these groups",
            _WORSE + "prednisone from 45 days ago; sertraline from 45 days ago",
            Verdict.NOT_MET,
        ),
    ),
)
