"""Does what clinicians do to stored findings on a real FHIR server hold through every later write?"""

from __future__ import annotations

from typing import Any

import pytest

from service.assessment import Written
from service.fhir.addresses import CLOSED_BY_RULE, FLAG_DETAIL, FLAG_PRIORITY
from service.fhir.writeback.storage import chosen_id
from tests.fhir.conformance.checking import problems
from tests.server.local_server import LocalServer
from tests.server.writing import (
    INFLAMMATION,
    LATER,
    WAYS,
    Writer,
    crp_is_low,
    low_mood,
    observed,
    provenance_of,
    stored,
    told,
)

NOTE = {"url": "urn:site:note", "valueString": "Seen; we keep an eye on it."}


def of(written: Written) -> dict[str, list[str]]:
    assert problems(written.answer.body) == []
    return told(written.answer.body)


def statuses(sekmet: LocalServer, kind: str, patient: str) -> list[str]:
    return sorted(one["status"] for one in stored(sekmet, kind, patient))


def only(sekmet: LocalServer, kind: str, patient: str) -> dict[str, Any]:
    (one,) = stored(sekmet, kind, patient)
    return one


def by_id(sekmet: LocalServer, kind: str, patient: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in stored(sekmet, kind, patient)}


def copied(sekmet: LocalServer, resource: dict[str, Any], **changes: Any) -> str:
    """The same once more under another id, as it is when two have written at once."""
    again = {name: value for name, value in resource.items() if name != "id"} | changes
    again["meta"] = {"security": resource["meta"]["security"]}
    answer = sekmet.client.post(f"{sekmet.base}/{resource['resourceType']}", json=again)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def vouched(sekmet: LocalServer, first: str, copy: str) -> None:
    """The copy has the Provenance of the first, as it is when both are ours."""
    (provenance,) = provenance_of(sekmet, f"Flag/{first}")
    again = {name: value for name, value in provenance.items() if name not in ("id", "meta")}
    again["target"] = [{"reference": f"Flag/{copy}/_history/1"}]
    assert sekmet.client.post(f"{sekmet.base}/Provenance", json=again).status_code == 201


def marks(resource: dict[str, Any]) -> list[str]:
    extensions = resource.get("extension", ())
    return [one["extension"][0]["valueString"] for one in extensions if one["url"] == CLOSED_BY_RULE]


def note(resource: dict[str, Any]) -> dict[str, Any]:
    return {"extension": [*resource.get("extension", ()), NOTE]}


def another_period(resource: dict[str, Any]) -> dict[str, Any]:
    return {"period": resource["period"] | {"end": "2027-01-01"}}


def another_priority(resource: dict[str, Any]) -> dict[str, Any]:
    extensions = [one for one in resource["extension"] if one["url"] != FLAG_PRIORITY]
    code = {"system": "http://hl7.org/fhir/flag-priority-code", "code": "PH"}
    return {"extension": [*extensions, {"url": FLAG_PRIORITY, "valueCodeableConcept": {"coding": [code]}}]}


def more_evidence(patient: str) -> dict[str, Any]:
    """A second CRP, and so another pattern; and a PHQ-9 that the finding names."""
    return observed(patient, "more", "44261-6", 16, "2026-06-28")


def names(flag: dict[str, Any]) -> list[str]:
    return [one["valueReference"]["reference"] for one in flag["extension"] if one["url"] == FLAG_DETAIL]


