"""Is what was found stored on a real FHIR server, once, beside what clinicians do there?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.assessment import Written
from service.fhir.addresses import CLOSED_BY_RULE
from tests.api.serving import Served, serving
from tests.fhir.conformance.checking import problems
from tests.server import subscribing
from tests.server.local_server import LocalServer
from tests.server.writing import (
    AS_OF,
    INFLAMMATION,
    LATER,
    MUCH_LATER,
    WAYS,
    Fault,
    Shelf,
    Writer,
    crp_is_low,
    provenance_of,
    stored,
    told,
)


def flags(sekmet: LocalServer, patient: str) -> list[tuple[str, str]]:
    return [(one["code"]["coding"][0]["code"], one["status"]) for one in stored(sekmet, "Flag", patient)]


def versions(sekmet: LocalServer, patient: str) -> list[tuple[str, str]]:
    kinds = ("Flag", "CarePlan", "Task")
    return [(one["id"], one["meta"]["versionId"]) for kind in kinds for one in stored(sekmet, kind, patient)]


def change(sekmet: LocalServer, resource: dict[str, Any], **elements: Any) -> None:
    sekmet.put(resource | elements)


def texts(written: Written) -> dict[str, list[str]]:
    return told(written.answer.body)


def assert_sound(sekmet: LocalServer, patient: str) -> None:
    """Everything that was stored is valid, and what it refers to is there."""
    for kind in ("Flag", "CarePlan", "Task"):
        for resource in stored(sekmet, kind, patient):
            vouching = provenance_of(sekmet, f"{kind}/{resource['id']}")
            for one in (resource, *vouching):
                assert problems(json.dumps(one).encode()) == []
                for reference in literal(one):
                    assert sekmet.client.get(f"{sekmet.base}/{reference}").is_success, reference


def literal(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield reference
        for value in node.values():
            yield from literal(value)
    elif isinstance(node, list):
        for value in node:
            yield from literal(value)


def test_what_was_found_is_stored_once(sekmet: LocalServer, patient: str, way: dict[str, Any]) -> None:
    write = Writer(sekmet.base, **way)
    first = write(patient)
    assert (first.created, first.changed, first.refused, first.target) == (2, 0, 0, "flag")
    print(f"first write: {write.requests} requests")
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]
    (plan,) = stored(sekmet, "CarePlan", patient)
    (flag,) = stored(sekmet, "Flag", patient)
    assert {"reference": f"Flag/{flag['id']}"} in plan["supportingInfo"]
    for reference in (f"Flag/{flag['id']}", f"CarePlan/{plan['id']}"):
        (provenance,) = provenance_of(sekmet, reference)
        assert provenance["target"] == [{"reference": f"{reference}/_history/1"}]
        assert {"reference": f"Observation/{patient}-crp"} in [one["what"] for one in provenance["entity"]]
    assert_sound(sekmet, patient)
    before = versions(sekmet, patient)
    again = write(patient)
    print(f"second write: {write.requests} requests")
    assert (again.created, again.changed, again.refused) == (0, 0, 0)
    assert list(texts(again)) == ["write-unchanged"]
    assert versions(sekmet, patient) == before
    assert len(provenance_of(sekmet, f"Flag/{flag['id']}")) == 1


def test_the_answer_names_what_was_stored(sekmet: LocalServer, patient: str) -> None:
    answer = json.loads(Writer(sekmet.base)(patient).answer.body)
    ids = {entry["resource"]["resourceType"]: entry["resource"].get("id") for entry in answer["entry"]}
    assert ids == {
        "Flag": stored(sekmet, "Flag", patient)[0]["id"],
        "CarePlan": stored(sekmet, "CarePlan", patient)[0]["id"],
        "OperationOutcome": None,
    }
    assert problems(json.dumps(answer).encode()) == []
    assert told(answer)["write-created"] == [
        f"Flag/{ids['Flag']} ({INFLAMMATION}) was created.",
        f"CarePlan/{ids['CarePlan']} (the draft plan) was created.",
    ]


def test_a_flag_that_clears_is_closed_and_its_plan_withdrawn(
    sekmet: LocalServer, patient: str, way: dict[str, Any]
) -> None:
    write = Writer(sekmet.base, **way)
    write(patient)
    sekmet.put(crp_is_low(patient))
    later = write(patient, LATER)
    closed = next(one for one in stored(sekmet, "Flag", patient) if one["code"]["coding"][0]["code"] == INFLAMMATION)
    assert closed["status"] == "inactive"
    assert closed["period"]["end"] == LATER
    assert CLOSED_BY_RULE in [one["url"] for one in closed["extension"]]
    assert "revoked" in [one["status"] for one in stored(sekmet, "CarePlan", patient)]
    assert later.changed == 2
    made = {one["activity"]["coding"][0]["code"] for one in provenance_of(sekmet, f"Flag/{closed['id']}")}
    assert made == {"CREATE", "UPDATE"}
    assert_sound(sekmet, patient)


@pytest.mark.parametrize("target", ["flag", "task"])
def test_what_nothing_closes_stays_open_as_it_is(sekmet: LocalServer, patient: str, target: str) -> None:
    write = Writer(sekmet.base, write_as=target)
    write(patient)
    before = versions(sekmet, patient)[0]
    later = write(patient, MUCH_LATER)
    assert versions(sekmet, patient)[0] == before
    assert INFLAMMATION in texts(later)["write-unchanged"][0]


def test_what_is_said_of_a_made_up_patient_is_made_up(sekmet: LocalServer, patient: str) -> None:
    for target in ("flag", "task"):
        Writer(sekmet.base, write_as=target)(patient)
        kind = target.capitalize()
        (resource,) = stored(sekmet, kind, patient)
        (provenance,) = provenance_of(sekmet, f"{kind}/{resource['id']}")
        for one in (resource, provenance):
            assert [label["code"] for label in one["meta"]["security"]] == ["HTEST"]
        assert sekmet.client.delete(f"{sekmet.base}/{kind}/{resource['id']}").is_success


def test_a_flag_that_was_closed_by_hand_stays_closed(sekmet: LocalServer, patient: str, way: dict[str, Any]) -> None:
    write = Writer(sekmet.base, **way)
    write(patient)
    change(sekmet, stored(sekmet, "Flag", patient)[0], status="inactive")
    before = versions(sekmet, patient)[:1]
    again = write(patient)
    assert flags(sekmet, patient) == [(INFLAMMATION, "inactive")]
    assert versions(sekmet, patient)[:1] == before
    assert again.created == 0
    assert "closed by a clinician" in again.answer.body.decode()


def test_a_plan_that_was_taken_further_is_left_alone(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    change(sekmet, stored(sekmet, "CarePlan", patient)[0], status="active", title="Ours now")
    assert (write(patient).created, write(patient).changed) == (0, 0)
    sekmet.put(crp_is_low(patient))
    write(patient, LATER)
    plans = {(one["status"], one["title"]) for one in stored(sekmet, "CarePlan", patient)}
    assert ("active", "Ours now") in plans


def test_a_flag_that_was_deleted_is_not_brought_back(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    flag = stored(sekmet, "Flag", patient)[0]
    assert sekmet.client.delete(f"{sekmet.base}/Flag/{flag['id']}").is_success
    again = write(patient)
    assert flags(sekmet, patient) == []
    assert "it was deleted on the server" in texts(again)["write-left"][0]


def test_of_two_flags_with_our_identifier_the_older_stays(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    flag = stored(sekmet, "Flag", patient)[0]
    twin = {name: value for name, value in flag.items() if name not in ("id", "meta")}
    assert sekmet.client.post(f"{sekmet.base}/Flag", json=twin).status_code == 201
    again = write(patient)
    by_id = {one["id"]: one["status"] for one in stored(sekmet, "Flag", patient)}
    assert by_id.pop(flag["id"]) == "active"
    assert list(by_id.values()) == ["entered-in-error"]
    assert len(texts(again)["write-duplicate"]) == 1
    assert "write-duplicate" not in texts(write(patient))


def test_two_writers_at_once_leave_one_flag(sekmet: LocalServer, patient: str) -> None:
    async def together() -> list[Written]:
        return await asyncio.gather(*(Writer(sekmet.base).write(patient) for _ in range(3)))

    written = asyncio.run(together())
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]
    assert len(stored(sekmet, "CarePlan", patient)) == 1
    assert sum(one.created for one in written) >= 2
    # Who was overtaken twice says so.
    assert all("write-conflict" in texts(one) for one in written if one.refused)


@pytest.mark.parametrize("conditional", [True, False])
def test_two_writers_that_share_a_store_leave_one_flag(sekmet: LocalServer, patient: str, conditional: bool) -> None:
    shelf = Shelf()
    server: dict[str, Any] = {"update_create": False, "conditional_create": conditional}

    async def together() -> list[Written]:
        return await asyncio.gather(*(Writer(sekmet.base, shelf, **server).write(patient) for _ in range(2)))

    written = asyncio.run(together())
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]
    assert [one.created for one in sorted(written, key=lambda one: one.created)] == [0, 2]
    assert shelf.waits
    assert shelf.held == {}


def test_two_writers_that_share_nothing_leave_one_open_flag(sekmet: LocalServer, patient: str) -> None:
    server = WAYS["after a search"]

    async def together() -> None:
        await asyncio.gather(*(Writer(sekmet.base, **server).write(patient) for _ in range(2)))

    asyncio.run(together())
    Writer(sekmet.base, **server)(patient)
    assert [status for _, status in flags(sekmet, patient)].count("active") == 1
    assert [one["status"] for one in stored(sekmet, "CarePlan", patient)].count("draft") == 1


@pytest.mark.parametrize("place", ["Provenance", "CarePlan"])
def test_after_a_crash_the_next_write_completes(
    sekmet: LocalServer, patient: str, way: dict[str, Any], place: str
) -> None:
    write = Writer(sekmet.base, **way)
    write.faults += [Fault(method, place, RuntimeError("the process ends")) for method in ("POST", "PUT")]
    with pytest.raises(RuntimeError):
        write(patient)
    write.faults.clear()
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]
    assert stored(sekmet, "CarePlan", patient) == []
    again = write(patient)
    assert (again.created, again.refused) == (1, 0)
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]
    assert len(stored(sekmet, "CarePlan", patient)) == 1


def test_a_flag_that_is_changed_between_fetch_and_write_is_looked_at_again(sekmet: LocalServer, patient: str) -> None:
    write = Writer(sekmet.base)
    write(patient)
    sekmet.put(crp_is_low(patient))
    flag = stored(sekmet, "Flag", patient)[0]
    write.faults.append(Fault("PUT", "Flag", before=lambda: change(sekmet, flag, status="inactive")))
    later = write(patient, LATER)
    assert write.faults == []
    closed = next(one for one in stored(sekmet, "Flag", patient) if one["id"] == flag["id"])
    assert closed["status"] == "inactive"
    assert CLOSED_BY_RULE not in [one["url"] for one in closed["extension"]]
    assert later.refused == 0


def test_tasks_stand_for_flags_where_the_site_wants_them(
    sekmet: LocalServer, patient: str, way: dict[str, Any]
) -> None:
    write = Writer(sekmet.base, write_as="task", **way)
    first = write(patient)
    assert (first.created, first.refused, first.target) == (1, 0, "task")
    (task,) = stored(sekmet, "Task", patient)
    assert (task["status"], task["intent"], task["for"]) == (
        "requested",
        "proposal",
        {"reference": f"Patient/{patient}"},
    )
    assert task["description"].startswith("PHQ-9 14")
    assert_sound(sekmet, patient)
    before = versions(sekmet, patient)
    again = write(patient)
    assert (again.created, again.changed) == (0, 0)
    assert versions(sekmet, patient) == before
    sekmet.put(crp_is_low(patient))
    assert write(patient, LATER).changed == 1
    cleared = next(one for one in stored(sekmet, "Task", patient) if one["id"] == task["id"])
    assert cleared["status"] == "cancelled"
    assert cleared["contained"][0]["status"] == "inactive"
    assert stored(sekmet, "Flag", patient) == stored(sekmet, "CarePlan", patient) == []
    assert_sound(sekmet, patient)


@pytest.mark.parametrize(("status", "texts_of"), [("completed", None), ("accepted", "write-left")])
def test_a_task_that_was_taken_further_is_left_alone(
    sekmet: LocalServer, patient: str, status: str, texts_of: str | None
) -> None:
    write = Writer(sekmet.base, write_as="task")
    write(patient)
    change(sekmet, stored(sekmet, "Task", patient)[0], status=status)
    again = write(patient)
    assert (again.created, again.changed) == (0, 0)
    sekmet.put(crp_is_low(patient))
    later = write(patient, LATER)
    assert next(one["status"] for one in stored(sekmet, "Task", patient)) == status
    if texts_of:
        assert any("somebody is dealing with the Task" in text for text in texts(later)[texts_of])
    else:
        assert "closed by a clinician" in again.answer.body.decode()


@pytest.fixture(scope="module")
def served(sekmet: LocalServer) -> Iterator[Served]:
    servers = {
        "main": {"url": sekmet.base, "write": True},
        "none": {"url": sekmet.base, "write": True, "write_as": "none"},
        "off": {"url": sekmet.base},
    }
    with serving(SERVERS=json.dumps(servers)) as running:
        yield running


def asked(served: Served, patient: str, **query: str) -> httpx.Response:
    url = f"{served.url}/fhir/Patient/{patient}/$mood-immune-write"
    headers = {"Content-Type": "application/fhir+json"}
    return httpx.post(url, params=query, headers=headers, trust_env=False, timeout=60)


@pytest.fixture
def of_today(sekmet: LocalServer, patient: str) -> str:
    """The same patient, with what is found as of today: a running service writes as of no other day."""
    sekmet.put(*subscribing.low_mood(patient), subscribing.crp(patient, "crp", 5.1, 12))
    return patient


def test_the_operation_writes(served: Served, sekmet: LocalServer, of_today: str) -> None:
    patient = of_today
    answer = asked(served, patient, server="main")
    assert answer.status_code == 200
    assert list(told(answer.json())) == ["write-created"]
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]


@pytest.mark.parametrize("day", [AS_OF, "2020-01-01", "2996-01-01T00:00:00Z"])
def test_what_was_found_of_another_day_is_not_written(
    served: Served, sekmet: LocalServer, of_today: str, day: str
) -> None:
    answer = asked(served, of_today, server="main", asOf=day)
    assert answer.status_code == 400
    (issue,) = answer.json()["issue"]
    assert "as of today: leave the parameter asOf out" in issue["details"]["text"]
    assert flags(sekmet, of_today) == []
    assert asked(served, of_today, server="main", asOf=subscribing.days_ago(0)).status_code == 200
    assert flags(sekmet, of_today) == [(INFLAMMATION, "active")]


def test_two_requests_at_once_leave_one_flag(served: Served, sekmet: LocalServer, of_today: str) -> None:
    patient = of_today

    async def together() -> list[httpx.Response]:
        url = f"{served.url}/fhir/Patient/{patient}/$mood-immune-write"
        headers = {"Content-Type": "application/fhir+json"}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            query = {"server": "main"}
            return await asyncio.gather(*(client.post(url, params=query, headers=headers) for _ in range(4)))

    answers = asyncio.run(together())
    assert [one.status_code for one in answers] == [200] * 4
    assert sorted(next(iter(told(one.json()))) for one in answers) == ["write-created", *["write-unchanged"] * 3]
    assert flags(sekmet, patient) == [(INFLAMMATION, "active")]


def test_where_nothing_is_to_be_written_that_is_told(served: Served, sekmet: LocalServer, patient: str) -> None:
    answer = asked(served, patient, server="none")
    assert answer.status_code == 200
    assert "write_as" in told(answer.json())["write-no-target"][0]
    assert flags(sekmet, patient) == []


def test_without_the_operators_word_nothing_is_written(served: Served, sekmet: LocalServer, patient: str) -> None:
    answer = asked(served, patient, server="off")
    assert answer.status_code == 403
    assert "MOODMARKER_SERVERS" in answer.json()["issue"][0]["details"]["text"]
    assert flags(sekmet, patient) == []
