"""Does every answer account for what was received, and say what could not be decided?"""

from typing import Any

import pytest

from service.domain.facts import Chart, DataIssue
from service.domain.findings import RuleResult
from service.domain.verdict import Verdict
from service.errors import BodyUnreadable, Problem
from service.fhir.outcomes import outcome_of_problem
from service.fhir.reading.account import Account, Reason, Rejection
from service.fhir.writing.reasons import REASONS, known_reason
from tests.fhir.conformance.checking import problems
from tests.fhir.writing.assessments import (
    MOOD,
    PATIENT,
    QUIET,
    RULE_SET,
    answer,
    assessment,
    finding,
    reading,
)
from tests.fhir.writing.documents import decoded, entries, outcome, texts


def rejections(count: int, *, safety: bool = False) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(f"Bundle.entry[{n}].resource.valueQuantity", Reason.UNIT, f"Unit of entry {n}.", safety)
        for n in range(count)
    )


def answered(explain: str = "summary", read: dict[str, Any] | None = None, **changes: Any) -> bytes:
    body = answer(assessment(finding(), **changes), reading(**(read or {})), explain=explain)
    assert problems(body) == []
    return body


def test_is_the_last_entry_and_the_only_one() -> None:
    types = [entry["resource"]["resourceType"] for entry in entries(answered("full"))]
    assert types.count("OperationOutcome") == 1
    assert types[-1] == "OperationOutcome"


def test_accounts_for_every_entry() -> None:
    account = Account(9, 3, 4, {"value": 1, "status-cancelled": 1})
    (extension,) = outcome(answered(read={"account": account}))["extension"]
    assert extension["url"] == "https://moodmarker.org/fhir/StructureDefinition/account"
    parts = extension["extension"]
    assert {
        part["url"]: part.get("valueDateTime", part.get("valueString", part.get("valueUnsignedInt")))
        for part in parts[:2]
    } == {
        "asOf": "2026-06-30T23:59:59+00:00",
        "timeZone": "UTC",
    }
    assert [one["valueString"] for one in parts[2]["extension"]] == [RULE_SET.version, RULE_SET.digest]
    assert [part["valueUnsignedInt"] for part in parts[3:6]] == [9, 3, 4]
    counted = [[one.get("valueCode", one.get("valueUnsignedInt")) for one in part["extension"]] for part in parts[6:]]
    assert counted == [["status-cancelled", 1], ["value", 1]]


def test_a_rejected_entry_is_an_error_that_names_the_element() -> None:
    issue = outcome(answered(read={"rejections": rejections(1)}))["issue"][0]
    assert issue == {
        "severity": "error",
        "code": "code-invalid",
        "details": {
            "text": "Unit of entry 0.",
            "coding": [{"system": "https://moodmarker.org/fhir/CodeSystem/issue", "code": "unit"}],
        },
        "expression": ["Bundle.entry[0].resource.valueQuantity"],
    }


def test_beyond_500_rejections_are_counted_but_safety_is_always_listed_first() -> None:
    refused = (*rejections(450), *rejections(520, safety=True), *rejections(60))
    errors = [one for one in outcome(answered(read={"rejections": refused}))["issue"] if one["severity"] == "error"]
    assert len(errors) == 521
    assert errors[519]["expression"] == ["Bundle.entry[519].resource.valueQuantity"]
    assert errors[-1]["details"]["text"] == "510 more rejected: unit."
    fewer = (*rejections(300), *rejections(10, safety=True), *rejections(300))
    listed = texts(answered(read={"rejections": fewer}), "error")
    assert len(listed) == 501
    assert listed[-1] == "110 more rejected: unit."


def test_data_issues_are_warnings_those_of_safety_first() -> None:
    issues = (DataIssue("dup", "Twice."), DataIssue("no-subject", "Whose?", "Bundle.entry[2]", safety=True))
    body = answered(issues=issues, chart=Chart(PATIENT, issues=issues))
    assert texts(body, "warning")[:2] == ["Whose?", "Twice."]
    many = tuple(DataIssue("dup", f"Twice {n}.") for n in range(502))
    assert texts(answered(issues=many), "warning")[500] == "2 more of note: dup."


def test_an_undecided_rule_says_what_it_lacked_louder_for_safety() -> None:
    text = (
        "Suicidality recorded (suicidality-recorded) could not be decided. No answer could be read. "
        "no readable suicidality answer of the last 30 days"
    )
    assert texts(answered(), "warning") == [text]
    assert text not in texts(answered("none"))
    lenient = (RuleResult(QUIET, Verdict.UNKNOWN, "unknown", "No CRP.", lacks=("No CRP.",)),)
    assert any(
        text.endswith("could not be decided. No CRP.") for text in texts(answered(results=lenient), "information")
    )


@pytest.mark.parametrize(
    ("because", "why"),
    [
        ("closed-by-clinician", "closed by a clinician on 2026-05-02"),
    ],
)
def test_a_met_rule_without_a_flag_says_why(because: str, why: str) -> None:
    results = (RuleResult(MOOD, Verdict.MET, because, "closed by a clinician on 2026-05-02."),)
    assert any(
        text.endswith(f"raises no flag: {why}.") for text in texts(answered("none", results=results), "information")
    )


def test_notices_and_counterfactuals_are_information() -> None:
    said = texts(answered(), "information")
    assert any("cannot be recognised" in text for text in said)
    assert any("Clears when a later CRP is at most 3.0." in text for text in said)
    assert not any("Clears when" in text for text in texts(answered("none")))


def test_always_ends_with_how_many_rules_were_decided() -> None:
    text = "3 rules: 1 met, 1 not met, 1 could not be decided: suicidality-recorded."
    assert texts(answered("none"))[-1] == text
    assert texts(answered(results=()))[-1] == "No rule was evaluated."


def test_a_problem_is_an_error_that_says_where() -> None:
    body = outcome_of_problem(BodyUnreadable("The body is not JSON; send JSON.", "Bundle.entry[3]"))
    assert problems(body) == []
    (issue,) = decoded(body)["issue"]
    assert (issue["severity"], issue["code"], issue["expression"]) == (
        "error",
        "structure",
        ["Bundle.entry[3]"],
    )
    assert "expression" not in decoded(outcome_of_problem(Problem("It failed.")))["issue"][0]


def test_every_reason_has_a_meaning() -> None:
    assert known_reason("status-cancelled").issue_type == "business-rule"
    assert known_reason("anything-else").issue_type == "processing"
    assert set(REASONS) == set(Reason)
