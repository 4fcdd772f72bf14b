"""What was answered about suicide, what could not be read, and what could not be placed?"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain import criteria as c
from service.domain.concepts import ITEM_9, SUICIDALITY_ITEMS, Concept, Item
from service.domain.days import EARLIEST, LATEST
from service.domain.examples import TODAY
from service.domain.facts import Answer, Reading, Source
from service.domain.instruments import PHQ9, PHQ9_CMS, PHQA
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, verdict
from tests.domain.facts import answer, chart, flagged, items, score

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
NINE = Item.PHQ9_9
POSITIVE = c.Answered(ITEM_9)
UNDATED: dict[str, Any] = {"first": EARLIEST, "last": LATEST}
YEAR: dict[str, Any] = {"first": TODAY - 180, "last": TODAY + 184}


def month(first_days_ago: int) -> dict[str, Any]:
    return {"first": TODAY - first_days_ago, "last": TODAY - first_days_ago + 29}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(NINE, 1), YES),
        (answer(NINE, 3), YES),
        (answer(NINE, 0), NO),
        (answer(Item.CMS_9_PRESENCE, 1), YES),
        (answer(Item.CMS_9_FREQUENCY, 1), YES),
        (answer(NINE, 1, 30), YES),
        (answer(NINE, 1, 31), OPEN),
        (answer(NINE, 1, -1), YES),
        (answer(NINE, 1, -2), OPEN),
        (answer(NINE, 0, 31), OPEN),
        (answer(NINE, 1, **month(59)), YES),
        (answer(NINE, 1, **month(60)), OPEN),
        (answer(NINE, 1, **YEAR), OPEN),
        (answer(NINE, 1, **UNDATED), OPEN),
        (answer(NINE, None, reading=Reading.UNREADABLE), OPEN),
        (answer(NINE, 1, preliminary=True), YES),
        (answer(Item.CSSRS_1, 1), OPEN),
    ],
)
def test_a_positive_answer(given: Answer, expected: Verdict) -> None:
    assert verdict(POSITIVE, chart(given)) is expected


def test_a_later_no_does_not_cancel_a_yes() -> None:
    found = asked(POSITIVE, chart(answer(NINE, 2, 20), answer(NINE, 0, 2)))
    assert (found.verdict, [entry.day for entry in found.values["entries"]]) == (YES, [TODAY - 20])


def test_every_positive_answer_is_an_entry_in_order() -> None:
    given = [answer(NINE, 1, 2), answer(NINE, 2, 20), answer(Item.CMS_9_FREQUENCY, 3, 9)]
    for facts in (given, given[::-1]):
        found = asked(POSITIVE, chart(*facts))
        assert [TODAY - entry.day for entry in found.values["entries"]] == [20, 9, 2]


def test_a_positive_without_a_day_is_told_as_such() -> None:
    found = asked(POSITIVE, chart(answer(NINE, 1, **YEAR)))
    assert found.lacks[0].want is Want.UNDATED
    assert [entry.date for entry in found.values["entries"]] == ["2026"]


@pytest.mark.parametrize(("month_of", "expected"), [(29, YES), (30, YES), (31, OPEN)])
def test_a_negative_answer_counts_only_with_all_days_of_its_month(month_of: int, expected: Verdict) -> None:
    assert verdict(c.Answered(ITEM_9, at_least=None), chart(answer(NINE, 0, **month(month_of)))) is expected


OLD = c.Answered((Item.CSSRS_6,), only_if=(Item.CSSRS_6_3_MONTHS, 0))
RECENT = c.Answered((Item.CSSRS_6,), unless=(Item.CSSRS_6_3_MONTHS, 0))


@pytest.mark.parametrize(
    ("companions", "old", "recent"),
    [
        ([], OPEN, YES),
        ([answer(Item.CSSRS_6_3_MONTHS, 1)], OPEN, YES),
        ([answer(Item.CSSRS_6_3_MONTHS, 0)], YES, OPEN),
        ([answer(Item.CSSRS_6_3_MONTHS, 0, 9)], OPEN, YES),
        ([answer(Item.CSSRS_6_3_MONTHS, None, reading=Reading.DECLINED)], OPEN, YES),
        ([answer(Item.CSSRS_6_3_MONTHS, 0), answer(Item.CSSRS_6_3_MONTHS, 1)], OPEN, YES),
    ],
)
def test_behaviour_is_recent_unless_it_is_said_to_be_old(
    companions: list[Answer], old: Verdict, recent: Verdict
) -> None:
    facts = chart(answer(Item.CSSRS_6, 1), *companions)
    assert (verdict(OLD, facts), verdict(RECENT, facts)) == (old, recent)


def test_so_many_different_questions() -> None:
    word = c.Answered((Item.ACE,), before=None, times=2)
    one = answer(Item.ACE, 1, 4000, text="ACE 1")
    assert verdict(word, chart(one, answer(Item.ACE, 1, text="ACE 2"))) is YES
    assert verdict(word, chart(one, answer(Item.ACE, 1, text="ACE 1"))) is not YES
    assert verdict(word, chart(one, answer(Item.ACE, 1, text="ACE 2", **UNDATED))) is YES
    assert verdict(word, chart(one, answer(Item.ACE, 1, -1, text="ACE 2"))) is not YES


def test_since_a_day() -> None:
    word = c.Answered(SUICIDALITY_ITEMS, at_least=None, since=True)
    assert verdict(word, chart(answer(NINE, 0, 20)), TODAY - 20) is YES
    assert verdict(word, chart(answer(NINE, 0, 21)), TODAY - 20) is OPEN


def test_several_answers_with_no_in_another_question() -> None:
    word = c.Answered((Item.CSSRS_1, Item.CSSRS_2))
    assert verdict(word, chart(answer(Item.CSSRS_1, 0))) is NO
    assert verdict(word, chart()) is OPEN


TOTAL = c.TotalWithoutItem((PHQ9, PHQA), ITEM_9, 25)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([score(25)], YES),
        ([score(24)], NO),
        ([score(25, instrument=PHQA)], YES),
        ([score(25, 30)], YES),
        ([score(25, 31)], NO),
        ([score(25, -1)], YES),
        ([score(25, -2)], NO),
        ([score(25, preliminary=True)], YES),
        ([score(25), answer(NINE, 0)], OPEN),
        ([score(25), answer(NINE, 1)], NO),
        ([score(25), answer(NINE, 0), answer(Item.CMS_9_PRESENCE, 1)], NO),
        ([score(25), answer(NINE, 0, 4)], YES),
        ([score(25), answer(NINE, None, reading=Reading.UNREADABLE)], YES),
        ([score(25, response="one"), answer(NINE, 0, response="one", **UNDATED)], OPEN),
        ([score(25, response="one"), answer(NINE, 1, response="one", **UNDATED)], NO),
        ([score(25), *items(3, 3, 3, 3, 3, 3, 3, 3, 1)], NO),
        ([score(25), *items(3, 3, 3, 3, 3, 3, 3, 3, None)], YES),
        ([score(25, **UNDATED)], OPEN),
        ([score(25, first=TODAY - 59, last=TODAY - 30)], YES),
    ],
)
def test_a_total_that_cannot_come_from_eight_questions(facts: list[object], expected: Verdict) -> None:
    assert verdict(TOTAL, chart(*facts)) is expected  # type: ignore[arg-type]


def test_the_cms_form_has_its_own_item_9() -> None:
    word = c.TotalWithoutItem((PHQ9_CMS,), ITEM_9, 25)
    assert verdict(word, chart(score(25, instrument=PHQ9_CMS), answer(Item.CMS_9_PRESENCE, 0))) is OPEN
    assert verdict(word, chart(score(25, instrument=PHQ9_CMS), answer(Item.CMS_9_PRESENCE, 1))) is NO
    assert verdict(word, chart(score(25, instrument=PHQ9_CMS))) is YES


TWENTY = c.TotalWithoutItem((PHQ9, PHQA), ITEM_9, 20)
EIGHT = (3, 3, 3, 3, 2, 2, 2, 2, None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (items(*EIGHT), YES),
        (items(*EIGHT, response="one"), YES),
        (items(*EIGHT, preliminary=True), YES),
        (items(*EIGHT, days_ago=30), YES),
        (items(*EIGHT, days_ago=31), NO),
        (items(*EIGHT, days_ago=-1), YES),
        (items(*EIGHT, days_ago=-2), NO),
        (items(3, 3, 3, 3, 2, 2, 2, 1, None), NO),
        ([*items(*EIGHT), answer(Item.CMS_9_PRESENCE, 0)], NO),
        ([*items(*EIGHT), answer(NINE, None, reading=Reading.DECLINED)], YES),
        ([*items(*EIGHT), score(24)], YES),
        ([score(24), answer(NINE, 0)], NO),
        ([score(25, -1), answer(NINE, 0, -1)], OPEN),
    ],
)
def test_answered_items_that_add_up_high_without_item_9(facts: list[object], expected: Verdict) -> None:
    assert verdict(TWENTY, chart(*facts)) is expected  # type: ignore[arg-type]


def test_a_total_and_its_items_are_told_once() -> None:
    found = asked(TWENTY, chart(score(24), *items(*EIGHT)))
    assert [entry.text for entry in found.values["entries"]] == ["PHQ-9 total 24 without a readable item 9"]


def test_sums_are_of_the_forms_that_are_asked_for() -> None:
    assert verdict(c.TotalWithoutItem((PHQA,), ITEM_9, 20), chart(*items(*EIGHT))) is NO


def test_a_total_that_its_items_cannot_give_is_told_as_a_contradiction() -> None:
    found = asked(c.Unplaced(TOTAL), chart(score(27), answer(NINE, 0)))
    entry, item = found.values["entries"]
    assert item == entry._replace(source=item.source)
    assert entry.text == "PHQ-9 total 27, of which the other items give at most 24, and item 9 'not at all'"
    assert (found.verdict, entry.date) == (YES, "2026-06-27")


@pytest.mark.parametrize(("text", "shown"), [("", "PHQ-9 item 9"), ("44260-8", "PHQ-9 item 9"), ("Wish", "Wish")])
def test_a_question_sent_by_its_code_alone_is_called_by_its_name(text: str, shown: str) -> None:
    (entry,) = asked(POSITIVE, chart(answer(NINE, 1, text=text))).values["entries"]
    assert entry.text == f"{shown} = 1"


UNREADABLE = c.UnreadableAnswer(SUICIDALITY_ITEMS)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([answer(NINE, None, reading=Reading.UNREADABLE)], YES),
        ([answer(NINE, None, reading=Reading.ABSENT)], YES),
        ([answer(NINE, None, reading=Reading.DECLINED)], YES),
        ([answer(Item.CSSRS_4, None, reading=Reading.DECLINED)], YES),
        ([answer(NINE, 0)], NO),
        ([answer(NINE, None, 30, reading=Reading.DECLINED)], YES),
        ([answer(NINE, None, 31, reading=Reading.DECLINED)], NO),
        ([answer(NINE, None, reading=Reading.DECLINED, **UNDATED)], YES),
        ([answer(NINE, None, reading=Reading.DECLINED, **YEAR)], YES),
        ([answer(NINE, None, reading=Reading.DECLINED), answer(NINE, 0)], NO),
        ([answer(NINE, None, reading=Reading.DECLINED), answer(NINE, 0, 4)], YES),
        ([answer(NINE, None, reading=Reading.DECLINED), answer(Item.CSSRS_1, 0)], YES),
        ([answer(NINE, None, reading=Reading.DECLINED), answer(Item.CMS_9_PRESENCE, 0)], NO),
        ([answer(NINE, None, reading=Reading.DECLINED, **UNDATED), answer(NINE, 0, **UNDATED)], YES),
        ([answer(Item.PHQ9_1, None, reading=Reading.UNREADABLE)], NO),
    ],
)
def test_an_answer_that_could_not_be_read(facts: list[Answer], expected: Verdict) -> None:
    assert verdict(UNREADABLE, chart(*facts)) is expected


UNPLACED = c.Unplaced(
    c.AnyOf((POSITIVE, c.Recorded((Concept.SUICIDALITY,), c.FRESH, c.DAY, any_day=True, safety=True)))
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([answer(NINE, 1, **UNDATED)], YES),
        ([answer(NINE, 1, **YEAR)], YES),
        ([answer(NINE, 1, first=TODAY - 900, last=TODAY - 536)], NO),
        ([answer(NINE, 0, **UNDATED)], NO),
        ([answer(NINE, 1, **month(59))], NO),
        ([answer(NINE, 1)], NO),
        ([], NO),
    ],
)
def test_a_positive_that_cannot_be_placed(facts: list[Answer], expected: Verdict) -> None:
    assert verdict(UNPLACED, chart(*facts)) is expected


def test_a_positive_without_a_subject() -> None:
    lost = Source("Observation/lost", "Bundle.entry[9].resource")
    found = asked(UNPLACED, chart(subjectless_safety=(lost,)))
    assert (found.verdict, found.used, found.day) == (YES, (lost,), None)


STALE = c.StalePositive(SUICIDALITY_ITEMS, "suicidality-recorded", older=timedelta(days=90))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([answer(NINE, 1, 31)], YES),
        ([answer(NINE, 1, 90)], YES),
        ([answer(NINE, 1, 91)], NO),
        ([answer(NINE, 0, 40)], NO),
        ([answer(NINE, 1, 40), answer(NINE, 0, 39)], NO),
        ([answer(NINE, 1, 40), answer(Item.CSSRS_1, 0, 39)], NO),
        ([answer(NINE, 1, 40), answer(Item.CSSRS_1, 0, 40)], YES),
        ([answer(NINE, 1, 40), answer(NINE, 1, 50)], YES),
        ([answer(NINE, 1, 40), answer(NINE, None, 35, reading=Reading.DECLINED)], YES),
        ([answer(NINE, 1, 40), answer(NINE, 0, **UNDATED)], YES),
        ([answer(NINE, 1, **month(70))], YES),
        ([], NO),
    ],
)
def test_an_older_positive_that_nothing_followed(facts: list[Answer], expected: Verdict) -> None:
    assert verdict(STALE, chart(*facts)) is expected


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_an_older_positive_that_was_flagged_is_not_raised_again(status: str) -> None:
    positive = answer(NINE, 1, 40)
    ours = flagged("suicidality-recorded", TODAY - 40, status=status, evidence=(positive.source.reference,))
    other = flagged("suicidality-not-readable", TODAY - 40, evidence=(positive.source.reference,))
    assert verdict(STALE, chart(positive, flags=(ours,))) is NO
    assert verdict(STALE, chart(positive, flags=(other,))) is YES
    assert verdict(STALE, chart(positive, flags=(ours._replace(evidence=("Observation/other",)),))) is YES


SUM = c.ItemSum(PHQ9, tuple(range(1, 10)), 10)
SHARE = c.ItemSum(PHQ9, (3, 4, 5, 8), Decimal("0.60"), share=True)


@pytest.mark.parametrize(
    ("facts", "whole", "share"),
    [
        (items(1, 0, 2, 2, 2, 0, 1, 0, 2), YES, YES),
        (items(1, 1, 2, 2, 1, 0, 1, 1, 2), YES, NO),
        (items(1, 0, 2, 2, 2, 0, 1, 0, 1), NO, YES),
        (items(0, 0, 0, 0, 0, 0, 0, 0, 0), NO, NO),
        ([score(9)], NO, OPEN),
        ([score(10)], OPEN, OPEN),
        ([score(12), *items(3, 3, 3, 3, None, None, None, None, None)], OPEN, OPEN),
        (items(3, 3, 3, 3, 3, 3, None, None, 0), OPEN, OPEN),
        ([], OPEN, OPEN),
    ],
)
def test_the_items_of_the_current_response(facts: list[object], whole: Verdict, share: Verdict) -> None:
    assert verdict(SUM, chart(*facts)) is whole  # type: ignore[arg-type]
    assert verdict(SHARE, chart(*facts)) is share  # type: ignore[arg-type]


def test_a_prorated_response_shows_no_pattern() -> None:
    sleep = c.ItemSum(PHQ9, (3,), 2)
    assert verdict(sleep, chart(*items(0, 0, 3, 3, 3, 0, None, None, 0))) is OPEN
    assert verdict(sleep, chart(*items(0, 0, 3, 3, 3, 0, 0, 0, 0))) is YES
    assert verdict(sleep, chart(score(9), *items(0, 0, 3, 3, 3, None, None, None, 0))) is YES
