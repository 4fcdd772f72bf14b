"""Any recorded suicidal thought or behaviour."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import ITEM_9, Concept, Item
from service.domain.instruments import PHQ9, PHQ9_CMS, PHQA
from service.domain.rule import Action, Case, Category, Example, Note, Opening, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import SUICIDE_ITEM
from service.terminology import activities

_THOUGHTS = c.Answered(ITEM_9)
_NEARLY_EVERY_DAY = c.Answered((Item.PHQ9_9, Item.CMS_9_FREQUENCY), at_least=3)
_SCREENER = c.Answered(
    (
        Item.CSSRS_1,
        Item.CSSRS_2,
        Item.CSSRS_3,
        Item.CSSRS_4,
        Item.CSSRS_5,
        Item.CSSRS_RISK,
    )
)
_INTENT_OR_PLAN = c.Answered((Item.CSSRS_4, Item.CSSRS_5))
_BEHAVIOUR = (Item.CSSRS_6, Item.CSSRS_6_3_MONTHS)
_RECENT_BEHAVIOUR = c.Answered(_BEHAVIOUR, unless=(Item.CSSRS_6_3_MONTHS, 0))
_OLD_BEHAVIOUR = c.Answered(_BEHAVIOUR, only_if=(Item.CSSRS_6_3_MONTHS, 0))
_TOTAL = c.TotalWithoutItem((PHQ9, PHQ9_CMS, PHQA), ITEM_9, at_least=25)
_SUICIDALITY = c.Recorded(
    (Concept.SUICIDALITY,),
    c.FRESH,
    after=None,
    later_date=True,
    any_day=True,
    unresolved=True,
    safety=True,
)
_SELF_HARM = c.Recorded(
    (Concept.SELF_HARM,),
    c.FRESH,
    after=None,
    later_date=True,
    any_day=True,
    unresolved=True,
    safety=True,
)
_ATTEMPT = c.Recorded(
    (Concept.SUICIDE_ATTEMPT,),
    timedelta(days=90),
    after=None,
    later_date=True,
    any_day=True,
    safety=True,
)

POSITIVE = c.Defined(
    "a positive entry about suicide",
    c.AnyOf(
        (
            _THOUGHTS,
            _SCREENER,
            _RECENT_BEHAVIOUR,
            _OLD_BEHAVIOUR,
            _TOTAL,
            _SUICIDALITY,
            _SELF_HARM,
            _ATTEMPT,
        )
    ),
)
_NEGATIVE = c.AnyOf(
    (
        c.Answered(ITEM_9, at_least=None),
        c.AllOf((c.Answered((Item.CSSRS_1,), at_least=None), c.Answered((Item.CSSRS_2,), at_least=None))),
    )
)

RULE = Rule(
    name="suicidality-recorded",
    version="1.1.0",
    status=Status.ACTIVE,
    title="Suicidal thoughts or behaviour recorded",
    question="Is there any recorded suicidal thought or behaviour?",
    when=c.Documented(POSITIVE, _NEGATIVE),
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
        Note(
            _RECENT_BEHAVIOUR,
            "Suicidal behaviour was recorded that is not known to be older than 3 months.",
            same_date=True,
        ),
        Note(_OLD_BEHAVIOUR, "Behaviour more than 3 months ago.", same_date=True),
        Note(
            c.Recorded((Concept.SUICIDE_RISK_ASSESSMENT,), timedelta(0), after=None),
            "A suicide risk assessment is recorded as completed on {note_record_date}; this flag stays until a "
            "clinician closes it.",
        ),
    ),
    openings=(
        Opening("Thoughts of being better off dead or of self-harm", (_THOUGHTS,)),
        Opening("Self-harm", (_SELF_HARM,)),
        Opening("Suicidal thoughts or behaviour"),
    ),
    limits="A recorded answer is not an assessment.",
    plan=(
        Action(
            activities.SUICIDE_RISK_ASSESSMENT.coding,
            "Assess suicide risk today, following the local pathway.",
        ),
        Action(
            activities.MENTAL_HEALTH_TEAM_REFERRAL.coding,
            "Consider referral to the mental health team, following the local pathway.",
        ),
    ),
    evidence=(SUICIDE_ITEM,),
    safety=True,
    children=True,
    examples=(
        Example("item 9 'several days'", "PHQ-9 item 9 = 1, 3 days ago", Verdict.MET, Priority.PH),
        Example("item 9 'not at all'", "PHQ-9 item 9 = 0, 3 days ago", Verdict.NOT_MET),
        Example("nothing was asked", "CRP 2 mg/L, 3 days ago", Verdict.UNKNOWN),
        Example("item 9 of 30 days ago", "PHQ-9 item 9 = 3, 30 days ago", Verdict.MET, Priority.PH),
        Example("item 9 of 31 days ago", "PHQ-9 item 9 = 3, 31 days ago", Verdict.UNKNOWN),
        Example("item 9 of tomorrow's date", "PHQ-9 item 9 = 1, in 1 day", Verdict.MET, Priority.PH),
        Example("item 9 of the day after tomorrow", "PHQ-9 item 9 = 1, in 2 days", Verdict.UNKNOWN),
        Example("item 9 of a month that ended 30 days ago", "PHQ-9 item 9 = 1, in 2026-05", Verdict.MET),
        Example("item 9 of the month before", "PHQ-9 item 9 = 1, in 2026-04", Verdict.UNKNOWN),
        Example("'not at all', known to the month only", "PHQ-9 item 9 = 0, in 2026-05", Verdict.UNKNOWN),
        Example("item 9 known to the year only", "PHQ-9 item 9 = 1, in 2026", Verdict.UNKNOWN),
        Example(
            "a later 'not at all' cancels nothing",
            "PHQ-9 item 9 = 2, 20 days ago; PHQ-9 item 9 = 0, 2 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example(
            "an undated 'yes' beside a 'not at all'",
            "C-SSRS 2 = yes, undated; PHQ-9 item 9 = 0, 2 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "'not at all', observations incomplete",
            "PHQ-9 item 9 = 0, 3 days ago; incomplete Observation",
            Verdict.UNKNOWN,
        ),
        Example(
            "assessed two days later",
            "PHQ-9 item 9 = 1, 3 days ago; suicide risk assessment, 1 day ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("a teenager", "aged 15; PHQ-9 item 9 = 1, 3 days ago", Verdict.MET, Priority.PH),
        Example("nursing-home interview", "CMS item 9 = yes, 3 days ago", Verdict.MET, Priority.PH),
        Example(
            "Columbia questions 1 and 2 'no'", "C-SSRS 1 = no, 3 days ago; C-SSRS 2 = no, 3 days ago", Verdict.NOT_MET
        ),
        Example("Columbia question 1 alone 'no'", "C-SSRS 1 = no, 3 days ago", Verdict.UNKNOWN),
        Example("suicidal intent", "C-SSRS 4 = yes, 3 days ago", Verdict.MET, Priority.PH),
        Example("risk level high", "C-SSRS risk = high, 3 days ago", Verdict.MET, Priority.PH),
        Example("risk level low", "C-SSRS risk = low, 3 days ago", Verdict.UNKNOWN),
        Example(
            "behaviour within 3 months",
            "C-SSRS 6 = yes, 3 days ago; C-SSRS 6 within 3 months = yes, 3 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("behaviour, time not asked", "C-SSRS 6 = yes, 3 days ago", Verdict.MET, Priority.PH),
        Example(
            "behaviour longer ago",
            "C-SSRS 6 = yes, 3 days ago; C-SSRS 6 within 3 months = no, 3 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("no behaviour, time not asked", "C-SSRS 6 = no, 3 days ago", Verdict.UNKNOWN),
        Example(
            "never any behaviour",
            "C-SSRS 6 = no, 3 days ago; C-SSRS 6 within 3 months = no, 3 days ago",
            Verdict.UNKNOWN,
        ),
        Example("total of 25 without item 9", "PHQ-9 25, 3 days ago", Verdict.MET, Priority.PH),
        Example(
            "total of 25, item 9 'not at all'",
            "PHQ-9 25, 3 days ago; PHQ-9 item 9 = 0, 3 days ago",
            Verdict.UNKNOWN,
        ),
        Example(
            "total of 24, item 9 'not at all'", "PHQ-9 24, 3 days ago; PHQ-9 item 9 = 0, 3 days ago", Verdict.NOT_MET
        ),
        Example(
            "an attempt of years ago, recorded lately",
            "suicide attempt, 2600 days ago, recorded 10 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("total of 24 without item 9", "PHQ-9 24, 3 days ago", Verdict.UNKNOWN),
        Example("total of 25 of tomorrow's date", "PHQ-9 25, in 1 day", Verdict.MET, Priority.PH),
        Example("teenager's total of 25", "aged 15; PHQ-A 25, 3 days ago", Verdict.MET, Priority.PH),
        Example("suicidality of 30 days ago", "suicidality, 30 days ago", Verdict.MET, Priority.PH),
        Example("suicidality of 31 days ago", "suicidality, 31 days ago", Verdict.UNKNOWN),
        Example(
            "old suicidality, recorded lately",
            "suicidality, 200 days ago, recorded 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("suicidality of last month", "suicidality, in 2026-05", Verdict.MET, Priority.PH),
        Example("suicidality resolved", "suicidality resolved, 5 days ago", Verdict.UNKNOWN),
        Example("suicidality without a date", "suicidality, undated", Verdict.UNKNOWN),
        Example("self-harm without suicidal intent", "self harm, 5 days ago", Verdict.MET, Priority.PM),
        Example(
            "self-harm and a wish to be dead",
            "self harm, 5 days ago; C-SSRS 1 = yes, 5 days ago",
            Verdict.MET,
            Priority.PH,
        ),
        Example("attempt of 90 days ago, resolved", "suicide attempt resolved, 90 days ago", Verdict.MET, Priority.PH),
        Example("attempt of 91 days ago", "suicide attempt, 91 days ago", Verdict.UNKNOWN),
    ),
)
