"""Criteria that several rules share: one value each, so that a number stands in one place."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CRP, PREGNANCY_STATUS, PROCALCITONIN, TEMPERATURE
from service.domain.concepts import Concept, DrugGroup
from service.domain.days import Span
from service.domain.instruments import ANXIETY, COGNITION, DEPRESSION, FATIGUE, MOOD
from service.domain.rule import Evidence, Grade
from service.domain.verdict import Verdict

# How near to a relapse a score must lie, and how long after it a persisting one still belongs to it.
RELAPSE_BEFORE = Span("relapse-before", 30, 0, 60)
RELAPSE_AFTER = Span("relapse-after", 60, 30, 120)
SCREENING = Span("screening-interval", 365, 180, 730)

WORSE_DEPRESSION = c.Worsened(DEPRESSION)
WORSE_ANXIETY = c.Worsened(ANXIETY)
WORSE_MOOD = c.Worsened(MOOD)
WORSE_OR_FIRST_DEPRESSION = c.Worsened(DEPRESSION, or_first_elevated=True)
WORSE_OR_FIRST_ANXIETY = c.Worsened(ANXIETY, or_first_elevated=True)
WORSE_FATIGUE = c.Worsened(FATIGUE)
ELEVATED_DEPRESSION = c.Elevated(DEPRESSION)
ELEVATED_MOOD = c.Elevated(MOOD)
COGNITIVE_FALL = c.Fell(COGNITION)
PERSISTING_DEPRESSION = c.Persistent(DEPRESSION, timedelta(days=56))

MOOD_CLEARED = c.MoodCleared(MOOD)
DEPRESSION_CLEARED = c.MoodCleared(DEPRESSION)
ANXIETY_CLEARED = c.MoodCleared(ANXIETY)

NEAR_RELAPSE = c.Defined("near a relapse", c.Occurred(Concept.RELAPSE, RELAPSE_BEFORE, RELAPSE_AFTER))
# Dates may be counted only from an onset that is known to the day.
NEAR_RELAPSE_OF_KNOWN_DAY = c.Occurred(Concept.RELAPSE, RELAPSE_BEFORE, RELAPSE_AFTER, exact=True)
# A score counts for 30 days, so what lies up to 30 days after it lies before the as-of day in any case.
NO_RELAPSE_AROUND = c.Not(c.Occurred(Concept.RELAPSE, None, timedelta(days=90)))
NO_RELAPSE_DOCUMENTED = c.AnyOf(
    (
        c.Recorded((Concept.RELAPSE,), before=timedelta(days=30), after=None, denied=True),
        c.Recorded((Concept.NEUROLOGY_ENCOUNTER,), before=timedelta(days=30), after=None),
    )
)
RELAPSE_SINCE = c.Recorded((Concept.RELAPSE,), before=timedelta(days=90), after=None)

MS = c.Diagnosed(Concept.MS_FAMILY)
NEURO_IMD = c.Diagnosed(Concept.NEURO_IMD)
IMD = c.Diagnosed(Concept.IMD)

STEROID = c.Defined(
    "systemic steroids lately",
    c.Exposed((DrugGroup.STEROID_SYSTEMIC,), trailing=timedelta(days=28), course=True),
)
UNDER_IL6_BLOCKADE = c.Defined(
    "CRP is lowered by an IL-6 medicine",
    c.Exposed((DrugGroup.IL6_INHIB,), trailing=timedelta(days=90)),
)

INFECTION = c.Recorded(
    (Concept.INFECTION,),
    before=timedelta(days=28),
    after=timedelta(days=7),
    unless_abated=timedelta(days=14),
)
ANTIBIOTIC_BEGUN = c.Started(((DrugGroup.ANTIBIOTIC, timedelta(days=28)),), ahead=timedelta(days=7), new=False)
FEVER = c.ResultNear((TEMPERATURE,), timedelta(days=7), timedelta(days=2), at_least=Decimal("38.0"))
HIGH_PROCALCITONIN = c.ResultNear((PROCALCITONIN,), timedelta(days=7), timedelta(days=2), at_least=Decimal("0.5"))
INJURY = c.Recorded((Concept.SURGERY, Concept.TRAUMA), before=timedelta(days=28))
VACCINATED = c.Recorded((Concept.VACCINATION,), before=timedelta(days=7))
ACUTE_INFECTION = c.Defined(
    "an acute infection",
    c.AnyOf((INFECTION, ANTIBIOTIC_BEGUN, FEVER, HIGH_PROCALCITONIN)),
)
ACUTE_CAUSE = c.Defined(
    "a recorded cause of acute inflammation",
    c.AnyOf((ACUTE_INFECTION, INJURY, VACCINATED)),
)
HIGH_CRP_NEAR = c.Defined(
    "a high CRP near it",
    c.MarkerSeen(
        CRP,
        (c.MarkerClass.HIGH,),
        timedelta(days=28),
        timedelta(days=7),
        Verdict.NOT_MET,
    ),
)
INFECTION_NEAR_ONSET = c.AnyOf(
    (
        c.Recorded((Concept.INFECTION,), before=timedelta(days=7), after=timedelta(days=7)),
        c.ResultNear((TEMPERATURE,), timedelta(days=7), timedelta(days=7), at_least=FEVER.at_least),
    )
)
ACUTE = c.Defined("acute inflammation", c.AnyOf((ACUTE_CAUSE, HIGH_CRP_NEAR)))
STANDING = c.Defined(
    "a standing cause of inflammation",
    c.AnyOf(
        (
            c.ResultNear((PREGNANCY_STATUS,), timedelta(days=280), timedelta(0), positive=True, newest_only=True),
            c.Diagnosed(Concept.PREGNANCY),
            c.Exposed((DrugGroup.CHECKPOINT, DrugGroup.IL2)),
        )
    ),
)
CONFOUNDED = c.Defined("inflammation has another explanation", c.AnyOf((ACUTE, STANDING)))
READABLE_AGAINST_MOOD = c.AllOf((c.Not(CONFOUNDED), c.Not(UNDER_IL6_BLOCKADE)))
CRP_UNUSABLE = c.AnyOf((CONFOUNDED, UNDER_IL6_BLOCKADE))

LOW_GRADE_NEAR = c.Paired(
    c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), Verdict.UNKNOWN),
    READABLE_AGAINST_MOOD,
    first_decides=True,
)
LOW_GRADE_STANDING = c.Paired(
    c.MarkerNear(
        CRP,
        (c.MarkerClass.LOW_GRADE,),
        Verdict.UNKNOWN,
        not_followed_by=(c.MarkerClass.LOW,),
        unreadable_if=UNDER_IL6_BLOCKADE,
    ),
    READABLE_AGAINST_MOOD,
    first_decides=True,
)
# A CRP that an IL-6 medicine lowers is never low: it ends nothing, and nothing is quiet by it.
LOW_SINCE = c.MarkerSeen(
    CRP, (c.MarkerClass.LOW,), timedelta(days=-1), None, Verdict.NOT_MET, unreadable_if=UNDER_IL6_BLOCKADE
)

MOORE = Evidence(
    "HADS-D of 8 or more in 44.5 % at relapse, 29.2 % at two months, 34.4 % at six months (n=132)",
    "Moore 2012 J Psychosom Res 73:272",
    Grade.MODERATE,
)
ROSSI = Evidence(
    "State anxiety and depression are higher in relapse and in people with MRI activity without symptoms (n=405)",
    "Rossi 2017 Neurology 89:1338",
    Grade.MODERATE,
)
OSIMO = Evidence(
    "27 % of depressed patients have CRP above 3 mg/L; odds ratio against controls 1.46",
    "Osimo 2019 Psychol Med 49:1958",
    Grade.MODERATE,
)
READING_CRP = Evidence(
    "Above 10 mg/L look for an acute cause; two measures two weeks apart",
    "Pearson 2003 Circulation (AHA/CDC)",
    Grade.HIGH,
)
MCID = Evidence(
    "A change of 5 points on PHQ-9 is clinically significant",
    "Loewe 2004 Med Care 42:1194",
    Grade.MODERATE,
)
SUICIDE_ITEM = Evidence(
    "One-year attempt risk rises from 0.4 % to 4 % with the answer to item 9; 71.6 % of those who died had answered "
    "'not at all'",
    "Simon 2013 Psychiatr Serv; Louzon 2016",
    Grade.HIGH,
)
STEROID_EVIDENCE = Evidence(
    "Psychiatric effects of corticosteroids: severe about 6 %, mild to moderate about 28 %, dose related, early onset",
    "Warrington & Bostwick 2006 Mayo Clin Proc 81:1361",
    Grade.HIGH,
)
ENCEPHALITIS_CONSENSUS = Evidence(
    "Psychiatric onset under three months with red flags suggests autoimmune encephalitis",
    "Graus 2016 Lancet Neurol 15:391; Pollak 2020 Lancet Psychiatry 7:93",
    Grade.HIGH,
)
