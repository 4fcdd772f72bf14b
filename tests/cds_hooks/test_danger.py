"""Is what warns of danger shown, in words that say what it is, whatever else there is?"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Raw

from service.cds_hooks.gathering import Gathered
from service.cds_hooks.prefetch import Part, State
from service.domain.wording import FOOTER
from service.fhir.client.fetching import Fetched
from service.settings import SettingsError
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.hooks import (
    PHQ,
    Answer,
    Site,
    acting,
    body,
    call,
    concept,
    day,
    low_mood,
    observation,
    person,
    prefetch_of,
    searchset,
    site,
    thoughts,
)

SUICIDALITY, LOW_GRADE = "suicidality-recorded", "depression-with-low-grade-inflammation"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LATER = "2026-11-20T12:00:00Z"


def recorded(answer: Answer, suggestion: int = -1) -> list[Json]:
    """What the record holds once the first card's suggestion was taken."""
    resources = [copy.deepcopy(action["resource"]) for action in answer.actions(0, suggestion)]
    return [{**one, "meta": {"versionId": "1", "lastUpdated": LATER}} for one in resources]


def amended(item: Json) -> Json:
    """The answer about suicide, taken back to 'not at all'."""
    return {**item, "status": "amended", "valueQuantity": {"value": 0}}


def test_a_flag_that_stays_open_says_what_it_was_raised_for() -> None:
    (flag, *_) = recorded(call(thoughts()), 0)
    answer = call(amended(thoughts()), flag)
    card = answer.card(SUICIDALITY)
    assert "still open" in card["detail"]
    assert "better off dead" in card["detail"] or "suicid" in card["detail"].lower()
    assert "Only a clinician closes this flag" in card["detail"]
    assert FOOTER in card["detail"]
    assert "suggestions" not in card


def test_the_plan_is_offered_by_the_card_of_a_flag_that_it_answers() -> None:
    (flag, *_) = recorded(call(thoughts()), 0)
    answer = call(amended(thoughts()), flag, *low_mood())
    assert answer.names[:2] == [SUICIDALITY, LOW_GRADE]
    assert "suggestions" not in answer.cards[0]
    labels = [one["label"] for one in answer.cards[1]["suggestions"]]
    assert labels[-1].endswith("draft care plan")
    assert "Suicidal" not in labels[-1]


def test_a_suggestion_names_every_flag_that_it_stores() -> None:
    answer = call(thoughts(), *low_mood())
    label = answer.cards[0]["suggestions"][-1]["label"]
    stored = [one["resource"] for one in answer.actions(0, -1) if one["resource"]["resourceType"] == "Flag"]
    assert len(stored) == 2
    assert all(flag["code"]["coding"][0]["display"] in label for flag in stored)


def condition(code: str, **more: Any) -> Json:
    found = {
        "resourceType": "Condition",
        "id": "f23",
        "subject": {"reference": "Patient/ada"},
        "code": concept(ICD, code, "Brief psychotic disorder"),
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
    }
    return {**found, **more}


@pytest.mark.parametrize("dated", [{}, {"onsetDateTime": "yesterday"}], ids=["no date", "no date that can be read"])
def test_a_dangerous_entry_that_cannot_be_placed_is_told(dated: Json) -> None:
    answer = call(condition("F23", **dated))
    assert answer.names == ["missing"]
    assert answer.indicators == ["warning"]
    assert "psychotic" in answer.cards[0]["detail"].lower()


def test_an_ordinary_patient_gets_no_such_warning() -> None:
    assert call(*low_mood()).names == [LOW_GRADE]


def test_a_deceased_patient_is_no_all_clear() -> None:
    prefetch = prefetch_of([person(deceasedDateTime=day(3)), thoughts()])
    answer = site().answer(body(prefetch))
    assert answer.names == ["unjudged"]
    assert "deceased" in answer.cards[0]["detail"]


def test_no_card_is_blank() -> None:
    (flag, *_) = recorded(call(thoughts()), 0)
    for answer in (call(amended(thoughts()), flag), call(thoughts()), call(*low_mood()), call(condition("F23"))):
        for card in answer.cards:
            assert len(card["detail"].replace("**What would clear it:**", "").strip()) > 80


