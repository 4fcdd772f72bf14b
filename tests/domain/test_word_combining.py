"""What does a statement about two things say when one of them is open?"""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP, TEMPERATURE
from service.domain.concepts import Concept, Item
from service.domain.evaluation import scope_of
from service.domain.examples import TODAY
from service.domain.instruments import ANXIETY, DEPRESSION
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, timeline, verdict
from tests.domain.words import said

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
ELEVATED = c.Elevated(DEPRESSION)
CRP_NEAR = c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), OPEN)


@pytest.mark.parametrize(("first", "then"), list(product(Verdict, repeat=2)))
def test_a_pair_is_the_worse_of_both(first: Verdict, then: Verdict) -> None:
    assert verdict(c.Paired(said(first), said(then)), "") is min(first, then)


@pytest.mark.parametrize(("first", "then"), list(product(Verdict, repeat=2)))
def test_where_the_first_decides_an_open_first_leaves_it_open(first: Verdict, then: Verdict) -> None:
    expected = OPEN if first is OPEN else min(first, then)
    assert verdict(c.Paired(said(first), said(then), first_decides=True), "") is expected


def test_the_second_is_asked_at_the_day_of_the_first() -> None:
    pair = c.Paired(ELEVATED, c.MarkerNear(CRP, (c.MarkerClass.LOW_GRADE,), OPEN, within=timedelta(days=3)))
    assert verdict(pair, "PHQ-9 12, 20 days ago; CRP 5 mg/L, 23 days ago") is YES
    assert verdict(pair, "PHQ-9 12, 20 days ago; CRP 5 mg/L, 24 days ago") is OPEN
    assert asked(pair, "PHQ-9 12, 20 days ago; CRP 5 mg/L, 23 days ago").day == TODAY - 20


@pytest.mark.parametrize(("relapse", "expected"), [(90, OPEN), (91, NO)])
def test_the_day_of_an_open_first_may_be_any_of_the_last_30(relapse: int, expected: Verdict) -> None:
    pair = c.Paired(c.Worsened(DEPRESSION), c.Occurred(Concept.RELAPSE, timedelta(days=30), timedelta(days=60)))
    assert verdict(pair, f"relapse, {relapse} days ago") is expected


def test_each_entry_may_be_asked() -> None:
    recorded = c.Recorded((Concept.MANIA, Concept.INSOMNIA), timedelta(days=30))
    fever = c.ResultNear((TEMPERATURE,), timedelta(days=1), timedelta(days=1), at_least=Decimal(38))
    given = "insomnia, 25 days ago; mania, 5 days ago; temperature 39 Cel, 5 days ago"
    assert verdict(c.Paired(recorded, fever), given) is NO
    each = asked(c.Paired(recorded, fever, each=True), given)
    assert (each.verdict, each.day) == (YES, TODAY - 5)
    assert verdict(c.Paired(ELEVATED, fever, each=True), "PHQ-9 12, 5 days ago; temperature 39 Cel, 5 days ago") is YES


def test_evidence_comes_from_what_is_met() -> None:
    given = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago; GAD-7 3, 5 days ago"
    found = asked(c.AllOf((ELEVATED, c.AnyOf((c.Elevated(ANXIETY), CRP_NEAR)))), given)
    assert [source.reference for source in found.used] == ["Example/1", "Example/2"]


def test_what_is_missing_is_gathered_from_the_open_parts() -> None:
    found = asked(c.AllOf((ELEVATED, said(YES), c.Elevated(ANXIETY))), "")
    assert [lack.text.split()[2] for lack in found.lacks] == ["depression", "anxiety"]
    assert asked(c.AnyOf((ELEVATED, said(YES))), "").lacks == ()


def test_all_of_stops_at_what_is_not_met() -> None:
    found = asked(c.AllOf((said(OPEN), said(NO), said(YES))), "")
    assert (found.verdict, len(found.inner)) == (NO, 2)


