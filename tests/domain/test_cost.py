"""Does four times the data cost about four times the work?

Calls are counted, not time, so that the answer is the same on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.domain.concepts import Concept, DrugGroup
from service.domain.facts import Chart
from tests import counting
from tests.domain.charts import answer
from tests.domain.facts import chart, crp, items, record, relapse, score, taken

if TYPE_CHECKING:
    from collections.abc import Callable

MS = record(Concept.MS_FAMILY, Concept.NEURO_IMD, Concept.IMD, days_ago=9000)


def calls(facts: Chart) -> int:
    """How many functions are called for one answer, when another was given before."""
    answer(facts)
    return counting.calls(lambda: answer(facts))


def low_and_high(number: int) -> Chart:
    return chart(MS, *(score(4 + n % 3 * 5, n) for n in range(number)))


def always_high(number: int) -> Chart:
    return chart(MS, *(score(14, n) for n in range(number)), taken("sertraline", number), crp("5"))


def one_pattern(number: int) -> Chart:
    forms = [items(1, 0, 3, 3, 2, 0, 1, 2, 0, days_ago=n, response=str(n)) for n in range(number // 4)]
    return chart(*(answer for form in forms for answer in form))


def markers(number: int) -> Chart:
    return chart(MS, score(14), *(crp("5" if n % 2 else "12", n) for n in range(number)))


def steady_markers(number: int) -> Chart:
    return chart(MS, score(14), *(crp("5", n) for n in range(number)))


def medicines(number: int) -> Chart:
    return chart(
        MS,
        score(4, 60),
        score(14),
        *(taken("prednisone", 40 * n + 30, 40 * n, DrugGroup.STEROID_SYSTEMIC) for n in range(number // 4)),
    )


def relapses(number: int) -> Chart:
    return chart(MS, score(14), *(relapse(n) for n in range(number)))


@pytest.mark.no_cover  # the more is traced, the more a call costs
@pytest.mark.parametrize(
    "patient", [low_and_high, always_high, one_pattern, markers, steady_markers, medicines, relapses]
)
def test_four_times_the_facts_cost_about_four_times_the_calls(patient: Callable[[int], Chart]) -> None:
    small, large = calls(patient(1000)), calls(patient(4000))
    assert large <= 4.6 * small, (small, large)


def test_a_bundle_of_everyday_size_is_cheap() -> None:
    facts: list[Any] = [MS, *(score(4 + n % 10, n * 7) for n in range(100)), *(crp("4", n * 30) for n in range(60))]
    assert calls(chart(*facts)) < 12_000
