"""What is proposed, when is it due, and what becomes of earlier proposals?"""

import dataclasses
from datetime import timedelta

import pytest

from service.domain.evaluation.scope import MET, UNKNOWN
from service.domain.examples import TODAY, read_example
from service.domain.facts import PriorPlan
from service.domain.findings import Assessment, PlannedActivity
from service.domain.identity import next_identifier
from service.domain.rule import Action, Code, From
from service.domain.ruleset import RuleSet
from service.rules import RULES
from tests.domain.asking import end_of
from tests.domain.charts import alone, answer, flag, flags, result, rule_named, sent_back
from tests.domain.facts import source

R01, R03, R04, R16 = (
    "suicidality-recorded",
    "mood-worsening-near-relapse",
    "depression-with-low-grade-inflammation",
    "mood-worsening-immune-status-unknown",
)
NEAR_RELAPSE = (
    "multiple sclerosis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; relapse, 25 days ago; CRP 2 mg/L, 5 days ago"
)
GRADE = "PHQ-9 12, 5 days ago; CRP 5 mg/L, 5 days ago"
REPEAT_PHQ_9, REPEAT_CRP = "715252007", "30522-7"


def planned(found: Assessment) -> dict[str, PlannedActivity]:
    assert found.plan is not None
    return {activity.code.code: activity for activity in found.plan.activities}


def prior(found: Assessment, status: str = "draft", identifier: str = "") -> PriorPlan:
    kept = found.plan.identifier if found.plan is not None else ""
    return PriorPlan(identifier or kept, status, source("CarePlan"), 950)


def test_each_action_stands_once_with_every_rule_that_asks_for_it() -> None:
    both = answer(f"{NEAR_RELAPSE}; fingolimod from 45 days ago")
    codes = [activity.code.code for activity in both.plan.activities] if both.plan is not None else []
    assert len(codes) == len(set(codes))
    shared = planned(both)["410223002"]
    assert len(shared.rules) == 2
    assert {s.reference for s in shared.evidence} >= {"Example/4", "Example/6"}
    assert shared.description.count(".") >= 2


def test_missed_dates_fold_into_one_now_and_none_lies_in_the_past() -> None:
    repeat = planned(answer(NEAR_RELAPSE))[REPEAT_PHQ_9]
    assert (repeat.start, repeat.end) == (TODAY, TODAY + 180 - 25)


@pytest.mark.parametrize(("onset", "start"), [(14, TODAY), (13, TODAY + 1), (15, TODAY)])
def test_a_date_of_today_is_still_due(onset: int, start: int) -> None:
    given = NEAR_RELAPSE.replace("25 days ago", f"{onset} days ago")
    assert planned(answer(given))[REPEAT_PHQ_9].start == start


def test_an_action_without_a_date_is_due_now() -> None:
    assessment = planned(answer(NEAR_RELAPSE))["410223002"]
    assert (assessment.start, assessment.end) == (TODAY, None)


def test_a_single_date_ahead_has_no_end() -> None:
    repeat = planned(answer(GRADE))[REPEAT_CRP]
    assert (repeat.start, repeat.end) == (TODAY + 14, None)


def test_dates_count_from_the_last_dose() -> None:
    given = "PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago; prednisone from 20 to 2 days ago"
    repeat = planned(answer(given))[REPEAT_PHQ_9]
    assert (repeat.start, repeat.end) == (TODAY + 12, TODAY + 26)


def test_without_the_event_dates_count_from_now() -> None:
    action = Action(Code("system", "x", "X"), "Do x.", due=(timedelta(days=3),), due_from=From.EVENT)
    rule = dataclasses.replace(rule_named(R04), plan=(action,))
    assert planned(answer(GRADE, rule_set=alone(rule)))["x"].start == TODAY + 3


@pytest.mark.parametrize(
    ("more", "asked"),
    [("", True), ("; tocilizumab from 200 to 150 days ago", True), ("; nivolumab from 400 days ago", False)],
)
def test_an_action_may_have_its_own_condition(more: str, asked: bool) -> None:
    given = f"rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago{more}"
    assert (REPEAT_CRP in planned(answer(given))) is asked


def test_the_plan_names_its_flags_and_all_their_evidence() -> None:
    found = answer(f"{NEAR_RELAPSE}; PHQ-9 item 9 = 1, 5 days ago")
    assert found.plan is not None
    assert list(found.plan.flags) == [one for one in found.flags if one.state == "active"]
    assert set(found.plan.evidence) == {s for one in found.plan.flags for s in one.evidence}
    assert len(found.plan.evidence) == len(set(found.plan.evidence))


def test_no_plan_without_an_active_flag() -> None:
    assert answer("PHQ-9 4, 5 days ago").plan is None
    first = flag(answer("PHQ-9 item 9 = 1, 5 days ago"), R01)
    later = answer("", end_of(TODAY + 60), flags=(sent_back(first),))
    assert (later.plan, later.urgent) == (None, True)


