"""Is what was said about suicide, or of an event, still known where the entry that says it has to be refused?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.domain.concepts import Concept, Item
from service.domain.days import EARLIEST, LATEST
from service.domain.facts import Reading, UnreadScore
from service.domain.instruments import PHQ9
from service.terminology.systems import LOINC, SNOMED
from tests.counting import calls
from tests.fhir.reading.feeding import (
    CSSRS_PANEL,
    GAD7,
    ITEM_9,
    PHQ9_PANEL,
    SUICIDAL_THOUGHTS,
    concept,
    condition,
    entry,
    observation,
    patient,
    read,
    resource,
)
from tests.fhir.reading.feeding import PHQ9 as PHQ9_TOTAL
from tests.fhir.reading.refused import (
    ASKING,
    BROKEN,
    FORM,
    NINE,
    POSITIVE,
    QUESTIONNAIRE,
    Json,
    assert_kept,
    response,
    told,
)


@pytest.mark.parametrize(
    "broken",
    [
        {"code": {"text": "total"}, "valueString": 15},
        {"code": concept("44250-9"), "valueBoolean": "true"},
        {"code": concept("44250-9"), "dataAbsentReason": "unknown"},
    ],
)
def test_beside_a_broken_component_the_others_are_read(broken: Json) -> None:
    found = read(patient(), observation(PHQ9_PANEL, component=[broken, NINE]))
    assert (Item.PHQ9_9, Reading.READ) in told(found)
    (rejected,) = [one for one in found.rejections if one.reason_code == "wrong-type"]
    assert rejected.expression.startswith("Bundle.entry[1].resource.component[0]")


@pytest.mark.parametrize("broken", [{"code": {"text": "total"}, "valueString": 15}, None])
def test_a_broken_component_beside_a_sound_answer_is_no_lost_one(broken: Any) -> None:
    found = read(patient(), observation(PHQ9_PANEL, component=[broken, {**NINE, "valueInteger": 0}]))
    assert told(found) == {(Item.PHQ9_9, Reading.READ)}


@pytest.mark.parametrize(
    "component", [[{**NINE, "valueString": 3}], {**NINE}, [None], [{"code": "x", "valueInteger": 3}], [7]]
)
def test_a_component_that_may_be_the_question_is_kept(component: Any) -> None:
    assert_kept(read(patient(), observation(PHQ9_PANEL, component=component)))


def test_a_broken_component_that_says_what_it_is_about_is_no_question_about_suicide() -> None:
    found = read(patient(), observation(PHQ9_PANEL, component=[{"code": concept("44250-9"), "valueString": 7}]))
    assert not [one for one in found.rejections if one.safety]


def test_of_a_broken_component_of_a_columbia_panel_its_first_question_is_kept() -> None:
    found = read(patient(), observation(CSSRS_PANEL, component=[None]))
    assert [one.reading for one in found.chart.answers] == [Reading.UNREADABLE]


@pytest.mark.parametrize(
    "asked",
    [
        {"linkId": "q9", "definition": f"http://loinc.org/{ITEM_9}", "answer": [{"valueInteger": 3}]},
        {"linkId": "g", "answer": [{"valueBoolean": True, "item": [{"linkId": f"/{ITEM_9}", "answer": []}]}]},
        {"linkId": "g", "item": [{"linkId": ITEM_9, "answer": [{"valueInteger": 3}]}]},
    ],
)
def test_a_form_that_is_refused_keeps_its_question(asked: Json) -> None:
    assert_kept(read(patient(), response(BROKEN, asked)))


def test_a_form_that_is_refused_is_known_by_its_address() -> None:
    assert_kept(read(patient(), response(BROKEN, questionnaire=f"http://loinc.org/q/{PHQ9_PANEL}")))


def test_a_form_that_is_refused_is_known_by_its_questionnaire() -> None:
    assert_kept(read(patient(), {**QUESTIONNAIRE, "item": [ASKING]}, response(BROKEN, questionnaire=FORM)))


def test_a_refused_form_about_something_else_is_not_about_suicide() -> None:
    found = read(patient(), response(BROKEN, {"linkId": GAD7, "answer": [{"valueInteger": 9}]}))
    assert not told(found)
    assert not [one for one in found.rejections if one.safety]


def test_where_the_questionnaire_is_refused_what_its_responses_answer_is_not_known() -> None:
    form = {**QUESTIONNAIRE, "item": [{"linkId": 9, "type": "x"}, ASKING]}
    answered = response({"linkId": "q9", "answer": [{"valueInteger": 3}]}, questionnaire=FORM)
    assert_kept(read(patient(), form, answered))
    alone = read(patient(), form)
    assert not told(alone)
    inside = {**form, "id": "inside"}
    contained = response({"linkId": "q9", "answer": []}, questionnaire="#inside", contained=[inside])
    assert_kept(read(patient(), contained))


@pytest.mark.parametrize(
    "container",
    [
        resource("Encounter", "e", status=3, contained=[POSITIVE]),
        resource("Encounter", "e", status="finished", modifierExtension=[{"url": "u"}], contained=[POSITIVE]),
        resource("Procedure", "e", status=3, code=concept("1", SNOMED), contained=[POSITIVE]),
        resource("Composition", "e", status="final", meta=3, contained=[POSITIVE]),
        resource("MedicationRequest", "e", status=3, contained=[POSITIVE]),
        resource("Encounter", "e", status=3, contained=POSITIVE),
    ],
)
def test_what_a_refused_resource_contains_is_kept(container: Json) -> None:
    assert_kept(read(patient(), container))


def test_a_refused_resource_of_a_type_that_is_not_read_is_merely_counted() -> None:
    found = read(patient(), resource("Composition", "e", status="final", meta=3))
    assert (found.account.not_read, found.rejections) == (1, ())


@pytest.mark.parametrize(
    "broken",
    [{"link": [None]}, {"link": "x"}, {"entry": {"resource": POSITIVE}}, {"implicitRules": "x"}, {"type": "history"}],
)
def test_a_bundle_that_is_refused_may_hold_the_question(broken: Json) -> None:
    inner = {"resourceType": "Bundle", "type": "searchset", "entry": [entry(POSITIVE)], **broken}
    assert_kept(read(patient(), inner))


@pytest.mark.parametrize("entries", [[], [entry(observation("1988-5", valueInteger=2))]])
def test_a_refused_bundle_that_cannot_hold_the_question_does_not(entries: list[Json]) -> None:
    found = read(patient(), {"resourceType": "Bundle", "type": "history", "entry": entries})
    assert not told(found)
    assert [one.safety for one in found.rejections] == [False]


@pytest.mark.parametrize(
    "contained",
    [
        {**POSITIVE, "status": "entered-in-error"},
        {**POSITIVE, "subject": {"reference": "#mother"}},
        {"resourceType": ["x"]},
        {"resourceType": {"a": 1}},
        7,
        None,
    ],
)
def test_nothing_is_kept_of_what_is_contained_and_is_not_the_patients(contained: Any) -> None:
    found = read(patient(), resource("Encounter", "e", status=3, contained=[contained]))
    assert not told(found)


@pytest.mark.parametrize("code", [f"{ITEM_9} ", f" {ITEM_9}", f"\u200b{ITEM_9}", f"{ITEM_9}\u00a0"])
def test_a_code_with_blanks_around_it_is_refused_aloud(code: str) -> None:
    found = read(patient(), observation(code, valueInteger=3))
    assert_kept(found)
    (rejected,) = found.rejections
    assert rejected.expression == "Bundle.entry[1].resource.code.coding[0].code"
    assert f"send {ITEM_9} of {LOINC}" in rejected.text


def test_a_finding_whose_code_has_a_blank_is_an_unreadable_one() -> None:
    found = read(patient(), condition(f"{SUICIDAL_THOUGHTS} ", onsetDateTime="2026-03-01"))
    assert [one.concepts for one in found.chart.records] == [frozenset({Concept.SUICIDALITY})]
    assert any(one.safety for one in found.rejections)


def test_resources_of_two_servers_with_one_id_are_two() -> None:
    first = entry({**POSITIVE, "id": "1", "meta": {"versionId": "1"}}, fullUrl="http://a.example/Observation/1")
    crp = observation("1988-5", "1", meta={"versionId": "2"}, valueQuantity={"value": 2, "unit": "mg/L"})
    found = read(patient(), first, entry(crp, fullUrl="http://b.example/Observation/1"))
    assert (Item.PHQ9_9, Reading.READ) in told(found)
    assert not [one for one in found.rejections if one.reason_code == "superseded"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://a.example/Observation/1", None),
        ("http://a.example/Observation/1", "https://a.example/Observation/1"),
        ("urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:11111111-1111-4111-8111-111111111112"),
    ],
)
def test_an_amended_answer_takes_the_place_of_the_first_however_it_is_addressed(first: str, second: str | None) -> None:
    old = entry({**POSITIVE, "id": "1", "meta": {"versionId": "1"}}, fullUrl=first)
    new = entry({**POSITIVE, "id": "1", "meta": {"versionId": "2"}, "valueInteger": 0}, fullUrl=second)
    assert [one.value for one in read(patient(), old, new).chart.answers] == [0]


@pytest.mark.parametrize(
    ("code", "kept"),
    [("91175000", Concept.SEIZURE), ("68566005", Concept.INFECTION)],
)
def test_an_event_that_cannot_be_read_leaves_a_candidate(code: str, kept: Concept) -> None:
    found = read(patient(), condition(code, "c", f"{SNOMED}/", onsetDateTime="2026-03-01"))
    assert [kept in one.concepts for one in found.chart.records] == [True]


@pytest.mark.parametrize(("text", "there"), [("present", True), (" Present ", True), ("absent", False)])
def test_a_finding_is_there_by_the_word_of_its_value(text: str, there: bool) -> None:
    sent = observation(SUICIDAL_THOUGHTS, "o", SNOMED, valueCodeableConcept={"text": text})
    assert [one.asserted for one in read(patient(), sent).chart.records] == [there]


def test_an_unanswered_item_9_of_a_form_without_a_name_is_not_reassuring() -> None:
    asked = [{"linkId": f"/{code}", "answer": [{"valueInteger": 1}]} for code in ("44250-9", "44255-8", "44259-0")]
    assert_kept(read(patient(), response(*asked, {"linkId": ITEM_9})))
    # Two questions alone may have ended it.
    assert not any(
        one.reading is Reading.UNREADABLE
        for one in read(patient(), response(*asked[:2], {"linkId": ITEM_9})).chart.answers
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"valueString": "18 points"},
        {"valueQuantity": {"value": 18, "comparator": ">"}},
        {"valueInteger": 99},
        {"valueInteger": 18, "status": "preliminary"},
        {"valueInteger": 18, "modifierExtension": [{"url": "u"}]},
        {"valueQuantity": "18"},
        {"valueInteger": 18, "meta": 3},
        {"valueInteger": 18, "code": concept(f"{PHQ9_TOTAL} ")},
        {"code": concept(PHQ9_PANEL), "component": [{"code": concept(PHQ9_TOTAL), "valueString": 18}]},
    ],
)
def test_a_total_that_cannot_be_read_is_known_to_have_been_there(sent: Json) -> None:
    day = date(2026, 3, 1).toordinal()
    found = read(patient(), observation(PHQ9_TOTAL, **sent))
    # What is not final was read, and is read again by the suicidality rules alone.
    is_preliminary = sent.get("status") == "preliminary"
    value = Decimal(18) if is_preliminary else None
    assert found.chart.unread_scores == (UnreadScore(PHQ9, day, day, value, is_preliminary),)


def test_a_total_in_a_form_that_cannot_be_read_is_known_too() -> None:
    found = read(patient(), response({"linkId": PHQ9_TOTAL, "answer": [{"valueString": "18 points"}]}))
    assert [one.instrument for one in found.chart.unread_scores] == [PHQ9]


@pytest.mark.parametrize(
    "sent",
    [
        {"valueInteger": 18},
        {"dataAbsentReason": concept("not-performed")},
        {"status": "registered"},
        {"status": "preliminary", "dataAbsentReason": concept("not-performed")},
    ],
)
def test_a_total_that_is_read_or_was_not_taken_is_none_that_was_lost(sent: Json) -> None:
    assert read(patient(), observation(PHQ9_TOTAL, **sent)).chart.unread_scores == ()


def test_a_total_without_a_day_or_of_somebody_else_is_not_kept() -> None:
    undated = observation(GAD7, valueString="18 points", effectiveDateTime=None)
    nobodys = observation(PHQ9_TOTAL, "two", valueString="18 points", subject=None)
    assert read(patient(), undated, nobodys).chart.unread_scores == ()


def test_what_a_refused_report_contains_is_told_once() -> None:
    inner = observation(ITEM_9, "nine", valueInteger=3)
    report = resource("DiagnosticReport", "r", status="final", code=concept("1"), contained=[inner])
    found = read(patient(), {**report, "modifierExtension": [{"url": "u"}]})
    assert [one.reason_code for one in found.rejections] == ["modifier-extension"]
    assert told(found) == {(Item.PHQ9_9, Reading.UNREADABLE)}
    withdrawn = {**report, "modifierExtension": [{"url": "u"}], "contained": [{**inner, "status": "entered-in-error"}]}
    assert told(read(patient(), withdrawn)) == set()


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        ({"effectiveDateTime": "2026-03-01"}, (1, 1)),
        ({"effectiveInstant": "2026-03-05T10:00:00Z"}, (5, 5)),
        ({"effectivePeriod": {"start": "2026-03-02", "end": "2026-03-07"}}, (7, 7)),
        ({"effectivePeriod": {"start": "2026-03-02"}}, (2, 2)),
        ({"effectiveDateTime": "2026-03"}, (1, 31)),
    ],
)
def test_a_total_that_is_refused_whole_keeps_its_date(sent: Json, days: tuple[int, int]) -> None:
    broken = observation(PHQ9_TOTAL, status=3, valueInteger=9)
    del broken["effectiveDateTime"]
    (found,) = read(patient(), {**broken, **sent}).chart.unread_scores
    assert (found.first, found.last) == tuple(date(2026, 3, one).toordinal() for one in days)


def test_a_denial_of_the_same_day_does_not_answer_for_what_was_refused() -> None:
    # Of the refused one nothing was read: it may be the correction.
    kept = read(patient(), {**POSITIVE, "status": 3}, observation(ITEM_9, "zero", valueInteger=0)).chart.answers
    assert {(one.reading, one.first) for one in kept if one.value is None} == {(Reading.UNREADABLE, EARLIEST)}


RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


@pytest.mark.parametrize("code", ["R", " R", "R\u200b"])
@pytest.mark.parametrize("status", ["final", 3])
def test_what_is_refused_whole_keeps_its_labels(code: str, status: object) -> None:
    labelled = {"security": [{**RESTRICTED, "code": code, "display": "restricted"}]}
    (found,) = read(patient(), {**POSITIVE, "status": status, "meta": labelled}).chart.answers
    assert found.source.labels == ((RESTRICTED["system"], "R", "restricted"),)


@pytest.mark.parametrize("meta", [None, 3, {"security": 3}, {"security": [3, None]}])
def test_labels_that_cannot_be_read_are_none(meta: object) -> None:
    (found,) = read(patient(), {**POSITIVE, "status": 3, "meta": meta}).chart.answers
    assert found.source.labels == ()


def test_what_parameters_in_the_bundle_hold_is_known_to_have_been_there() -> None:
    inner = {"resourceType": "Parameters", "parameter": [{"name": "data", "resource": POSITIVE}]}
    found = read(patient(), inner)
    assert_kept(found)
    assert "send the resources in them as entries" in found.rejections[0].text
    harmless = read(patient(), {"resourceType": "Parameters", "parameter": [{"name": "x", "valueString": "y"}]})
    assert (told(harmless), len(harmless.rejections)) == (set(), 1)


def test_a_total_without_a_date_that_may_be_too_high_is_kept_in_all_its_days() -> None:
    undated = {"effectiveDateTime": None}
    (kept,) = read(patient(), observation(PHQ9_TOTAL, valueInteger=26, **undated)).chart.scores
    assert (kept.first, kept.last) == (EARLIEST, LATEST)
    assert read(patient(), observation(GAD7, valueInteger=20, **undated)).chart.scores == ()
    (unread,) = read(patient(), observation(PHQ9_TOTAL, valueString="26 points", **undated)).chart.unread_scores
    assert (unread.first, unread.last) == (EARLIEST, LATEST)


def test_a_total_that_is_refused_for_what_it_is_about_keeps_its_date() -> None:
    found = read(patient(), observation(PHQ9_TOTAL, valueInteger=20, focus={"reference": "Patient/p"})).chart
    assert [one.first for one in found.unread_scores] == [date(2026, 3, 1).toordinal()]


def test_what_was_withdrawn_is_withdrawn_however_broken_it_is() -> None:
    found = read(patient(), {**POSITIVE, "status": "entered-in-error", "issued": 3, "meta": 3})
    assert told(found) == set()
    assert found.chart.retracted == {"Observation/nine"}
    assert [one.reason_code for one in found.rejections] == ["wrong-type"]


def test_two_totals_without_a_date_are_two() -> None:
    undated = {"effectiveDateTime": None, "valueInteger": 21}
    found = read(patient(), observation(PHQ9_TOTAL, "one", **undated), observation(PHQ9_TOTAL, "two", **undated))
    assert (len(found.chart.scores), len(found.rejections)) == (2, 2)


def test_many_broken_ones_in_a_container_cost_no_more_than_they_are() -> None:
    def cost(size: int) -> int:
        inner = [{"resourceType": "Observation", "status": 5}] * size
        return calls(lambda: read(patient(), observation("1", contained=inner)))

    cost(10)
    assert cost(400) < 6 * cost(100)
