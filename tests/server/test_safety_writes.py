"""Does a safety finding reach a real FHIR server where its resource is in somebody's hand, or was deleted?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.assessment import Written
from service.domain.identity import MOST_DELETED, next_identifier
from service.fhir.addresses import FLAG_DETAIL
from service.fhir.writeback.storage import chosen_id
from service.store import Work
from tests.fhir.conformance.checking import problems
from tests.server.local_server import LocalServer
from tests.server.subscribing import crp, days_ago, low_mood
from tests.server.writing import CONTEXT, LATER, MADE_UP, OURS, Fault, Writer, observed, stored, told
from tests.subscriptions.parts import Parts, with_parts

SUICIDALITY = "suicidality-recorded"
DAY = "2026-06-25"
IN_HAND = ["draft", "received", "accepted", "ready", "in-progress", "on-hold"]


@pytest.fixture
def patient(sekmet: LocalServer, request: pytest.FixtureRequest) -> str:
    name = f"s{abs(hash(request.node.nodeid)):x}"
    sekmet.put({"resourceType": "Patient", "id": name, "birthDate": "1980-01-01", "meta": {"security": [MADE_UP]}})
    return name


def self_harm(patient: str, name: str = "harm") -> dict[str, Any]:
    """What is of middle priority."""
    return {
        "resourceType": "Condition",
        "id": f"{patient}-{name}",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R45.88"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": DAY,
        "recordedDate": DAY,
    }


def item_9(patient: str, name: str = "item", value: int = 3, day: str = DAY) -> dict[str, Any]:
    """An answer that makes it an emergency."""
    return observed(patient, name, "44260-8", value, day)


def of(written: Written) -> dict[str, list[str]]:
    assert problems(written.answer.body) == []
    return told(written.answer.body)


def by_name(sekmet: LocalServer, kind: str, patient: str) -> dict[str, dict[str, Any]]:
    """What the server holds of the finding, by our identifier."""
    found = [one for one in stored(sekmet, kind, patient) if one["code"]["coding"][0]["code"] == SUICIDALITY]
    assert all(problems(json.dumps(one).encode()) == [] for one in found)
    return {one["identifier"][0]["value"]: one for one in found}


def the_only(sekmet: LocalServer, kind: str, patient: str) -> tuple[str, dict[str, Any]]:
    ((name, one),) = by_name(sekmet, kind, patient).items()
    return name, one


def evidence(task: dict[str, Any]) -> list[str]:
    flag = task["contained"][0]
    return [one["valueReference"]["reference"] for one in flag["extension"] if one["url"] == FLAG_DETAIL]


def counts(written: Written) -> tuple[int, int, int, int]:
    return written.created, written.changed, written.refused, written.left


def delete(sekmet: LocalServer, kind: str, logical_id: str) -> None:
    address = f"{sekmet.base}/{kind}/{logical_id}"
    assert sekmet.client.delete(address).is_success
    assert sekmet.client.get(address).status_code == 410


class TestInHand:
    """A Task about safety that somebody is dealing with."""

    @pytest.mark.parametrize("status", IN_HAND)
    def test_a_worse_finding_stands_beside_it_and_once(self, sekmet: LocalServer, patient: str, status: str) -> None:
        self.assert_beside(sekmet, patient, status, {})

    def test_it_stands_beside_it_however_a_server_takes_what_is_new(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any]
    ) -> None:
        self.assert_beside(sekmet, patient, "accepted", way)

    def assert_beside(self, sekmet: LocalServer, patient: str, status: str, way: dict[str, Any]) -> None:
        write = Writer(sekmet.base, write_as="task", **way)
        sekmet.put(self_harm(patient))
        write(patient)
        name, task = the_only(sekmet, "Task", patient)
        sekmet.put(task | {"status": status})
        held = by_name(sekmet, "Task", patient)[name]
        assert held["priority"] == "urgent"
        sekmet.put(item_9(patient))
        written = write(patient)
        assert (counts(written), written.answer.urgent) == ((1, 0, 0, 0), True)
        of(written)
        after = by_name(sekmet, "Task", patient)
        beside = after.pop(next_identifier(name))
        assert after == {name: held}
        assert (beside["status"], beside["priority"]) == ("requested", "stat")
        assert sorted(evidence(beside)) == [f"Condition/{patient}-harm", f"Observation/{patient}-item"]
        before = by_name(sekmet, "Task", patient)
        for day in ("2026-06-30", LATER):
            again = write(patient, day)
            assert (again.created, again.refused, again.left) == (0, 0, 0)
            assert (again.changed, again.answer.urgent) == (int(day == LATER), True)
        # What may be changed says how long ago it was; what is in hand stays.
        assert by_name(sekmet, "Task", patient)[name] == before[name]

    def test_new_evidence_of_the_same_priority_stands_beside_it(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base, write_as="task")
        sekmet.put(item_9(patient))
        write(patient)
        name, task = the_only(sekmet, "Task", patient)
        sekmet.put(task | {"status": "accepted"})
        assert counts(write(patient)) == (0, 0, 0, 0)
        sekmet.put(self_harm(patient))
        assert counts(write(patient)) == (1, 0, 0, 0)
        beside = by_name(sekmet, "Task", patient)[next_identifier(name)]
        assert f"Condition/{patient}-harm" in evidence(beside)

    def test_when_both_are_in_hand_what_is_worse_still_stands_in_a_third(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        sekmet.put(self_harm(patient))
        for evidence_added in (item_9(patient), self_harm(patient, "again")):
            write(patient)
            for task in by_name(sekmet, "Task", patient).values():
                sekmet.put(task | {"status": "in-progress"})
            assert write(patient).created == 0
            sekmet.put(evidence_added)
        before = by_name(sekmet, "Task", patient)
        assert write(patient).created == 1
        after = by_name(sekmet, "Task", patient)
        assert {name: after[name] for name in before} == before
        assert sorted(one["status"] for one in after.values()) == ["in-progress", "in-progress", "requested"]

    def test_one_beside_it_that_somebody_has_ended_stays_ended(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base, write_as="task")
        sekmet.put(self_harm(patient))
        write(patient)
        name, task = the_only(sekmet, "Task", patient)
        sekmet.put(task | {"status": "accepted"})
        sekmet.put(item_9(patient))
        write(patient)
        sekmet.put(by_name(sekmet, "Task", patient)[next_identifier(name)] | {"status": "completed"})
        before = by_name(sekmet, "Task", patient)
        assert counts(write(patient)) == (0, 0, 0, 0)
        assert by_name(sekmet, "Task", patient) == before


class TestDeleted:
    """A Flag or Task about safety that somebody has deleted."""

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    @pytest.mark.parametrize("is_new", [True, False])
    def test_what_is_found_stands_beside_it_and_once(
        self, sekmet: LocalServer, patient: str, kind: str, is_new: bool
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower())
        sekmet.put(item_9(patient, value=1))
        write(patient)
        name, first = the_only(sekmet, kind, patient)
        delete(sekmet, kind, first["id"])
        if is_new:
            sekmet.put(item_9(patient, "more"))
        written = write(patient)
        assert (written.refused, written.left, written.answer.urgent) == (0, 0, True)
        beside = by_name(sekmet, kind, patient)[next_identifier(name)]
        assert (beside["id"], beside["status"]) == (
            chosen_id(next_identifier(name)),
            "active" if kind == "Flag" else "requested",
        )
        assert f"{kind}/{beside['id']} ({SUICIDALITY}) was created." in of(written)["write-created"]
        before = [stored(sekmet, one, patient) for one in (kind, "CarePlan")]
        for _ in range(2):
            again = write(patient)
            assert counts(again) == (0, 0, 0, 0)
        assert [stored(sekmet, one, patient) for one in (kind, "CarePlan")] == before

    def test_the_plan_refers_to_what_stands_beside_it(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base)
        sekmet.put(item_9(patient))
        write(patient)
        delete(sekmet, "Flag", the_only(sekmet, "Flag", patient)[1]["id"])
        answer = json.loads(write(patient).answer.body)
        _, beside = the_only(sekmet, "Flag", patient)
        plans = {one["status"]: one for one in stored(sekmet, "CarePlan", patient)}
        assert set(plans) == {"draft", "revoked"}
        assert {"reference": f"Flag/{beside['id']}"} in plans["draft"]["supportingInfo"]
        told_of = {one["resource"].get("id"): one["resource"] for one in answer["entry"]}
        assert told_of[beside["id"]]["identifier"] == beside["identifier"]

    def test_what_stands_beside_it_is_closed_as_any_other(self, sekmet: LocalServer, patient: str) -> None:
        """To close it, and not to delete it, is how it ends."""
        write = Writer(sekmet.base)
        sekmet.put(item_9(patient))
        write(patient)
        delete(sekmet, "Flag", the_only(sekmet, "Flag", patient)[1]["id"])
        write(patient)
        name, beside = the_only(sekmet, "Flag", patient)
        sekmet.put(beside | {"status": "inactive"})
        assert write(patient).created == 0
        assert the_only(sekmet, "Flag", patient)[0] == name

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    def test_what_is_deleted_each_time_is_refused_in_the_end(
        self, sekmet: LocalServer, patient: str, kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower())
        sekmet.put(item_9(patient))
        names = []
        for _ in range(MOST_DELETED + 1):
            assert write(patient).refused == 0
            name, one = the_only(sekmet, kind, patient)
            names.append(name)
            delete(sekmet, kind, one["id"])
        assert names[1:] == [next_identifier(name) for name in names[:-1]]
        for _ in range(2):
            written = write(patient)
            assert written.answer.urgent
            assert written.refused >= 1
            refused = [text for text in of(written)["write-refused"] if SUICIDALITY in text]
            assert [text.rpartition(": ")[2] for text in refused] == [
                "it was deleted on the server each time that it was stored, and is still found."
            ]
            assert by_name(sekmet, kind, patient) == {}

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    def test_one_that_is_deleted_between_fetch_and_write_is_stored_or_told_and_then_stored(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any], kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower(), **way)
        sekmet.put(item_9(patient))
        write(patient)
        _, first = the_only(sekmet, kind, patient)
        sekmet.put(self_harm(patient))
        write.faults.append(Fault("PUT", kind, before=lambda: delete(sekmet, kind, first["id"])))
        written = write(patient)
        assert write.faults == []
        # Under an id of ours the second look finds it deleted, and has no third.
        assert (written.refused > 0, written.left) == (not way, 0)
        write(patient)
        _, after = the_only(sekmet, kind, patient)
        assert after["id"] != first["id"]
        again = write(patient)
        assert counts(again) == (0, 0, 0, 0)

    def test_a_finding_that_is_not_about_safety_is_not_brought_back_and_counted(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        sekmet.put(*low_mood(patient), crp(patient, "crp", 5.1, 8))
        assert write(patient, days_ago(0)).created == 1
        (task,) = stored(sekmet, "Task", patient)
        delete(sekmet, "Task", task["id"])
        for _ in range(2):
            written = write(patient, days_ago(0))
            assert counts(written) == (0, 0, 0, 1)
            assert "it was deleted on the server, and is not brought back" in of(written)["write-left"][0]
        assert stored(sekmet, "Task", patient) == []


class TestSubscribed:
    """Nobody reads the answer of a write that a subscription called for."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/store.db"

    def assess(self, sekmet: LocalServer, database: str, patient: str) -> bytes:
        """The numbers afterwards."""

        async def test(parts: Parts) -> bytes:
            await parts.assess(Work("main", patient, 1, 0))
            return parts.metrics.text()

        return with_parts(database, CONTEXT, test, url=sekmet.base, write_as="task")

    @pytest.mark.parametrize(("is_urgent", "level"), [(False, "warning"), (True, "error")])
    def test_what_is_left_is_logged_and_counted_without_the_patient(
        self,
        sekmet: LocalServer,
        patient: str,
        database: str,
        capsys: pytest.CaptureFixture[str],
        is_urgent: bool,
        level: str,
    ) -> None:
        sekmet.put(*low_mood(patient), crp(patient, "crp", 5.1, 8))
        assert b"moodmarker_queue_left_total{" not in self.assess(sekmet, database, patient)
        assert "left" not in capsys.readouterr().out
        (task,) = stored(sekmet, "Task", patient)
        sekmet.put(task | {"status": "accepted"})
        sekmet.put(observed(patient, "more", "44261-6", 16, days_ago(2)))
        if is_urgent:
            sekmet.put(item_9(patient, day=days_ago(2)))
        numbers = self.assess(sekmet, database, patient)
        assert f'moodmarker_queue_left_total{{urgent="{str(is_urgent).lower()}"}} 1.0'.encode() in numbers
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "was left" in line]
        assert level in line
        assert "left=1" in line
        assert patient not in line
        assert task["id"] not in line

    def test_what_is_worse_than_the_task_in_hand_reaches_the_server(
        self, sekmet: LocalServer, patient: str, database: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        day = days_ago(2)
        sekmet.put(self_harm(patient) | {"onsetDateTime": day, "recordedDate": day})
        self.assess(sekmet, database, patient)
        _, task = the_only(sekmet, "Task", patient)
        sekmet.put(task | {"status": "accepted"})
        sekmet.put(item_9(patient, day=day))
        self.assess(sekmet, database, patient)
        tasks = by_name(sekmet, "Task", patient).values()
        assert {(one["status"], one["priority"]) for one in tasks} == {("accepted", "urgent"), ("requested", "stat")}
        assert all(one["identifier"][0]["system"] == OURS for one in tasks)
        assert "was left" not in capsys.readouterr().out
