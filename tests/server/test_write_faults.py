"""What is stored, and what is told, when a real FHIR server refuses, hides or loses a part of a write?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from service.assessment import Written
from service.assessment.recording import WRITE, Recording
from service.errors import Overloaded
from tests.fhir.conformance.checking import problems
from tests.server.local_server import LocalServer
from tests.server.writing import (
    INFLAMMATION,
    LATER,
    OURS,
    Fault,
    Writer,
    crp_is_low,
    low_mood,
    provenance_of,
    stored,
    told,
)
from tests.store.ledgers import KeptEntries, recorder

POSTS: dict[str, Any] = {"update_create": False}


def refusal(status: int = 403) -> httpx.Response:
    return httpx.Response(status, json={"resourceType": "OperationOutcome"})


def of(written: Written) -> dict[str, list[str]]:
    assert problems(written.answer.body) == []
    return told(written.answer.body)


def statuses(sekmet: LocalServer, kind: str, patient: str) -> list[str]:
    return sorted(one["status"] for one in stored(sekmet, kind, patient))


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_and_no_plan_refers_to_nothing(
    sekmet: LocalServer, patient: str, method: str, status: int
) -> None:
    write = Writer(sekmet.base, update_create=method == "PUT")
    write.faults.append(Fault(method, "Flag", refusal(status)))
    written = write(patient)
    assert (written.created, written.refused) == (0, 2)
    flag, plan = of(written)["write-refused"]
    assert flag.startswith(f"Flag ({INFLAMMATION}) was not written: it answered with status {status}")
    assert plan == "CarePlan (the draft plan) was not written: a Flag that it answers is not stored."
    assert stored(sekmet, "Flag", patient) == stored(sekmet, "CarePlan", patient) == []
    assert "Flag" in [entry["resource"]["resourceType"] for entry in json.loads(written.answer.body)["entry"]]


@pytest.mark.parametrize("server", [{}, POSTS, POSTS | {"conditional_create": False}])
@pytest.mark.parametrize("arrives", [True, False])
def test_a_connection_that_breaks_leaves_one_flag(
    sekmet: LocalServer, patient: str, server: dict[str, Any], arrives: bool
) -> None:
    write = Writer(sekmet.base, **server)
    method = "POST" if server else "PUT"
    answer = None if arrives else httpx.ConnectError("lost")
    write.faults.append(Fault(method, "Flag", answer, lost=arrives))
    written = write(patient)
    assert (written.created, written.refused) == (2, 0)
    assert statuses(sekmet, "Flag", patient) == ["active"]
    (flag,) = stored(sekmet, "Flag", patient)
    assert len(provenance_of(sekmet, f"Flag/{flag['id']}")) == 1


def test_what_nobody_answers_is_told_as_not_known(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write.faults += [Fault("PUT", "Flag", httpx.ConnectError("lost")) for _ in range(2)]
    written = write(patient)
    assert written.refused == 2
    assert "may have been written or not" in of(written)["write-unanswered"][0]
    assert write(patient).created == 2


def test_a_provenance_that_is_refused_is_told(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write.faults.append(Fault("POST", "Provenance", refusal()))
    written = write(patient)
    assert (written.created, written.refused) == (2, 0)
    assert len(of(written)["write-no-provenance"]) == 1


def test_a_look_afterwards_that_fails_is_told(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, **POSTS)
    write.faults.append(Fault("GET", "Flag", refusal()))
    written = write(patient)
    assert (written.created, written.refused) == (2, 0)
    assert len(of(written)["write-unchecked"]) == 1


def test_the_flag_of_another_that_was_there_first_stays(sekmet: LocalServer, patient: str) -> None:
    """Another writer, without leases, stores its Flag between our search and our request."""
    write = Writer(sekmet.base, update_create=False, conditional_create=False)
    write.faults.append(Fault("POST", "Flag", before=lambda: Writer(sekmet.base)(patient)))
    written = write(patient)
    assert statuses(sekmet, "Flag", patient) == ["active", "entered-in-error"]
    first = next(one for one in stored(sekmet, "Flag", patient) if one["status"] == "active")
    assert first["id"].startswith("moodmarker-")
    assert of(written)["write-duplicate"][0].endswith("it is marked as entered in error.")
    assert f"Flag/{first['id']}" in of(written)["write-unchanged"][0]


def test_a_duplicate_that_cannot_be_marked_is_told(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    twin = {name: value for name, value in stored(sekmet, "Flag", patient)[0].items() if name not in ("id", "meta")}
    assert sekmet.client.post(f"{sekmet.base}/Flag", json=twin).is_success
    write.faults.append(Fault("PUT", "Flag", refusal()))
    assert "and yet it stands" in of(write(patient))["write-duplicate"][0]


@pytest.mark.parametrize("server", [{}, POSTS])
def test_a_flag_that_the_search_does_not_show_is_not_overwritten(
    sekmet: LocalServer, patient: str, server: dict[str, Any]
) -> None:
    Writer(sekmet.base)(patient)
    flag = stored(sekmet, "Flag", patient)[0] | {"status": "inactive"}
    sekmet.put(flag)
    empty = {"resourceType": "Bundle", "type": "searchset"}
    write = Writer(sekmet.base, batch=False, **server)
    # The fetch, twice; what follows sees it.
    write.faults += [Fault("GET", r"Flag\?", httpx.Response(200, json=empty)) for _ in range(2)]
    written = write(patient)
    assert "was not among what was fetched" in of(written)["write-conflict"][0]
    assert written.created == 0
    assert statuses(sekmet, "Flag", patient) == ["inactive"]


def test_when_the_second_look_fails_the_first_is_told(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, batch=False)
    write(patient)
    sekmet.put(crp_is_low(patient))

    def hide() -> None:
        write.faults.append(Fault("GET", f"Patient/{patient}", refusal(500)))

    write.faults.append(Fault("PUT", "Flag", refusal(412), before=hide))
    written = write(patient, LATER)
    assert written.refused == 1
    assert "it was changed on the server meanwhile" in of(written)["write-conflict"][0]
    assert "revoked" in statuses(sekmet, "CarePlan", patient)


def test_without_the_flags_on_the_server_nothing_is_written(sekmet: LocalServer, patient: str) -> None:
    written = Writer(sekmet.base, not_searched=["Flag"])(patient)
    assert (written.created, written.refused) == (0, 1)
    assert "what a clinician has closed might be opened again" in of(written)["write-unread"][0]
    assert stored(sekmet, "Flag", patient) == []


def test_without_the_plans_on_the_server_no_plan_is_written(sekmet: LocalServer, patient: str) -> None:
    written = Writer(sekmet.base, not_searched=["CarePlan"])(patient)
    assert (written.created, written.refused) == (1, 1)
    assert "the plans on the server could not be read in full" in of(written)["write-refused"][0]


def test_earlier_plans_stand_while_the_new_one_is_refused(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    sekmet.put(crp_is_low(patient))
    item = low_mood(patient)[2] | {"id": f"{patient}-item", "effectiveDateTime": "2026-07-18"}
    sekmet.put(item | {"code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]}} | quantity(2))
    write.faults += [Fault("PUT", "CarePlan", refusal())]
    written = write(patient, LATER)
    assert "the plan that takes its place is not stored" in of(written)["write-left"][0]
    assert statuses(sekmet, "CarePlan", patient) == ["draft"]
    again = write(patient, LATER)
    assert (again.created, again.changed) == (1, 1)
    assert statuses(sekmet, "CarePlan", patient) == ["draft", "revoked"]
    new = next(one for one in stored(sekmet, "CarePlan", patient) if one["status"] == "draft")
    old = next(one for one in stored(sekmet, "CarePlan", patient) if one["status"] == "revoked")
    assert new["replaces"] == [{"reference": f"CarePlan/{old['id']}"}]


def quantity(value: float) -> dict[str, Any]:
    return {
        "valueQuantity": {"value": value, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}
    }


def test_a_plan_of_another_that_was_there_first_stays(sekmet: LocalServer, patient: str) -> None:
    def draft() -> None:
        other = Writer(sekmet.base)
        other(patient)

    write = Writer(sekmet.base, update_create=False, conditional_create=False)
    write.faults.append(Fault("POST", "CarePlan", before=draft))
    write(patient)
    assert statuses(sekmet, "CarePlan", patient) == ["draft", "entered-in-error"]


def test_a_flag_whose_evidence_was_an_error_is_withdrawn(sekmet: LocalServer, patient: str) -> None:
    wanted: tuple[dict[str, Any], ...] = ({}, {"write_as": "task"})
    for server in wanted:
        write = Writer(sekmet.base, **server)
        write(patient)
        sekmet.put(low_mood(patient)[3] | {"status": "entered-in-error"})
        written = write(patient)
        kind = "Task" if server else "Flag"
        ours = next(one for one in stored(sekmet, kind, patient) if INFLAMMATION in json.dumps(one["code"]))
        assert ours["status"] == "entered-in-error"
        assert written.changed
        sekmet.put(low_mood(patient)[3])
        for one in stored(sekmet, kind, patient):
            assert sekmet.client.delete(f"{sekmet.base}/{kind}/{one['id']}").is_success
        patient += "t"
        sekmet.put(*low_mood(patient))


def test_without_the_tasks_on_the_server_none_is_written(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, write_as="task")
    write.faults.append(Fault("GET", "Task", refusal()))
    written = write(patient)
    assert (written.created, written.refused) == (0, 1)
    assert of(written)["write-unread"][0].startswith("Nothing was written: Task could not be read in full")


def test_a_task_that_is_there_twice_is_there_once(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, write_as="task")
    write(patient)
    twin = {name: value for name, value in stored(sekmet, "Task", patient)[0].items() if name not in ("id", "meta")}
    assert sekmet.client.post(f"{sekmet.base}/Task", json=twin).is_success
    assert len(of(write(patient))["write-duplicate"]) == 1
    assert statuses(sekmet, "Task", patient) == ["entered-in-error", "requested"]


def test_a_task_that_lost_its_flag_is_not_overwritten(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, write_as="task")
    write(patient)
    task = stored(sekmet, "Task", patient)[0]
    sekmet.put({name: value for name, value in task.items() if name not in ("contained", "focus")})
    written = write(patient)
    assert written.refused == 1
    assert "was not among what was fetched" in of(written)["write-conflict"][0]


def test_a_flag_of_earlier_days_is_left_where_tasks_are_written(sekmet: LocalServer, patient: str) -> None:
    Writer(sekmet.base)(patient)
    written = Writer(sekmet.base, write_as="task")(patient)
    assert (written.created, written.changed) == (0, 0)
    assert "it is a Flag, and Tasks are written to this server" in of(written)["write-left"][0]
    assert stored(sekmet, "Task", patient) == []


def test_a_task_reopens_when_its_rule_is_met_again(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base, write_as="task")
    write(patient)
    later = crp_is_low(patient)
    sekmet.put(later)
    write(patient, LATER)
    assert statuses(sekmet, "Task", patient)[0] == "cancelled"
    sekmet.put(later | {"status": "entered-in-error"})
    write(patient)
    task = next(one for one in stored(sekmet, "Task", patient) if INFLAMMATION in json.dumps(one["code"]))
    assert task["status"] == "requested"
    assert task["identifier"][0]["system"] == OURS


def test_writers_with_a_large_patient_wait_in_a_thread(sekmet: LocalServer, patient: str) -> None:
    many = [
        low_mood(patient)[3] | {"id": f"{patient}-{number}", "note": [{"text": "x" * 1000}]} for number in range(600)
    ]
    sekmet.load(many)
    assert asyncio.run(Writer(sekmet.base).write(patient)).created == 2


def changed_meanwhile(sekmet: LocalServer, patient: str, kept: KeptEntries) -> Writer:
    """A write that is recorded, and that somebody gets ahead of once."""
    Writer(sekmet.base)(patient)
    sekmet.put(crp_is_low(patient))
    write = Writer(sekmet.base, batch=False)
    write.recording = Recording.begun(recorder(kept), WRITE, "ehr")
    write.faults.append(Fault("PUT", "Flag", refusal(412)))
    return write


def test_a_write_that_looks_twice_says_which_decision_the_second_replaces(sekmet: LocalServer, patient: str) -> None:
    kept = KeptEntries()
    written = changed_meanwhile(sekmet, patient, kept)(patient, LATER)
    first, second = kept.entries
    assert (first.replaces, second.replaces) == ("", first.decision)
    assert written.answer.recorded is not None
    assert written.answer.recorded.decision == second.decision != first.decision


def test_a_write_that_looks_once_replaces_nothing(sekmet: LocalServer, patient: str) -> None:
    kept = KeptEntries()
    write = Writer(sekmet.base)
    write.recording = Recording.begun(recorder(kept), WRITE, "ehr")
    write(patient)
    (only,) = kept.entries
    assert only.replaces == ""


def test_a_second_look_that_cannot_be_recorded_is_no_conflict(sekmet: LocalServer, patient: str) -> None:
    kept = KeptEntries(most=1)
    with pytest.raises(Overloaded, match="could not be recorded"):
        changed_meanwhile(sekmet, patient, kept)(patient, LATER)
    assert statuses(sekmet, "Flag", patient) == ["active"]
    assert len(kept.entries) == 1
