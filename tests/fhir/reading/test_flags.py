"""Our own Flags and CarePlans come back as what they were; those of others are not ours to read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fhir.reading.feeding import PHQ9, day, observation, read, refused, resource, score_of

CANON = "https://moodmarker.org/fhir"
FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
FLAG_PRIORITY = "http://hl7.org/fhir/StructureDefinition/flag-priority"
HERE = "Bundle.entry[0].resource"


def flag(value: str = "abc", **more: Any) -> dict[str, Any]:
    made = {
        "identifier": [{"system": "http://other", "value": "1"}, {"system": f"{CANON}/sid/flag", "value": value}],
        "status": "active",
        "code": {"coding": [{"system": f"{CANON}/CodeSystem/rule", "code": "mood-worsening-near-relapse"}]},
        "period": {"start": "2026-01-10"},
        "extension": [
            {"url": FLAG_PRIORITY, "valueCodeableConcept": {"coding": [{"code": "PM"}]}},
            {"url": FLAG_DETAIL, "valueReference": {"reference": "Observation/a"}},
            {"url": FLAG_DETAIL, "valueReference": {"reference": "Condition/b"}},
            {"url": FLAG_DETAIL, "valueReference": {"display": "unknown"}},
            {"url": FLAG_DETAIL},
        ],
    }
    return resource("Flag", "f", **{**made, **more})


def test_own_flag_is_read_with_its_evidence_and_kept_as_received() -> None:
    body = flag(extra={"kept": [1, 2.50]})
    reading = read(body)
    (prior,) = reading.chart.flags
    assert (prior.rule, prior.identifier, prior.status) == ("mood-worsening-near-relapse", "abc", "active")
    assert (prior.start, prior.end, prior.ended) == (day("2026-01-10"), None, None)
    assert prior.evidence == ("Observation/a", "Condition/b")
    assert (prior.closed_by_rule, prior.priority, prior.entry) == (False, "PM", 0)
    assert prior.source.reference == "Flag/f"
    assert reading.prior_flags_raw == {0: json.dumps(body).encode()}
    assert reading.account.used == 1


@pytest.mark.parametrize(
    ("end", "day_of_end", "instant"),
    [
        ("2026-02-01T10:00:00Z", "2026-02-01", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ("2026-02-01", "2026-02-01", datetime(2026, 2, 1, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_closed_flag_knows_when_it_ended(end: str, day_of_end: str, instant: datetime) -> None:
    closed = {"url": f"{CANON}/StructureDefinition/closed-by-rule", "valueString": "cleared"}
    (prior,) = read(flag(status="inactive", period={"end": end}, extension=[closed])).chart.flags
    assert (prior.start, prior.end, prior.ended) == (None, day(day_of_end), instant.timestamp())
    assert prior.closed_by_rule
    assert (prior.priority, prior.evidence) == ("", ())


def test_a_flag_was_called_an_error_when_it_was_last_stored_whenever_it_was_closed_before() -> None:
    stored: dict[str, Any] = {"meta": {"lastUpdated": "2026-03-01T10:00:00Z"}, "period": {"end": "2026-02-01"}}
    (error,) = read(flag(status="entered-in-error", **stored)).chart.flags
    assert error.end is None
    assert error.ended == error.closed_after == datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
    (closed,) = read(flag(status="inactive", **stored)).chart.flags
    assert closed.ended == datetime(2026, 2, 1, 23, 59, 59, 999999, tzinfo=UTC).timestamp()


def ended(reason: Any) -> dict[str, Any]:
    return {"url": f"{CANON}/StructureDefinition/closed-by-rule", "extension": reason}


OTHERS = {"url": "http://other", "valueString": "x"}


@pytest.mark.parametrize(
    ("status", "reason", "ours"),
    [
        ("inactive", "cleared", True),
        ("inactive", "now part of x", True),
        ("entered-in-error", "withdrawn", True),
        ("entered-in-error", "duplicate", True),
        # Somebody gave it another status since we ended it.
        ("inactive", "withdrawn", False),
        ("entered-in-error", "cleared", False),
        ("active", "cleared", False),
    ],
)
def test_what_we_ended_is_told_by_the_reason_and_the_status_that_goes_with_it(
    status: str, reason: str, ours: bool
) -> None:
    mark = ended([OTHERS, {"url": "reason", "valueString": reason}])
    assert read(flag(status=status, extension=[OTHERS, mark])).chart.flags[0].closed_by_rule is ours
    assert not read(flag(status=status, extension=[OTHERS])).chart.flags[0].closed_by_rule


@pytest.mark.parametrize("reason", [None, [], "cleared", [None], [{"url": "reason", "valueString": 1}]])
def test_a_mark_without_a_reason_that_can_be_read_is_ours_on_what_is_closed(reason: Any) -> None:
    assert read(flag(status="inactive", extension=[ended(reason)])).chart.flags[0].closed_by_rule
    assert not read(flag(status="entered-in-error", extension=[ended(reason)])).chart.flags[0].closed_by_rule


@pytest.mark.parametrize(
    ("status", "extension", "ours"),
    [
        ("revoked", [ended([{"url": "reason", "valueString": "no longer proposed"}])], True),
        ("entered-in-error", [ended([{"url": "reason", "valueString": "duplicate"}])], True),
        ("revoked", [OTHERS], False),
        ("revoked", None, False),
        ("revoked", "x", False),
        ("completed", [ended([{"url": "reason", "valueString": "no longer proposed"}])], False),
        ("draft", [ended([{"url": "reason", "valueString": "no longer proposed"}])], False),
    ],
)
def test_a_plan_that_we_ended_is_told_from_one_that_somebody_else_did(status: str, extension: Any, ours: bool) -> None:
    identifier = [{"system": f"{CANON}/sid/careplan", "value": "x"}]
    (plan,) = read(resource("CarePlan", "c", status=status, identifier=identifier, extension=extension)).chart.plans
    assert plan.closed_by_rule is ours


def test_last_day_of_the_calendar_does_not_overflow() -> None:
    (prior,) = read(flag(period={"end": "9999-12-31"})).chart.flags
    assert prior.ended is not None


def test_flag_with_a_date_that_is_none_is_still_ours() -> None:
    reading = read(flag(period={"start": "x"}))
    assert reading.chart.flags[0].start is None
    assert refused(reading) == [("invalid-date", f"{HERE}.period.start")]
    assert reading.account.used == 1


def test_undated_flag_without_a_rule_code_is_told_so() -> None:
    (prior,) = read(flag(period=None, code=None, extension=None)).chart.flags
    assert (prior.rule, prior.start) == ("", None)
    priority = {"url": FLAG_PRIORITY, "valueCodeableConcept": {"text": "high"}}
    assert read(flag(extension=[priority])).chart.flags[0].priority == ""


def test_flag_of_others_is_not_read() -> None:
    reading = read(flag(identifier=[{"system": "http://other", "value": "1"}]))
    assert (reading.chart.flags, reading.account.not_read) == ((), 1)


def test_identifiers_of_the_wrong_type_make_a_flag_nobodys() -> None:
    assert read(flag(identifier="abc")).account.not_read == 1


def test_own_plan_is_read_and_kept_as_received() -> None:
    body = resource("CarePlan", "c", status="draft", identifier=[{"system": f"{CANON}/sid/careplan", "value": "x"}])
    reading = read(body)
    (plan,) = reading.chart.plans
    assert (plan.identifier, plan.status, plan.entry, plan.source.reference) == ("x", "draft", 0, "CarePlan/c")
    assert reading.prior_plans_raw == {0: json.dumps(body).encode()}
    assert read(resource("CarePlan", "c", status="draft")).account.not_read == 1


def test_last_update_of_evidence_is_read_when_there_are_flags_to_compare_it_with() -> None:
    score = observation(PHQ9, meta={"lastUpdated": "2026-03-01T10:00:00.5Z"}, **score_of(9))
    assert read(score).chart.scores[0].source.updated is None
    instant = datetime(2026, 3, 1, 10, 0, 0, 500000, tzinfo=UTC).timestamp()
    assert read(score, flag()).chart.scores[0].source.updated == instant


def test_flag_entered_in_error_is_told_as_such() -> None:
    reading = read(flag(status="entered-in-error"))
    assert reading.chart.flags[0].status == "entered-in-error"
    assert reading.chart.retracted == {"Flag/f"}
