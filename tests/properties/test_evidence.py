"""Does every Flag rest on the evidence that it names, and on nothing that it does not name?"""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tests.contract.answers import Told, evidence_of, identifier_of, rule_of, tell
from tests.properties.histories import histories

Json = dict[str, Any]


def _reference(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _flags(told: Told) -> list[Json]:
    return [flag for flag in told.flags if flag["status"] == "active"]


@given(histories(most=10))
def test_every_flag_holds_on_its_evidence_alone(resources: list[Json]) -> None:
    for flag in _flags(tell(*resources)):
        cited = set(evidence_of(flag))
        alone = tell(*(one for one in resources if _reference(one) in cited))
        assert rule_of(flag) in alone.met
        assert cited in [set(evidence_of(one)) for one in alone.flags if rule_of(one) == rule_of(flag)]


@given(histories(most=10))
def test_no_flag_is_the_same_without_its_evidence(resources: list[Json]) -> None:
    for flag in _flags(tell(*resources)):
        cited = set(evidence_of(flag))
        assert cited
        without = tell(*(one for one in resources if _reference(one) not in cited))
        left = [set(evidence_of(one)) for one in without.flags if identifier_of(one) == identifier_of(flag)]
        assert cited not in left


@given(histories(most=10))
def test_evidence_is_what_was_sent_and_each_piece_once(resources: list[Json]) -> None:
    sent = {_reference(one) for one in resources}
    for flag in _flags(tell(*resources)):
        assert set(evidence_of(flag)) <= sent
        assert len(set(evidence_of(flag))) == len(evidence_of(flag))


@given(histories(most=10))
def test_a_plan_answers_every_active_flag_and_nothing_else(resources: list[Json]) -> None:
    told = tell(*resources)
    rules = {rule_of(flag) for flag in _flags(told)}
    asked = {
        reason["coding"][0]["code"]
        for plan in told.plans
        for one in plan["activity"]
        for reason in one["detail"]["reasonCode"]
    }
    assert asked <= told.met
    codes = [one["detail"]["code"]["coding"][0]["code"] for plan in told.plans for one in plan["activity"]]
    assert len(set(codes)) == len(codes)
    assert bool(told.plans) == bool(rules - {"crp-unreadable"})
