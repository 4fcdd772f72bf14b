"""Does an answer rest on what the data say, and not on the order, the repetition or the company in which they come?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.contract.answers import Told, tell
from tests.properties.histories import NOISE, histories

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, Any]


def said(told: Told) -> tuple[list[Json], list[Json], dict[str, str], bool]:
    """All that an answer says about the patient."""
    return told.flags, told.plans, told.verdicts, told.urgent


def _around(resources: list[Json], others: Iterable[Json]) -> list[Json]:
    extra = [one | {"id": f"extra-{number}"} for number, one in enumerate(others)]
    half = len(extra) // 2
    return [*extra[:half], *resources, *extra[half:]]


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_no_flag_and_no_plan(resources: list[Json], chance: Any) -> None:
    shuffled = list(resources)
    chance.shuffle(shuffled)
    assert said(tell(*resources)) == said(tell(*shuffled))


@given(histories(), st.data())
def test_a_repeated_entry_changes_no_flag_and_no_plan(resources: list[Json], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(resources), max_size=4)) if resources else []
    assert said(tell(*resources)) == said(tell(*resources, *repeated))


@given(histories(), st.lists(NOISE, min_size=1, max_size=6))
def test_an_unrelated_observation_changes_no_flag_and_no_plan(resources: list[Json], noise: list[Json]) -> None:
    assert said(tell(*resources)) == said(tell(*_around(resources, noise)))


@given(histories(), st.sampled_from(("none", "summary", "full")), st.sampled_from(("collection", "transaction")))
def test_the_same_input_gives_the_same_bytes(resources: list[Json], explain: str, form: str) -> None:
    first, second = (tell(*resources, explain=explain, as_=form) for _ in range(2))
    assert first.body == second.body
