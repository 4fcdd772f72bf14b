"""Which value stands for a series on a date?"""

from itertools import permutations
from typing import Any

from service.domain.days import EARLIEST, LATEST
from service.domain.examples import TODAY
from service.domain.instruments import EPDS, MOCA, PHQ9, PHQ9_CMS
from tests.domain.asking import timeline
from tests.domain.facts import chart, items, score


def test_the_worst_value_of_the_date_stands() -> None:
    series = timeline(chart(score(6), score(14), score(9), score(4, 5))).series[PHQ9]
    assert list(series.values) == [4, 14]
    assert series.days == [TODAY - 5, TODAY - 3]


def test_the_lowest_stands_where_higher_is_better() -> None:
    assert list(timeline(chart(score(28, instrument=MOCA), score(22, instrument=MOCA))).series[MOCA].values) == [22]


def test_scales_are_never_mixed() -> None:
    series = timeline(chart(score(6), score(14, instrument=EPDS), score(11, instrument=PHQ9_CMS))).series
    assert {scale.key: list(one.values) for scale, one in series.items()} == {
        "phq-9": [6],
        "epds": [14],
        "phq-9-cms": [11],
    }


def test_of_equal_values_the_complete_one_stands_whatever_the_order() -> None:
    facts: list[Any] = [score(12), *items(1, 0, 3, 3, 2, 0, 1, 2, 0, response="one"), score(12)]
    stood = {
        timeline(chart(*order)).series[PHQ9].scores[0].source
        for order in (facts, facts[::-1], [facts[-1], *facts[:-1]])
    }
    assert len(stood) == 1
    assert timeline(chart(*facts)).series[PHQ9].scores[0].items == (1, 0, 3, 3, 2, 0, 1, 2, 0)


def test_of_equal_values_always_the_same_source_stands() -> None:
    facts = [score(12), score(12), score(12)]
    assert len({timeline(chart(*order)).series[PHQ9].scores[0].source for order in permutations(facts)}) == 1


def test_two_values_of_one_time_are_reported() -> None:
    made = timeline(chart(score(6, instant=1.0), score(14, instant=1.0), score(9, instant=2.0)))
    assert [issue.code for issue in made.issues] == ["rival-values"]
    assert not timeline(chart(score(6), score(6))).issues
    assert not timeline(chart(score(6, instant=1.0), score(14, instant=2.0))).issues


def test_partial_and_preliminary_scores_are_in_no_series() -> None:
    partial = score(14, first=TODAY - 20, last=TODAY - 1)
    undated = score(15, first=EARLIEST, last=LATEST)
    made = timeline(chart(partial, undated, score(20, preliminary=True)))
    assert not made.series
    # Of an undated one nothing says when it was.
    assert made.partial_scores == [partial]
    assert undated in made.scores


def test_the_latest_value_and_the_values_between() -> None:
    series = timeline("PHQ-9 4, 30 days ago; PHQ-9 8, 20 days ago; PHQ-9 12, 10 days ago").series[PHQ9]
    assert series.latest(TODAY - 30, TODAY) == 2
    assert series.latest(TODAY - 30, TODAY - 11) == 1
    assert series.latest(TODAY - 9, TODAY) is None
    assert series.latest(TODAY - 60, TODAY - 31) is None
    assert list(series.between(TODAY - 30, TODAY - 10)) == [0, 1, 2]
    assert list(series.between(TODAY - 29, TODAY - 11)) == [1]


def test_a_low_total_of_the_shortened_form_says_nothing() -> None:
    short = timeline(chart(score(2, instrument=PHQ9_CMS), score(10, 9, instrument=PHQ9_CMS))).series[PHQ9_CMS]
    assert [short.counts_as_low(i) for i in (0, 1)] == [True, False]
    full = timeline(chart(score(2, instrument=PHQ9_CMS), *items(1, 1, 0, 0, 0, 0, 0, 0, 0))).series[PHQ9_CMS]
    assert full.counts_as_low(0)
    assert timeline(chart(score(2))).series[PHQ9].counts_as_low(0)
