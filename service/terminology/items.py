"""Codes of single questions."""

from __future__ import annotations

from typing import Final

from service.domain.concepts import Item
from service.terminology.rows import A, Row, loinc
from service.terminology.sources import ACE, BEHAVIORAL, GAD7_PANEL, PACIO, US_CORE_PHQ9

_ITEM_9 = "Thoughts that you would be better off dead, or of hurting yourself in some way in last 2 weeks"

PHQ9: Final[tuple[Row[Item], ...]] = (
    loinc(
        "44250-9",
        "Little interest or pleasure in doing things in last 2 weeks",
        Item.PHQ9_1,
        A,
        US_CORE_PHQ9,
    ),
    loinc("44255-8", "Feeling down, depressed, or hopeless in last 2 weeks", Item.PHQ9_2, A, US_CORE_PHQ9),
    loinc(
        "44259-0",
        "Trouble falling or staying asleep, or sleeping too much in last 2 weeks [Reported.PHQ]",
        Item.PHQ9_3,
        A,
        US_CORE_PHQ9,
    ),
    loinc(
        "44254-1",
        "Feeling tired or having little energy in last 2 weeks [Reported.PHQ]",
        Item.PHQ9_4,
        A,
        US_CORE_PHQ9,
    ),
    loinc(
        "44251-7",
        "Poor appetite or overeating in last 2 weeks [Reported.PHQ]",
        Item.PHQ9_5,
        A,
        US_CORE_PHQ9,
    ),
    loinc(
        "44258-2",
        "Feeling bad about yourself - or that you are a failure or have let yourself or your family down"
        " in last 2 weeks [Reported.PHQ]",
        Item.PHQ9_6,
        A,
        US_CORE_PHQ9,
    ),
    loinc(
        "44252-5",
        "Trouble concentrating on things, such as reading the newspaper or watching television"
        " in last 2 weeks [Reported.PHQ]",
        Item.PHQ9_7,
        A,
        US_CORE_PHQ9,
    ),
    loinc(
        "44253-3",
        "Moving or speaking so slowly that other people could have noticed. Or the opposite - being so"
        " fidgety or restless that you have been moving around a lot more than usual in last 2 weeks"
        " [Reported.PHQ]",
        Item.PHQ9_8,
        A,
        US_CORE_PHQ9,
    ),
    loinc("44260-8", f"{_ITEM_9} [Reported.PHQ]", Item.PHQ9_9, A, US_CORE_PHQ9),
)

CMS_ITEM_9: Final[tuple[Row[Item], ...]] = (
    loinc("54652-3", f"{_ITEM_9}.presence [Reported PHQ-9 CMS]", Item.CMS_9_PRESENCE, A, PACIO),
    loinc("54653-1", f"{_ITEM_9}.frequency [Reported PHQ-9 CMS]", Item.CMS_9_FREQUENCY, A, PACIO),
)

GAD7: Final[tuple[Row[Item], ...]] = (
    loinc("69725-0", "Feeling nervous, anxious or on edge", Item.GAD7_1, A, GAD7_PANEL),
    loinc(
        "68509-9",
        "Over the past 2 weeks have you not been able to stop or control worrying",
        Item.GAD7_2,
        A,
        GAD7_PANEL,
    ),
    loinc("69733-4", "Worrying too much about different things", Item.GAD7_3, A, GAD7_PANEL),
    loinc("69734-2", "Trouble relaxing", Item.GAD7_4, A, GAD7_PANEL),
    loinc("69735-9", "Being so restless that it is hard to sit still", Item.GAD7_5, A, GAD7_PANEL),
    # Items 6 and 7 are seen swapped in public code: 69689-8 is 'irritable', 69736-7 is 'afraid'.
    loinc("69689-8", "Becoming easily annoyed or irritable.", Item.GAD7_6, A, GAD7_PANEL),
    loinc("69736-7", "Feeling afraid as if something awful might happen", Item.GAD7_7, A, GAD7_PANEL),
)

CSSRS: Final[tuple[Row[Item], ...]] = (
    loinc(
        "93246-7",
        "Have you wished you were dead or wished you could go to sleep and not wake up?",
        Item.CSSRS_1,
        A,
        BEHAVIORAL,
    ),
    loinc("93247-5", "Have you actually had any thoughts of killing yourself?", Item.CSSRS_2, A, BEHAVIORAL),
    loinc("93248-3", "Have you been thinking about how you might do this?", Item.CSSRS_3, A, BEHAVIORAL),
    loinc(
        "93249-1",
        "Have you had these thoughts and had some intention of acting on them?",
        Item.CSSRS_4,
        A,
        BEHAVIORAL,
    ),
    loinc(
        "93250-9",
        "Have you started to work out or worked out the details of how to kill yourself?"
        " Do you intend to carry out this plan?",
        Item.CSSRS_5,
        A,
        BEHAVIORAL,
    ),
    loinc(
        "93267-3",
        "Have you ever done anything, started to do anything, or prepared to do anything to end your life?",
        Item.CSSRS_6,
        A,
        BEHAVIORAL,
    ),
    loinc("93269-9", "Was this within the past 3 months?", Item.CSSRS_6_3_MONTHS, A, BEHAVIORAL),
    loinc("93374-7", "Suicide risk level", Item.CSSRS_RISK, A, BEHAVIORAL),
)

# Each yes counts one: the eight codes are one item to the rules.
ADVERSITY: Final[tuple[Row[Item], ...]] = (
    loinc("82814-5", "Emotional abuse--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82815-2", "Physical abuse--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82816-0", "Sexual abuse--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82817-8", "Emotional neglect--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82818-6", "Physical neglect--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82820-2", "Domestic violence--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82822-8", "Mental illness in household--before 18 years old [ACE]", Item.ACE, A, ACE),
    loinc("82823-6", "Criminal household member--before 18 years old [ACE]", Item.ACE, A, ACE),
)

ITEMS: Final = PHQ9 + CMS_ITEM_9 + GAD7 + CSSRS + ADVERSITY
