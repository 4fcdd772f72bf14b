"""What is said about the answer as a whole?"""

from typing import Any

import pytest

from service.domain.facts import DataIssue
from tests.domain.charts import answer
from tests.domain.facts import chart, flagged, score


@pytest.mark.parametrize(
    ("given", "changes", "said"),
    [
        ("", {"entries": 0}, "the data hold no entries"),
        ("", {"entries": 4}, "no entry holds anything that a rule reads"),
        ("PHQ-9 6, 5 days ago", {}, "hold for the data supplied"),
        ("PHQ-9 6, 5 days ago", {}, "No Flag of this service was in the data"),
        (
            "depression",
            {"active_conditions": 3},
            "No immune-mediated disease was recognised among 3 active conditions.",
        ),
        ("sertraline from 9 days ago", {}, "1 of 1 medicines were recognised."),
        ("", {"unrecognised_medicines": ("Drug X 5 mg",)}, "Medicine not recognised: Drug X 5 mg."),
        ("PHQ-9 6, in 3 days; CRP 5 mg/L, in 3 days", {}, "2 entries dated after the as-of time were left out."),
        ("aged unknown", {}, "The patient's age is not known"),
        ("aged 9", {}, "only the safety rules were evaluated"),
    ],
)
def test_what_a_reader_must_know_is_said(given: str, changes: dict[str, Any], said: str) -> None:
    assert any(said in notice for notice in answer(given, **changes).notices)


def test_what_does_not_apply_is_not_said() -> None:
    given = "multiple sclerosis; PHQ-9 6, 5 days ago"
    quiet = " ".join(answer(given, flags=(flagged("crp-unreadable", None),)).notices)
    for words in ("No Flag", "immune-mediated", "medicines", "left out", "age", "Nothing could"):
        assert words not in quiet


def test_issues_of_the_data_are_passed_on() -> None:
    issue = DataIssue("panel-value-as-total", "A value on a panel code was taken for the total.")
    found = answer(chart(score(6, instant=1.0), score(9, instant=1.0), issues=(issue,)))
    assert [one.code for one in found.issues] == ["panel-value-as-total", "rival-values"]


def test_the_answer_carries_what_it_was_made_from() -> None:
    found = answer("PHQ-9 6, 5 days ago")
    assert found.chart.scores
    assert len(found.results) == 21
