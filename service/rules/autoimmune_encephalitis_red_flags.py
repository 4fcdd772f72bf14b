"""Subacute psychiatric illness with organic red flags."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CSF_LEUKOCYTES, NMDAR_CSF, NMDAR_SERUM, SODIUM
from service.domain.anchors import Anchor, AnchorKind, RecordOrEpisode
from service.domain.concepts import Concept
from service.domain.instruments import COGNITION, TEEN_DEPRESSION
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import ENCEPHALITIS_CONSENSUS, IMD
from service.terminology import activities

_WORSE = c.Worsened(TEEN_DEPRESSION, safety=True)
_FELL = c.Fell(COGNITION, safety=True)
_MOOD_WITH_DECLINE = c.WhenMeasured(c.AllOf((_WORSE, _FELL)))
_PSYCHIATRIC = c.Recorded(
    (Concept.PSYCHOSIS, Concept.MANIA, Concept.CATATONIA),
    before=timedelta(days=90),
    after=None,
    unresolved=True,
    needs_conditions=True,
    safety=True,
)
_DELIRIUM = c.Recorded(
    (Concept.DELIRIUM,),
    before=timedelta(days=90),
    after=None,
    unresolved=True,
    needs_conditions=True,
    safety=True,
)
_RECORDED = c.AnyOf((_PSYCHIATRIC, _DELIRIUM), earliest=True)
_PRESENTATION = c.AnyOf((_PSYCHIATRIC, _DELIRIUM, _MOOD_WITH_DECLINE), earliest=True)
_MORE_THAN_DELIRIUM = c.AnyOf((_PSYCHIATRIC, _MOOD_WITH_DECLINE), earliest=True)
_SIGN = c.Recorded(
    (
        Concept.SEIZURE,
        Concept.FOCAL_SIGN,
        Concept.MOVEMENT_DISORDER,
        Concept.CATATONIA,
        Concept.DECREASED_CONSCIOUSNESS,
        Concept.AUTONOMIC_INSTABILITY,
        Concept.ANTIPSYCHOTIC_REACTION,
        Concept.CURRENT_TUMOUR,
        Concept.MRI_ENCEPHALITIS,
    ),
    before=timedelta(days=60),
    after=None,
    safety=True,
)
_TUMOUR = c.Diagnosed(Concept.CURRENT_TUMOUR)
_ANTIBODY = c.ResultNear((NMDAR_SERUM, NMDAR_CSF), timedelta(days=60), None, positive=True, safety=True)
_LOW_SODIUM = c.ResultNear((SODIUM,), timedelta(days=60), None, below=Decimal(130), safety=True)
_CSF_CELLS = c.ResultNear((CSF_LEUKOCYTES,), timedelta(days=60), None, above=Decimal(5), safety=True)
_RED_FLAG = c.AnyOf((_SIGN, _TUMOUR, _ANTIBODY, _LOW_SODIUM, _CSF_CELLS))
_INFECTION_BEFORE = c.Recorded((Concept.INFECTION,), before=timedelta(days=56), safety=True)
_HEADACHE = c.Recorded((Concept.HEADACHE,), before=timedelta(days=60), after=None, safety=True)
_AFTER_INFECTION = c.AllOf((_INFECTION_BEFORE, c.AnyOf((IMD, _HEADACHE))))

_MANIA = "mania, 20 days ago; "

_FALL = "MoCA 28, 60 days ago; MoCA 24, 5 days ago; seizure, 5 days ago; "
_WORSE_MOOD = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; seizure, 5 days ago; "

RULE = Rule(
    name="autoimmune-encephalitis-red-flags",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Acute psychiatric symptoms with organic red flags",
    question="Does a new psychiatric presentation come with signs of an organic, immune-mediated cause?",
    when=c.AnyOf(
        (
            c.Paired(_PRESENTATION, _RED_FLAG, first_decides=True),
            c.Paired(_MORE_THAN_DELIRIUM, _AFTER_INFECTION, first_decides=True),
        )
    ),
    anchor=Anchor(AnchorKind.DATED, (RecordOrEpisode(_RECORDED, _WORSE),)),
    priority=Priority.PH,
    categories=(Category.SAFETY, Category.CLINICAL),
    sentence=(
        "New psychiatric symptoms with a sign that consensus papers list as a reason to consider autoimmune "
        "encephalitis. This is a prompt for urgent clinical assessment, not a diagnosis. A negative serum antibody "
        "does not exclude it."
    ),
    notes=(
        Note(_RECORDED, "Presentation: {note_records} ({note_record_date})."),
        Note(_MOOD_WITH_DECLINE, "Presentation: worse mood ({note_instrument}) with a cognitive fall."),
        Note(_SIGN, "Red flag: {note_records} ({note_record_date})."),
        Note(_TUMOUR, "Red flag: a current tumour ({note_disease})."),
        Note(_ANTIBODY, "Red flag: {note_companion} {note_companion_value} ({note_companion_date})."),
        Note(_LOW_SODIUM, "Red flag: {note_companion} {note_companion_value} ({note_companion_date})."),
        Note(_CSF_CELLS, "Red flag: {note_companion} {note_companion_value} ({note_companion_date})."),
        Note(_AFTER_INFECTION, "An infection preceded it: {note_records} ({note_record_date})."),
    ),
    limits=(
        "Not readable here unless a site maps its codes: new focal sign, movement disorder, catatonia, decreased "
        "consciousness, autonomic instability, CSF and MRI findings, adverse reaction to an antipsychotic, current "
        "tumour, headache. Rapid progression is never readable."
    ),
    plan=(
        Action(activities.NEUROLOGIST_REFERRAL.coding, "Same-day discussion with neurology."),
        Action(activities.PSYCHIATRIST_REFERRAL.coding, "Same-day discussion with psychiatry."),
    ),
    evidence=(ENCEPHALITIS_CONSENSUS,),
    safety=True,
    children=True,
    weak_baseline_lowers=False,
    examples=(
        Example("psychosis and a seizure", "psychosis, 20 days ago; seizure, 10 days ago", Verdict.MET, Priority.PH),
        Example("psychosis alone", "psychosis, 20 days ago", Verdict.NOT_MET),
        Example("no condition sent", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
        Example("psychosis without a date", "psychosis, undated; seizure, 10 days ago", Verdict.UNKNOWN),
        Example("psychosis 90 days ago", "psychosis, 90 days ago; seizure, 10 days ago", Verdict.MET, Priority.PH),
        Example("psychosis 91 days ago", "psychosis, 91 days ago; seizure, 10 days ago", Verdict.NOT_MET),
        Example("psychosis resolved", "psychosis resolved, 20 days ago; seizure, 10 days ago", Verdict.NOT_MET),
        Example("delirium 90 days ago", "delirium, 90 days ago; seizure, 10 days ago", Verdict.MET, Priority.PH),
        Example("delirium 91 days ago", "delirium, 91 days ago; seizure, 10 days ago", Verdict.NOT_MET),
        Example("seizure of tomorrow's date", "psychosis, 20 days ago; seizure, in 1 day", Verdict.MET, Priority.PH),
        Example("seizure 60 days before onset", _MANIA + "seizure, 80 days ago", Verdict.MET, Priority.PH),
        Example("seizure 61 days before onset", _MANIA + "seizure, 81 days ago", Verdict.NOT_MET),
        Example(
            "of two presentations the earlier counts",
            "psychosis, 20 days ago; delirium, 40 days ago; seizure, 100 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("a tumour known for a year", _MANIA + "current tumour, 365 days ago", Verdict.MET),
        Example("antibody 60 days before onset", _MANIA + "anti-NMDAR positive, 80 days ago", Verdict.MET, Priority.PH),
        Example("antibody 61 days before onset", _MANIA + "anti-NMDAR positive, 81 days ago", Verdict.NOT_MET),
        Example("antibody negative", _MANIA + "anti-NMDAR negative, 10 days ago", Verdict.NOT_MET),
        Example("antibody of tomorrow's date", _MANIA + "anti-NMDAR positive, in 1 day", Verdict.MET),
        Example("sodium 129", _MANIA + "sodium 129 mmol/L, 80 days ago", Verdict.MET, Priority.PH),
        Example("sodium 130", _MANIA + "sodium 130 mmol/L, 10 days ago", Verdict.NOT_MET),
        Example("sodium 129, 61 days before onset", _MANIA + "sodium 129 mmol/L, 81 days ago", Verdict.NOT_MET),
        Example("6 CSF white cells", _MANIA + "CSF white cells 6 /uL, 80 days ago", Verdict.MET, Priority.PH),
        Example("5 CSF white cells", _MANIA + "CSF white cells 5 /uL, 10 days ago", Verdict.NOT_MET),
        Example(
            "6 CSF white cells, 61 days before onset", _MANIA + "CSF white cells 6 /uL, 81 days ago", Verdict.NOT_MET
        ),
        Example(
            "infection 56 days before onset, autoimmune disease",
            "rheumatoid arthritis; mania, 20 days ago; infection, 76 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "infection 57 days before onset",
            "rheumatoid arthritis; mania, 20 days ago; infection, 77 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "infection on the day of onset",
            "rheumatoid arthritis; mania, 20 days ago; infection, 20 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "infection the day after onset",
            "rheumatoid arthritis; mania, 20 days ago; infection, 19 days ago",
            Verdict.NOT_MET,
        ),
        Example("infection without a yellow flag", _MANIA + "infection, 30 days ago", Verdict.NOT_MET),
        Example(
            "delirium after an infection",
            "rheumatoid arthritis; delirium, 20 days ago; infection, 30 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "headache 60 days before onset",
            _MANIA + "infection, 30 days ago; headache, 80 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "headache 61 days before onset", _MANIA + "infection, 30 days ago; headache, 81 days ago", Verdict.NOT_MET
        ),
        Example(
            "worse mood with a cognitive fall",
            _FALL + "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "both 30 days ago",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 30 days ago; MoCA 28, 60 days ago; MoCA 24, 30 days ago; "
            "seizure, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "both of tomorrow's date",
            "PHQ-9 5, 60 days ago; PHQ-9 12, in 1 day; MoCA 28, 60 days ago; MoCA 24, in 1 day; seizure, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "both of the day after tomorrow",
            "PHQ-9 5, 60 days ago; PHQ-9 12, in 2 days; MoCA 28, 60 days ago; MoCA 24, in 2 days; seizure, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a cognitive test without an earlier one, not all scores sent",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; MoCA 24, 5 days ago; seizure, 5 days ago; "
            "incomplete QuestionnaireResponse",
            Verdict.UNKNOWN,
        ),
        Example(
            "both 31 days ago",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 31 days ago; MoCA 28, 60 days ago; MoCA 24, 31 days ago; "
            "seizure, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "worse mood without a cognitive test",
            "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; seizure, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "best score 90 days earlier",
            _FALL + "PHQ-9 5, 95 days ago; PHQ-9 9, 40 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "best score 91 days earlier",
            _FALL + "PHQ-9 5, 96 days ago; PHQ-9 9, 40 days ago; PHQ-9 12, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "best score 14 days earlier",
            _FALL + "PHQ-9 12, 60 days ago; PHQ-9 5, 19 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "best score 13 days earlier",
            _FALL + "PHQ-9 12, 60 days ago; PHQ-9 5, 18 days ago; PHQ-9 12, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "only score before 365 days earlier",
            _FALL + "PHQ-9 5, 370 days ago; PHQ-9 12, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "only score before 366 days earlier", _FALL + "PHQ-9 5, 371 days ago; PHQ-9 12, 5 days ago", Verdict.NOT_MET
        ),
        Example(
            "SDMT lower by 4 twice, 30 days apart",
            _WORSE_MOOD + "SDMT 50, 90 days ago; SDMT 46, 35 days ago; SDMT 46, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "SDMT lower by 4 twice, 29 days apart",
            _WORSE_MOOD + "SDMT 50, 90 days ago; SDMT 46, 34 days ago; SDMT 46, 5 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a teenager's PHQ-A",
            _FALL + "aged 15; PHQ-A 5, 60 days ago; PHQ-A 12, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
    ),
)
