"""Is the plan a proposal that a clinician can take up or leave, and are earlier drafts withdrawn?"""

import json
from typing import Any

import pytest

from service.domain.facts import Chart, PriorPlan, Source
from service.domain.wording import FOOTER
from service.fhir.addresses import CLOSED_BY_RULE
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.assessments import (
    MOOD,
    PATIENT,
    QUIET,
    SCORE,
    TODAY,
    activity,
    answer,
    assessment,
    finding,
    prior_flag,
    proposal,
    reading,
)
from tests.fhir.writing.documents import entries, of_type
from tests.fhir.writing.test_flags import HTEST, sent_back

DRAFT = PriorPlan("older", "draft", Source("CarePlan/9", "Bundle.entry[6].resource", "CarePlan"), 6)
STORED = {
    "resourceType": "CarePlan",
    "id": "9",
    "meta": {"versionId": "2"},
    "status": "draft",
    "intent": "proposal",
    "identifier": [{"system": "https://moodmarker.org/fhir/sid/careplan", "value": "older"}],
    "subject": {"reference": "Patient/anna"},
    "note": [{"text": "seen"}],
}


def planned(as_: str = "collection", *, stored: dict[str, Any] | None = None, **changes: Any) -> bytes:
    flag = finding()
    made = assessment(flag, plan=proposal(flag, **changes), revoked=changes.get("replaces", ()))
    raw = {DRAFT.entry: json.dumps(stored or STORED).encode()}
    body = answer(made, reading(prior_plans_raw=raw), as_=as_)
    assert problems(body) == []
    return body


def test_is_a_draft_proposal_made_as_of_the_decision() -> None:
    (plan,) = of_type(planned(), "CarePlan")
    assert (plan["status"], plan["intent"], plan["created"]) == (
        "draft",
        "proposal",
        "2026-06-30T23:59:59+00:00",
    )
    assert plan["category"][0]["coding"][0]["code"] == "assess-plan"
    assert plan["instantiatesCanonical"] == [f"https://moodmarker.org/fhir/PlanDefinition/{MOOD.name}|1.0.0"]
    assert FOOTER in plan["text"]["div"]
    assert "id" not in plan


def test_each_action_once_with_each_rule_that_asks_for_it() -> None:
    (plan,) = of_type(planned(), "CarePlan")
    assess, repeat = (one["detail"] for one in plan["activity"])
    assert assess["kind"] == "ServiceRequest"
    assert (assess["status"], assess["doNotPerform"]) == ("not-started", False)
    assert [reason["coding"][0]["code"] for reason in repeat["reasonCode"]] == [
        MOOD.name,
        "suicidality-recorded",
    ]
    assert assess["scheduledPeriod"] == {"start": "2026-06-30"}
    assert repeat["scheduledPeriod"] == {"start": "2026-07-14", "end": "2026-08-29"}


def test_reasons_are_of_the_four_allowed_types_and_all_evidence_is_supporting() -> None:
    body = planned()
    (plan,) = of_type(body, "CarePlan")
    reasons = [one["reference"] for one in plan["activity"][0]["detail"]["reasonReference"]]
    assert reasons == ["Observation/phq9", "Condition/ms"]
    supporting = [one["reference"] for one in plan["supportingInfo"]]
    assert supporting[0] == entries(body)[0]["fullUrl"]
    assert supporting[1:] == [
        "Observation/phq9",
        "Observation/crp",
        "Condition/ms",
        "MedicationRequest/ocrelizumab",
    ]


def test_an_activity_may_rest_on_nothing_that_can_be_a_reason() -> None:
    (plan,) = of_type(planned(activities=(activity(evidence=(), start=TODAY, end=TODAY - 1),)), "CarePlan")
    detail = plan["activity"][0]["detail"]
    assert "reasonReference" not in detail
    assert detail["scheduledPeriod"] == {"start": "2026-06-30", "end": "2026-06-30"}


def test_carries_the_labels_of_its_evidence() -> None:
    (plan,) = of_type(planned(evidence=(SCORE._replace(labels=(HTEST,)),)), "CarePlan")
    assert plan["meta"]["security"][0]["code"] == "HTEST"


def test_an_earlier_draft_comes_back_revoked_by_us_and_is_named() -> None:
    plan, revoked = of_type(planned(replaces=(DRAFT,)), "CarePlan")
    assert plan["replaces"] == [{"reference": "CarePlan/9"}]
    mark = {"url": CLOSED_BY_RULE, "extension": [{"url": "reason", "valueString": "no longer proposed"}]}
    assert revoked == STORED | {"status": "revoked", "extension": [mark]}


def test_a_draft_that_is_revoked_keeps_the_extensions_of_others() -> None:
    foreign = {"url": "urn:site:seen", "valueString": "x"}
    (_, revoked) = of_type(planned(stored=STORED | {"extension": [foreign]}, replaces=(DRAFT,)), "CarePlan")
    assert [one["url"] for one in revoked["extension"]] == ["urn:site:seen", CLOSED_BY_RULE]


