"""Is a positive answer about suicide flagged whatever else is in the data, and however a site is set up?"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.rules import RULES
from tests.contract import patients as p
from tests.contract.answers import evidence_of, priority_of, rule_of, site_with, tell
from tests.properties.histories import histories

Json = dict[str, Any]

SWITCHED = [rule.name for rule in RULES if not rule.safety]
LIMITS = ("", "low_crp_limit = 1", "[instruments.phq-9]\nelevated = 13\nchange = 8", "[spans]\npair-window = 7")
BORN = st.sampled_from(("1950-01-01", "1980-01-01", "2008-11-21", "2015-05-05", None))


def _together(names: list[str]) -> list[str]:
    """With the rules whose sentences rest on the silence of these: a site switches them together."""
    return sorted({*names, *(rule.name for rule in RULES if not set(rule.rests_on_absence_of).isdisjoint(names))})


CHOICES = st.builds(
    "{} = {}\n{}".format,
    st.sampled_from(("off", "shadow")),
    st.lists(st.sampled_from(SWITCHED), max_size=3, unique=True).map(lambda names: json.dumps(_together(names))),
    st.sampled_from(LIMITS),
)
POSITIVE = st.one_of(
    st.builds(p.answer, st.integers(1, 3), st.integers(0, 30), name=st.just("positive")),
    st.builds(p.said, st.sampled_from(("54652-3", "93246-7", "93249-1")), st.integers(0, 30), name=st.just("positive")),
    st.builds(
        p.condition, st.sampled_from(("6471006", "R45.851", "82313006")), st.integers(0, 30), name=st.just("positive")
    ),
)


@given(histories(), POSITIVE, BORN, CHOICES, st.integers(0, 20))
def test_a_positive_answer_is_flagged_whatever_else_is_in_the_data(
    resources: list[Json], positive: Json, born: str | None, rules: str, place: int
) -> None:
    at = min(place, len(resources))
    told = tell(*resources[:at], positive, *resources[at:], born=born, site=site_with(rules))
    named = [flag for flag in told.flags if f"{positive['resourceType']}/positive" in evidence_of(flag)]
    recorded = [flag for flag in named if rule_of(flag) == "suicidality-recorded"]
    assert [(flag["status"], priority_of(flag)) for flag in recorded] == [("active", "PH")]
    assert told.urgent
    assert told.flags[0]["status"] == "active"
    assert priority_of(told.flags[0]) == "PH"


@given(histories(), st.integers(0, 30))
def test_a_new_psychosis_is_flagged_whatever_else_is_in_the_data(resources: list[Json], ago: int) -> None:
    told = tell(*resources, p.condition("69322001", ago, name="positive"))
    flags = [flag for flag in told.flags if rule_of(flag) == "acute-psychosis-or-mania"]
    assert any("Condition/positive" in evidence_of(flag) for flag in flags)
    assert told.urgent


@given(histories())
def test_not_met_is_never_said_of_suicidality_without_a_readable_no(resources: list[Json]) -> None:
    told = tell(*resources)
    if told.verdicts["suicidality-recorded"] == "NOT_MET":
        codes = {(one.get("code") or {"coding": [{"code": ""}]})["coding"][0]["code"] for one in resources}
        assert p.ITEM_9 in codes or {"93246-7", "93247-5"} <= codes
