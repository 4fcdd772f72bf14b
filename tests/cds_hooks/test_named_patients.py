"""Do cards tell of the named patients what the operation tells, in the form that clients can show?"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from service.cds_hooks.cards import INDICATORS, SHORTER_THAN, finding_card
from service.domain.rule import Priority, Rule
from service.errors import InvalidParameter
from service.rules import RULES
from tests.cds_hooks.blackbox.exchange import faulty_members
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.blackbox.suggestions import references
from tests.cds_hooks.findings import finding
from tests.cds_hooks.gfm import require_plain
from tests.cds_hooks.hooks import Answer, Example, acting, call, examples, low_mood, site, thoughts

PATIENTS = examples()
# Of whom a hook cannot say the same: data of two people, and Flags that stand in the record as they are.
REFUSED, KNOWN = "second-patient-refused", "plan-already-accepted"
# Its text names a CRP in words, whose code no template asks for, as no rule could read it.
TOLD = [name for name in PATIENTS if name != REFUSED]


@cache
def answered(name: str, **settings: Any) -> tuple[Example, Answer]:
    example = PATIENTS[name]
    return example, site(**settings).answer(example.body, example.now, acting())


def test_nearly_all_named_patients_can_be_sent() -> None:
    assert len(PATIENTS) >= 45
    assert sum(bool(answered(name)[1].cards) for name in TOLD) >= 30


@pytest.mark.parametrize("name", [one for one in TOLD if one != KNOWN])
def test_the_cards_are_of_the_flags_that_are_open(name: str) -> None:
    """By what our templates ask for, and nothing else, the same is found as in the whole record."""
    example, answer = answered(name)
    open_ones = {one["code"]["coding"][0]["code"] for one in example.flags if one["status"] == "active"}
    assert set(answer.names) - {"missing", "undecided", "unjudged"} == open_ones
    assert ("unjudged" in answer.names) == (name == "deceased-patient")
    # The one patient with entries that nobody can read learns of that too.
    assert ("missing" in answer.names) == (name == "item-nine-positive-beside-broken-entries")


def test_what_the_record_says_already_is_not_said_again() -> None:
    example, answer = answered(KNOWN)
    assert [one["status"] for one in example.flags] == ["active"]
    assert answer.cards == []


def test_two_people_are_refused() -> None:
    example = PATIENTS[REFUSED]
    with pytest.raises(InvalidParameter) as refused:
        site().answer(example.body, example.now)
    assert str(refused.value.expression).startswith("prefetch.")


@pytest.mark.parametrize("name", TOLD)
def test_nothing_is_null_or_empty(name: str) -> None:
    for settings in ({}, {"public_url": "https://moodmarker.example"}):
        if settings:
            settings["cds_launch_url"] = "https://app.example/launch"
            settings["service_key"], settings["store"] = "k" * 32, "sqlite:////nowhere/store.sqlite"
        _, answer = answered(name, **settings)
        assert list(faulty_members(answer.document)) == []


@pytest.mark.parametrize("name", TOLD)
def test_every_card_is_whole(name: str) -> None:
    example, answer = answered(name)
    uuids = [card["uuid"] for card in answer.cards]
    uuids += [one["uuid"] for card in answer.cards for one in card.get("suggestions", ())]
    assert len(set(uuids)) == len(uuids)
    priorities = {one["code"]["coding"][0]["code"]: _priority(one) for one in example.flags}
    for called, card in zip(answer.names, answer.cards, strict=True):
        assert 0 < len(card["summary"]) < SHORTER_THAN
        assert require_plain(card["detail"])
        assert {"label", "topic"} <= set(card["source"])
        assert {"system", "code", "display"} == set(card["source"]["topic"])
        if called in priorities:
            assert card["indicator"] == INDICATORS[priorities[called]]
            assert all(reason["display"] for reason in card["overrideReasons"])


# What 2.0 knows; what later versions add is for clients that are known to understand it.
CARD = {
    "uuid",
    "summary",
    "indicator",
    "detail",
    "source",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
    "links",
}
SUGGESTION, ACTION = {"label", "uuid", "actions"}, {"type", "description", "resource"}


@pytest.mark.parametrize("name", TOLD)
def test_nothing_is_sent_that_the_version_does_not_know(name: str) -> None:
    _, answer = answered(name, cds_launch_url="https://app.example/launch")
    assert set(answer.document) <= {"cards", "systemActions"}
    for card in answer.cards:
        assert set(card) <= CARD
        for suggestion in card.get("suggestions", ()):
            assert set(suggestion) == SUGGESTION
            assert all(set(action) == ACTION for action in suggestion["actions"])


def _priority(flag: Json) -> Priority:
    (code,) = [
        one["valueCodeableConcept"]["coding"][0]["code"]
        for one in flag["extension"]
        if one["url"].endswith("flag-priority")
    ]
    return Priority(code)


@pytest.mark.parametrize("name", TOLD)
def test_a_summary_is_about_nobody(name: str) -> None:
    """It may stand where others read over the shoulder, and in a log of the client's."""
    example, answer = answered(name)
    person = example.entry("Patient")
    words = {example.patient, *(part for one in person.get("name", ()) for part in (one.get("family"), *one["given"]))}
    for card in answer.cards:
        assert not [word for word in words if word and word in card["summary"]]