def test_the_system_ends_nothing_whose_successor_waits_for_a_click() -> None:
    record = recorded(call(thoughts()))
    assert {one["resourceType"] for one in record} == {"Flag", "CarePlan"}
    prefetch = prefetch_of([person(), thoughts(), *low_mood(), *record])
    answer = site().answer(body(prefetch), caller=acting(fhir_servers=()))
    assert "systemActions" not in answer.document
    offered = [action for card in answer.cards for one in card.get("suggestions", []) for action in one["actions"]]
    withdrawn = [one["resource"] for one in offered if one["resource"].get("status") == "revoked"]
    assert [one["resourceType"] for one in withdrawn] == ["CarePlan"]


def test_a_draft_stays_while_its_flag_is_open() -> None:
    record = recorded(call(thoughts()))
    prefetch = prefetch_of([person(), amended(thoughts()), *record])
    assert "systemActions" not in site().answer(body(prefetch), caller=acting(fhir_servers=())).document


def test_a_page_as_full_as_was_asked_for_may_not_be_all() -> None:
    prefetch = prefetch_of([person(), *low_mood()])
    own = {"relation": "self", "url": "https://ehr.example/fhir/Condition?patient=ada&_count=2"}
    found = [condition("G35", id=f"c{number}", recordedDate=day(900)) for number in range(2)]
    prefetch["conditions"] = searchset(found, link=[own])
    assert "missing" in site().answer(body(prefetch)).names
    own["url"] = own["url"].replace("_count=2", "_count=20")
    assert "missing" not in site().answer(body(prefetch)).names


def test_a_corrected_score_is_shown_again() -> None:
    record = recorded(call(*low_mood()))
    assert call(*low_mood(), *record).cards == []
    before, _, crp = low_mood()
    meta = {"lastUpdated": "2026-11-20T12:30:00Z"}
    corrected = observation("phq-now", PHQ, 10, 19, status="corrected", meta=meta)
    assert call(before, corrected, crp, *record).names == [LOW_GRADE]


class Counted(tuple[Raw, ...]):
    """Entries that count how often somebody goes through them."""

    gone_through = 0

    def __iter__(self) -> Iterator[Raw]:
        Counted.gone_through += 1
        return super().__iter__()


@pytest.mark.parametrize("unread", [1, 1000])
def test_many_entries_of_a_wrong_shape_cost_no_more_each(unread: int) -> None:
    template = next(one for one in site().service.templates if one.key == "safetyObservations")
    part = Part(template, State.HAD, Counted(Raw(b"{}") for _ in range(1000)))
    Counted.gone_through = 0
    gathered = Gathered(Fetched(b"", {}, 0), (part,)).with_unread(range(unread))
    assert Counted.gone_through == 1
    assert [one.template.key for one in gathered.missing] == ["safetyObservations"]


@pytest.mark.parametrize(
    "odd",
    [{"link": None}, {"total": "1"}, {"total": 1.5}, {"issue": None}, {"link": [{"relation": None}]}, {"response": 5}],
)
def test_an_odd_element_beside_it_hides_no_danger(odd: Json) -> None:
    prefetch = prefetch_of([person(), thoughts()])
    prefetch["safetyObservations"] = searchset([thoughts()], **odd)
    assert SUICIDALITY in site().answer(body(prefetch)).names


@pytest.mark.parametrize("reference", ["Medication/m1", "https://ehr.example/fhir/Medication/m1", "urn:uuid:1"])
def test_a_medicine_that_is_only_referred_to_is_missing(reference: str) -> None:
    order: dict[str, Any] = {"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order"}
    order |= {"subject": {"reference": "Patient/ada"}, "authoredOn": day(20)}
    answer = call(*low_mood(), {**order, "medicationReference": {"identifier": {"value": "x"}, "reference": reference}})
    assert all("medications (" in card["detail"] for card in answer.cards)
    assert answer.cards


def test_a_client_that_holds_nothing_of_danger_is_refused() -> None:
    every = [one.resource_type for one in site().service.templates if one.is_safety and one.parameters]
    client = {
        "issuer": "https://ehr.example",
        "key_urls": ["https://ehr.example/keys"],
        "audiences": ["https://us.example"],
    }
    for not_held, told in ((every, "warns of danger"), (["Patient"], "Patient"), (["Obsevation"], "Obsevation")):
        with pytest.raises(SettingsError, match=told):
            Site(cds_clients={"ehr": {**client, "not_held": not_held}})