class TestTwins:
    """Several open resources of one identifier."""

    @pytest.mark.parametrize("edit", [note, another_period, another_priority])
    @pytest.mark.parametrize("edited", ["first", "second"])
    def test_the_one_that_a_clinician_has_edited_stays(
        self, sekmet: LocalServer, patient: str, edit: Any, edited: str
    ) -> None:
        """Its last update is the later one, whichever was stored first."""
        Writer(sekmet.base)(patient)
        flag = only(sekmet, "Flag", patient)
        ids = [flag["id"], copied(sekmet, flag)]
        vouched(sekmet, flag["id"], ids[1])
        two = by_id(sekmet, "Flag", patient)
        theirs, ours = (ids[0], ids[1]) if edited == "first" else (ids[1], ids[0])
        sekmet.put(two[theirs] | edit(two[theirs]))
        changed = by_id(sekmet, "Flag", patient)[theirs]
        written = Writer(sekmet.base)(patient)
        after = by_id(sekmet, "Flag", patient)
        assert (after[theirs]["status"], after[ours]["status"]) == ("active", "entered-in-error")
        assert marks(after[ours]) == ["duplicate"]
        if edit is note:
            assert after[theirs] == changed
        assert f"Flag/{ours} has the identifier of Flag/{theirs}, which stays" in of(written)["write-duplicate"][0]
        assert "write-duplicate" not in of(Writer(sekmet.base)(patient))

    def test_both_stand_where_both_were_edited_and_that_is_told(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base)
        write(patient)
        flag = only(sekmet, "Flag", patient)
        sekmet.put(flag | note(flag))
        twin = copied(sekmet, flag, **another_period(flag))
        before = by_id(sekmet, "Flag", patient)
        for _ in range(2):
            (said,) = of(write(patient))["write-duplicate"]
            assert "so that both stand; keep one" in said
            assert {name for name in before if f"Flag/{name}" in said} == {flag["id"], twin}
        after = by_id(sekmet, "Flag", patient)
        assert [one["status"] for one in after.values()] == ["active", "active"]
        assert NOTE in after[flag["id"]]["extension"]

    def test_one_of_which_nothing_says_who_stored_it_is_not_taken_away(self, sekmet: LocalServer, patient: str) -> None:
        """It is a copy of the first, and in the first a clinician has written since."""
        write = Writer(sekmet.base)
        write(patient)
        flag = only(sekmet, "Flag", patient)
        copied(sekmet, flag)
        sekmet.put(flag | note(flag))
        assert "both stand" in of(write(patient))["write-duplicate"][0]
        assert statuses(sekmet, "Flag", patient) == ["active", "active"]

    def test_one_that_we_have_changed_after_a_clinician_is_not_taken_for_ours(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base)
        write(patient)
        flag = only(sekmet, "Flag", patient)
        sekmet.put(flag | note(flag))
        sekmet.put(more_evidence(patient))
        assert write(patient).changed >= 1
        copied(sekmet, flag)
        assert "both stand" in of(write(patient))["write-duplicate"][0]
        assert statuses(sekmet, "Flag", patient) == ["active", "active"]

    @pytest.mark.parametrize("kind", ["CarePlan", "Task"])
    def test_of_two_that_are_the_same_but_for_when_they_were_written_one_stays(
        self, sekmet: LocalServer, patient: str, kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task" if kind == "Task" else "flag")
        write(patient)
        one = only(sekmet, kind, patient)
        twin = copied(sekmet, one, **{"created" if kind == "CarePlan" else "authoredOn": "2026-06-29T08:00:00Z"})
        assert len(of(write(patient))["write-duplicate"]) == 1
        after = by_id(sekmet, kind, patient)
        assert after[twin]["status"] == "entered-in-error"
        marked = after[twin]["contained"][0] if kind == "Task" else after[twin]
        assert marks(marked) == ["duplicate"]
        # It stands in nobody's way.
        again = write(patient)
        assert (again.created, again.changed, again.refused) == (0, 0, 0)
        assert after == by_id(sekmet, kind, patient)

    def test_a_draft_that_a_clinician_wrote_in_stays(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base)
        write(patient)
        plan = only(sekmet, "CarePlan", patient)
        twin = copied(sekmet, plan, note=[{"text": "as discussed"}])
        write(patient)
        after = by_id(sekmet, "CarePlan", patient)
        assert (after[plan["id"]]["status"], after[twin]["status"]) == ("entered-in-error", "draft")
        assert after[twin]["note"] == [{"text": "as discussed"}]


class TestPlans:
    """A draft that we have revoked ourselves, and one that a clinician has."""

    def test_a_plan_is_stored_again_when_its_flags_are_back(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any]
    ) -> None:
        write = Writer(sekmet.base, **way)
        write(patient)
        first = only(sekmet, "CarePlan", patient)
        low = crp_is_low(patient)
        sekmet.put(low)
        write(patient, LATER)
        revoked = by_id(sekmet, "CarePlan", patient)[first["id"]]
        assert (revoked["status"], marks(revoked)) == ("revoked", ["no longer proposed"])
        sekmet.put(low | {"status": "entered-in-error"})
        back = write(patient, LATER)
        assert statuses(sekmet, "Flag", patient).count("active") >= 1
        plans = by_id(sekmet, "CarePlan", patient)
        drafts = [one for one in plans.values() if one["status"] == "draft"]
        assert len(drafts) == 1
        assert any(INFLAMMATION in url for url in drafts[0]["instantiatesCanonical"])
        assert plans[first["id"]] == revoked
        assert back.refused == 0
        again = write(patient, LATER)
        assert (again.created, again.changed) == (0, 0)
        assert by_id(sekmet, "CarePlan", patient) == plans

    def test_what_a_clinician_revoked_stays_revoked(self, sekmet: LocalServer, patient: str) -> None:
        write = Writer(sekmet.base)
        write(patient)
        sekmet.put(only(sekmet, "CarePlan", patient) | {"status": "revoked"})
        low = crp_is_low(patient)
        sekmet.put(low)
        write(patient, LATER)
        sekmet.put(low | {"status": "entered-in-error"})
        for day in (LATER, "2026-06-30"):
            write(patient, day)
        same = [one for one in stored(sekmet, "CarePlan", patient) if len(one["instantiatesCanonical"]) == 1]
        assert "draft" not in {one["status"] for one in same if INFLAMMATION in one["instantiatesCanonical"][0]}


