"""A patient is evaluated every week, and each answer's flags come back with the next request: is there one flag an episode?"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.anchors import AnchorKind
from service.domain.examples import TODAY, read_example
from service.domain.findings import FlagState
from tests.domain.asking import end_of
from tests.domain.charts import answer, sent_back

if TYPE_CHECKING:
    from service.domain.facts import PriorFlag
    from service.domain.findings import Assessment

WEEKS = 12
# These raise one flag a date, or one an event.
BY_DATE = ("suicidality-recorded", "suicidality-not-readable", "acute-psychosis-or-mania")


def week(number: int) -> int:
    """How many days before the as-of day of the examples the week's visit lies."""
    return 7 * (WEEKS - 1 - number)


class Course:
    """The weeks of one patient; the caller keeps the newest state of every flag."""

    def __init__(self, before: str) -> None:
        self.texts = [before] if before else []
        self.kept: dict[str, PriorFlag] = {}
        self.seen: dict[str, set[str]] = defaultdict(set)

    def visit(self, number: int, *clauses: str) -> Assessment:
        """The evaluation on the day of one visit; what is known so far is sent with all flags."""
        self.texts += [f"{clause}, {week(number)} days ago" for clause in clauses]
        chart = read_example("; ".join(self.texts))._replace(flags=tuple(self.kept.values()))
        found = answer(chart, end_of(TODAY - week(number)))
        for entry, finding in enumerate(found.flags):
            self.kept[finding.identifier] = sent_back(finding, 1000 * (number + 1) + entry)
            self.seen[finding.rule.name].add(finding.identifier)
        return found

    def open_flags(self) -> dict[str, list[PriorFlag]]:
        """What is open after a visit, by rule."""
        found: dict[str, list[PriorFlag]] = defaultdict(list)
        for flag in self.kept.values():
            if flag.status == "active":
                found[flag.rule].append(flag)
        return found


STORIES = {
    "relapse": "multiple sclerosis; PHQ-9 4, 120 days ago; relapse, 80 days ago",
    "relapse and steroids": "multiple sclerosis; PHQ-9 4, 120 days ago; relapse, 80 days ago; methylprednisolone from 78 to 75 days ago",
    "low-grade inflammation": "PHQ-9 4, 120 days ago",
    "steady treatment": "PHQ-9 16, 160 days ago; sertraline from 200 days ago",
    "new medicine": "multiple sclerosis; PHQ-9 4, 120 days ago; fingolimod from 90 days ago",
    "no marker at all": "rheumatoid arthritis; PHQ-9 4, 120 days ago",
    "blocked marker": "PHQ-9 4, 120 days ago; tocilizumab from 300 days ago",
    "soft sign": "multiple sclerosis; PHQ-9 4, 120 days ago; sNfL 20 above range, 77 days ago",
}
WITH_CRP = ("low-grade inflammation", "steady treatment", "blocked marker")


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("item_9", [0, 1])
@pytest.mark.no_cover  # as often as there are weeks
def test_twelve_weeks_of_scores_raise_one_flag_for_each_rule(story: str, item_9: int) -> None:
    course = Course(STORIES[story])
    for number in range(WEEKS):
        clauses = [f"PHQ-9 items 2 2 2 2 2 1 1 1 {item_9}"]
        if story in WITH_CRP:
            clauses.append("CRP 5 mg/L")
        course.visit(number, *clauses)
        for rule, flags in course.open_flags().items():
            assert len(flags) == 1 or rule in BY_DATE, (number, rule)
    raised = {rule: len(ids) for rule, ids in course.seen.items() if rule not in BY_DATE}
    assert raised
    assert set(raised.values()) == {1}
    assert len(course.seen["suicidality-recorded"]) == (WEEKS if item_9 else 0)


def test_a_second_episode_gets_a_second_flag_and_the_first_is_closed() -> None:
    rule = "depression-with-low-grade-inflammation"
    course = Course("")
    for number, score in enumerate((14, 14, 3, 3, 3, 14, 14)):
        course.visit(number, f"PHQ-9 {score}", "CRP 5 mg/L" if score > 9 else "CRP 2 mg/L")
    assert len(course.seen[rule]) == 2
    states = sorted((flag.start or 0, flag.status) for flag in course.kept.values() if flag.rule == rule)
    assert [status for _, status in states] == ["inactive", "active"]


VISIT = st.tuples(
    st.sampled_from((2, 4, 6, 9, 10, 12, 15, 20)),
    st.sampled_from((None, "1", "3", "4", "8", "12", "60", "<5")),
    st.sampled_from((None, None, 3, 9, 12)),
)


@given(st.sampled_from(sorted(STORIES)), st.lists(VISIT, min_size=4, max_size=WEEKS))
def test_a_state_has_one_open_flag_whatever_the_course(
    story: str, visits: list[tuple[int, str | None, int | None]]
) -> None:
    course = Course(STORIES[story])
    for number, (phq_9, crp, gad_7) in enumerate(visits):
        clauses = [f"PHQ-9 {phq_9}", *([f"CRP {crp} mg/L"] if crp else []), *([f"GAD-7 {gad_7}"] if gad_7 else [])]
        found = course.visit(number, *clauses)
        kinds = {f.rule.name: f.rule.anchor.kind for f in found.flags}
        for rule, flags in course.open_flags().items():
            if kinds.get(rule) is AnchorKind.STATE:
                assert len(flags) == 1, (number, rule, flags)
        for flag in found.flags:
            assert (flag.end is None) is (flag.state is not FlagState.INACTIVE)
