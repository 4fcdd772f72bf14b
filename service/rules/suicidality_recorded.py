"""Any recorded suicidal thought or behaviour."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import Concept, Item
from service.domain.instruments import PHQ9, PHQA
from service.domain.rule import Action, Case, Category, Example, Note, Opening, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import SUICIDE_ITEM
from service.terminology import activities

_ITEM_9 = c.Answered((Item.PHQ9_9, Item.CMS_9_PRESENCE, Item.CMS_9_FREQUENCY))
_OLD_BEHAVIOUR = c.Answered((Item.CSSRS_6,), only_if=(Item.CSSRS_6_3_MONTHS, 0))
_RECENT_BEHAVIOUR = c.Answered((Item.CSSRS_6,), unless=(Item.CSSRS_6_3_MONTHS, 0))
_SELF_HARM = c.Recorded(
    (Concept.SELF_HARM,), c.FRESH, c.DAY, later_date=True, unresolved=True, safety=True,
)
_INTENT_OR_PLAN = c.Answered((Item.CSSRS_4, Item.CSSRS_5))
_NEARLY_EVERY_DAY = c.Answered((Item.PHQ9_9, Item.CMS_9_FREQUENCY), at_least=3)
_ATTEMPT = c.Recorded((Concept.SUICIDE_ATTEMPT,), timedelta(days=90), c.DAY, later_date=True, safety=True)

RULE = Rule(
    name="suicidality-recorded",
    version="1.0.0",
    status=Status.ACTIVE,
    title="Suicidal thoughts or behaviour recorded",
    question="Is there any recorded suicidal thought or behaviour?",
    when=c.Documented(
        positive=c.AnyOf((
            _ITEM_9,
            c.Answered((Item.CSSRS_1, Item.CSSRS_2, Item.CSSRS_3)),
            _INTENT_OR_PLAN,
            _RECENT_BEHAVIOUR,
            _OLD_BEHAVIOUR,
            c.Answered((Item.CSSRS_RISK,)),
            c.TotalWithoutItem((PHQ9, PHQA), Item.PHQ9_9, 25, 27),
            c.Recorded(
                (Concept.SUICIDALITY,), c.FRESH, c.DAY, later_date=True, unresolved=True, safety=True,
            ),
            _SELF_HARM,
            _ATTEMPT,
        )),
        negative=c.AnyOf((
            c.Answered((Item.PHQ9_9, Item.CMS_9_PRESENCE, Item.CMS_9_FREQUENCY), at_least=0),
            c.AllOf((c.Answered((Item.CSSRS_1,), at_least=0), c.Answered((Item.CSSRS_2,), at_least=0))),
        )),
    ),
    anchor=Anchor(AnchorKind.DATED, (EachEntry(),)),
    priority=Priority.PH,
    cases=(Case(_OLD_BEHAVIOUR, Priority.PM), Case(_SELF_HARM, Priority.PM)),
    categories=(Category.SAFETY, Category.BEHAVIORAL),
    sentence=(
        "{opening} recorded on {date}{age}: {entries}. Same-day assessment of safety by a qualified clinician is "
        "advised, following your local pathway. This flag does not depend on laboratory or immune results. "
        "A 'not at all' answer elsewhere does not exclude risk. {crisis}"
    ),
    notes=(
        Note(_NEARLY_EVERY_DAY, "The answer was 'nearly every day'.", same_date=True),
        Note(_INTENT_OR_PLAN, "Intent or a plan was recorded.", same_date=True),
        Note(_RECENT_BEHAVIOUR, "Suicidal behaviour was recorded; none of it is known to be older than 3 months.", same_date=True),
        Note(_OLD_BEHAVIOUR, "Behaviour more than 3 months ago.", same_date=True),
        Note(_SELF_HARM, "Self-harm recorded.", same_date=True),
        Note(
            c.Recorded((Concept.SUICIDE_RISK_ASSESSMENT,), c.FRESH, c.DAY),
            "A suicide risk assessment is recorded as completed on {note_record_date}; this flag stays until a clinician "
            "closes it.",
        ),
    ),
    openings=(
        Opening("Thoughts of being better off dead or of self-harm", (_ITEM_9,)),
        Opening("Suicidal thoughts or behaviour"),
    ),
    limits="A recorded answer is not an assessment.",
    plan=(
        Action(activities.SUICIDE_RISK_ASSESSMENT.coding, "Assess suicide risk today, following the local pathway."),
        Action(
            activities.MENTAL_HEALTH_TEAM_REFERRAL.coding,
            "Consider referral to the mental health team, following the local pathway.",
        ),
    ),
    evidence=(SUICIDE_ITEM,),
    safety=True,
    children=True,
    examples=(
        Example("item 9 is 'several days'", "PHQ-9 item 9 = 1, 3 days ago", Verdict.MET, Priority.PH),
        Example("item 9 is 'not at all'", "PHQ-9 item 9 = 0, 3 days ago", Verdict.NOT_MET),
        Example("nothing was asked", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
    ),
)
