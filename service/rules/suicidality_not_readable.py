"""Something about suicidal thoughts was sent, and could not be read."""

from datetime import timedelta

from service.domain import criteria as c
from service.domain.anchors import Anchor, AnchorKind, EachEntry
from service.domain.concepts import ITEM_9, SUICIDALITY_ITEMS
from service.domain.instruments import PHQ9, PHQ9_CMS, PHQA
from service.domain.rule import Action, Category, Example, Opening, Priority, Rule, Status
from service.domain.verdict import Verdict
from service.rules.definitions import SUICIDE_ITEM
from service.rules.suicidality_recorded import POSITIVE
from service.terminology import activities

_HIGH_TOTAL = c.TotalWithoutItem((PHQ9, PHQ9_CMS, PHQA), ITEM_9, at_least=20)
_UNPLACED = c.Unplaced(c.AnyOf((POSITIVE, _HIGH_TOTAL)))
_NOT_FOLLOWED_UP = c.StalePositive(SUICIDALITY_ITEMS, "suicidality-recorded", older=timedelta(days=90))

RULE = Rule(
    name="suicidality-not-readable",
    version="1.1.0",
    status=Status.ACTIVE,
    title="An entry about suicidal thoughts could not be read",
    question="Was something about suicidal thoughts recorded that could not be read?",
    when=c.AnyOf((c.UnreadableAnswer(SUICIDALITY_ITEMS), _HIGH_TOTAL, _UNPLACED, _NOT_FOLLOWED_UP)),
    anchor=Anchor(AnchorKind.DATED, (EachEntry(),)),
    priority=Priority.PM,
    categories=(Category.SAFETY, Category.BEHAVIORAL),
    sentence="{opening}: {date}{age}, {entries}. Please read the original and ask. {crisis}",
    openings=(
        Opening(
            "The newest answer about suicidal thoughts was positive, and no flag for it is in the data supplied",
            (_NOT_FOLLOWED_UP,),
        ),
        Opening("An entry about suicidal thoughts could not be read or placed"),
    ),
    limits="What could not be read is neither a 'yes' nor a 'no'.",
    blocked_by=("suicidality-recorded",),
    plan=(
        Action(
            activities.SUICIDE_RISK_ASSESSMENT.coding,
            "Read the original entry; where it stays open, assess suicide risk following the local pathway.",
        ),
    ),
    evidence=(SUICIDE_ITEM,),
    clears=c.Answered(SUICIDALITY_ITEMS, at_least=None, before=None, since=True),
    safety=True,
    children=True,
    examples=(
        Example("item 9 has no readable value", "PHQ-9 item 9 unreadable, 3 days ago", Verdict.MET, Priority.PM),
        Example("item 9 declined", "PHQ-9 item 9 declined, 3 days ago", Verdict.MET, Priority.PM),
        Example("unreadable 30 days ago", "C-SSRS 2 unreadable, 30 days ago", Verdict.MET, Priority.PM),
        Example("unreadable 31 days ago", "C-SSRS 2 unreadable, 31 days ago", Verdict.NOT_MET),
        Example("unreadable and undated", "C-SSRS 2 unreadable, undated", Verdict.MET, Priority.PM),
        Example(
            "read under the other code of item 9 that day",
            "PHQ-9 item 9 unreadable, 3 days ago; CMS item 9 = no, 3 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "read on another day only",
            "PHQ-9 item 9 unreadable, 3 days ago; PHQ-9 item 9 = 0, 9 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example("total of 20 without item 9", "PHQ-9 20, 3 days ago", Verdict.MET, Priority.PM),
        Example("total of 19 without item 9", "PHQ-9 19, 3 days ago", Verdict.NOT_MET),
        Example("undated total of 20 without item 9", "PHQ-9 20, undated", Verdict.MET, Priority.PM),
        Example("eight items of 20 points, item 9 not sent", "PHQ-9 items 3 3 3 3 2 2 2 2 ?, 3 days ago", Verdict.MET),
        Example(
            "eight items of 19 points, item 9 not sent", "PHQ-9 items 3 3 3 3 2 2 2 1 ?, 3 days ago", Verdict.NOT_MET
        ),
        Example("seven items of 20 points", "PHQ-9 items 3 3 3 3 3 3 2 ? ?, 3 days ago", Verdict.MET, Priority.PM),
        Example(
            "eight items of 20 points, item 9 by another code that day",
            "PHQ-9 items 3 3 3 3 2 2 2 2 ?, 3 days ago; CMS item 9 = no, 3 days ago",
            Verdict.NOT_MET,
        ),
        Example(
            "a total of 19 below its eight items",
            "PHQ-9 19, 3 days ago; PHQ-9 items 3 3 3 3 2 2 2 2 ?, 3 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "total of 25, item 9 'not at all': the others give at most 24",
            "PHQ-9 25, 3 days ago; PHQ-9 item 9 = 0, 3 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "total of 24, item 9 'not at all'", "PHQ-9 24, 3 days ago; PHQ-9 item 9 = 0, 3 days ago", Verdict.NOT_MET
        ),
        Example("total of 20 with item 9", "PHQ-9 20, 3 days ago; PHQ-9 item 9 = 0, 3 days ago", Verdict.NOT_MET),
        Example("a 'yes' without a date", "C-SSRS 2 = yes, undated", Verdict.MET, Priority.PM),
        Example("a 'yes' known to the year only", "PHQ-9 item 9 = 1, in 2026", Verdict.MET, Priority.PM),
        Example("a 'yes' of last year", "PHQ-9 item 9 = 1, in 2025", Verdict.NOT_MET),
        Example("attempt without a date", "suicide attempt, undated", Verdict.MET, Priority.PM),
        Example("positive 90 days ago, nothing since", "PHQ-9 item 9 = 2, 90 days ago", Verdict.MET, Priority.PM),
        Example("positive 91 days ago", "PHQ-9 item 9 = 2, 91 days ago", Verdict.NOT_MET),
        Example(
            "positive, then negative", "PHQ-9 item 9 = 2, 60 days ago; C-SSRS 2 = no, 50 days ago", Verdict.NOT_MET
        ),
        Example(
            "negative, then positive",
            "C-SSRS 2 = no, 60 days ago; PHQ-9 item 9 = 2, 50 days ago",
            Verdict.MET,
            Priority.PM,
        ),
        Example(
            "positive, and flagged then",
            "PHQ-9 item 9 = 2, 60 days ago; flag of suicidality-recorded for clause 1",
            Verdict.NOT_MET,
        ),
        Example(
            "a readable 'yes' beside it",
            "C-SSRS 2 unreadable, 3 days ago; PHQ-9 item 9 = 1, 3 days ago",
            Verdict.NOT_MET,
        ),
        Example("observations are incomplete", "incomplete Observation", Verdict.UNKNOWN),
    ),
)