class TestEnteredInError:
    """A Flag or Task that a clinician, or we, have marked as entered in error."""

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    def test_it_stays_so_on_the_same_evidence(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any], kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower(), **way)
        write(patient)
        sekmet.put(only(sekmet, kind, patient) | {"status": "entered-in-error"})
        before = by_id(sekmet, kind, patient)
        for _ in range(2):
            again = write(patient)
            assert (again.created, again.changed, again.refused) == (0, 0 if kind == "Task" else again.changed, 0)
            assert "marked as entered in error by a clinician" in again.answer.body.decode()
        assert by_id(sekmet, kind, patient) == before

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    def test_new_evidence_is_stored_beside_it_and_once(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any], kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower(), **way)
        write(patient)
        sekmet.put(only(sekmet, kind, patient) | {"status": "entered-in-error"})
        (error,) = by_id(sekmet, kind, patient).values()
        sekmet.put(more_evidence(patient))
        first = write(patient)
        assert first.created >= 1
        after = by_id(sekmet, kind, patient)
        assert after.pop(error["id"]) == error
        (beside,) = after.values()
        assert beside["status"] == ("active" if kind == "Flag" else "requested")
        flag = beside if kind == "Flag" else beside["contained"][0]
        assert f"Observation/{patient}-more" in names(flag)
        if way == WAYS["under an id of ours"]:
            assert beside["id"] == chosen_id(beside["identifier"][0]["value"])
        before = by_id(sekmet, kind, patient)
        for _ in range(2):
            again = write(patient)
            assert (again.created, again.changed, again.refused) == (0, 0, 0)
        assert by_id(sekmet, kind, patient) == before

    @pytest.mark.parametrize("kind", ["Flag", "Task"])
    def test_what_we_withdrew_is_raised_beside_it_when_the_evidence_is_back(
        self, sekmet: LocalServer, patient: str, way: dict[str, Any], kind: str
    ) -> None:
        write = Writer(sekmet.base, write_as=kind.lower(), **way)
        write(patient)
        crp = low_mood(patient)[3]
        sekmet.put(crp | {"status": "entered-in-error"})
        write(patient)
        withdrawn = next(one for one in stored(sekmet, kind, patient) if one["status"] == "entered-in-error")
        assert marks(withdrawn if kind == "Flag" else withdrawn["contained"][0]) == ["withdrawn"]
        sekmet.put(crp)
        assert write(patient).created >= 1
        found = [one for one in stored(sekmet, kind, patient) if one["code"]["coding"][0]["code"] == INFLAMMATION]
        assert sorted(one["status"] for one in found) == sorted(
            ["entered-in-error", "active" if kind == "Flag" else "requested"]
        )
        again = write(patient)
        assert (again.created, again.changed) == (0, 0)
        assert withdrawn in stored(sekmet, kind, patient)

    def test_an_error_of_ours_that_a_clinician_made_anything_else_of_is_the_clinicians(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base)
        write(patient)
        sekmet.put(crp_is_low(patient))
        write(patient, LATER)
        closed = next(one for one in stored(sekmet, "Flag", patient) if one["status"] == "inactive")
        assert marks(closed) == ["cleared"]
        sekmet.put(closed | {"status": "entered-in-error"})
        sekmet.put(crp_is_low(patient) | {"status": "entered-in-error"})
        write(patient)
        found = [one for one in stored(sekmet, "Flag", patient) if one["code"]["coding"][0]["code"] == INFLAMMATION]
        assert [one["status"] for one in found] == ["entered-in-error"]


