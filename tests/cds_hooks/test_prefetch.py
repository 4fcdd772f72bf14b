"""Is each prefetch key had, empty or failed, and is what failed told instead of passed over?"""

from __future__ import annotations

from typing import Any

import pytest

from service.cds_hooks.templates import MOST
from service.errors import InvalidParameter, RequiredDataMissing
from tests.cds_hooks.blackbox.patient import Json
from tests.cds_hooks.hooks import (
    PATIENT,
    Answer,
    body,
    call,
    day,
    low_mood,
    observation,
    person,
    prefetch_of,
    searchset,
    site,
    thoughts,
)

LOW_GRADE = "depression-with-low-grade-inflammation"
SAFETY = [one.key for one in site().service.templates if one.is_safety and one.parameters]
OTHERS = [one.key for one in site().service.templates if not one.is_safety]
WORDS = {one.key: one.words for one in site().service.templates}
KINDS = {one.key: one.resource_type for one in site().service.templates}
REFUSED: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
HINT: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
ABSENT = object()
NEXT = [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]


def _full(key: str) -> list[Json]:
    """As many entries as a page has room for."""
    return [{"resourceType": KINDS[key], "id": f"x{number}"} for number in range(MOST)]


FAILING: dict[str, Any] = {
    "absent": lambda key: ABSENT,
    "an OperationOutcome": lambda key: REFUSED,
    "an OperationOutcome among the entries": lambda key: searchset([REFUSED]),
    "an OperationOutcome without issues": lambda key: searchset([{"resourceType": "OperationOutcome"}]),
    "a total that is larger": lambda key: searchset([], total=3),
    "a next page without a server": lambda key: searchset([], link=NEXT),
    "another type": lambda key: person(),
    "an empty object": lambda key: {},
    "text": lambda key: "nothing",
    "an array": lambda key: [],
    "entries that are none": lambda key: {"resourceType": "Bundle", "type": "searchset", "entry": None},
    "entries of text": lambda key: {"resourceType": "Bundle", "type": "searchset", "entry": ["x"]},
    "only some of its elements": lambda key: {**searchset([]), "meta": {"tag": [{"code": "SUBSETTED"}]}},
    "an answer that failed": lambda key: {
        **searchset([]),
        "entry": [{"resource": {"resourceType": KINDS[key], "id": "x"}, "response": {"status": "500"}}],
    },
    "a total above its matches": lambda key: {
        **searchset([], total=1),
        "entry": [{"resource": {"resourceType": "Practitioner", "id": "x"}, "search": {"mode": "include"}}],
    },
    "an outcome of no severity": lambda key: searchset([{**REFUSED, "issue": [{"severity": ["information"]}]}]),
    "a history": lambda key: {"resourceType": "Bundle", "type": "history", "entry": []},
    "under rules of its own": lambda key: {**searchset([]), "implicitRules": "http://rules.example"},
    "wrapped, failed": lambda key: {"response": {"status": "500 Internal Server Error"}},
    "wrapped, failed with null": lambda key: {"response": {"status": "401"}, "resource": None},
    "wrapped, failed by number": lambda key: {"response": {"status": 404}, "resource": None},
    "wrapped, an OperationOutcome": lambda key: {"response": {"status": "200 OK"}, "resource": REFUSED},
    "wrapped, text": lambda key: {"response": {"status": "200 OK"}, "resource": "nothing"},
    "wrapped twice": lambda key: {"response": {}, "resource": {"response": {}, "resource": searchset([])}},
}
EMPTY: dict[str, Any] = {
    "null": None,
    "a Bundle without entries": searchset([]),
    "a Bundle with a total of 0": searchset([], total=0),
    "a Bundle with an empty array": {"resourceType": "Bundle", "type": "searchset", "entry": []},
    "a hint among the entries": searchset([HINT]),
    "a type that is none": {"resourceType": "Bundle", "type": ["history"], "entry": []},
    "wrapped, null": {"response": {"status": "200 OK"}, "resource": None},
    "wrapped, no resource": {"response": {"status": "200"}},
    "wrapped, an empty Bundle": {"response": {"status": "200 OK"}, "resource": searchset([])},
}


def asked(key: str, value: Any, *resources: Json) -> Answer:
    """The answer where this was sent under a key."""
    prefetch = prefetch_of([person(), *resources])
    prefetch[key] = value
    return site().answer(body({name: one for name, one in prefetch.items() if one is not ABSENT}))


