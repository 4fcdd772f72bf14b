"""Does a card follow the Flag that it is about: new, changed, unchanged, closed?"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence

import pytest

from service.cds_hooks.repeats import Audience
from service.domain.evidence import Row
from service.domain.findings import FlagFinding
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.hooks import (
    CRP,
    NOW,
    PHQ,
    Answer,
    Site,
    acting,
    body,
    call,
    low_mood,
    observation,
    person,
    prefetch_of,
    site,
    thoughts,
)

LOW_GRADE, SUICIDALITY = "depression-with-low-grade-inflammation", "suicidality-recorded"
VENDOR = {"url": "https://ehr.example/fhir/StructureDefinition/seen", "valueBoolean": True}


def stored(answer: Answer) -> list[Json]:
    """What the record holds once the clinician took the first card's last suggestion, with what the server adds."""
    resources = [copy.deepcopy(action["resource"]) for action in answer.actions(0, -1)]
    for one in resources:
        one["meta"] = {"versionId": "1", "lastUpdated": "2026-11-20T12:00:00Z"}
        if one["resourceType"] == "Flag":
            one["encounter"] = {"reference": "Encounter/e1"}
            one["extension"].append(VENDOR)
    return resources


@pytest.fixture(scope="module")
def record() -> list[Json]:
    """The Flag and the draft plan of one finding of low priority."""
    return stored(call(*low_mood()))


def test_a_new_finding_is_created(record: list[Json]) -> None:
    answer = call(*low_mood())
    assert [action["type"] for action in answer.actions(0, 0)] == ["create"]
    assert [action["type"] for action in answer.actions(0, 1)] == ["create", "create"]
    assert [one["resourceType"] for one in record] == ["Flag", "CarePlan"]
    assert answer.cards[0]["selectionBehavior"] == "at-most-one"
    assert not [one for one in answer.cards[0]["suggestions"] if "isRecommended" in one]


def test_the_plan_refers_to_the_flags_it_is_stored_with(record: list[Json]) -> None:
    flag, plan = record
    assert {"reference": f"Flag/{flag['id']}"} in plan["supportingInfo"]
    two = [action["resource"] for action in call(*low_mood(), thoughts()).actions(0, 1)]
    named = {one["reference"] for one in two[-1]["supportingInfo"]}
    assert {f"Flag/{one['id']}" for one in two[:-1]} <= named


def test_a_finding_that_is_unchanged_is_silent(record: list[Json]) -> None:
    assert call(*low_mood(), *record).document == {"cards": []}


def test_a_site_may_want_to_be_reminded(record: list[Json]) -> None:
    answer = call(*low_mood(), *record, cds_repeats="info")
    assert list(zip(answer.names, answer.indicators, strict=True)) == [("repeated", "info")]
    (card,) = answer.cards
    assert card["summary"] == "Unchanged: 1 finding told before"
    assert "Elevated depression score with low-grade inflammation" in card["detail"]
    assert "suggestions" not in card


def test_danger_is_shown_as_long_as_it_is_open() -> None:
    flags = stored(call(thoughts()))
    for again in (call(thoughts(), *flags), call(*flags), call(thoughts(), *flags, cds_repeats="info")):
        assert again.names == [SUICIDALITY]
        assert again.indicators == ["critical"]


def test_danger_that_is_in_the_record_is_not_suggested_again() -> None:
    (card,) = call(thoughts(), *stored(call(thoughts()))).cards
    resources = [action["resource"] for one in card.get("suggestions", ()) for action in one["actions"]]
    assert [one for one in resources if one["resourceType"] == "Flag"] == []


def test_an_update_holds_the_whole_resource(record: list[Json]) -> None:
    flag, _ = record
    answer = call(*low_mood(), observation("phq-later", PHQ, 1, 19), *record)
    (action,) = answer.actions(0, 0)
    assert (action["type"], action["description"][:15]) == ("update", "Update the flag")
    changed = action["resource"]
    assert changed["id"] == flag["id"]
    assert changed["meta"] == flag["meta"]
    assert changed["encounter"] == flag["encounter"]
    assert VENDOR in changed["extension"]
    assert set(changed) >= set(flag)
    assert changed["identifier"] == flag["identifier"]
    assert "19" in changed["code"]["text"]
    assert changed["code"]["text"] != flag["code"]["text"]


def test_a_flag_that_a_clinician_closed_is_not_raised_again(record: list[Json]) -> None:
    flag, *_ = record
    closed = flag | {"status": "inactive", "period": flag["period"] | {"end": NOW.date().isoformat()}}
    assert call(*low_mood(), closed).cards == []


def _cleared(record: list[Json]) -> Json:
    return body(prefetch_of([person(), *low_mood(), observation("crp-later", CRP, 1, 1.0), *record]))


def test_who_agreed_has_flags_closed_and_drafts_withdrawn_without_asking(record: list[Json]) -> None:
    answer = site().answer(_cleared(record), NOW, acting())
    assert answer.cards == []
    flag, plan = answer.document["systemActions"]
    assert {flag["type"], plan["type"]} == {"update"}
    assert (flag["resource"]["status"], plan["resource"]["status"]) == ("inactive", "revoked")
    assert (flag["resource"]["id"], plan["resource"]["id"]) == (record[0]["id"], record[1]["id"])
    assert VENDOR in flag["resource"]["extension"]
    assert flag["description"].startswith("Close the flag")


def test_who_did_not_agree_has_nothing_done_without_asking(record: list[Json]) -> None:
    assert site().answer(_cleared(record)).document == {"cards": []}


def test_without_asking_nothing_new_is_ever_stored() -> None:
    answer = site().answer(body(prefetch_of([person(), *low_mood(), thoughts()])), NOW, acting())
    assert len(answer.cards) == 2
    assert "systemActions" not in answer.document


class _Remembering:
    """A guard that has seen everything before."""

    def digest(self, _audience: Audience, flag: FlagFinding, _told: Sequence[Row]) -> str:
        return flag.identifier

    async def known(self, _audience: Audience, digests: Collection[str]) -> frozenset[str]:
        return frozenset(digests)

    async def remember(self, _audience: Audience, digests: Collection[str]) -> None:
        raise AssertionError("nothing is remembered before it was sent")


def test_what_was_shown_is_silent_where_flags_could_not_be_read_and_danger_is_not() -> None:
    remembering = Site()
    remembering.service._guard = _Remembering()  # type: ignore[assignment]
    prefetch = prefetch_of([person(), *low_mood(), thoughts()])
    assert remembering.answer(body(prefetch)).names == [SUICIDALITY, LOW_GRADE]
    del prefetch["flags"]
    assert remembering.answer(body(prefetch)).names == [SUICIDALITY]


def test_a_finding_is_shown_again_where_flags_could_not_be_read(record: list[Json]) -> None:
    prefetch = prefetch_of([person(), *low_mood()])
    del prefetch["flags"]
    answer = site().answer(body(prefetch))
    assert answer.names == [LOW_GRADE]
    assert "flags (it was not sent" in answer.cards[0]["detail"]
