"""Does explain=full give every rule's verdict, why, and what is needed?"""

from typing import Any

from service.domain.facts import Chart, Patient
from service.domain.findings import RuleResult
from service.domain.verdict import Verdict
from service.fhir.writing.requirements import requirements_of
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.assessments import QUIET, RULES, TERMINOLOGY, answer, assessment, finding, rule
from tests.fhir.writing.documents import decoded, of_type


def guidance(**changes: Any) -> list[dict[str, Any]]:
    body = answer(assessment(finding(), **changes), explain="full")
    assert problems(body) == []
    return of_type(body, "GuidanceResponse")


def outputs(response: dict[str, Any], name: str) -> list[dict[str, Any]]:
    (parameters,) = response["contained"]
    assert response["outputParameters"] == {"reference": f"#{parameters['id']}"}
    return [one for one in parameters["parameter"] if one["name"] == name]


def test_one_response_for_each_rule_in_order() -> None:
    responses = guidance()
    canonicals = [f"https://moodmarker.org/fhir/PlanDefinition/{rule.name}|1.0.0" for rule in RULES]
    assert [one["moduleCanonical"] for one in responses] == canonicals
    assert [one["status"] for one in responses] == ["data-required", "success", "success"]
    assert {one["occurrenceDateTime"] for one in responses} == {"2026-06-30T23:59:59+00:00"}
    assert [outputs(one, "verdict")[0]["valueCode"] for one in responses] == ["UNKNOWN", "MET", "NOT_MET"]
    assert outputs(responses[1], "reason")[0]["valueString"] == "Depression is elevated."


def test_only_an_unknown_rule_asks_for_data_with_codes_and_window() -> None:
    unknown, *decided = guidance()
    assert not any("dataRequirement" in one for one in decided)
    needed: dict[str, list[dict[str, Any]]] = {}
    for one in unknown["dataRequirement"]:
        needed.setdefault(one["type"], []).append(one)
    assert needed["Patient"] == [{"type": "Patient"}]
    filters = [one for need in needed["Observation"] for one in need["codeFilter"]]
    assert {one["path"] for one in filters} == {"code"}
    assert {"44261-6", "30522-7"} <= {code["code"] for one in filters for code in one["code"]}
    windows = [one for need in needed["Observation"] for one in need.get("dateFilter", ())]
    assert {(one["path"], one["valueDuration"]["code"]) for one in windows} == {("effective", "d")}
    assert not any("codeFilter" in need for need in needed["QuestionnaireResponse"])


def test_steps_nest_as_the_rule_does_and_name_their_evidence() -> None:
    (step,) = outputs(guidance()[1], "step")
    inner = [part for part in step["part"] if part["name"] == "step"]
    assert len(inner) == 2
    assert {part["name"] for part in inner[0]["part"]} == {"text", "verdict", "evidence"}
    assert inner[0]["part"][2]["valueReference"] == {"reference": "Observation/phq9"}


def test_says_what_would_clear_its_flag() -> None:
    _, met, not_met = guidance()
    assert [one["valueString"] for one in outputs(met, "clearedBy")] == [finding().cleared_by]
    assert outputs(not_met, "clearedBy") == []


def test_a_rule_without_trace_or_reason_gives_its_verdict() -> None:
    (response,) = guidance(results=(RuleResult(QUIET, Verdict.NOT_MET, "off", ""),))
    assert response["contained"][0]["parameter"] == [{"name": "verdict", "valueCode": "NOT_MET"}]


def test_without_a_patient_there_is_no_subject() -> None:
    body = answer(assessment(chart=Chart(Patient("", ""))), explain="full")
    assert problems(body) == []
    assert not any("subject" in one for one in of_type(body, "GuidanceResponse"))


def test_a_transaction_answers_guidance_beside_the_outcome() -> None:
    body = answer(assessment(finding()), explain="full", as_="transaction")
    assert problems(body) == []
    names = [part["name"] for part in decoded(body)["parameter"]]
    assert names == ["transaction", "outcome", *["guidance"] * 3]


def test_left_out_unless_asked_for() -> None:
    assert of_type(answer(assessment(finding())), "GuidanceResponse") == []


def test_many_rules_do_not_fill_the_memory() -> None:
    requirements_of(QUIET, TERMINOLOGY)
    for number in range(1001):
        requirements_of(rule(f"rule-{number}", "Title"), TERMINOLOGY)
    assert bytes(requirements_of(QUIET, TERMINOLOGY)).startswith(b"[{")
