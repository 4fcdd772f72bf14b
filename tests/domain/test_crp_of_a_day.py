"""Which CRP stands for an assay family on a date?"""

from itertools import permutations

import pytest

from service.domain.analytes import CRP, ESR
from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Result
from tests.domain.asking import timeline
from tests.domain.facts import chart, crp


def stands(*results: Result) -> list[str]:
    return [result.received for result in timeline(chart(*results)).results[CRP]]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (("2", "5", "4"), "5"),
        (("<5", "2"), "2"),
        (("<3", "<5"), "<5"),
        ((">10", "10"), ">10"),
        ((">=5", "5"), ">=5"),
        (("5", "<=5"), "5"),
    ],
)
def test_the_highest_lower_bound_stands_then_the_highest_upper_bound(reported: tuple[str, ...], expected: str) -> None:
    for order in permutations(reported):
        assert stands(*(crp(value) for value in order)) == [expected]


def test_each_assay_family_has_its_own() -> None:
    assert stands(crp("2"), crp("4", assay="hs")) == ["2", "4"]


def test_dates_are_kept_apart_and_in_order() -> None:
    assert stands(crp("2", 3), crp("5", 9), crp("4", 5)) == ["5", "4", "2"]


def test_unusable_results_are_kept_for_their_reasons() -> None:
    refused = crp("5", refusal="unit nmol/L is not accepted", received="refused")._replace(value=None)
    assert sorted(stands(crp("2"), refused)) == ["2", "refused"]


def test_of_equal_results_always_the_same_source_stands() -> None:
    results = [crp("5"), crp("5"), crp("5")]
    sources = {timeline(chart(*order)).results[CRP][0].source for order in permutations(results)}
    assert len(sources) == 1


def test_undated_results_are_kept() -> None:
    assert stands(crp("5", first=EARLIEST, last=LATEST)) == ["5"]


def test_other_results_are_not_merged() -> None:
    results = [crp("20", analyte=ESR, assay=""), crp("30", analyte=ESR, assay="")]
    assert len(timeline(chart(*results)).results[ESR]) == 2
