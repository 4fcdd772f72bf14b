"""Which form does a response answer, and is what it asks about suicide known where that cannot be told?"""

from __future__ import annotations

import pytest

from service.domain.concepts import Item
from service.domain.facts import Reading
from service.errors import BodyTooLarge
from service.terminology.systems import LOINC
from tests.counting import calls
from tests.fhir.reading.feeding import (
    ITEM_9,
    condition,
    entry,
    observation,
    patient,
    read,
)
from tests.fhir.reading.feeding import PHQ9 as PHQ9_TOTAL
from tests.fhir.reading.refused import (
    ASKING,
    FORM,
    QUESTIONNAIRE,
    Json,
    assert_kept,
    response,
    told,
)

SENT_BY_NAME = {**QUESTIONNAIRE, "item": [ASKING]}
ANSWERED = {"linkId": "q9", "answer": [{"valueInteger": 2}]}


@pytest.mark.parametrize("name", ["Questionnaire/f", "https://ehr.example/fhir/Questionnaire/f", FORM, f"{FORM}|2"])
def test_a_form_is_found_by_its_address_as_well_as_by_its_url(name: str) -> None:
    form = entry(SENT_BY_NAME, fullUrl="https://ehr.example/fhir/Questionnaire/f")
    found = read(patient(), form, response(ANSWERED, questionnaire=name))
    assert told(found) == {(Item.PHQ9_9, Reading.READ)}
    refused = read(patient(), form, response(ANSWERED, questionnaire=name, implicitRules="http://x"))
    assert_kept(refused)
    broken_form = entry({**SENT_BY_NAME, "status": 3}, fullUrl="https://ehr.example/fhir/Questionnaire/f")
    assert_kept(read(patient(), broken_form, response(ANSWERED, questionnaire=name)))


def test_no_other_form_is_taken_for_it() -> None:
    form = entry(SENT_BY_NAME, fullUrl="https://ehr.example/fhir/Questionnaire/f")
    for name in ("Questionnaire/g", "https://other.example/fhir/Questionnaire/f"):
        assert told(read(patient(), form, response(ANSWERED, questionnaire=name))) == set()


OTHER_FORM = {**QUESTIONNAIRE, "url": None, "item": [{**ASKING, "code": [{"system": LOINC, "code": "44250-9"}]}]}


def test_of_two_servers_forms_of_one_id_that_of_the_response_s_own_is_meant() -> None:
    forms = [
        entry(OTHER_FORM, fullUrl="https://one.example/fhir/Questionnaire/f"),
        entry({**SENT_BY_NAME, "url": None}, fullUrl="https://two.example/fhir/Questionnaire/f"),
    ]
    answered = response(ANSWERED, questionnaire="Questionnaire/f")
    own = entry(answered, fullUrl="https://two.example/fhir/QuestionnaireResponse/qr")
    for order in (forms, forms[::-1]):
        assert told(read(patient(), *order, own)) == {(Item.PHQ9_9, Reading.READ)}
        # Nothing says which: that it may ask about suicide is known all the same.
        assert_kept(read(patient(), *order, answered))


def test_of_two_versions_of_a_form_the_later_is_meant() -> None:
    older = {**OTHER_FORM, "meta": {"versionId": "1"}}
    later = {**SENT_BY_NAME, "url": None, "meta": {"versionId": "2"}}
    for order in ((older, later), (later, older)):
        found = read(patient(), *order, response(ANSWERED, questionnaire="Questionnaire/f"))
        assert told(found) == {(Item.PHQ9_9, Reading.READ)}


@pytest.mark.parametrize("more", [{"item": 5}, {"status": 3}])
def test_a_refused_form_leaves_open_what_its_response_answers_beside_what_names_itself(more: Json) -> None:
    answered = response({"linkId": "8867-4", "answer": [{"valueInteger": 3}]}, ANSWERED, questionnaire=FORM)
    assert_kept(read(patient(), {**SENT_BY_NAME, **more}, answered))