def _each(keys: list[str]) -> list[tuple[str, str]]:
    """Every fault and every key, but not every pair."""
    return [(keys[0], fault) for fault in FAILING] + [(key, "an OperationOutcome") for key in keys[1:]]


@pytest.mark.parametrize(("key", "fault"), _each(SAFETY))
def test_what_failed_of_a_safety_key_is_a_warning(key: str, fault: str) -> None:
    answer = asked(key, FAILING[fault](key))
    assert answer.names == ["missing"]
    card = answer.card("missing")
    assert card["indicator"] == "warning"
    assert card["summary"] == f"Safety check incomplete. Could not be read: {WORDS[key]}"
    assert WORDS[key] in card["detail"]
    assert "does not mean that there is nothing" in card["detail"]


@pytest.mark.parametrize(("key", "fault"), _each(OTHERS))
def test_what_failed_of_another_key_is_in_the_detail(key: str, fault: str) -> None:
    answer = asked(key, FAILING[fault](key), *low_mood())
    # The findings are there or cannot be told; either way the card names what is not known.
    assert set(answer.names) <= {LOW_GRADE, "undecided"}
    assert answer.cards
    assert "**Not known:**" in answer.cards[0]["detail"]
    assert WORDS[key] in answer.cards[0]["detail"].partition("**Not known:**")[2]


def test_what_failed_and_leaves_a_finding_open_is_told() -> None:
    answer = asked("observations", REFUSED)
    assert list(zip(answer.names, answer.indicators, strict=True)) == [("undecided", "info")]
    assert answer.cards[0]["summary"].startswith("Cannot tell: ")


@pytest.mark.parametrize("key", [SAFETY[0], OTHERS[0]])
@pytest.mark.parametrize("value", EMPTY)
def test_what_is_empty_is_not_told(key: str, value: str) -> None:
    assert asked(key, EMPTY[value]).document == {"cards": []}


@pytest.mark.parametrize("key", [*SAFETY, *OTHERS])
def test_a_full_page_without_a_next_one_may_not_be_all(key: str) -> None:
    full = searchset(_full(key))
    answer = asked(key, full, *low_mood())
    assert WORDS[key] in "".join(card["detail"] for card in answer.cards)
    whole = asked(key, full | {"total": MOST}, *low_mood())
    assert "more of it than was sent" not in "".join(card["detail"] for card in whole.cards)


def test_a_finding_of_what_was_had_is_shown_beside_what_failed() -> None:
    answer = asked("conditions", REFUSED, thoughts())
    assert answer.names == ["suicidality-recorded", "missing"]
    assert answer.indicators == ["critical", "warning"]
    assert "conditions (the client's own search for it failed)" in answer.cards[0]["detail"].replace("&#39;", "'")


def test_several_that_failed_are_one_card() -> None:
    prefetch = prefetch_of([person()]) | dict.fromkeys(SAFETY[1:], REFUSED)
    (card,) = site().answer(body(prefetch)).cards
    assert len(card["summary"]) < 140
    assert card["summary"].endswith("more")
    assert all(WORDS[key] in card["detail"] for key in SAFETY[1:])


@pytest.mark.parametrize("value", [ABSENT, None, REFUSED, {}, searchset([]), {"response": {"status": "404"}}])
def test_without_the_patient_there_is_no_answer(value: Any) -> None:
    with pytest.raises(RequiredDataMissing) as refused:
        asked("patient", value, *low_mood(), thoughts())
    assert refused.value.expression == "prefetch"


@pytest.mark.parametrize("value", [ABSENT, REFUSED, {"response": {"status": "503"}}])
def test_without_anything_of_what_warns_of_danger_there_is_no_answer(value: Any) -> None:
    prefetch = prefetch_of([person(), *low_mood()]) | dict.fromkeys(SAFETY, value)
    with pytest.raises(RequiredDataMissing) as refused:
        site().answer(body({key: one for key, one in prefetch.items() if one is not ABSENT}))
    assert all(key in refused.value.text for key in SAFETY)


@pytest.mark.parametrize("more", [{}, {"prefetch": None}, {"prefetch": {}}])
def test_without_prefetch_and_server_there_is_no_answer(more: Json) -> None:
    with pytest.raises(RequiredDataMissing):
        site().answer({**body(None), **more})


def test_one_key_that_warns_of_danger_is_enough_for_an_answer() -> None:
    sent = prefetch_of([person(), thoughts()])
    answer = site().answer(body({key: sent[key] for key in ("patient", "safetyObservations")}))
    assert answer.names == ["suicidality-recorded", "missing"]


