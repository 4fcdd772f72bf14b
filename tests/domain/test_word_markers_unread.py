"""What does a CRP say that was lowered by a medicine, could not be read, or has no exact day?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain import criteria as c
from service.domain.analytes import CRP
from service.domain.concepts import DrugGroup
from service.domain.days import iso
from service.domain.evaluation.scope import At
from service.domain.examples import TODAY
from service.domain.outcome import Want
from service.domain.verdict import Verdict
from tests.domain.asking import asked, verdict
from tests.domain.words import said

YES, NO, OPEN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
LOW, GRADE, HIGH = (c.MarkerClass.LOW,), (c.MarkerClass.LOW_GRADE,), (c.MarkerClass.HIGH,)
NEAR = c.MarkerNear(CRP, GRADE, OPEN)
T0 = TODAY - 40
BLOCKADE = c.Exposed((DrugGroup.IL6_INHIB,), trailing=timedelta(days=90))
LOW_UNLESS = c.MarkerSeen(CRP, LOW, timedelta(days=30), None, OPEN, unreadable_if=BLOCKADE)
RAISED = c.MarkerSeen(CRP, (*GRADE, *HIGH), timedelta(days=30), None, NO)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 2 mg/L, 35 days ago; tocilizumab from 50 to 40 days ago", OPEN),
        ("CRP 2 mg/L, 35 days ago; tocilizumab from 20 days ago", YES),
        ("CRP 2 mg/L, 35 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", YES),
        ("CRP 4 mg/L, 35 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", NO),
        ("CRP 2 mg/L, 35 days ago; tocilizumab undated", OPEN),
        ("CRP 4 mg/L, 35 days ago; tocilizumab undated", OPEN),
    ],
)
def test_a_result_that_says_nothing_at_its_date_is_passed_over(given: str, expected: Verdict) -> None:
    assert verdict(LOW_UNLESS, given, T0) is expected


def test_the_result_that_is_read_is_the_one_that_is_told() -> None:
    found = asked(LOW_UNLESS, "CRP 2 mg/L, 35 days ago; CRP 1 mg/L, 5 days ago; tocilizumab from 20 days ago", T0)
    assert found.values["marker_value"] == "2"
    (lack,) = asked(LOW_UNLESS, "CRP 2 mg/L, 35 days ago; tocilizumab from 50 to 40 days ago", T0).lacks
    assert f"2 on {iso(TODAY - 35)} cannot be used" in lack.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP refused: no unit, 40 days ago", OPEN),
        ("CRP refused: no unit, 71 days ago", NO),
        ("CRP refused: no unit, undated", OPEN),
        ("CRP 2 mg/L, 40 days ago; CRP refused: no unit, 41 days ago", OPEN),
        ("CRP 5 mg/L, 40 days ago; CRP refused: no unit, 41 days ago", YES),
        ("CRP 5 mg/L, in 2026", OPEN),
        ("CRP 2 mg/L, in 2026", NO),
        ("CRP 5 mg/L, undated", OPEN),
        ("CRP 5 mg/L, in 2026-06", YES),
        ("CRP 5 mg/L, in 2026-03", NO),
        ("CRP <5 mg/L, 40 days ago", NO),
        ("CRP <5 mg/L, in 2026", NO),
        ("CRP 2 mg/L, in 2026-06", NO),
        ("", NO),
    ],
)
def test_what_could_not_be_read_or_placed_may_have_any_class(given: str, expected: Verdict) -> None:
    assert verdict(RAISED, given, T0) is expected


def test_why_a_class_is_not_known_is_said() -> None:
    (lack,) = asked(RAISED, "CRP refused: no unit, 40 days ago", T0).lacks
    assert (lack.want, "no unit" in lack.text, iso(T0) in lack.text) == (Want.UNREADABLE, True, True)


def test_a_refused_result_is_no_readable_one_and_a_month_counts_as_a_whole() -> None:
    readable = c.MarkerSeen(CRP, c.READABLE, timedelta(days=30), None, NO)
    assert verdict(readable, "CRP refused: no unit, 40 days ago", T0) is NO
    assert verdict(readable, "CRP 2 mg/L, in 2026", T0) is OPEN
    found = asked(readable, "CRP 2 mg/L, in 2026-06", T0)
    assert (found.verdict, found.values["marker_date"]) == (YES, "2026-06")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CRP 2 mg/L, 20 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 10 days ago", NO),
        (
            "CRP 2 mg/L, 20 days ago; CRP 5 mg/L, 9 days ago; CRP 2 mg/L, 5 days ago; tocilizumab from 12 to 8 days ago",
            NO,
        ),
        ("CRP 2 mg/L, 20 days ago; CRP 2 mg/L, 5 days ago; tocilizumab undated", OPEN),
        ("CRP 2 mg/L, 20 days ago; CRP 2 mg/L, in 2026-06", OPEN),
    ],
)
def test_two_in_a_row_of_those_that_are_read(given: str, expected: Verdict) -> None:
    word = c.MarkerSeen(CRP, LOW, timedelta(days=-1), None, NO, consecutive=2, unreadable_if=BLOCKADE)
    assert verdict(word, given, T0) is expected


def test_a_low_result_under_blockade_ends_nothing() -> None:
    near = c.MarkerNear(CRP, GRADE, OPEN, not_followed_by=LOW, unreadable_if=BLOCKADE)
    lasting = c.SustainedMarker(CRP, timedelta(days=14), timedelta(days=180), said(NO), unreadable_if=BLOCKADE)
    two = "CRP 4 mg/L, 60 days ago; CRP 5 mg/L, 40 days ago"
    for word in (near, lasting):
        assert verdict(word, f"{two}; CRP 2 mg/L, 5 days ago", T0) is NO
        assert verdict(word, f"{two}; CRP 2 mg/L, 5 days ago; tocilizumab from 20 days ago", T0) is YES
        assert verdict(word, f"{two}; CRP 2 mg/L, 5 days ago; tocilizumab undated", T0) is OPEN


@pytest.mark.parametrize(("value", "expected"), [("5", NO), ("5.01", YES), (">5", OPEN), ("10.01", NO)])
def test_the_paired_result_itself_lies_above_a_number(value: str, expected: Verdict) -> None:
    word = c.MarkerNear(CRP, GRADE, OPEN, above=Decimal(5))
    assert verdict(word, f"CRP {value} mg/L, 40 days ago", T0) is expected
    assert verdict(word, f"CRP {value} mg/L, 40 days ago", At(T0 - 5, T0 + 5)) is (
        OPEN if expected is YES else expected
    )


def test_the_assay_is_told() -> None:
    assert asked(NEAR, "hs-CRP 5 mg/L, 40 days ago", T0).values["marker"] == "hs-CRP"
    assert asked(NEAR, "CRP 5 mg/L, 40 days ago", T0).values["marker"] == "CRP"