def test_a_question_without_a_name_is_none_of_a_form_with_blank_names() -> None:
    form = {**QUESTIONNAIRE, "item": [{**ASKING, "linkId": " "}]}
    found = read(patient(), form, response({"answer": [{"valueInteger": 3}]}, questionnaire=FORM))
    assert told(found) == set()


def test_a_broken_response_in_a_sound_container_is_known_by_the_form_beside_it() -> None:
    inner = [{**SENT_BY_NAME, "url": None}, {**response(ANSWERED, questionnaire="#f"), "status": 3}]
    assert_kept(read(patient(), condition("1", contained=inner)))
    total = observation(PHQ9_TOTAL, status=3, valueInteger=9)
    assert read(patient(), condition("1", contained=[total])).chart.unread_scores


def test_many_responses_to_one_contained_form_cost_no_more_than_they_are() -> None:
    def cost(size: int) -> int:
        questions = [{"linkId": str(number), "code": [{"code": str(number)}]} for number in range(size)]
        answers = [{"resourceType": "QuestionnaireResponse", "questionnaire": "#f"}] * size
        inner = [{**QUESTIONNAIRE, "item": questions}, *answers]
        return calls(lambda: read(patient(), condition("1", contained=inner, implicitRules="http://x")))

    cost(10)
    assert cost(400) < 6 * cost(100)


@pytest.mark.parametrize(
    ("asking", "answered"),
    [
        ({"linkId": "q9", "code": [{"system": LOINC, "code": f" {ITEM_9}"}]}, ANSWERED),
        ({**ASKING, "linkId": "q9 "}, ANSWERED),
        (ASKING, {**ANSWERED, "linkId": "\u200bq9"}),
        ({"linkId": "q9"}, {**ANSWERED, "linkId": f"/{ITEM_9} "}),
    ],
)
def test_blanks_in_the_names_of_questions_say_nothing(asking: Json, answered: Json) -> None:
    found = read(patient(), {**QUESTIONNAIRE, "item": [asking]}, response(answered, questionnaire=FORM))
    assert told(found) == {(Item.PHQ9_9, Reading.READ)}


@pytest.mark.parametrize("kind", ["QuestionaireResponse", "Foo", None])
def test_a_form_of_a_misspelt_type_is_known_by_its_questionnaire(kind: str | None) -> None:
    form = {**response(ANSWERED, questionnaire=FORM), "resourceType": kind}
    if kind is None:
        del form["resourceType"]
    assert_kept(read(patient(), SENT_BY_NAME, entry(form)))


def test_a_form_beside_its_response_in_a_refused_container_tells_what_it_asks() -> None:
    inner = [{**SENT_BY_NAME, "url": None}, response(ANSWERED, questionnaire="#f")]
    assert_kept(read(patient(), condition("1", contained=inner, implicitRules="http://x")))
    assert_kept(read(patient(), condition("1", contained=inner, recordedDate=3)))
    assert told(read(patient(), condition("1", contained=inner[1:], implicitRules="http://x"))) == set()


def test_a_version_that_is_named_is_meant_however_old() -> None:
    older = {**SENT_BY_NAME, "version": "1", "meta": {"versionId": "1"}}
    later = {**OTHER_FORM, "url": FORM, "version": "2", "meta": {"versionId": "2"}}
    found = read(patient(), older, later, response(ANSWERED, questionnaire=f"{FORM}|1"))
    assert told(found) == {(Item.PHQ9_9, Reading.READ)}


@pytest.mark.parametrize("full_url", [None, "https://ehr.example/fhir/Questionnaire/f"])
def test_a_form_that_is_sent_twice_is_one(full_url: str | None) -> None:
    form = entry(SENT_BY_NAME, fullUrl=full_url)
    found = read(patient(), form, form, response(ANSWERED, questionnaire="Questionnaire/f"))
    assert told(found) == {(Item.PHQ9_9, Reading.READ)}


def test_many_responses_to_many_forms_are_too_much() -> None:
    forms = [{**QUESTIONNAIRE, "version": "1"}] * 1100
    with pytest.raises(BodyTooLarge):
        read(patient(), *forms, *[response(ANSWERED, questionnaire=f"{FORM}|2")] * 1100)