def test_the_older_form_says_the_same() -> None:
    plain = prefetch_of([person(), *low_mood(), thoughts()])
    request = body(plain)
    wrapped = {key: {"response": {"status": "200 OK"}, "resource": one} for key, one in plain.items()}
    older, newer = site().answer({**request, "prefetch": wrapped}), site().answer(request)
    assert older.document == newer.document
    assert (older.told.is_wrapped, newer.told.is_wrapped) == (True, False)


def test_a_resource_may_stand_for_a_search_that_found_one() -> None:
    assert asked("safetyObservations", thoughts()).names == ["suicidality-recorded"]


def test_an_entry_that_nobody_can_read_is_told() -> None:
    """What is in it is not known, so that nothing is not the answer."""
    broken = {**thoughts(), "code": "text"}
    assert asked("safetyObservations", searchset([broken])).names == ["missing"]
    answer = asked("safetyObservations", searchset([broken, thoughts()]))
    assert answer.names == ["suicidality-recorded", "missing"]
    assert "an entry of it could not be read" in answer.card("missing")["detail"]
    assert asked("safetyObservations", searchset([]) | {"entry": [{"fullUrl": "https://x/1"}]}).names == ["missing"]


def test_keys_that_nobody_asked_for_are_passed_over() -> None:
    sent = prefetch_of([person()]) | {"vendor": 7, "patientToGreet": None, "other": searchset([thoughts()])}
    assert site().answer(body(sent)).document == {"cards": []}


OTHER = {"reference": "Patient/ben"}


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        ("patient", person(id="ben")),
        ("patient", {"resourceType": "Patient", "birthDate": "1984-03-05"}),
        ("safetyObservations", {**thoughts(), "subject": OTHER}),
        ("observations", {**low_mood()[2], "subject": OTHER}),
        ("observations", {**low_mood()[2], "subject": {"reference": "https://ehr.example/fhir/Patient/ben"}}),
        ("observations", {**low_mood()[2], "subject": {"reference": "Patient/ben/_history/1"}}),
        ("observations", person(id="ben")),
        ("conditions", {"resourceType": "Condition", "id": "c", "subject": OTHER}),
        ("flags", {"resourceType": "Flag", "id": "f", "status": "active", "subject": OTHER}),
        ("carePlans", {"resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan", "subject": OTHER}),
        ("questionnaireResponses", {"resourceType": "QuestionnaireResponse", "id": "q", "subject": OTHER}),
        ("immunizations", {"resourceType": "Immunization", "id": "i", "patient": OTHER}),
    ],
)
def test_another_patient_s_data_refuse_the_whole(key: str, resource: Json) -> None:
    value = resource if key == "patient" else searchset([resource])
    with pytest.raises(InvalidParameter) as refused:
        asked(key, value, thoughts())
    assert refused.value.expression == f"prefetch.{key}"
    assert "ben" not in refused.value.text


@pytest.mark.parametrize("reference", [f"Patient/{PATIENT}/_history/3", f"https://ehr.example/fhir/Patient/{PATIENT}"])
def test_the_patient_s_own_data_may_be_referred_to_in_other_ways(reference: str) -> None:
    value = searchset([{**thoughts(), "subject": {"reference": reference}}])
    assert asked("safetyObservations", value).names == ["suicidality-recorded"]


def test_medicines_that_are_told_by_reference_alone_are_not_known() -> None:
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": day(20),
        "medicationReference": {"reference": "Medication/7"},
    }
    answer = call(*low_mood(), request)
    assert answer.cards
    assert all(name in (LOW_GRADE, "undecided") for name in answer.names)
    unknown = answer.cards[0]["detail"].partition("**Not known:**")[2]
    assert unknown.startswith(" medications (the medicines are told by reference, and no FHIR server was named")


def test_what_is_sent_twice_is_read_once() -> None:
    """Templates overlap where a code is in both, and a client may send the same page under each."""
    both = searchset([*low_mood(), observation("item-9", "44260-8", 10, 2)])
    prefetch = prefetch_of([person()]) | {"safetyObservations": both, "observations": both}
    answer = site().answer(body(prefetch))
    assert answer.names == ["suicidality-recorded", LOW_GRADE]
    detail = answer.card(LOW_GRADE)["detail"]
    assert detail.count("| PHQ-9 | 16 |") == 1