def test_any_of_is_weak_only_when_all_that_is_met_is() -> None:
    weak = c.Worsened(DEPRESSION, or_first_elevated=True)
    firm = c.Elevated(ANXIETY)
    given = "PHQ-9 12, 5 days ago; GAD-7 12, 5 days ago"
    assert asked(c.AllOf((weak, firm)), given).weak
    assert not asked(c.AnyOf((firm, weak)), given).weak
    assert asked(c.AnyOf((weak, said(NO))), given).weak


def test_entries_of_several_parts_are_all_kept() -> None:
    both = c.AnyOf(
        (c.Recorded((Concept.MANIA,), timedelta(days=30)), c.Recorded((Concept.PSYCHOSIS,), timedelta(days=30)))
    )
    found = asked(both, "mania, 5 days ago; psychosis, 9 days ago")
    assert [TODAY - entry.day for entry in found.values["entries"]] == [5, 9]


def test_a_defined_word_says_what_it_stands_for() -> None:
    named = asked(c.Defined("elevated", ELEVATED), "PHQ-9 12, 5 days ago")
    assert (named.verdict, named.day, len(named.inner)) == (YES, TODAY - 5, 1)


def test_now_forgets_the_day() -> None:
    word = c.Now(c.Recorded((Concept.MANIA,), timedelta(days=3)))
    assert verdict(word, "mania, 3 days ago", TODAY - 60) is YES


DOCUMENTED = c.Documented(c.Answered((Item.PHQ9_9,)), c.Answered((Item.PHQ9_9,), at_least=None))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("PHQ-9 item 9 = 1, 3 days ago", YES),
        ("PHQ-9 item 9 = 0, 3 days ago", NO),
        ("PHQ-9 item 9 = 0, 40 days ago", OPEN),
        ("PHQ-9 item 9 unreadable, 3 days ago", OPEN),
        ("PHQ-9 item 9 = 0, 3 days ago; PHQ-9 item 9 = 1, undated", OPEN),
        ("PHQ-9 item 9 = 0, 3 days ago; incomplete Observation", OPEN),
        ("", OPEN),
    ],
)
def test_silence_proves_nothing(given: str, expected: Verdict) -> None:
    assert verdict(DOCUMENTED, given) is expected


def test_without_a_negative_nothing_is_ever_ruled_out() -> None:
    word = c.Documented(c.Recorded((Concept.RELAPSE,), timedelta(days=30), denied=True))
    assert verdict(word, "relapse, 3 days ago") is OPEN
    assert verdict(word, "no relapse, 3 days ago") is YES


def test_what_was_not_measured_counts_as_absent_but_what_could_not_be_read_does_not() -> None:
    word = c.WhenMeasured(c.Worsened(DEPRESSION))
    assert verdict(word, "") is NO
    assert verdict(word, "PHQ-9 4, 60 days ago; PHQ-9 12, 5 days ago") is YES
    assert verdict(word, "incomplete Observation") is OPEN
    assert verdict(c.WhenMeasured(CRP_NEAR), "CRP <5 mg/L, 3 days ago") is OPEN


def test_other_rules_exclude_only_when_they_are_met() -> None:
    scope = scope_of(timeline(""))
    word = c.NoneMet(("one", "two"))
    scope.met_rules.add("other")
    assert scope.check(word, scope.now()).verdict is YES
    again = scope_of(timeline(""))
    again.met_rules.add("two")
    assert again.check(word, again.now()).verdict is NO


def test_the_same_question_is_answered_once() -> None:
    scope = scope_of(timeline("PHQ-9 12, 5 days ago"))
    assert scope.check(ELEVATED, scope.now()) is scope.check(ELEVATED, scope.now())
    assert ELEVATED in [outcome.criterion for outcome in [scope.check(ELEVATED, scope.now())]]


def test_a_reason_for_being_open_is_told_apart() -> None:
    assert asked(said(OPEN), "").lacks[0].want is Want.MISSING
