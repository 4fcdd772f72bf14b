"""Hazards of the answer itself: repeated flags, words that claim too much, texts that are not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.domain.concepts import Item
from service.domain.instruments import INSTRUMENTS
from service.domain.rule import Priority
from service.domain.wording import CRISIS_CONTACTS, FOOTER, LOCAL_CRISIS
from service.rules import RULES
from service.settings import SettingsError
from service.terminology.items import ITEMS
from tests.contract import patients as p
from tests.contract.answers import Told, check, context, identifier_of, is_closed_by_rule, site_with, stored, tell

LOW_GRADE, SUSTAINED = "depression-with-low-grade-inflammation", "sustained-low-grade-inflammation"
NEAR_RELAPSE, SAFETY, OVERDUE = "mood-worsening-near-relapse", "suicidality-recorded", "mood-screening-overdue"
DEPRESSED = (p.score(14, 5), p.crp(5, 4))
ATTACK = (p.condition(p.MS, 900), p.score(4, 60), p.score(14, 5), p.relapse(20))


def test_the_same_input_gives_the_same_bytes() -> None:
    assert tell(*ATTACK, *DEPRESSED, explain="full").body == tell(*ATTACK, *DEPRESSED, explain="full").body


def test_a_finding_keeps_its_identifier_when_it_is_evaluated_again() -> None:
    flag = tell(*DEPRESSED).flag(LOW_GRADE)
    again = tell(*DEPRESSED, p.score(15, 1), stored(flag, "f"))
    assert [identifier_of(one) for one in again.flags] == [identifier_of(flag)]
    assert again.flag(LOW_GRADE)["period"] == flag["period"]


def test_one_flag_a_rule_and_anchor() -> None:
    told = tell(*ATTACK, p.score(15, 2), p.relapse(15), *DEPRESSED, p.crp(5.5, 2))
    keys = [(flag["code"]["coding"][0]["code"], json.dumps(flag["period"])) for flag in told.flags]
    assert len(set(keys)) == len(keys)


def test_the_most_specific_of_overlapping_findings_speaks_for_all() -> None:
    told = tell(*DEPRESSED, p.crp(4, 40))
    assert told.met >= {LOW_GRADE, SUSTAINED}
    assert told.states() == [(SUSTAINED, "active", "PM")]
    assert f"Also met and part of this: {LOW_GRADE}" in told.text(SUSTAINED)


def test_a_flag_that_a_clinician_closed_stays_closed_on_the_same_evidence() -> None:
    flag = stored(tell(*DEPRESSED).flag(LOW_GRADE), "f", status="inactive")
    flag["period"]["end"] = p.day(1)
    told = tell(*DEPRESSED, flag)
    assert not told.flags
    assert not told.plans
    assert f"closed by a clinician on {p.day(1)}" in told.words


def test_a_resource_changed_after_the_closing_is_new_evidence() -> None:
    flag = stored(tell(*DEPRESSED).flag(LOW_GRADE), "f", status="inactive")
    flag["period"]["end"] = p.day(1)
    changed = {"meta": {"lastUpdated": f"{p.day(0)}T08:00:00Z"}}
    assert tell(DEPRESSED[0] | changed, DEPRESSED[1], flag).states() == [(LOW_GRADE, "active", "PL")]


def test_a_flag_that_we_closed_opens_again() -> None:
    relapse_of_spring = (p.condition(p.MS, 900), p.relapse(70), p.score(4, 120), p.score(14, 60))
    flag = tell(*relapse_of_spring, as_of=p.day(58)).flag(NEAR_RELAPSE)
    closed = tell(*relapse_of_spring, p.score(3, 40), stored(flag, "f"), as_of=p.day(39)).flag(NEAR_RELAPSE)
    assert closed["status"] == "inactive"
    assert is_closed_by_rule(closed)
    opened = tell(*relapse_of_spring, p.score(3, 40), p.score(13, 12), stored(closed, "f"), as_of=p.day(11)).flag(
        NEAR_RELAPSE
    )
    assert (opened["status"], identifier_of(opened)) == ("active", identifier_of(flag))
    assert "end" not in opened["period"]
    assert not is_closed_by_rule(opened)


def test_without_flags_in_the_data_the_answer_says_that_closed_ones_cannot_be_known() -> None:
    sentence = "flags that were closed cannot be recognised"
    assert sentence in tell(*DEPRESSED).words
    assert sentence not in tell(*DEPRESSED, stored(tell(*DEPRESSED).flag(LOW_GRADE), "f")).words


def test_a_rule_of_low_priority_can_be_tried_out_in_shadow() -> None:
    given = p.request(p.bundle(p.person(), p.condition(p.MS, 3000), p.score(4, 400)))
    answer = check(given, site=site_with(f'shadow = ["{OVERDUE}"]'))
    assert answer.shadow == ((OVERDUE, "MET"),)
    assert OVERDUE not in dict(answer.verdicts)
    assert OVERDUE.encode() not in answer.body


@pytest.mark.parametrize("choice", ["off", "shadow"])
def test_an_open_flag_of_a_rule_that_is_off_or_in_shadow_is_told_as_what_it_is(choice: str) -> None:
    open_flag = stored(tell(*DEPRESSED).flag(LOW_GRADE), "f")
    site = site_with(f'{choice} = ["{LOW_GRADE}"]')
    told = Told(check(p.request(p.bundle(p.person(), *DEPRESSED, open_flag)), site=site))
    assert "nothing in the data received closes it, and its rule raises no flags here at present" in told.words
    assert "the rest was not" not in told.words
    usual = Told(check(p.request(p.bundle(p.person(), open_flag))))
    assert "nothing in the data received changes or closes it" in usual.words


@pytest.mark.parametrize("choice", ["off", "shadow"])
@pytest.mark.parametrize("rule", [rule.name for rule in RULES if rule.safety])
def test_a_safety_rule_can_be_neither_off_nor_in_shadow(rule: str, choice: str) -> None:
    with pytest.raises(SettingsError, match=r"MOODMARKER_SITE_RULES: .* safety rule"):
        site_with(f'{choice} = ["{rule}"]')


def test_what_is_high_priority_is_a_safety_rule_and_runs_first() -> None:
    assert all(rule.safety for rule in RULES if rule.priority is Priority.PH)
    safety = [rule.safety for rule in RULES]
    assert safety == sorted(safety, reverse=True)
    assert not any(set(rule.blocked_by) - {SAFETY} for rule in RULES if rule.safety)


def test_every_flag_and_plan_carries_the_footer_and_its_limits() -> None:
    told = tell(*ATTACK, *DEPRESSED, p.answer(2, 3), p.condition("69322001", 5))
    limits = {rule.name: rule.limits for rule in RULES}
    for flag in told.flags:
        assert FOOTER in flag["code"]["text"]
        assert limits[flag["code"]["coding"][0]["code"]] in flag["code"]["text"]
        assert FOOTER in flag["text"]["div"]
    (plan,) = told.plans
    assert FOOTER in plan["text"]["div"]


@pytest.mark.parametrize(
    ("locale", "contact"),
    [
        ("", LOCAL_CRISIS),
        ("US", CRISIS_CONTACTS["US"]),
        ("en-US", CRISIS_CONTACTS["US"]),
        ("en-GB", LOCAL_CRISIS),
        ("de", LOCAL_CRISIS),
    ],
)
def test_crisis_contacts_are_those_of_the_locale(locale: str, contact: str) -> None:
    text = tell(p.answer(2, 3), site=context(locale=locale)).text(SAFETY)
    assert contact in text
    assert ("988" in text) == (contact != LOCAL_CRISIS)


def test_words_of_the_record_are_escaped_where_they_are_shown() -> None:
    marked = p.condition("69322001", 5) | {
        "code": {**p.coded("http://snomed.info/sct", "69322001"), "text": "<b onclick=x>&"}
    }
    flag = tell(marked).flag("acute-psychosis-or-mania")
    assert "<b onclick" not in flag["text"]["div"]
    assert "&lt;b onclick=x&gt;&amp;" in flag["text"]["div"]


def test_a_plan_proposes_and_never_orders() -> None:
    (plan,) = tell(*ATTACK, *DEPRESSED, p.answer(2, 3)).plans
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    kinds = {one["detail"]["kind"] for one in plan["activity"]}
    assert kinds <= {"ServiceRequest", "Appointment"}
    assert not any(one["detail"]["doNotPerform"] for one in plan["activity"])


def test_a_plan_that_was_accepted_is_never_touched() -> None:
    first = tell(*DEPRESSED)
    flag, (plan,) = stored(first.flag(LOW_GRADE), "f"), first.plans
    assert tell(*DEPRESSED, flag, stored(plan, "c", status="active")).plans == []
    worse = tell(*DEPRESSED, flag, stored(plan, "c", status="active"), p.crp(4, 40))
    assert [one["status"] for one in worse.plans] == ["draft"]
    draft = tell(*DEPRESSED, flag, stored(plan, "c"), p.crp(4, 40))
    assert [(one["status"], one.get("id")) for one in draft.plans] == [("draft", None), ("revoked", "c")]
    assert draft.plans[0]["replaces"] == [{"reference": "CarePlan/c"}]


def test_labels_of_the_evidence_are_kept() -> None:
    def labelled(resource: dict[str, Any], *codes: str) -> dict[str, Any]:
        return resource | {"meta": {"security": [{"system": "urn:x", "code": code} for code in codes]}}

    told = tell(labelled(DEPRESSED[0], "R", "HTEST"), labelled(DEPRESSED[1], "PSY", "R"))
    for resource in (*told.flags, *told.plans):
        assert {one["code"] for one in resource["meta"]["security"]} == {"R", "HTEST", "PSY"}


def test_only_free_instruments_have_their_questions_here() -> None:
    """Texts of the PHQ, GAD-7, C-SSRS and ACE questions may be reproduced; other scales are codes and scores."""
    free = ("phq-9", "gad-7", "c-ssrs", "ace")
    assert {row.means for row in ITEMS} == set(Item)
    assert all(item.startswith(free) for item in Item)
    assert {scale.key for scale in INSTRUMENTS if scale.items} == {"phq-9", "phq-8", "phq-9-cms", "phq-a", "gad-7"}
