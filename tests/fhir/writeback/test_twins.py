"""Of several open resources of one identifier, which give way, and which are nobody's to take away?"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
import respx

from service.fhir.writeback.heads import Head, head_of
from service.fhir.writeback.provenance import Grounds, vouches, write_provenance
from service.fhir.writeback.results import Became
from service.fhir.writeback.twins import Twins, nobody_knows, sort_twins, withdrawn
from tests.fhir.writeback.test_storage import BASE, answered, page, run

SID = "https://moodmarker.org/fhir/sid/flag"
CREATED = write_provenance(Became.CREATED, "Flag/7", "3", Grounds((), (), ()), datetime(2026, 6, 30, tzinfo=UTC))


def head(name: str, day: int, *, value: str = "x", status: str = "active", **more: Any) -> Head:
    flag = {
        "resourceType": "Flag",
        "id": name,
        "meta": {"versionId": "3", "lastUpdated": f"2026-06-{day:02}T08:00:00Z"},
        "status": status,
        "identifier": [{"system": SID, "value": value}],
        **more,
    }
    found = head_of(json.dumps(flag).encode())
    assert found is not None
    return found


def sorted_out(heads: list[Head], as_created: str = "") -> tuple[str, str]:
    """The ids of those that are gone and of those that stand, each with the one that stays."""

    async def is_as_created(one: Head) -> bool:
        return one.id in as_created

    twins = asyncio.run(sort_twins(heads, is_as_created))
    gone, standing = (" ".join(f"{one.head.id}<{one.kept.id}" for one in of) for of in twins)
    return gone, standing


NOTED: dict[str, Any] = {"encounter": {"reference": "Encounter/1"}}
OTHER: dict[str, Any] = {"encounter": {"reference": "Encounter/2"}}


@pytest.mark.parametrize(
    ("heads", "as_created", "gone", "standing"),
    [
        ([head("a", 1)], "a", "", ""),
        ([head("a", 1), head("b", 2, value="y"), head("c", 3, status="inactive")], "abc", "", ""),
        # What says the same gives way to the first, whoever knows what of it.
        ([head("b", 2), head("a", 1), head("c", 3)], "", "b<a c<a", ""),
        # What somebody has changed stays, and what nobody has gives way.
        ([head("a", 9, **NOTED), head("b", 2)], "b", "b<a", ""),
        ([head("a", 1), head("b", 2, **NOTED)], "a", "a<b", ""),
        ([head("a", 1), head("b", 2, **NOTED), head("c", 3)], "ac", "a<b c<b", ""),
        # Of both it may be that somebody has.
        ([head("a", 1), head("b", 2, **NOTED)], "", "", "b<a"),
        ([head("a", 1), head("b", 2, **NOTED), head("c", 3, **OTHER)], "a", "a<b", "c<b"),
        # A copy of what somebody has changed says no more than that.
        ([head("a", 1), head("b", 2, **NOTED), head("c", 3, **NOTED)], "a", "c<b a<b", ""),
        ([head("a", 1), head("b", 2, **NOTED), head("c", 3)], "", "c<a", "b<a"),
        # We have written both ourselves, on different days.
        ([head("b", 2, **NOTED), head("a", 1)], "ab", "b<a", ""),
    ],
)
def test_what_somebody_has_changed_stays(heads: list[Head], as_created: str, gone: str, standing: str) -> None:
    assert sorted_out(heads, as_created) == (gone, standing)


def test_it_is_asked_who_has_changed_them_only_where_they_differ() -> None:
    async def asked(_head: Head) -> bool:
        raise AssertionError

    assert len(asyncio.run(sort_twins([head("a", 1), head("b", 2)], asked)).gone) == 1


def test_of_what_was_stored_this_moment_only_what_says_the_same_gives_way() -> None:
    made = [head("a", 1), head("b", 2), head("c", 3, **NOTED)]
    twins = asyncio.run(sort_twins(made, nobody_knows))
    assert [[one.head.id for one in of] for of in twins] == [["b"], ["c"]]
    assert Twins().beside(twins) == twins


def test_a_task_that_is_withdrawn_keeps_what_else_it_contains() -> None:
    task = {
        "resourceType": "Task",
        "id": "t",
        "status": "requested",
        "contained": [
            {"resourceType": "Flag", "id": "flag", "status": "active"},
            {"resourceType": "Device", "id": "d"},
        ],
    }
    found = head_of(json.dumps(task).encode())
    assert found is not None
    written = json.loads(msgspec.json.encode(withdrawn(found)))
    assert [one["status"] for one in (written, written["contained"][0])] == ["entered-in-error"] * 2
    assert written["contained"][1] == {"resourceType": "Device", "id": "d"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, True),
        ({"target": [{"reference": f"{BASE}/Flag/7/_history/3"}]}, True),
        ({"target": [{"reference": "Flag/7/_history/4"}]}, False),
        ({"target": [{"reference": "Flag/7"}]}, False),
        ({"target": [{"reference": "Flag/17/_history/3"}]}, False),
        ({"target": [{}]}, False),
        ({"target": "Flag/7/_history/3"}, False),
        ({"activity": None}, False),
        ({"activity": {"coding": [{"system": CREATED["activity"]["coding"][0]["system"], "code": "UPDATE"}]}}, False),
        ({"activity": {"coding": [{"system": "urn:other", "code": "CREATE"}]}}, False),
        ({"agent": [{"who": {"reference": "Practitioner/1"}}]}, False),
        ({"agent": [{"who": {"identifier": {"system": "urn:other", "value": "moodmarker"}}}]}, False),
        ({"agent": [{}]}, False),
    ],
)
def test_who_created_a_version_is_what_its_provenance_says(changes: dict[str, Any], said: bool) -> None:
    assert vouches(json.dumps(CREATED | changes).encode(), "Flag/7/_history/3") is said


def asked(found: httpx.Response, *, version: str = "3", **more: Any) -> bool:
    one = head("7", 1)._replace(version=version)
    with respx.mock(assert_all_called=False) as server:
        server.get(url__startswith=f"{BASE}/Provenance?target=Flag/7").mock(return_value=found)
        known: bool = run(lambda storage: storage.is_as_created(one), **more)
    return known


def test_a_resource_is_as_created_where_its_provenance_is_found() -> None:
    taken: dict[str, Any] = {"type": "Provenance", "interaction": [{"code": "create"}]}
    assert asked(page(CREATED), **taken)
    assert not asked(page(), **taken)
    assert not asked(page(CREATED | {"activity": None}), **taken)
    assert not asked(answered({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": 1}, 2]}), **taken)
    assert not asked(answered(status=403), **taken)
    assert not asked(page(CREATED), version="", **taken)
    assert not asked(page(CREATED))