def test_a_draft_that_came_without_an_id_is_named_by_its_entry() -> None:
    nameless = DRAFT._replace(source=Source("urn:uuid:aa", "Bundle.entry[6].resource", "CarePlan"))
    stored = {name: value for name, value in STORED.items() if name != "id"}
    body = planned(stored=stored, replaces=(nameless,))
    (plan, _) = of_type(body, "CarePlan")
    assert plan["replaces"] == [{"reference": entries(body)[2]["fullUrl"]}]
    (*_, put) = entries(planned("transaction", stored=stored, replaces=(nameless,)))
    system = "https://moodmarker.org/fhir/sid/careplan"
    assert put["request"] == {"method": "PUT", "url": f"CarePlan?identifier={system}|older"}


def test_an_earlier_draft_is_revoked_though_nothing_is_proposed() -> None:
    raw = {DRAFT.entry: json.dumps(STORED).encode()}
    body = answer(assessment(revoked=(DRAFT,)), reading(prior_plans_raw=raw))
    assert [plan["status"] for plan in of_type(body, "CarePlan")] == ["revoked"]


def test_of_drafts_with_one_identifier_the_first_is_revoked_as_it_came() -> None:
    twin = DRAFT._replace(entry=8, source=Source("CarePlan/10", "Bundle.entry[8].resource", "CarePlan"))
    raw = {6: json.dumps(STORED).encode(), 8: json.dumps(STORED | {"id": "10"}).encode()}
    body = answer(assessment(revoked=(DRAFT, twin)), reading(prior_plans_raw=raw), as_="transaction")
    assert [(entry["resource"]["id"], entry["request"]["url"]) for entry in entries(body)] == [("9", "CarePlan/9")]


def test_plans_carry_the_label_of_a_made_up_patient() -> None:
    flag, chart = finding(), Chart(PATIENT._replace(labels=(HTEST,)), entries=5)
    made = assessment(flag, plan=proposal(flag, replaces=(DRAFT,)), revoked=(DRAFT,), chart=chart)
    plans = of_type(answer(made, reading(prior_plans_raw={DRAFT.entry: json.dumps(STORED).encode()})), "CarePlan")
    assert [[one["code"] for one in plan["meta"]["security"]] for plan in plans] == [["HTEST"], ["HTEST"]]
    assert plans[1]["meta"]["versionId"] == "2"


def test_in_a_transaction_the_plan_is_made_once_and_the_draft_put() -> None:
    _, plan, revoked = entries(planned("transaction", replaces=(DRAFT,)))
    value = plan["resource"]["identifier"][0]["value"]
    assert plan["request"] == {
        "method": "POST",
        "url": "CarePlan",
        "ifNoneExist": f"identifier=https://moodmarker.org/fhir/sid/careplan|{value}",
    }
    assert revoked["request"] == {"method": "PUT", "url": "CarePlan/9", "ifMatch": 'W/"2"'}


@pytest.mark.parametrize("as_", ["collection", "transaction"])
def test_the_plan_names_a_stored_flag_by_its_own_reference(as_: str) -> None:
    stored, new = finding(), finding(QUIET)
    stored.prior = prior_flag(stored)
    made = assessment(stored, new, plan=proposal(stored, new))
    body = answer(made, reading(prior_flags_raw={stored.prior.entry: json.dumps(sent_back()).encode()}), as_=as_)
    assert problems(body) == []
    (plan,) = of_type(body, "CarePlan")
    address = next(entry["fullUrl"] for entry in entries(body) if "id" not in entry["resource"])
    assert [one["reference"] for one in plan["supportingInfo"][:2]] == ["Flag/7", address]


@pytest.mark.parametrize(
    ("as_", "named"),
    [
        ("collection", {"reference": "urn:uuid:b358540e-60f5-5c60-912c-0ee1a066f7c4"}),
        (
            "transaction",
            {"type": "Flag", "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:aa"}},
        ),
    ],
)
def test_the_plan_names_a_flag_without_id_so_that_it_can_be_found(as_: str, named: dict[str, Any]) -> None:
    flag, received = finding(), sent_back()
    del received["id"]
    flag.prior = prior_flag(flag, source=Source("urn:uuid:aa", "Bundle.entry[0].resource", "Flag"))
    raw = {flag.prior.entry: json.dumps(received).encode()}
    body = answer(assessment(flag, plan=proposal(flag)), reading(prior_flags_raw=raw), as_=as_)
    assert problems(body) == []
    if as_ == "collection":
        named = {"reference": entries(body)[0]["fullUrl"]}
    assert of_type(body, "CarePlan")[0]["supportingInfo"][0] == named
