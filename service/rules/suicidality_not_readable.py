"""Something about suicidal thoughts was sent, and could not be read."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import SUICIDALITY_ITEMS, Concept, Item
from service.domain.instruments import PHQ9, PHQA
from service.domain.rule import Action, Category, Example, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import SUICIDE_ITEM
from service.terminology import activities

RULE = Rule(
    name="suicidality-not-readable",
    version="1.0.0",
    status=Status.ACTIVE,
    title="An entry about suicidal thoughts could not be read",
    question="Was something about suicidal thoughts recorded that could not be read?",
    when=c.AnyOf((
        c.UnreadableAnswer(SUICIDALITY_ITEMS),
        c.TotalWithoutItem((PHQ9, PHQA), Item.PHQ9_9, 20, 24),
        c.UndatedPositive(SUICIDALITY_ITEMS, (Concept.SUICIDALITY, Concept.SUICIDE_ATTEMPT, Concept.SELF_HARM)),
        c.StalePositive(
            SUICIDALITY_ITEMS, "suicidality-recorded", older=timedelta(days=90), newer=timedelta(days=31),
        ),
    )),
    anchor=Anchor(AnchorKind.DATED, (EachEntry(),)),
    priority=Priority.PM,
    categories=(Category.SAFETY, Category.BEHAVIORAL),
    sentence=(
        "An entry about suicidal thoughts ({date}) could not be read or placed: {entries}. It is neither a 'yes' nor a "
        "'no': please read the original and ask. {crisis}"
    ),
    limits="This says only that the entry could not be read.",
    blocked_by=("suicidality-recorded",),
    plan=(
        Action(
            activities.SUICIDE_RISK_ASSESSMENT.coding,
            "Read the original entry; where it stays open, assess suicide risk following the local pathway.",
        ),
    ),
    evidence=(SUICIDE_ITEM,),
    clears=c.Answered(SUICIDALITY_ITEMS, at_least=0, before=None),
    safety=True,
    children=True,
    examples=(
        Example("item 9 has no readable value", "PHQ-9 item 9 unreadable, 3 days ago", Verdict.MET, Priority.PM),
        Example("total of 20 without item 9", "PHQ-9 20, 3 days ago", Verdict.MET, Priority.PM),
        Example("total of 19 without item 9", "PHQ-9 19, 3 days ago", Verdict.NOT_MET),
        Example("observations are incomplete", "incomplete Observation", Verdict.UNKNOWN),
    ),
)