class TestTasks:
    """The same rules of life where a Task stands for a Flag."""

    @pytest.mark.parametrize("status", ["completed", "rejected", "cancelled", "failed"])
    def test_new_evidence_stands_beside_what_a_clinician_has_ended(
        self, sekmet: LocalServer, patient: str, status: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        write(patient)
        sekmet.put(only(sekmet, "Task", patient) | {"status": status})
        ended = only(sekmet, "Task", patient)
        assert write(patient).created == 0
        sekmet.put(more_evidence(patient))
        assert write(patient).created == 1
        after = by_id(sekmet, "Task", patient)
        assert after.pop(ended["id"]) == ended
        (beside,) = after.values()
        assert (beside["status"], beside["contained"][0]["status"]) == ("requested", "active")
        assert beside["description"].startswith("PHQ-9 16")
        again = write(patient)
        assert (again.created, again.changed, again.refused) == (0, 0, 0)

    def test_one_that_we_cancelled_and_a_clinician_completed_since_is_the_clinicians(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        write(patient)
        low = crp_is_low(patient)
        sekmet.put(low)
        write(patient, LATER)
        task = next(one for one in stored(sekmet, "Task", patient) if one["status"] == "cancelled")
        sekmet.put(task | {"status": "completed"})
        sekmet.put(low | {"status": "entered-in-error"})
        again = write(patient)
        assert "closed by a clinician" in again.answer.body.decode()
        assert by_id(sekmet, "Task", patient)[task["id"]]["status"] == "completed"

    @pytest.mark.parametrize(
        ("set_to", "wanted"),
        [("urgent", "stat"), ("asap", "stat"), ("stat", "stat"), ("routine", "stat"), ("", "stat")],
    )
    def test_the_priority_rises_with_that_of_the_finding(
        self, sekmet: LocalServer, patient: str, set_to: str, wanted: str
    ) -> None:
        task = self.self_harm(sekmet, patient)
        assert task["priority"] == "urgent"
        rest = {name: value for name, value in task.items() if name != "priority"}
        sekmet.put(rest | ({"priority": set_to} if set_to else {}))
        sekmet.put(self.intent(patient))
        written = Writer(sekmet.base, write_as="task")(patient)
        assert written.answer.urgent
        after = by_id(sekmet, "Task", patient)[task["id"]]
        assert (after["status"], after["priority"]) == ("requested", wanted)
        again = Writer(sekmet.base, write_as="task")(patient)
        assert (again.created, again.changed) == (0, 0)

    @pytest.mark.parametrize(("set_to", "wanted"), [("stat", "urgent"), ("asap", "asap"), ("routine", "urgent")])
    def test_the_priority_falls_unless_somebody_has_set_it(
        self, sekmet: LocalServer, patient: str, set_to: str, wanted: str
    ) -> None:
        task = self.self_harm(sekmet, patient)
        item = self.intent(patient)
        sekmet.put(item)
        write = Writer(sekmet.base, write_as="task")
        write(patient)
        raised = by_id(sekmet, "Task", patient)[task["id"]]
        assert raised["priority"] == "stat"
        if set_to != "stat":
            sekmet.put(raised | {"priority": set_to})
        # The answer was an error; what is left is of middle priority.
        sekmet.put(item | {"status": "entered-in-error"})
        write(patient)
        after = by_id(sekmet, "Task", patient)[task["id"]]
        assert (after["status"], after["priority"]) == ("requested", wanted)

    def test_one_without_extensions_and_period_is_the_clinicians_to_end(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        write(patient)
        task = only(sekmet, "Task", patient)
        bare = {name: value for name, value in task["contained"][0].items() if name not in ("extension", "period")}
        sekmet.put(task | {"contained": [bare], "status": "completed"})
        before = only(sekmet, "Task", patient)
        sekmet.put(crp_is_low(patient))
        write(patient, LATER)
        assert by_id(sekmet, "Task", patient)[task["id"]] == before

    def test_one_that_somebody_deals_with_stays_as_it_is_and_that_is_counted_and_told(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        write = Writer(sekmet.base, write_as="task")
        write(patient)
        sekmet.put(only(sekmet, "Task", patient) | {"status": "in-progress"})
        before = only(sekmet, "Task", patient)
        sekmet.put(more_evidence(patient))
        written = write(patient)
        (text,) = [text for text in of(written)["write-left"] if f"Task/{before['id']}" in text]
        assert text.endswith("was not written: somebody is dealing with the Task.")
        # The plan, which this site does not want, is told and not counted.
        assert (written.left, len(of(written)["write-left"])) == (1, 2)
        assert only(sekmet, "Task", patient) == before

    def test_one_that_somebody_deals_with_tells_of_a_priority_that_has_fallen(
        self, sekmet: LocalServer, patient: str
    ) -> None:
        item = self.intent(patient)
        sekmet.put(item)
        task = self.self_harm(sekmet, patient)
        assert task["priority"] == "stat"
        sekmet.put(task | {"status": "in-progress"})
        sekmet.put(item | {"status": "entered-in-error"})
        written = Writer(sekmet.base, write_as="task")(patient)
        (text,) = [text for text in of(written)["write-left"] if f"Task/{task['id']}" in text]
        assert text.endswith("somebody is dealing with the Task, whose priority would now be urgent.")
        after = by_id(sekmet, "Task", patient)
        assert (written.left, after[task["id"]]["priority"]) == (1, "stat")

    def self_harm(self, sekmet: LocalServer, patient: str) -> dict[str, Any]:
        """The Task about self-harm, which is of middle priority."""
        harm = {
            "resourceType": "Condition",
            "id": f"{patient}-harm",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R45.88"}]},
            "subject": {"reference": f"Patient/{patient}"},
            "onsetDateTime": "2026-06-25",
            "recordedDate": "2026-06-25",
        }
        sekmet.put(harm)
        Writer(sekmet.base, write_as="task")(patient)
        tasks = stored(sekmet, "Task", patient)
        return next(one for one in tasks if one["code"]["coding"][0]["code"] == "suicidality-recorded")

    def intent(self, patient: str) -> dict[str, Any]:
        """An answer of the same day that makes it an emergency."""
        return observed(patient, "item", "44260-8", 2, "2026-06-25")
