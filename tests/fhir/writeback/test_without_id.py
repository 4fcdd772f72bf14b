"""What has no id cannot be addressed: is it left alone, and told?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import respx

from service.domain.facts import PriorPlan, Source
from service.domain.findings import Assessment, FlagState
from service.fhir.reading.account import Reading
from service.fhir.writeback.back import Found, write_back
from service.fhir.writeback.results import Became, Report, Result
from service.fhir.writeback.storage import Storage
from service.fhir.writeback.target import Target
from service.fhir.writeback.twins import Twins, heads_in, set_aside
from tests.fhir.writeback.test_storage import run
from tests.fhir.writing.assessments import answer, assessment, finding, prior_flag, proposal, reading
from tests.fhir.writing.documents import of_type

NOW = datetime(2026, 6, 30, tzinfo=UTC)
CLOSED = finding(state=FlagState.INACTIVE, end=finding().start, closed_reason="cleared")
RAW = json.dumps(of_type(answer(assessment(finding())), "Flag")[0]).encode()
SID = "https://moodmarker.org/fhir/sid/careplan"


def draft(identifier: str) -> bytes:
    return json.dumps(
        {"resourceType": "CarePlan", "status": "draft", "identifier": [{"system": SID, "value": identifier}]}
    ).encode()


def written(made: Assessment, read: Reading) -> list[Any]:
    report = Report()

    async def work(storage: Storage) -> bool:
        return await write_back(Target.FLAG, Found(made, read), storage, report, NOW)

    with respx.mock:  # nothing is sent
        assert run(work)
    return [(issue["details"]["coding"][0]["code"], issue["details"]["text"]) for issue in report.issues]


def test_a_flag_without_id_is_left() -> None:
    CLOSED.prior = prior_flag(CLOSED)
    told = written(assessment(CLOSED), reading(prior_flags_raw={0: RAW}))
    assert told == [
        ("write-left", "Flag (depression-with-low-grade-inflammation) was not written: it came without an id.")
    ]


def test_plans_without_id_are_left() -> None:
    older = PriorPlan("older", "draft", Source("", "Bundle.entry[6].resource", "CarePlan"), 6)
    told = written(assessment(revoked=(older,)), reading(prior_plans_raw={6: draft("older")}))
    assert told == [("write-left", "CarePlan (an earlier draft plan) was not written: it came without an id.")]
    flag = finding()
    flag.prior = prior_flag(flag)
    plan = proposal(flag)
    same = PriorPlan(plan.identifier, "draft", Source("", "Bundle.entry[6].resource", "CarePlan"), 6)
    read = reading(prior_flags_raw={0: RAW}, prior_plans_raw={6: draft(plan.identifier)})
    read.chart = read.chart._replace(plans=(same,))
    flag.state = FlagState.UNCHANGED
    told = written(assessment(flag, plan=plan), read)
    assert ("write-left", "CarePlan (the draft plan) was not written: it came without an id.") in told


def test_what_has_no_id_is_nobodys_twin() -> None:
    read = reading(prior_flags_raw={0: RAW, 1: RAW})
    assert heads_in(read) == {}
    assert set_aside(read, Twins()) is read


def test_what_was_created_stays_told_after_a_second_look() -> None:
    report = Report()
    report.tell("a", Result(Became.CREATED, "Flag/a", "x"))
    report.tell("b", Result(Became.CONFLICT, "Flag", "y", "it was changed"))
    report.begin_again()
    assert report.count(Became.CONFLICT) == 0
    report.tell("a", Result(Became.UNCHANGED, "Flag/a", "x"))
    report.tell("b", Result(Became.CHANGED, "Flag/b", "y"))
    assert [issue["details"]["text"] for issue in report.issues] == [
        "Flag/a (x) was created.",
        "Flag/b (y) was changed.",
    ]
