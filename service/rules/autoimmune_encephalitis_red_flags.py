"""Subacute psychiatric illness with organic red flags."""

from datetime import timedelta
from decimal import Decimal

from service.domain import criteria as c
from service.domain.analytes import CSF_LEUKOCYTES, NMDAR_CSF, NMDAR_SERUM, SODIUM
from service.domain.anchors import Anchor, AnchorKind, RecordOrEpisode
from service.domain.concepts import Concept
from service.domain.instruments import TEEN_DEPRESSION
from service.domain.rule import Action, Category, Example, Note, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import COGNITIVE_FALL, ENCEPHALITIS_CONSENSUS, IMD
from service.terminology import activities

_WORSE = c.Worsened(TEEN_DEPRESSION)
_MOOD_WITH_DECLINE = c.WhenMeasured(c.AllOf((_WORSE, COGNITIVE_FALL)))
_RECORDED = c.Recorded(
    (Concept.PSYCHOSIS, Concept.MANIA, Concept.CATATONIA, Concept.DELIRIUM), before=timedelta(days=90),
    after=timedelta(days=1), unresolved=True, needs_conditions=True, safety=True,
)
_PRESENTATION = c.AnyOf((_RECORDED, _MOOD_WITH_DECLINE))
_PRESENTATION_NOT_DELIRIUM = c.AnyOf((
    c.Recorded(
        (Concept.PSYCHOSIS, Concept.MANIA, Concept.CATATONIA), before=timedelta(days=90), after=timedelta(days=1),
        unresolved=True, needs_conditions=True, safety=True,
    ),
    _MOOD_WITH_DECLINE,
))
_RED_RECORD = c.Recorded(
    (
        Concept.SEIZURE, Concept.FOCAL_SIGN, Concept.MOVEMENT_DISORDER, Concept.CATATONIA,
        Concept.DECREASED_CONSCIOUSNESS, Concept.AUTONOMIC_INSTABILITY, Concept.ANTIPSYCHOTIC_REACTION,
        Concept.CURRENT_TUMOUR, Concept.MRI_ENCEPHALITIS,
    ),
    before=timedelta(days=60), after=None, safety=True,
)
_RED_RESULT = c.AnyOf((
    c.ResultNear((NMDAR_SERUM, NMDAR_CSF), timedelta(days=60), None, positive=True),
    c.ResultNear((SODIUM,), timedelta(days=60), None, below=Decimal(130)),
    c.ResultNear((CSF_LEUKOCYTES,), timedelta(days=60), None, above=Decimal(5)),
))
_RED_FLAG = c.AnyOf((_RED_RECORD, _RED_RESULT))
_AFTER_INFECTION = c.AllOf((
    c.Recorded((Concept.INFECTION,), before=timedelta(days=56)),
    c.AnyOf((IMD, c.Recorded((Concept.HEADACHE,), before=timedelta(days=60), after=None))),
))

RULE = Rule(
    name="autoimmune-encephalitis-red-flags",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Acute psychiatric symptoms with organic red flags",
    question="Does a new psychiatric presentation come with signs of an organic, immune-mediated cause?",
    when=c.AnyOf((
        c.Paired(_PRESENTATION, _RED_FLAG, first_decides=True),
        c.Paired(_PRESENTATION_NOT_DELIRIUM, _AFTER_INFECTION, first_decides=True),
    )),
    anchor=Anchor(AnchorKind.DATED, (RecordOrEpisode(_WORSE),)),
    priority=Priority.PH,
    categories=(Category.SAFETY, Category.CLINICAL),
    sentence=(
        "New psychiatric symptoms with a sign that consensus papers list as a reason to consider autoimmune encephalitis. "
        "This is a prompt for urgent clinical assessment, not a diagnosis. A negative serum antibody does not exclude it."
    ),
    notes=(
        Note(_RECORDED, "Presentation: {note_records} ({note_record_date})."),
        Note(_MOOD_WITH_DECLINE, "Presentation: worse mood ({note_instrument}) with a cognitive fall."),
        Note(_RED_RECORD, "Red flag: {note_records} ({note_record_date})."),
        Note(_RED_RESULT, "Red flag: {note_companion} {note_companion_value} ({note_companion_date})."),
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
        Example("no conditions sent", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
    ),
)