@pytest.mark.parametrize("name", TOLD)
def test_references_in_a_suggestion_resolve(name: str) -> None:
    example, answer = answered(name)
    there = {f"{one['resourceType']}/{one['id']}" for one in example.resources}
    # What a record refers to is its own: it stays as it was in what is updated.
    there |= {reference for one in example.resources for reference in references(one)}
    for card in answer.cards:
        for suggestion in card.get("suggestions", ()):
            resources = [action["resource"] for action in suggestion["actions"]]
            made = {f"{one['resourceType']}/{one['id']}" for one in resources}
            own = {f"#{inner['id']}" for one in resources for inner in one.get("contained", ())}
            named = {reference for one in resources for reference in references(one)}
            assert named <= there | made | own
            assert all(action["type"] in ("create", "update") for action in suggestion["actions"])
            assert all(action["description"] for action in suggestion["actions"])
            # Done together, nothing of the one patient is done twice.
            assert len(made) == len(resources)


@pytest.mark.parametrize("name", TOLD)
def test_a_flag_is_suggested_as_the_operation_would_store_it(name: str) -> None:
    example, answer = answered(name)
    stored = {one["identifier"][0]["value"]: one for one in example.flags}
    for card in answer.cards:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                resource = action["resource"]
                if resource["resourceType"] == "Flag":
                    flag = stored[resource["identifier"][0]["value"]]
                    assert resource["code"]["coding"] == flag["code"]["coding"]
                    assert resource["code"]["text"] == flag["code"]["text"]
                    assert resource["period"] == flag["period"]
                    assert resource["status"] == flag["status"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
@pytest.mark.parametrize("start", [None, 739_000])
def test_every_rule_s_summary_is_short_with_and_without_a_date(rule: Rule, start: int | None) -> None:
    found = replace(finding(), rule=rule, start=start)
    card = finding_card("uuid", [found], "detail", [], launch="")
    assert len(card["summary"]) < SHORTER_THAN
    assert card["summary"].startswith(rule.title)
    assert (card["summary"] == rule.title) == (start is None)


def test_the_same_call_has_the_same_answer_and_another_call_other_uuids() -> None:
    example = PATIENTS["relapse-with-worse-mood"]
    request = example.body
    first, again = (site().answer(request, example.now).told.body for _ in range(2))
    assert first == again
    other = site().answer(example.body, example.now)
    assert {card["uuid"] for card in json.loads(first)["cards"]}.isdisjoint(card["uuid"] for card in other.cards)


@pytest.mark.parametrize("hook", ["patient-view", "encounter-start", "encounter-discharge"])
def test_every_hook_says_the_same(hook: str) -> None:
    example = PATIENTS["relapse-with-worse-mood"]
    request = {**example.body, "hook": hook}
    request["context"] = {**request["context"], "encounterId": "e1"}
    assert site().answer(request, example.now).names == ["mood-worsening-near-relapse"]


def test_actions_without_asking_are_for_those_who_agreed() -> None:
    for name in TOLD:
        example = PATIENTS[name]
        assert set(site().answer(example.body, example.now).document) == {"cards"}


def test_a_finding_of_danger_comes_first() -> None:
    answer = call(*low_mood(), thoughts())
    assert answer.indicators == ["critical", "info"]
    assert answer.told.urgent
    assert not call(*low_mood()).told.urgent