def test_no_plan_without_an_action() -> None:
    found = answer("PHQ-9 14, 5 days ago; CRP 1 mg/L, 5 days ago; tocilizumab from 100 days ago")
    assert flag(found, "crp-unreadable") is not None
    assert found.plan is None


def test_the_same_findings_propose_the_same_plan() -> None:
    first = answer(GRADE)
    again = answer(GRADE, plans=(prior(first),))
    assert first.plan is not None
    assert again.plan is not None
    assert again.plan.identifier == first.plan.identifier
    assert (again.revoked, again.plan.replaces) == ((), ())


def test_an_earlier_draft_of_other_findings_is_revoked_and_replaced() -> None:
    old = prior(answer(GRADE), identifier="another")
    found = answer(GRADE, plans=(old,))
    assert found.revoked == (old,)
    assert found.plan is not None
    assert found.plan.replaces == (old,)


def test_without_a_plan_every_draft_is_revoked() -> None:
    old = prior(answer(GRADE))
    found = answer("PHQ-9 4, 1 days ago", plans=(old,))
    assert (found.plan, found.revoked) == (None, (old,))


@pytest.mark.parametrize("status", ["active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"])
def test_a_plan_that_somebody_took_further_is_neither_changed_nor_proposed_again(status: str) -> None:
    taken_on = prior(answer(GRADE), status)
    found = answer(GRADE, plans=(taken_on,))
    assert (found.plan, found.revoked) == (None, ())
    other = prior(answer(GRADE), status, "another")
    kept = answer(GRADE, plans=(other,))
    assert kept.plan is not None
    assert kept.revoked == ()


@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_a_plan_that_we_ended_ourselves_is_proposed_again_beside_it(status: str) -> None:
    ours = prior(answer(GRADE), status)._replace(closed_by_rule=True)
    again = answer(GRADE, plans=(ours,))
    assert again.plan is not None
    assert again.plan.identifier == next_identifier(ours.identifier)
    assert (again.revoked, again.plan.replaces) == ((), ())
    beside = prior(again)
    assert answer(GRADE, plans=(ours, beside)).plan == again.plan
    assert answer("PHQ-9 4, 1 days ago", plans=(ours, beside)).revoked == (beside,)


@pytest.mark.parametrize("status", ["revoked", "active"])
def test_what_a_clinician_made_of_a_plan_that_was_proposed_again_holds(status: str) -> None:
    ours = prior(answer(GRADE), "revoked")._replace(closed_by_rule=True)
    beside = prior(answer(GRADE, plans=(ours,)), status)
    found = answer(GRADE, plans=(ours, beside))
    assert (found.plan, found.revoked) == (None, ())


def test_a_draft_stands_beside_its_twin_that_we_withdrew() -> None:
    draft = prior(answer(GRADE))
    twin = draft._replace(status="entered-in-error", closed_by_rule=True, entry=951)
    again = answer(GRADE, plans=(twin, draft))
    assert again.plan is not None
    assert (again.plan.identifier, again.revoked) == (draft.identifier, ())


def test_a_flag_that_a_clinician_closed_is_not_planned_for() -> None:
    closed = sent_back(flag(answer(GRADE), R04), status="inactive", end=TODAY - 1)
    assert answer(GRADE, flags=(closed,)).plan is None


def test_every_action_of_every_met_rule_is_in_the_plan() -> None:
    given = f"{NEAR_RELAPSE}; PHQ-9 item 9 = 1, 5 days ago; psychosis, 5 days ago"
    found = answer(given, rule_set=RuleSet(RULES))
    wanted = {a.code.code for one in found.flags for a in one.rule.plan}
    assert wanted == set(planned(found))


def test_an_open_condition_of_an_action_is_no_condition_met() -> None:
    chart = read_example("rheumatoid arthritis; PHQ-9 5, 60 days ago; PHQ-9 12, 5 days ago")
    found = answer(chart._replace(not_covered={"MedicationRequest": "the retrieval failed"}))
    assert result(found, R16).verdict in (MET, UNKNOWN)
    assert not flags(found, R16) or REPEAT_CRP not in planned(found)


@pytest.mark.parametrize("missing", [True, False])
def test_a_draft_stays_while_its_flag_is_open_on_incomplete_data(missing: bool) -> None:
    first = answer(GRADE)
    rest = read_example("GAD-7 3, 5 days ago")._replace(
        flags=(sent_back(flag(first, R04)),),
        plans=(prior(first),),
        not_covered={"Observation": "the retrieval failed"} if missing else {},
    )
    found = answer(rest)
    assert found.plan is None
    assert bool(found.revoked) is not missing
